"""The embedded store in `.log-agent/`: a SQLite database and artifacts in the checkout.

It may come with the checkout, so nothing in it is trusted to name a place outside of it.
"""

import fcntl
import os
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from entrypoint.inputs.workspace import Workspace
from entrypoint.runtime.errors import Problem, PublishFailure

DATABASE = "mlflow.db"
ARTIFACTS = "artifacts"
# The database while its tables are created.
_UNFINISHED = "mlflow.db.new"
_LOCK = "mlflow.db.lock"
# SQLite keeps these next to its database: https://sqlite.org/tempfiles.html
_SUFFIXES = ("", "-journal", "-wal", "-shm")
_FILES = (*(f"{DATABASE}{suffix}" for suffix in _SUFFIXES), _LOCK, ".gitignore")
# Objects of the schema that run code when MLflow reads or writes a table.
_ACTIVE = "type IN ('trigger', 'view') OR sql LIKE 'CREATE VIRTUAL%'"
# MLflow's one trigger only refuses.
_REFUSES = re.compile(r"BEGIN\s+SELECT RAISE\(ABORT, '[^']*'\);\s*END\s*\Z")


def uri(folder: Path, database: str = DATABASE) -> str:
    """The database's URI, as SQLAlchemy reads it.

    https://docs.sqlalchemy.org/en/20/core/engines.html#escaping-special-characters-such-as-signs-in-passwords
    """
    path = str(folder / database)
    if not set("#%?") & set(path):
        return f"sqlite:///{path}"
    # With the driver's name: of a plain `sqlite:` URI, MLflow makes the folder as it is quoted.
    return f"sqlite+pysqlite:///{quote(path)}"


def prepare(folder: Path) -> None:
    """Create the folder, or check the existing one.

    Raises:
        PublishFailure: it can't be written, a part of it is a link, or the database has triggers or
            views that aren't MLflow's.

    """
    workspace = Workspace(folder.parent)
    try:
        workspace.own_folder(folder.name)
    except ValueError as error:
        raise _unusable(str(error)) from error
    with _write_errors(folder):
        folder.mkdir(exist_ok=True)
    if folder.stat().st_uid != os.geteuid():
        raise _unusable(f"`{folder.name}` belongs to another account.")
    for name in _FILES:
        path = folder / name
        if path.is_symlink() or (path.exists() and not path.is_file()):
            raise _unusable(f"`{workspace.relative(path)}` is not a file.")
    with _write_errors(folder):
        (folder / ".gitignore").write_text("*\n", encoding="utf-8")
    if (folder / DATABASE).exists():
        _check_is_plain(folder / DATABASE)


def create_database(folder: Path, create_tables: Callable[[str], None]) -> None:
    """Create the database in a prepared folder, unless it is there.

    `create_tables` gets the URI of an empty database. The job can end while it is at work, and
    MLflow can't use a database that has some of its tables: so the database gets its name when it
    is complete. Of jobs that start at the same time one creates it, and the others wait.

    Raises:
        PublishFailure: the folder can't be written.

    """
    with _write_errors(folder), (folder / _LOCK).open("w") as lock:
        # The kernel unlocks it when the process ends, however that happens.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (folder / DATABASE).exists():
            return
        for suffix in _SUFFIXES:
            (folder / f"{_UNFINISHED}{suffix}").unlink(missing_ok=True)
        create_tables(uri(folder, _UNFINISHED))
        (folder / _UNFINISHED).replace(folder / DATABASE)


def check_location(location: str, folder: Path) -> None:
    """Refuse a location for artifacts that isn't in the store's own folder.

    Raises:
        PublishFailure: it is elsewhere, or reached through a link.

    """
    workspace = Workspace(folder.parent)
    parts = urlsplit(location)
    path = Path(unquote(parts.path))
    is_local = parts.scheme in ("", "file") and not parts.netloc and not parts.query
    own = folder / ARTIFACTS
    if not is_local or ".." in path.parts or not path.is_relative_to(own):
        raise _unusable(f"it keeps artifacts in `{location}`, not in its own folder.")
    try:
        workspace.own_folder(workspace.relative(path))
    except ValueError as error:
        raise _unusable(str(error)) from error


@contextmanager
def _write_errors(folder: Path) -> Iterator[None]:
    """Turn an error while the store's folder is written into a failure."""
    try:
        yield
    except OSError as error:
        raise PublishFailure(
            Problem(
                f"`tracking-uri`: `embedded`: `{folder.name}` in the workspace can't be written:"
                f" {error.strerror}.",
                "Let the job work in a checkout that it may write.",
            )
        ) from error


def _check_is_plain(database: Path) -> None:
    try:
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
            found = connection.execute(
                f"SELECT name, sql FROM sqlite_master WHERE {_ACTIVE}"  # noqa: S608  # a constant
            ).fetchall()
    except sqlite3.Error as error:
        raise _unusable(f"its database can't be read: {error}.") from error
    for name, sql in found:
        if sql.upper().count("BEGIN") != 1 or not _REFUSES.search(sql):
            raise _unusable(f"`{name}` in its database is not of MLflow's making.")


def _unusable(why: str) -> PublishFailure:
    return PublishFailure(
        Problem(
            f"`tracking-uri`: `embedded`: {why}",
            "Take `.log-agent/` out of the checkout, and let log-agent make its own:\n\n"
            "    git rm -r --cached .log-agent",
        )
    )
