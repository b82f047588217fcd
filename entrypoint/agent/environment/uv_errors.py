"""Why uv failed: its own words, shortened to what matters, and the line that they are about."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from packaging.utils import canonicalize_name

from entrypoint.agent.environment.index_credentials import masked
from entrypoint.agent.environment.pip_variables import PipVariables
from entrypoint.agent.environment.requirement_lines import RequirementLine
from entrypoint.runtime import untrusted_file
from entrypoint.runtime.errors import Place, Problem
from entrypoint.runtime.untrusted_file import Bound, Unreadable

# Larger than any file that uv reads.
_BOUND = Bound(50_000_000, "")
_MAX_CHARACTERS = 2_000
_HEAD_CHARACTERS = 1_400
# What uv warns of on the way, and advice that speaks of commands which the user did not run.
_NOISE = re.compile(
    r"warning: |Using Python |hint: Build failures usually |"
    r"hint: .*\b(uv (add|lock|sync|help)|--[a-z])",
    re.IGNORECASE,
)
_POSITION = re.compile(r"(?:included file|requirement|URL) in `([^`]+)` at position (\d+)")
_COORDINATES = re.compile(r"at ([^\s`]+\.(?:txt|in)):(\d+):\d+")
_NAMED = (
    re.compile(r"\byou require ([A-Za-z0-9._-]+)"),
    re.compile(r"\band ([A-Za-z0-9._-]+)[=<>!~]=?\S*, we can conclude"),
    re.compile(r"Because ([A-Za-z0-9._-]+) was not found"),
    re.compile(r"`([A-Za-z0-9._-]+)(?:\[[^]]*\])?(?: @ |==)"),
)
_MISSING = re.compile(r"Distribution not found at: file://(\S+)")


@dataclass(frozen=True)
class Explanation:
    """Turns what uv printed into a problem.

    `lines`: those of the user's requirement files. `roots`: folders that the user doesn't know, and
    that are taken out of paths. `redact` takes secrets out of a text. `written`: the requirement
    files that log-agent writes for uv, with the user's line, if any, for each of theirs. `unread`:
    variables of pip that may be why.
    """

    lines: Sequence[RequirementLine]
    workspace: Path
    roots: Sequence[Path]
    redact: Callable[[str], str]
    unread: PipVariables
    written: dict[Path, Sequence[RequirementLine | None]] = field(default_factory=dict)

    def problem(self, doing: str, printed: str, folder: Path) -> Problem:
        """Explain a failure of uv, which was started in `folder`."""
        text = self.shown(printed)
        what = " ".join(filter(None, (f"`requirements`: {doing} failed.", self.unread.reason)))
        fix = "\n\n".join(filter(None, (self.unread.lines, _advice(text))))
        return Problem(what, fix, self._place(printed, text, folder), _shortened(text))

    def built_from_source(self, printed: str) -> Problem:
        """Explain that something has no wheel."""
        return Problem(
            "`requirements`: not everything comes as a wheel. What is built from source runs code"
            " of its own: the environment is made without the cache and without credentials for"
            " package indexes, and is not kept.",
            "Publish a wheel, and require that.",
            detail=self.shown(printed)[-1000:],
        )

    def shown(self, text: str) -> str:
        """The text without credentials, and with paths as the user would write them."""
        text = masked(self.redact(text))
        for root in (*self.roots, self.workspace):
            text = text.replace(f"{root}/", "")
        return text

    def _place(self, printed: str, text: str, folder: Path) -> Place | None:
        if position := _POSITION.search(printed):
            return self._at(folder / position[1], offset=int(position[2]))
        if coordinates := _COORDINATES.search(printed):
            return self._at(folder / coordinates[1], number=int(coordinates[2]))
        if missing := _MISSING.search(text):
            last = Path(missing[1]).name
            found = [line for line in self.lines if last in line.text]
        else:
            names = {
                canonicalize_name(name) for pattern in _NAMED for name in pattern.findall(text)
            }
            found = [line for line in self.lines if line.name in names]
        return self.place(found[0]) if found else None

    def place(self, line: RequirementLine) -> Place | None:
        """Where a line stands in the checkout, if it does."""
        return self._as_place(line.file, line.number) if line.file.is_file() else None

    def _at(self, file: Path, *, number: int | None = None, offset: int = 0) -> Place | None:
        """A place in a file that uv names, which may be a copy of the user's."""
        for root in self.roots:
            if file not in self.written and file.is_relative_to(root):
                file = self.workspace / file.relative_to(root)
        file = file.resolve()
        if file not in self.written and not file.is_relative_to(self.workspace):
            return None
        try:
            before = untrusted_file.read(file, _BOUND)[:offset]
        except (OSError, Unreadable):
            return None
        number = number or before.count(b"\n") + 1
        if file in self.written:
            line = self.written[file][number - 1]
            return self.place(line) if line else None
        return self._as_place(file, number)

    def _as_place(self, file: Path, number: int) -> Place | None:
        if not file.is_relative_to(self.workspace):
            return None
        return Place(file.relative_to(self.workspace).as_posix(), number)


def _advice(text: str) -> str:
    if "Git executable not found" in text:
        return (
            "`git` is not there. Require the package from an index, or as an archive of the"
            " commit:\n\n    package @ https://github.com/owner/repository/archive/<commit>.zip"
        )
    if "Distribution not found at" in text:
        return (
            "The path is not in the checkout. In a requirement file, paths are relative to the"
            " file's folder; in the input `requirements`, to the workspace's root."
        )
    if "relative URL without a base" in text:
        return (
            "A folder of packages isn't there. In a requirement file and in uv's settings, paths"
            " are relative to the file's folder; in the step's variables, to the workspace's root."
        )
    if "build backend returned an error" in text:
        return (
            "Mend the package so that `uv build --wheel` works in a fresh checkout. A project that"
            " only lists requirements needs no build: take `[build-system]` out of its"
            " `pyproject.toml`, or say there\n\n    [tool.uv]\n    package = false"
        )
    if "(401 Unauthorized)" in text or "(403 Forbidden)" in text:
        return (
            "The package index refuses the credentials. Give them to the step:\n\n    env:\n"
            "      UV_INDEX: https://user:${{ secrets.INDEX_TOKEN }}@index.example.com/simple"
        )
    return (
        "uv's explanation is below. Change the requirements so that they resolve, or name other"
        " ones with `requirements`."
    )


def _shortened(text: str) -> str:
    lines = text.strip().splitlines()
    # A hint may go on in the lines below it, up to an empty one.
    kept, skipping = [], False
    for line in lines:
        skipping = bool(_NOISE.match(line)) or (skipping and line.startswith(" "))
        if not skipping:
            kept.append(line)
    short = "\n".join(kept).strip() or text.strip()
    if len(short) <= _MAX_CHARACTERS:
        return short
    return f"{short[:_HEAD_CHARACTERS]}\n[…]\n{short[_HEAD_CHARACTERS - _MAX_CHARACTERS :]}"
