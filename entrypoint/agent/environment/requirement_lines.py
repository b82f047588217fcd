"""The lines of requirement files, each with its place, with the files that they include."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from entrypoint.agent.environment import toml_file, uv_settings
from entrypoint.agent.environment.requirement_paths import (
    local_path,
    option_path,
    path_of_file_url,
    unquoted,
    with_project_root,
)
from entrypoint.agent.environment.requirement_text import LINE_END, decoded, logical_lines
from entrypoint.inputs.workspace import Workspace
from entrypoint.runtime.errors import InputFailure, Place, Problem
from entrypoint.runtime.untrusted_file import Bound

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
# Everything that uv takes for an include, so that uv itself never reads a file.
_INCLUDE = re.compile(r"(?P<option>--requirement|--constraint|-r|-c)(?P<value>.*)", re.DOTALL)
_VALUE = re.compile(r"(?:=|\s\s*+)(?P<path>[^#\s].*)?", re.DOTALL)
_OPTION = re.compile(r"-(?!e|-editable)")

_BOUND = Bound(10_000_000, "Lock the requirements in a `uv.lock`, or require less.")
_MAX_FILES = 100
_MAX_INCLUDE_DEPTH = 20
_MAX_LINES = 200_000


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
        return name_of(self.text)


def name_of(text: str) -> str:
    """The name of the package that a line requires; empty for options, paths and URLs."""
    found = _NAME.match(text)
    return canonicalize_name(found[0]) if found else ""


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
    """Reads files until there are too many, and collects every problem."""

    def __init__(self, workspace: Workspace) -> None:
        self.problems: list[Problem] = []
        self._workspace = workspace
        self._seen: set[tuple[Path, bool]] = set()
        self._settings: set[Path] = set()
        self._bytes = self._lines = 0

    def lines(self, file: Path, *, is_constraint: bool = False) -> Iterator[RequirementLine]:
        """The lines of a file that is named in the input, or found."""
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
        for number, written in logical_lines(self._text(file)):
            text = with_project_root(written, above[0].parent)
            include = _INCLUDE.match(text)
            if not include:
                # uv ignores the options of a constraint file.
                if not (is_constraint and _OPTION.match(text)):
                    self._check_path(local_path(text), file, number)
                    self._check_path(option_path(text), file, number, is_needed=True)
                    yield RequirementLine(file, number, text, is_constraint)
                continue
            limits = is_constraint or include["option"] in ("-c", "--constraint")
            path = _path_of(include["value"])
            if "://" in path and not path.startswith("file:"):
                # uv fetches it from a server, with no rights of this machine.
                yield RequirementLine(file, number, f"{'-c' if limits else '-r'} {path}", limits)
                continue
            try:
                included = self._included(path, file, above)
            except ValueError as error:
                shown = self._workspace.relative(file)
                self._add_problem(
                    f"`{shown}`, line {number}, includes a file: {error}", file, number
                )
                continue
            yield from self._read(included, (*above, included), is_constraint=limits)

    def _check_path(
        self, path: str | None, file: Path, number: int, *, is_needed: bool = False
    ) -> None:
        """Check that a path is in the workspace: uv reads it with our rights.

        `is_needed`: the path must exist, for uv doesn't say which folder of packages is missing.
        """
        if path is None:
            return
        folder = self._workspace.relative(file.parent)
        find = self._workspace.existing if is_needed else self._workspace.path
        try:
            find(path if path.startswith("/") else f"{folder}/{path}")
        except ValueError as error:
            shown = self._workspace.relative(file)
            self._add_problem(f"`{shown}`, line {number}: {error}", file, number)

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
            path = path_of_file_url(path)
        folder = self._workspace.relative(file.parent)
        included = self._workspace.file(path if path.startswith("/") else f"{folder}/{path}")
        if included.suffix == ".toml" or included.name == "uv.lock":
            raise ValueError(f"`{path}` is a project's. Name it in the input `requirements`.")
        if len(above) > _MAX_INCLUDE_DEPTH:
            raise ValueError(
                f"that is the {_MAX_INCLUDE_DEPTH + 1}st in each other. Include fewer."
            )
        if len(self._seen) >= _MAX_FILES:
            raise ValueError(f"there are more than {_MAX_FILES} of them. Include fewer.")
        return included

    def _text(self, file: Path) -> str:
        shown = self._workspace.relative(file)
        try:
            content = self._workspace.read(file, _BOUND)
            text = decoded(content)
        except UnicodeDecodeError as error:
            self._add_problem(f"`{shown}` is not UTF-8: {error}.", file)
            return ""
        except ValueError as error:
            self._add_problem(str(error), file)
            return ""
        self._bytes += len(content)
        self._lines += 1 + len(LINE_END.findall(text))
        if self._bytes > _BOUND.size or self._lines > _MAX_LINES:
            self._add_problem(
                f"with `{shown}`, the requirement files have more than"
                f" {_BOUND.size // 1_000_000} MB or {_MAX_LINES:,} lines. {_BOUND.advice}",
                file,
            )
            return ""
        return text

    def _add_problem(self, what: str, file: Path, number: int | None = None) -> None:
        place = Place(self._workspace.relative(file), number)
        self.problems.append(Problem(f"`requirements`: {what}", place=place))


def _of_project(file: Path, workspace: Workspace) -> Iterator[RequirementLine]:
    """The dependencies in a `pyproject.toml`; uv explains what is wrong with others."""
    text = toml_file.text_of(file, workspace.relative(file))
    required = toml_file.part(toml_file.parse(text), "project", "dependencies")
    for each in required if isinstance(required, list) else ():
        if isinstance(each, str) and not LINE_END.search(each) and _is_requirement(each):
            at = max(text.find(each, text.find("dependencies")), 0)
            yield RequirementLine(file, text.count("\n", 0, at) + 1, each.strip())


def _is_requirement(text: str) -> bool:
    try:
        Requirement(text)
    except InvalidRequirement:
        return False
    return True


def _path_of(value: str) -> str:
    """The path behind `-r` or `-c`; empty when there is none. A `#` ends it, blank or no blank."""
    match = _VALUE.fullmatch(value)
    path = (match["path"] or "").partition("#")[0].strip() if match else ""
    return unquoted(path)
