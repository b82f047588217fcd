"""The lines of requirement files, each with its place.

Files and lines are told apart by uv's rules, which are pip's but for what is said here:
https://pip.pypa.io/en/stable/reference/requirements-file-format/
"""

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from packaging.requirements import InvalidRequirement, Requirement

from entrypoint.agent.environment import toml_file, uv_settings
from entrypoint.inputs.workspace import Workspace
from entrypoint.runtime.errors import InputFailure, Place, Problem
from entrypoint.runtime.untrusted_file import Bound

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
# Whatever uv takes for one, so that none is left to uv.
_INCLUDE = re.compile(r"(?P<option>--requirement|--constraint|-r|-c)(?P<value>.*)", re.DOTALL)
_VALUE = re.compile(r"(?:=|\s\s*+)(?P<path>[^#\s].*)?", re.DOTALL)
_COMMENT = re.compile(r"(?:^|(?<=[ \t\f]))#.*", re.DOTALL)
_OPTION = re.compile(r"-(?!e|-editable)")
# Not Python's `splitlines`, which knows others: what uv reads as one line is one here.
_LINE_END = re.compile(r"\r\n|\n|\r")
_LOCAL = re.compile(
    r"(?P<head>(?:-e|--editable)[\s=]+|[\w.-]+(?:\[[^]]*\])?\s*@\s*|)"
    r"(?P<path>[^\s;\[#]+)(?P<tail>.*)"
)
_INDEX = re.compile(
    r"(?P<head>(?:-f|--find-links|-i|--index-url|--extra-index-url)[\s=]+)"
    r"""(?P<url>"[^"]+"|'[^']+'|\S+)"""
)
# uv's own variable, for the folder in which it works: here that of the file which is asked for.
_PROJECT_ROOT = re.compile(r"(?<=//)/\$\{PROJECT_ROOT\}|\$\{PROJECT_ROOT\}")
_ARCHIVES = (".whl", ".tar.gz", ".zip")
_BLANKS = " \t\f"
_BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}

_BOUND = Bound(10_000_000, "Lock the requirements in a `uv.lock`, or require less.")
_MOST_FILES = 100
_MOST_LEVELS = 20
_MOST_LINES = 200_000


@dataclass(frozen=True)
class RequirementLine:
    """One requirement or option; continued lines are one, and `number` is the first of them.

    `text` has neither comments nor line ends, and is no `-r` or `-c` of a file: those are read in
    its place. Relative paths in it are relative to the folder of `file`. `is_constraint`: it only
    limits what others require.
    """

    file: Path
    number: int
    text: str
    is_constraint: bool = False

    @property
    def name(self) -> str:
        """The package's name as uv normalises it; empty for options, paths and URLs."""
        found = _NAME.match(self.text)
        return normalised(found[0]) if found else ""


def read(
    files: Iterable[Path], constraints: Iterable[Path], workspace: Workspace
) -> tuple[RequirementLine, ...]:
    """Read requirement files, a project's own among them, and constraints, with all they include.

    Each file is read once as requirements and once as constraints, however often it is included.

    Raises:
        InputFailure: every file that can't be read, and every include that leads to none.

    """
    reader = _RequirementsFile(workspace)
    lines = [line for file in files for line in reader.lines(file)]
    lines += [line for file in constraints for line in reader.lines(file, is_constraint=True)]
    if reader.problems:
        raise InputFailure(*reader.problems)
    return tuple(lines)


