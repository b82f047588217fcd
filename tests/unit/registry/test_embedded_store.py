"""The embedded store, as it may come with a checkout."""

import io
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from entrypoint.databricks.auth.workspace_host import Identity
from entrypoint.registry.embedded_store import check_location, create_database, prepare, uri
from entrypoint.registry.session import Session
from entrypoint.registry.stores import Stores
from entrypoint.runtime.errors import PublishFailure
from entrypoint.runtime.log import PlainLog


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path.resolve() / ".log-agent"


def stores(folder: Path) -> Stores:
    return Stores(uri(folder), uri(folder), (folder / "artifacts").as_uri())


def database(folder: Path, *statements: str) -> None:
    folder.mkdir()
    connection = sqlite3.connect(folder / "mlflow.db")
    for statement in ("CREATE TABLE experiments (name TEXT)", *statements):
        connection.execute(statement)
    connection.close()


def link(name: str, target: str) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        folder.mkdir()
        (folder / name).symlink_to(target)

    return make


def test_it_is_made_and_made_again(folder: Path) -> None:
    for _ in range(2):
        prepare(folder)

    assert (folder / ".gitignore").read_text() == "*\n"
    database(folder.parent / "other")
    (folder.parent / "other/mlflow.db").rename(folder / "mlflow.db")
    prepare(folder)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda folder: folder.symlink_to("/etc"), "`.log-agent` is a link (to `/etc`)"),
        (lambda folder: folder.write_text(""), "`.log-agent` is not a folder"),
        (link("mlflow.db", "/etc/passwd"), "`.log-agent/mlflow.db` is not a file"),
        (link("mlflow.db-journal", "gone"), "`.log-agent/mlflow.db-journal` is not a file"),
        (link("mlflow.db-wal", "/etc/passwd"), "`.log-agent/mlflow.db-wal` is not a file"),
        (link("mlflow.db.lock", "/etc/passwd"), "`.log-agent/mlflow.db.lock` is not a file"),
        (link(".gitignore", "/etc/passwd"), "`.log-agent/.gitignore` is not a file"),
        (
            lambda folder: database(folder, "CREATE VIEW tags AS SELECT name FROM experiments"),
            "`tags` in its database",
        ),
        (
            lambda folder: database(
                folder,
                "CREATE TRIGGER t AFTER INSERT ON experiments"
                " BEGIN UPDATE experiments SET name = 'x'; END",
            ),
            "`t` in its database",
        ),
        (
            lambda folder: database(
                folder,
                "CREATE TRIGGER t AFTER INSERT ON experiments BEGIN"
                " UPDATE experiments SET name = 'BEGIN SELECT RAISE(ABORT, ''x'');\nEND'; END",
            ),
            "`t` in its database",
        ),
        (
            lambda folder: (folder.mkdir(), (folder / "mlflow.db").write_text("no database " * 99)),
            "can't be read",
        ),
    ],
)
def test_what_is_not_of_its_own_making_is_refused(
    folder: Path, make: Callable[[Path], None], said: str
) -> None:
    make(folder)

    with pytest.raises(PublishFailure) as raised:
        prepare(folder)

    (problem,) = raised.value.problems
    assert said in problem.what
    assert "git rm -r --cached .log-agent" in problem.fix


def test_the_database_exists_only_when_it_is_complete(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("of somebody else")
    prepare(folder)
    (folder / "mlflow.db.new").symlink_to(other)

    def fail(address: str) -> None:
        sqlite3.connect(address.removeprefix("sqlite:///")).execute("CREATE TABLE half (a)")
        raise InterruptedError

    def succeed(address: str) -> None:
        sqlite3.connect(address.removeprefix("sqlite:///")).execute("CREATE TABLE whole (a)")

    with pytest.raises(PublishFailure):
        create_database(folder, fail)
    assert not (folder / "mlflow.db").exists()
    for create_tables in (succeed, fail):
        create_database(folder, create_tables)
        with closing(sqlite3.connect(folder / "mlflow.db")) as connection:
            names = connection.execute("SELECT name FROM sqlite_master").fetchall()
        assert names == [("whole",)]
    assert other.read_text() == "of somebody else"


@pytest.mark.parametrize(
    "location",
    [
        "file:///etc",
        "/etc",
        "{folder}",
        "file://{folder}/artifacts/../../other",
        "file://{folder}/artifacts/%2e%2e/%2e%2e/other",
        "file://host{folder}/artifacts",
        "file://{folder}/artifacts?x=1",
        "{folder}/artifacts-2",
        "{folder}/artifacts/link/x",
        "s3://bucket",
        "http://host/artifacts",
        "",
    ],
)
def test_artifacts_go_nowhere_else(folder: Path, location: str) -> None:
    (folder / "artifacts").mkdir(parents=True)
    (folder / "artifacts/link").symlink_to("../..")

    with pytest.raises(PublishFailure):
        check_location(location.format(folder=folder), folder)
    for own in ("artifacts", "artifacts/models/m-1/artifacts"):
        check_location(f"{folder}/{own}", folder)
        check_location((folder / own).as_uri(), folder)


def test_an_experiment_that_keeps_its_artifacts_elsewhere_is_refused(folder: Path) -> None:
    session = Session(stores(folder), Identity("", ""), PlainLog(io.StringIO()))
    session.client.create_experiment("/Shared/evil", "file:///etc")
    number = session.experiment("/Shared/good")

    # The database that MLflow made is taken again.
    session = Session(stores(folder), Identity("", ""), PlainLog(io.StringIO()))
    assert session.experiment("/Shared/good") == number
    for ask in (session.known_experiment, session.experiment):
        with pytest.raises(PublishFailure, match="keeps artifacts in `file:///etc`"):
            ask("/Shared/evil")


@pytest.mark.parametrize("name", ["a#b", "a?b", "50%", "a%20b", "a;b", "a b", "größe"])
def test_the_folder_may_be_called_anything(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name / ".log-agent"
    folder.parent.mkdir()

    session = Session(stores(folder), Identity("", ""), PlainLog(io.StringIO()))
    number = session.experiment("/Shared/agents")

    assert stores(folder).embedded_folder == folder
    assert session.known_experiment("/Shared/agents") == number
    with closing(sqlite3.connect(folder / "mlflow.db")) as connection:
        assert ("/Shared/agents",) in connection.execute("SELECT name FROM experiments").fetchall()
    assert [path.name for path in tmp_path.iterdir()] == [name]
