"""The lines of requirement files, each with its place."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_INCLUDE = re.compile(r"(?:-r|--requirement|-c|--constraint)[\s=]*(\S+)")
_LOCAL = re.compile(
    r"(?P<head>(?:-e|--editable)[\s=]+|[\w.-]+(?:\[[^]]*\])?\s*@\s*|)"
    r"(?P<path>[^\s;\[#]+)(?P<tail>.*)"
)
_ARCHIVES = (".whl", ".tar.gz", ".zip")


@dataclass(frozen=True)
class RequirementLine:
    """One requirement or option; continued lines are one, and `number` is the first of them."""

    file: Path
    number: int
    text: str
    is_constraint: bool = False

    @property
    def name(self) -> str:
        """The package's name as uv normalises it; empty for options, paths and URLs."""
        found = _NAME.match(self.text)
        return normalised(found[0]) if found else ""


def read(file: Path, _seen: frozenset[Path] = frozenset()) -> Iterator[RequirementLine]:
    """Read a file and the ones that it includes; what can't be read, uv complains about."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return
    if file.name == "uv.lock":
        return
    begun, number = "", 0
    for count, line in enumerate(text.splitlines(), start=1):
        number = number if begun else count
        begun += re.sub(r"(^|\s+)#.*", "", line)
        if begun.endswith("\\"):
            begun = begun[:-1]
            continue
        # A pyproject's requirements stand in quotes.
        logical, begun = begun.strip().strip("\"',[] " if file.suffix == ".toml" else None), ""
        if include := _INCLUDE.fullmatch(logical):
            included = (file.parent / include[1]).resolve()
            if included not in _seen | {file}:
                yield from read(included, _seen | {file})
        elif logical:
            yield RequirementLine(file, number, logical)


def normalised(name: str) -> str:
    """A package's name as indexes spell it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def local_path(text: str) -> str | None:
    """The path that a requirement names (`-e ./pkg`, `pkg @ file:///pkg`, `x.whl`), if any."""
    match = _LOCAL.match(text)
    if not match:
        return None
    head, path = match["head"], match["path"]
    if path.startswith("file:"):
        return unquote(urlsplit(path).path)
    if path.startswith(("-", "git+")) or "://" in path:
        return None
    if head or "/" in path or path in (".", "..") or path.endswith(_ARCHIVES):
        return path
    return None


def anchored(text: str, folder: Path) -> str:
    """The requirement with the path that it names made absolute."""
    path = local_path(text)
    match = _LOCAL.match(text)
    if match is None or path is None or Path(path).is_absolute():
        return text
    return f"{match['head']}{(folder / path).resolve()}{match['tail']}"
