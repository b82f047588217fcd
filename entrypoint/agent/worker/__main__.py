"""The worker: builds and verifies the agent, in the agent's own Python environment.

Started as `python -I <this folder> <job file> <reply descriptor> <verdict descriptor>`. It imports
MLflow once. For each stage that it then reads from its standard input, one JSON line with the
stage's name and more environment variables for the agent, it forks a child: what the agent does
while it is built can't be there when it is verified. The job file must exist by the first stage.

The child writes the stage's result, the verdict, to the verdict descriptor as JSON. After that the
worker writes one JSON line with the child's wait status to the reply descriptor.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import tempfile
import traceback
import types
import warnings
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import source_from_cache
from pathlib import Path
from typing import Any

# Imports leave next to no garbage, and searching for it takes long; `main` enables it again.
gc.disable()


# The agent may have a `build.py` or a `verify.py` too, or import the package `build` of PyPI. So
# the modules of this folder are in a package with a name of its own, and no search path leads here.
FOLDER = os.path.dirname(__file__)
del sys.path[0]  # where Python puts the folder that it runs
__package__ = "log_agent_worker"
__spec__ = ModuleSpec(f"{__package__}.__main__", None)
sys.modules[__package__] = types.ModuleType(__package__)
sys.modules[__package__].__path__ = [FOLDER]


def keep_bytecode_in(folder: str) -> list[str]:
    """Write the environment's bytecode into a folder, and read it there where it has none.

    The list that is returned grows with the source files that were compiled.

    The environment itself may be kept for other jobs, so nothing that this process writes may be
    run by them. Bytecode of other files, such as the checkout's and the model's, is not written.
    """
    compiled: list[str] = []
    read, write = SourceFileLoader.get_data, SourceFileLoader.set_data

    def get_data(loader: SourceFileLoader, path: str) -> bytes:
        try:
            return read(loader, path)
        except OSError:
            if not (path.endswith(".pyc") and path.startswith(sys.prefix)):
                raise
            return read(loader, folder + path)

    def set_data(loader: SourceFileLoader, path: str, data: Any, **options: Any) -> None:
        if path.startswith(sys.prefix):
            write(loader, folder + path, data, **options)
            compiled.append(source_from_cache(path))

    SourceFileLoader.get_data = get_data  # type: ignore[assignment,method-assign]
    SourceFileLoader.set_data = set_data  # type: ignore[assignment,method-assign]
    return compiled


# Before the imports that take long: they import MLflow.
COMPILED = keep_bytecode_in(os.path.join(os.getcwd(), "bytecode"))

from . import failures, mlflow_patches
from .agent_calls import AgentCalls
from .build import build
from .verify import verify

# The exit status of a child that can't write its verdict; the control process knows it too.
NO_VERDICT = os.EX_SOFTWARE


def main() -> None:
    reply, verdict_file = (int(descriptor) for descriptor in sys.argv[2:])
    job: dict[str, Any] = {}
    mlflow_patches.pin_tracking_store()
    mlflow_patches.skip_requirement_check()
    prompts = mlflow_patches.keep_registries_read_only()
    failures.follow_logins()
    gc.freeze()
    gc.enable()
    for line in sys.stdin:
        # Read once, and before anything of the agent runs.
        job = job or json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
        job["prompts"] = prompts
        request = json.loads(line)
        os.environ.update(request["environ"])
        tempfile.tempdir = None  # which remembers the TMPDIR that was set when it was first asked
        child = fork()
        if child == 0:
            run_in_child(request["stage"], job, reply, verdict_file)
        _, status = os.waitpid(child, 0)
        answer = {"stage": request["stage"], "status": status}
        os.write(reply, (json.dumps(answer) + "\n").encode())


def fork() -> int:
    """Fork without Python's warning about threads.

    The only ones here are OpenBLAS' and jemalloc's (NumPy's and PyArrow's), which both prepare for
    a fork with pthread_atfork; MLflow starts none on import.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def run_in_child(stage: str, job: dict[str, Any], reply: int, verdict_file: int) -> None:
    """Run one stage in this forked process, write its verdict, and end the process."""
    status = NO_VERDICT
    try:
        os.close(reply)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        verdict = run(stage, job)
        # What isn't UTF-8 in a file's name is half of a surrogate pair in Python's text.
        with open(verdict_file, "w", encoding="utf-8", errors="replace", closefd=False) as file:
            file.seek(0)
            json.dump(verdict, file, ensure_ascii=False)
        sys.stdout.flush()
        sys.stderr.flush()
        status = 0
    except OSError as error:  # a disk that is full
        print(f"The verdict can't be written: {error}")
    except BaseException:  # noqa: BLE001 - `os._exit` would hide it
        traceback.print_exc()
    finally:
        os._exit(status)


def run(stage: str, job: dict[str, Any]) -> dict[str, Any]:
    """The verdict of one stage; `error` in it says how the agent failed."""
    calls = AgentCalls()
    try:
        verdict = {"build": build, "verify": verify}[stage](job, calls)
    # An agent may end its process as well as fail: that is a verdict too, not the worker's end.
    except (Exception, SystemExit, KeyboardInterrupt) as error:  # noqa: BLE001
        return {"error": failures.report(error, job, calls)}
    return {**verdict, "compiled": COMPILED}


main()
