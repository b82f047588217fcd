"""A PostgreSQL server with a database of its own."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from doubles.programs import program
from doubles.server_process import free_port

# PostgreSQL refuses to run as root.
_ACCOUNT = "nobody"


@contextmanager
def postgresql() -> Iterator[str]:
    """Run a server while the block does; the URI of its database."""
    account = None if os.geteuid() else _ACCOUNT
    port = free_port()
    # Not in a folder of the test's: the account may not enter that.
    folder = Path(tempfile.mkdtemp(prefix="postgresql-"))
    try:
        if account:
            shutil.chown(folder, account)
        data = folder / "data"
        initdb = [program("initdb"), "--username=mlflow", "--auth=trust", "--encoding=UTF8"]
        subprocess.run(
            [*initdb, "--locale=C", "--no-sync", "--pgdata", str(data)],
            cwd=folder,
            user=account,
            capture_output=True,
            check=True,
        )
        settings = ("listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off")
        argv = [program("postgres"), "-D", str(data), "-p", str(port)]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [*argv, *(part for setting in settings for part in ("-c", setting))],
                cwd=folder,
                user=account,
                stdout=log,
                stderr=log,
            )
        try:
            while not _listens(port):
                assert process.poll() is None, (folder / "log").read_text()
                time.sleep(0.1)
            yield f"postgresql://mlflow@127.0.0.1:{port}/postgres"
        finally:
            process.send_signal(signal.SIGINT)  # at once: clients are not waited for
            process.wait()
    finally:
        shutil.rmtree(folder)


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
