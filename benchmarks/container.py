"""How long the container takes until it says its first line, and an empty command in it."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.container.engine import Engine, opened

NAME = "container-start"
# What `docker run` itself takes is of no interest here, only what comes on top.
TARGET = 0.5


def measured(number: int) -> dict[str, list[float]]:
    """Seconds from `docker run`, in turn, after a round that isn't counted."""
    seconds: dict[str, list[float]] = {"empty": [], "first line": []}
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder)) as engine:
        image = engine.build()
        for round_ in range(number + 1):
            for who, options in (
                ("empty", ["--entrypoint=/bin/true", image]),
                ("first line", [image]),
            ):
                took = _first_line(engine, *options)
                print(f"{NAME} {who} {took:.2f} s", file=sys.stderr, flush=True)
                if round_ > 0:
                    seconds[who].append(took)
    return seconds


def _first_line(engine: Engine, *options: str) -> float:
    """Seconds until the first line, or the end if none comes."""
    started = time.monotonic()
    with subprocess.Popen(
        ["docker", "run", "--rm", *options],  # noqa: S607 - wherever it is
        env=engine.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # the engine's own warnings
    ) as process:
        lines = iter(process.stdout or ())
        next(lines, b"")
        took = time.monotonic() - started
        list(lines)
    return took
