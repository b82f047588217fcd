"""What the log says of a stage."""

import io

import pytest

from entrypoint.agent.build import Verification
from entrypoint.report import progress
from entrypoint.runtime.log import PlainLog

ANSWERED = Verification(1, 0.5, '"Hello."')


def noted(verification: Verification, verify: str = "predict") -> list[str]:
    log = PlainLog()
    progress.log_verification(verification, verify, log)
    return [note.problem.what for note in log.notes]


@pytest.mark.parametrize(
    ("verification", "said"),
    [
        (ANSWERED, []),
        (Verification(1, 0.5, "null"), ["verify: the agent answers the example with nothing"]),
        (Verification(1, 0.5, '"a"', chunks=0, stream_seconds=0.1), ["ends without a single"]),
        (Verification(1, 0.5, '"a"', chunks=2, stream_seconds=0.1), []),
        (Verification(601, 0.5, '"a"'), ["the agent takes 10 minutes to load"]),
    ],
)
def test_what_is_odd_of_an_answer_is_a_warning(verification: Verification, said: list[str]) -> None:
    found = noted(verification)

    assert len(found) == len(said)
    for what, words in zip(found, said, strict=True):
        assert words in what


@pytest.mark.parametrize(
    ("verification", "verify", "said"),
    [
        (Verification(1), "load", "`verify: load`: nobody has asked it anything."),
        (Verification(1), "predict", "It has no example"),
        (ANSWERED, "predict", "answers the example in 0.5 s"),
    ],
)
def test_why_it_was_not_asked_is_said(verification: Verification, verify: str, said: str) -> None:
    printed = io.StringIO()

    progress.log_verification(verification, verify, PlainLog(printed))

    assert said in printed.getvalue()
