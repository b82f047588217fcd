"""Files that say what a project requires, and that uv doesn't take requirements from."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from entrypoint.agent.environment import toml_file
from entrypoint.inputs.workspace import Workspace
from entrypoint.runtime.errors import Place, Problem

_COMPILE = "uv pip compile {name} --output-file requirements.txt"
_EXPORT_POETRY = (
    "pip install poetry-plugin-export\npoetry export --without-hashes --output requirements.txt"
)
_PDM = "pdm export --without-hashes --output requirements.txt"
_LIST = "pip freeze > requirements.txt  # in the environment that was made of it"
_PROJECT = """\
    [project]
    name = "agent"
    version = "0.1.0"
    dependencies = ["mlflow==3.17.2", "databricks-openai"]"""
# Why it isn't read, and the command that makes what is.
_FILES = {
    "Pipfile": ("Pipenv's format isn't read", "pipenv requirements > requirements.txt"),
    "Pipfile.lock": ("Pipenv's format isn't read", "pipenv requirements > requirements.txt"),
    "poetry.lock": ("Poetry's format isn't read", _EXPORT_POETRY),
    "pdm.lock": ("PDM's format isn't read", _PDM),
    "setup.cfg": ("only building the package would tell what is in it", _COMPILE),
    "setup.py": ("only running it would tell what is in it", _COMPILE),
    "requirements.in": ("it isn't locked", _COMPILE),
    **dict.fromkeys(
        ("environment.yml", "environment.yaml", "conda.yml", "conda.yaml"),
        ("conda's format isn't read", _LIST),
    ),
    "pixi.toml": ("Pixi's format isn't read", _LIST),
}
_TABLES = {
    ("tool", "poetry"): ("Poetry's own table isn't read", _EXPORT_POETRY),
    ("tool", "pdm"): ("PDM's own table isn't read", _PDM),
    ("tool", "hatch", "envs"): ("Hatch's own table isn't read", _LIST),
    ("tool", "pixi"): ("Pixi's own table isn't read", _LIST),
    ("dependency-groups",): (
        "a dependency group isn't read without being asked for",
        "uv pip compile --group {group} --output-file requirements.txt",
    ),
}
_GROUP = re.compile(r"[\w.-]+")
_MOST_OF_OTHER_NAMES = 3
NAMES = ("pyproject.toml", "uv.lock", *_FILES)
"""The files that may be such."""


@dataclass(frozen=True)
class UnreadFile:
    """A file of a project, `shown` to the user: why it isn't read, and what to run instead.

    Without a `command`, there is nothing in it yet.
    """

    shown: str
    why: str
    command: str = ""
    is_readable: bool = False
    """Whether it is read if the input names it."""

    @property
    def reason(self) -> str:
        """A sentence."""
        return f"`{self.shown}` is there, but {self.why}."

    @property
    def fix(self) -> str:
        """What to write, or the commands, which are to be run in the file's folder."""
        if self.is_readable:
            return f"Name it in the step:\n\n    with:\n      requirements: {self.shown}"
        if not self.command:
            return f"Add to `{self.shown}`:\n\n{_PROJECT}"
        folder = Path(self.shown).parent.as_posix()
        lines = self.command.replace("{name}", Path(self.shown).name).split("\n")
        where = f"cd {folder}" if folder != "." else ""
        shown = "\n".join(f"    {line}" for line in (where, *lines) if line)
        return f"Make a file of it that is read, and commit that:\n\n{shown}"

    @property
    def problem(self) -> Problem:
        """For one that the input names."""
        what = f"`requirements`: `{self.shown}`: {self.why}."
        return Problem(what, self.fix, Place(self.shown))


def none_found(agent: Path, workspace: Workspace, known: Sequence[str]) -> Problem:
    """Say what would be read (`known`), and of what is there why it isn't."""
    shown = workspace.relative(agent.parent)
    unread = list(around(agent, workspace))
    what = (
        f"`requirements`: there is no {', '.join(f'`{name}`' for name in known[:-1])} or"
        f" `{known[-1]}` in `{shown}` or the folders above it"
    )
    if unread:
        reasons = " ".join(each.reason for each in unread)
        what = f"{what} that says what the agent requires. {reasons}"
        return Problem(what, unread[0].fix, Place(unread[0].shown))
    return Problem(
        f"{what}.",
        f"Say what the agent needs in `{shown}/requirements.txt`, or in the step:\n\n"
        "    with:\n      requirements: |\n        mlflow==3.17.2\n        databricks-openai",
    )


def of(path: Path, workspace: Workspace) -> UnreadFile | None:
    """The file at a path, if it is one that isn't read."""
    shown = workspace.relative(path)
    if path.name == "pyproject.toml":
        return _pyproject(toml_file.read(path, shown), shown)
    if path.name == "uv.lock" and not (path.parent / "pyproject.toml").is_file():
        why = "it is one half: its `pyproject.toml` is not beside it"
        return UnreadFile(shown, why, "uv export --no-hashes --output-file requirements.txt")
    return UnreadFile(shown, *_FILES[path.name]) if path.name in _FILES else None


def around(agent: Path, workspace: Workspace) -> Iterator[UnreadFile]:
    """Those in the agent's folder, then those in the folders above it."""
    for folder in agent.parents:
        if not workspace.holds(folder):
            return
        for name in NAMES:
            path = folder / name
            if path.is_file() and not path.is_symlink() and (found := of(path, workspace)):
                yield found
        for pattern in ("*requirements*.txt", "requirements/*.txt"):
            for path in islice(filter(Path.is_file, folder.glob(pattern)), _MOST_OF_OTHER_NAMES):
                why = "a file of that name is read only if the input names it"
                yield UnreadFile(workspace.relative(path), why, is_readable=True)


def _pyproject(content: Mapping[str, object] | None, shown: str) -> UnreadFile | None:
    """One without `[project]`; uv itself explains what is wrong with one that doesn't parse."""
    if content is None or "project" in content:
        return None
    for keys, (reason, command) in _TABLES.items():
        if table := toml_file.part(content, *keys):
            names = filter(_GROUP.fullmatch, table if isinstance(table, dict) else ())
            group = next(names, "<group>")
            why = f"it has no `[project]`, and {reason}"
            return UnreadFile(shown, why, command.replace("{group}", group))
    return UnreadFile(shown, "it has no `[project]`")
