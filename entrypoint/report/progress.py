"""What the log says of each stage of a job."""

from entrypoint.agent.build import Build, Verification
from entrypoint.comparison.changes import Comparison
from entrypoint.report.result import Result
from entrypoint.runtime.errors import Problem
from entrypoint.runtime.log import Log

# Of this length a load is felt whenever the endpoint starts.
_LONG_LOAD_SECONDS = 120


def log_aim(result: Result, log: Log) -> None:
    """What the job is about to do."""
    log.line(f"{result.mode} {result.agent}" + (f" as {result.target}" if result.target else ""))


def log_build(build: Build, log: Log) -> None:
    """What the agent was built with."""
    log.line(f"{build.flavor}, MLflow {build.mlflow_version}, Python {build.python_version}")


def log_verification(verification: Verification, verify: str, log: Log) -> None:
    """What the agent answered, or why it wasn't asked; `verify` is the input."""
    log.line(f"loaded in {verification.load_seconds:.1f} s, in a process that sees only the model")
    if verification.load_seconds > _LONG_LOAD_SECONDS:
        log.warning(
            Problem(
                f"verify: the agent takes {verification.load_seconds / 60:.0f} minutes to load.",
                "So does every start of the endpoint, and every time it scales up. Build what it"
                " needs beforehand, and ship it with `artifacts`.",
            )
        )
    if verification.no_credentials is not None:
        log.notice(
            Problem(
                "verify: the agent was only loaded: there are no credentials for Databricks, which"
                " its answer needs.",
                "On a pull request from a fork there never are. Elsewhere, give the step"
                " DATABRICKS_HOST and the variables of its login.",
                detail=verification.no_credentials,
            )
        )
    elif verify != "predict":
        log.line(f"`verify: {verify}`: nobody has asked it anything.")
    elif verification.answer is None:
        log.line("It has no example, so it was not asked anything: give `input-example`.")
    else:
        _log_answer(verification, verification.answer, log)


def _log_answer(verification: Verification, answer: str, log: Log) -> None:
    log.line(f"answers the example in {verification.predict_seconds:.1f} s:")
    log.untrusted(answer)
    if answer == "null":
        log.warning(
            Problem(
                "verify: the agent answers the example with nothing (`None`).",
                "See that every way through `predict` ends with a `return` of the answer.",
            )
        )
    if verification.chunks is not None:
        log.line(f"streams {verification.chunks} chunks in {verification.stream_seconds:.1f} s")
    if verification.chunks == 0:
        log.warning(
            Problem(
                "verify: `predict_stream` ends without a single event.",
                "A client that streams gets no answer from it: `yield` the answer, or take"
                " `predict_stream` out.",
            )
        )


def log_comparison(comparison: Comparison, log: Log) -> None:
    """What the agent was compared with."""
    if comparison.not_compared:
        log.line(f"not compared: {comparison.not_compared}")
    elif comparison.baseline is None:
        log.line("nothing is registered yet")
    elif comparison.is_same:
        log.line(f"{comparison.baseline.model_uri} has it already")
    else:
        log.line(f"against {comparison.baseline.model_uri}")
