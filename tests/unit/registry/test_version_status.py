"""A version of any registry, as an MLflow server can answer too, that isn't READY at once."""

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import pytest
from mlflow.entities.model_registry import ModelVersion

from entrypoint.registry.version_status import when_ready
from entrypoint.registry.versions import PENDING, READY, Versions
from entrypoint.registry.waiting import WaitLimit
from entrypoint.runtime.errors import PublishFailure
from entrypoint.runtime.log import PlainLog

if TYPE_CHECKING:
    from mlflow import MlflowClient

NAME = "support"


def version(status: str, **more: Any) -> ModelVersion:
    return ModelVersion(NAME, "3", 0, status=status, **more)


class Client:
    """Answers with one version after the other, and then with the last one."""

    def __init__(self, answers: Sequence[ModelVersion]) -> None:
        self.answers = list(answers)

    def get_model_version(self, name: str, number: str) -> ModelVersion:
        assert (name, number) == (NAME, "3")
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def wait(first: ModelVersion, *more: ModelVersion, seconds: float = 60) -> tuple[ModelVersion, str]:
    """The version that is READY in the end, and the log."""
    versions = Versions(cast("MlflowClient", Client(more)), "http://mlflow:5000", NAME)
    text = io.StringIO()
    ready = when_ready(first, versions, WaitLimit(seconds, interval=0), PlainLog(text))
    return ready, text.getvalue()


def test_a_version_that_is_ready_is_not_asked_for() -> None:
    assert wait(version(READY))[1] == ""


def test_what_was_looked_up_last_is_taken() -> None:
    ready, log = wait(version(PENDING), version(PENDING), version(READY, aliases=["champion"]))

    assert ready.aliases == ["champion"]
    assert log == "waiting for version 3 of `support` to become READY: 0 s of at most 1 minutes\n"


@pytest.mark.parametrize("status", ["FAILED_REGISTRATION", "MODEL_VERSION_STATUS_UNKNOWN"])
@pytest.mark.parametrize("pending", [[], [version(PENDING)]])
def test_any_other_end_is_a_failure(status: str, pending: list[ModelVersion]) -> None:
    ended = version(status, status_message="The disk is full.")
    with pytest.raises(PublishFailure) as refused:
        wait(*pending, ended)

    (problem,) = refused.value.problems
    assert f"`support` version 3, but the version became {status}: it is not" in problem.what
    assert problem.detail == "The disk is full."


def test_the_wait_has_an_end() -> None:
    with pytest.raises(PublishFailure, match="is still PENDING_REGISTRATION after 0 seconds"):
        wait(version(PENDING), version(PENDING), seconds=0)
