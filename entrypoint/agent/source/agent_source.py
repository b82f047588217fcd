"""The agent's source, a Python file or a notebook, read without running it."""

import io
import json
import posixpath
import re
import tokenize
from dataclasses import dataclass, field, replace
from pathlib import Path

from entrypoint.agent.source import databricks_notebook, jupyter_notebook, pip_install
from entrypoint.runtime import json_text, untrusted_file
from entrypoint.runtime.errors import AgentFailure, Place, Problem
from entrypoint.runtime.untrusted_file import Bound, Unreadable

_PYTHON = Bound(500_000, "Take data out of it, and give that with `artifacts`.")
# Databricks takes none that is larger:
# https://docs.databricks.com/en/notebooks/notebook-limitations.html
_BOUNDS = {".ipynb": Bound(10_000_000, "Clear the notebook's outputs.")}
# Magics that hold text for the reader of the notebook.
_PROSE = {"%md", "%md-sandbox", "%%markdown", "%%html", "%%latex"}
# The notebook itself sets the model, and not only a file that it writes.
_SETS_MODEL = re.compile(r"^(?!# MAGIC).*\bset_model\(", re.MULTILINE)


@dataclass(frozen=True)
class AgentSource:
    """What the agent's file holds: the Python that MLflow runs, and where each line is from."""

    shown: str
    """The user's file, relative to the workspace."""
    text: str = field(repr=False)
    """The Python code, line for line as it is run."""
    code: str | None = field(default=None, repr=False)
    """What is logged in place of the user's file; none when that is logged as it is."""
    requirements: tuple[str, ...] = ()
    """The requirements of its `%pip install` lines, as lines of the `requirements` input."""
    left_out: tuple[str, ...] = ()
    """Its other magics, which are not run: each name with its place."""
    positions: tuple[jupyter_notebook.Position | None, ...] = field(default=(), repr=False)

    @property
    def file_name(self) -> str:
        """The name under which the code is logged."""
        return f"{Path(self.shown).stem}.py"

    def place(self, line: int | None, column: int | None = None) -> Place:
        """The place in the user's file of a line of the code."""
        if not self.code:
            return Place(self.shown, line, column if line else None)
        position = self._position(line)
        # The column in a cell's line isn't the column in the JSON that has the line.
        return Place(self.shown, position.file_line if position else None)

    def where(self, line: int | None) -> str:
        """The file and, in a notebook, the cell and its line, to be put into a sentence."""
        return f"`{self.shown}`" + (
            f", {self.spot(line)}," if line and self._position(line) else ""
        )

    def spot(self, line: int) -> str:
        """A line of the code as the user sees it: its cell and the line in that, or its line."""
        position = self._position(line)
        return f"cell {position.cell}, line {position.line}" if position else f"line {line}"

    def with_cells(self, traceback: str, *copies: Path) -> str:
        """A traceback with the user's file, and its cells, in place of `copies` of the code."""

        def frame(found: re.Match[str]) -> str:
            return f'File "{self.shown}", {self.spot(int(found["line"]))}'

        files = "|".join(re.escape(str(copy)) for copy in copies)
        return re.sub(rf'File "(?:{files})", line (?P<line>\d+)', frame, traceback)

    def _position(self, line: int | None) -> jupyter_notebook.Position | None:
        return self.positions[line - 1] if line and line <= len(self.positions) else None


def read(path: Path, shown: str) -> AgentSource:
    """Read the agent's file, `shown` to the user.

    Raises:
        AgentFailure: it can't be read, or the agent isn't in it.

    """
    try:
        content = untrusted_file.read(path, _BOUNDS.get(path.suffix, _PYTHON))
    except (FileNotFoundError, Unreadable) as error:
        said = str(error).rstrip(".") if isinstance(error, Unreadable) else "it does not exist"
        what = f"`agent-path`: `{shown}` can't be read: {said}."
        raise AgentFailure(Problem(what, place=Place(shown))) from error
    if path.suffix == ".ipynb":
        converted = _converted(content, shown)
        source = AgentSource(
            shown, converted.text, code=converted.text, positions=converted.positions
        )
        if len(source.text) > _PYTHON.size:
            what = f"`agent-path`: `{shown}` holds more than {_PYTHON.size // 1000} kB of code."
            raise AgentFailure(Problem(what, _PYTHON.advice, Place(shown)))
    else:
        source = AgentSource(shown, _decoded(content, shown))
        if source.text.partition("\n")[0].rstrip() != databricks_notebook.HEADER:
            return source
    return _with_magics(source)


