"""`python -m doubles.databricks --port 8443`: a workspace to try things out by hand."""

import argparse
import shlex
import signal
import tempfile
from pathlib import Path

from doubles.databricks import USER, Workspace
from doubles.databricks.kinds import KINDS


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m doubles.databricks", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="a free one by default")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds that an answer takes")
    parser.add_argument("--schema", nargs="*", default=["prod.agents"], help="catalog.schema")
    for kind in KINDS:
        flag = f"--{kind.replace('_', '-')}"
        parser.add_argument(flag, nargs="*", default=[], help="names of those that exist")
    arguments = parser.parse_args()
    # Before there are threads: they inherit it.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    with (
        tempfile.TemporaryDirectory() as folder,
        Workspace(Path(folder), arguments.port) as workspace,
    ):
        workspace.latency = arguments.latency
        for schema in arguments.schema:
            workspace.catalog.create(schema, USER)
        for kind in KINDS:
            workspace.resources.add(kind, *getattr(arguments, kind))
        for name, value in workspace.env.items():
            print(f"export {name}={shlex.quote(value)}", flush=True)
        signal.sigwait({signal.SIGINT, signal.SIGTERM})
        for call in workspace.calls:
            print(call.status, call.verb, call.path, call.principal)
        print(*workspace.violations, sep="\n")


if __name__ == "__main__":
    main()
