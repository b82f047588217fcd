import sys
from io import StringIO
from pathlib import Path

import pytest

from entrypoint.agent.sandbox.sandbox import Sandbox
from entrypoint.runtime.deadline import Deadline
from entrypoint.runtime.log import PlainLog

BOUND = 200_000


@pytest.mark.parametrize(
    ("count", "size", "cut"),
    [
        (1, BOUND - 1, False),
        (2000, 99, False),  # with its newlines exactly the bound
        (2001, 99, True),
        (1, BOUND + 1, True),
        (50_000, 99, True),
    ],
)
def test_output_is_shown_up_to_a_bound_and_then_said_to_be_cut(
    tmp_path: Path, count: int, size: int, *, cut: bool
) -> None:
    stream = StringIO()
    sandbox = Sandbox.make(tmp_path, {}, Deadline(60), PlainLog(stream))
    program = f"for _ in range({count}): print('x' * {size})"
    argv = [sys.executable, "-Ic", program]

    with sandbox.start(argv, doing="the agent", cwd=tmp_path) as process:
        process.watch()

    shown = stream.getvalue()
    assert shown.count("not shown") == cut
    assert shown.count("x") <= BOUND
    assert cut or shown.count("x") == count * size
    assert process.printed.endswith("x\n")