def _decoded(content: bytes, shown: str) -> str:
    """The text as Python reads it: a `# coding:` line counts, and every kind of line end."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        return io.TextIOWrapper(io.BytesIO(content), encoding).read()
    except (SyntaxError, ValueError, LookupError) as error:  # LookupError: `coding: rot13`
        raise AgentFailure(
            Problem(f"`agent-path`: `{shown}` is not valid Python: {error}.", place=Place(shown))
        ) from error


def _converted(content: bytes, shown: str) -> jupyter_notebook.Converted:
    place = Place(shown)
    try:
        return jupyter_notebook.convert(json_text.decoded(content))
    except json.JSONDecodeError as error:
        place = Place(shown, error.lineno, error.colno)
        why = f"it is not JSON: {error.msg}"
    except (ValueError, RecursionError) as error:
        why = str(error)
    raise AgentFailure(Problem(f"`agent-path`: `{shown}` is not a notebook: {why}.", place=place))


def _with_magics(source: AgentSource) -> AgentSource:
    """The source with the requirements of its magics, and the names of the others."""
    requirements: list[str] = []
    left_out: list[str] = []
    problems: list[Problem] = []
    folder = posixpath.dirname(source.shown)
    for magic in databricks_notebook.magics(source.text):
        try:
            installed = pip_install.requirements(magic.text, folder)
        except ValueError as error:
            problems.append(
                Problem(
                    f"`agent-path`: {source.where(magic.line)} is no list of requirements: {error}",
                    "Say them in `requirements.txt`, and `%pip install -r requirements.txt` here.",
                    source.place(magic.line),
                    magic.head,
                )
            )
            continue
        if installed is not None:
            requirements += installed
        elif magic.name == "%run":
            problems.append(_runs_another(magic, source))
        elif (
            magic.name == "%%writefile"
            and "set_model(" in magic.text
            and not _SETS_MODEL.search(source.text)
        ):
            problems.append(_writes_the_agent(magic, source))
        elif magic.name and magic.name not in _PROSE:
            left_out.append(f"`{magic.name}` ({source.spot(magic.line)})")
    if problems:
        raise AgentFailure(*problems)
    return replace(source, requirements=tuple(requirements), left_out=tuple(left_out))


def _runs_another(magic: databricks_notebook.Magic, source: AgentSource) -> Problem:
    file = magic.arguments.strip("\"'") or "./other"
    module = Path(file).stem
    path = posixpath.join(posixpath.dirname(source.shown), posixpath.dirname(file), f"{module}.py")
    return Problem(
        f"`agent-path`: {source.where(magic.line)} runs `{file}` with `%run`: neither MLflow nor"
        " serving can.",
        f"Make it a Python module, write `from {module} import ...` here, and ship it with the"
        f" agent:\n\n    with:\n      code-paths: {posixpath.normpath(path)}",
        source.place(magic.line),
    )


def _writes_the_agent(magic: databricks_notebook.Magic, source: AgentSource) -> Problem:
    file = (magic.arguments.split() or ["agent.py"])[-1].strip("\"'")
    path = posixpath.normpath(posixpath.join(posixpath.dirname(source.shown), file))
    return Problem(
        f"`agent-path`: {source.where(magic.line)} writes the agent to `{file}`: this notebook is"
        " its driver, and what it does with the agent, log-agent does.",
        f"Commit `{file}`, and name it:\n\n    with:\n      agent-path: {path}",
        source.place(magic.line),
    )
