"""The paths that single lines of requirement files name."""

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

_LOCAL = re.compile(
    r"(?P<head>(?:-e|--editable)[\s=]+|[\w.-]+(?:\[[^]]*\])?\s*@\s*|)"
    r"(?P<path>[^\s;\[#]+)(?P<tail>.*)"
)
_INDEX = re.compile(
    r"(?P<head>(?:-f|--find-links|-i|--index-url|--extra-index-url)[\s=]+)"
    r"""(?P<url>"[^"]+"|'[^']+'|\S+)"""
)
# uv's own variable for the folder in which it works: here that of the file named in the input.
_PROJECT_ROOT = re.compile(r"(?<=//)/\$\{PROJECT_ROOT\}|\$\{PROJECT_ROOT\}")
_ARCHIVES = (".whl", ".tar.gz", ".zip")


def local_path(text: str) -> str | None:
    """The path that a requirement names (`-e ./pkg`, `pkg @ file:///pkg`, `x.whl`), if any."""
    match = _LOCAL.match(text)
    if not match:
        return None
    head, path = match["head"], match["path"]
    if path.startswith("file:"):
        return path_of_file_url(path)
    if path.startswith(("-", "git+")) or "://" in path:
        return None
    if head or "/" in path or path in (".", "..") or path.endswith(_ARCHIVES):
        return path
    return None


def option_path(text: str) -> str | None:
    """The path of a package index on this machine (`--find-links ./wheels`), if any."""
    match = _INDEX.fullmatch(text)
    if not match:
        return None
    url = unquoted(match["url"])
    if url.startswith("file:"):
        return path_of_file_url(url)
    return None if "://" in url else url


def anchored(text: str, folder: Path) -> str:
    """The requirement or option with the path that it names made absolute."""
    if (path := option_path(text)) and (option := _INDEX.fullmatch(text)):
        # As a URL: of a path, uv reads no blank and no `#`.
        return f"{option['head']}{(folder / path).resolve().as_uri()}"
    path, match = local_path(text), _LOCAL.match(text)
    if match is None or path is None or Path(path).is_absolute():
        return text
    return f"{match['head']}{(folder / path).resolve()}{match['tail']}"


def with_project_root(text: str, folder: Path) -> str:
    """A line with uv's `${PROJECT_ROOT}` filled in."""
    return _PROJECT_ROOT.sub(lambda _: str(folder), text)


def path_of_file_url(url: str) -> str:
    """The path in a `file:` URL."""
    return unquote(urlsplit(url).path)


def unquoted(path: str) -> str:
    """A path without the quotation marks around it, if there are any."""
    return path[1:-1] if len(path) > 1 and path[0] == path[-1] and path[0] in "'\"" else path
