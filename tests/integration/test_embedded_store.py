"""The embedded store of a new checkout, while its database is created."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from doubles.runner import Runner, Step
from tests.integration.conftest import REQUIREMENTS, Checkout

pytestmark = pytest.mark.exhaustive

_POLL_SECONDS = 0.002


@pytest.fixture
def new_checkout(tmp_path: Path) -> Checkout:
    """An agent in a checkout of its own, without a store."""
    root = tmp_path / "checkout"
    root.mkdir()
    return Checkout(Runner(root, tmp_path / "runner_temp"), "agent")


def database_files(checkout: Checkout) -> list[Path]:
    return list((checkout.runner.workspace / ".log-agent").glob("mlflow.db*"))


def wait_for_database(checkout: Checkout) -> None:
    """Wait until there is a file of the database with something in it."""
    deadline = time.monotonic() + 120
    while not any(path.stat().st_size for path in database_files(checkout)):
        assert time.monotonic() < deadline, "no database was created"
        time.sleep(_POLL_SECONDS)


@contextmanager
def failing_index(checkout: Checkout) -> Iterator[str]:
    """A package index that has nothing, and says so once the database is being created."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wait_for_database(checkout)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/simple"
        server.shutdown()


def assert_is_registered(checkout: Checkout, step: Step) -> None:
    assert step.status == 0, step.log
    (version,) = checkout.versions()
    assert (str(version.version), version.aliases) == ("1", ["champion"])
    assert [path.name for path in database_files(checkout) if ".new" in path.name] == []


def test_a_job_fails_while_the_store_is_created(new_checkout: Checkout) -> None:
    requirements = new_checkout.write("requirements.txt", f"{REQUIREMENTS}not-there==1.0\n")
    with failing_index(new_checkout) as index:
        failed = new_checkout.run(requirements=requirements, env={"UV_DEFAULT_INDEX": index})
    assert failed.status == 1, failed.log
    new_checkout.write("requirements.txt", REQUIREMENTS)

    assert_is_registered(new_checkout, new_checkout.run(aliases="champion"))


def test_jobs_that_start_at_once_share_one_database(new_checkout: Checkout) -> None:
    others = [
        Checkout(Runner(new_checkout.runner.workspace, new_checkout.runner.temp / name), name)
        for name in ("one", "two")
    ]
    new_checkout.runner.temp.mkdir()
    processes = [each.runner.start(each.inputs()) for each in others]
    logs = [process.communicate()[0] for process in processes]

    assert [process.returncode for process in processes] == [0, 0], "\n".join(logs)
    for each in others:
        assert [str(version.version) for version in each.versions()] == ["1"]
    database = new_checkout.runner.workspace / ".log-agent/mlflow.db"
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