class _RequirementsFile:
    """Reads files until there are too many, and keeps every problem."""

    def __init__(self, workspace: Workspace) -> None:
        self.problems: list[Problem] = []
        self._workspace = workspace
        self._seen: set[tuple[Path, bool]] = set()
        self._settings: set[Path] = set()
        self._bytes = self._lines = 0

    def lines(self, file: Path, *, is_constraint: bool = False) -> Iterator[RequirementLine]:
        """The lines of a file that is asked for by name."""
        for settings in uv_settings.found(file.parent, self._workspace):
            self._check_settings(settings)
        if file.suffix == ".toml":
            yield from _of_project(file, self._workspace)
        elif file.name != "uv.lock":
            yield from self._read(file, (file,), is_constraint=is_constraint)

    def _read(
        self, file: Path, above: tuple[Path, ...], *, is_constraint: bool
    ) -> Iterator[RequirementLine]:
        if (file, is_constraint) in self._seen:
            return
        self._seen.add((file, is_constraint))
        for number, written in _logical_lines(self._text(file)):
            text = with_project_root(written, above[0].parent)
            include = _INCLUDE.match(text)
            if not include:
                # uv has no use for the options of a constraint file.
                if not (is_constraint and _OPTION.match(text)):
                    self._check_path(local_path(text), file, number)
                    self._check_path(option_path(text), file, number, is_needed=True)
                    yield RequirementLine(file, number, text, is_constraint)
                continue
            limits = is_constraint or include["option"] in ("-c", "--constraint")
            path = _path_of(include["value"])
            if "://" in path and not path.startswith("file:"):
                # uv fetches it, with no rights but its own.
                yield RequirementLine(file, number, f"{'-c' if limits else '-r'} {path}", limits)
                continue
            try:
                included = self._included(path, file, above)
            except ValueError as error:
                shown = self._workspace.relative(file)
                self._wrong(f"`{shown}`, line {number}, includes a file: {error}", file, number)
                continue
            yield from self._read(included, (*above, included), is_constraint=limits)

    def _check_path(
        self, path: str | None, file: Path, number: int, *, is_needed: bool = False
    ) -> None:
        """Let uv, which has our rights, read nothing of this machine but the workspace.

        What uv says of a folder that `is_needed` and isn't there, is not that.
        """
        if path is None:
            return
        folder = self._workspace.relative(file.parent)
        find = self._workspace.existing if is_needed else self._workspace.path
        try:
            find(path if path.startswith("/") else f"{folder}/{path}")
        except ValueError as error:
            shown = self._workspace.relative(file)
            self._wrong(f"`{shown}`, line {number}: {error}", file, number)

    def _check_settings(self, settings: uv_settings.UvSettings) -> None:
        if settings.file in self._settings:
            return
        self._settings.add(settings.file)
        for path in settings.sources:
            self._check_path(path, settings.file, settings.line_of(path))
        for url in settings.folders:
            path, number = uv_settings.path_of(url), settings.line_of(url)
            self._check_path(path, settings.file, number, is_needed=True)

    def _included(self, path: str, file: Path, above: tuple[Path, ...]) -> Path:
        if not path:
            raise ValueError("which one is not said. Write `-r base.txt`.")
        if path.startswith("file:"):
            path = unquote(urlsplit(path).path)
        folder = self._workspace.relative(file.parent)
        included = self._workspace.file(path if path.startswith("/") else f"{folder}/{path}")
        if included.suffix == ".toml" or included.name == "uv.lock":
            raise ValueError(f"`{path}` is a project's. Name it in the input `requirements`.")
        if len(above) > _MOST_LEVELS:
            raise ValueError(f"that is the {_MOST_LEVELS + 1}st in each other. Include fewer.")
        if len(self._seen) >= _MOST_FILES:
            raise ValueError(f"there are more than {_MOST_FILES} of them. Include fewer.")
        return included

    def _text(self, file: Path) -> str:
        shown = self._workspace.relative(file)
        try:
            content = self._workspace.read(file, _BOUND)
            encoding = next((_BOMS[bom] for bom in _BOMS if content.startswith(bom)), "utf-8")
            text = content.decode(encoding)
        except UnicodeDecodeError as error:
            self._wrong(f"`{shown}` is not UTF-8: {error}.", file)
            return ""
        except ValueError as error:
            self._wrong(str(error), file)
            return ""
        self._bytes += len(content)
        self._lines += 1 + len(_LINE_END.findall(text))
        if self._bytes > _BOUND.size or self._lines > _MOST_LINES:
            self._wrong(
                f"with `{shown}`, the requirement files have more than"
                f" {_BOUND.size // 1_000_000} MB or {_MOST_LINES:,} lines. {_BOUND.advice}",
                file,
            )
            return ""
        return text

    def _wrong(self, what: str, file: Path, number: int | None = None) -> None:
        place = Place(self._workspace.relative(file), number)
        self.problems.append(Problem(f"`requirements`: {what}", place=place))


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines that say something, with their numbers: continued ones are one, without comments.

    A comment ends a continued line, and is not continued itself.
    """
    begun: list[str] = []
    number = 0
    for count, line in enumerate(_LINE_END.split(text), start=1):
        number = number if begun else count
        said = without_comment(line)
        if said == line and line.endswith("\\"):
            begun.append(line[:-1])
            continue
        logical, begun = "".join([*begun, said]).strip(_BLANKS), []
        if logical:
            yield number, logical
    if logical := "".join(begun).strip(_BLANKS):  # the file ends in a continued line
        yield number, logical


def _of_project(file: Path, workspace: Workspace) -> Iterator[RequirementLine]:
    """What a `pyproject.toml` requires; what is no requirement, uv complains about."""
    text = toml_file.text_of(file, workspace.relative(file))
    required = toml_file.part(toml_file.parse(text), "project", "dependencies")
    for each in required if isinstance(required, list) else ():
        if isinstance(each, str) and not _LINE_END.search(each) and _is_requirement(each):
            at = max(text.find(each, text.find("dependencies")), 0)
            yield RequirementLine(file, text.count("\n", 0, at) + 1, each.strip())


def _is_requirement(text: str) -> bool:
    try:
        Requirement(text)
    except InvalidRequirement:
        return False
    return True


def without_comment(line: str) -> str:
    """A line of a requirement file without its comment: `#` begins one after a blank."""
    return _COMMENT.sub("", line, count=1)


def _path_of(value: str) -> str:
    """The path behind `-r` or `-c`; empty when there is none. A `#` ends it, blank or no blank."""
    match = _VALUE.fullmatch(value)
    path = (match["path"] or "").partition("#")[0].strip() if match else ""
    return _unquoted(path)


def _unquoted(path: str) -> str:
    return path[1:-1] if len(path) > 1 and path[0] == path[-1] and path[0] in "'\"" else path


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


def option_path(text: str) -> str | None:
    """The path of a package index on this machine (`--find-links ./wheels`), if any."""
    match = _INDEX.fullmatch(text)
    if not match:
        return None
    url = _unquoted(match["url"])
    if url.startswith("file:"):
        return unquote(urlsplit(url).path)
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
