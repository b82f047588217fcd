"""What can go wrong, in terms that a user can act on."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """A place in the user's checkout; `file` is relative to the workspace, counts start at 1."""

    file: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part)


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    `what` names the input and what is wrong with it, `fix` says what to do, with the lines to
    paste. `detail` is untrusted text (a traceback, a resolver's explanation): always shown as data.
    """

    what: str
    fix: str = ""
    place: Place | None = None
    detail: str = ""


class Failure(Exception):
    """The job can't go on. A subclass for each part of the job that can fail."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(problem.what for problem in problems))
        self.problems = problems


class InputFailure(Failure):
    """An input is missing or wrong."""


class LoginFailure(Failure):
    """Nobody is logged in at Databricks."""


class ResourceFailure(Failure):
    """A resource isn't declared, isn't there, or can't be used as it is declared."""


class EnvironmentFailure(Failure):
    """The agent's Python environment can't be made."""


class AgentFailure(Failure):
    """The agent can't be built, or what was built doesn't work."""


class PublishFailure(Failure):
    """The tracking store or the registry refused."""


class ReportFailure(Failure):
    """The outputs or the summary of the step can't be written."""


class TimedOut(BaseException):
    """The job took longer than it may.

    Not an `Exception`, like `Cancelled`: it is raised wherever the job is just then.
    """

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.what)
        self.problems = (problem,)


class Cancelled(BaseException):
    """The job was cancelled: a signal arrived.

    Not an `Exception`: nothing but the end of the program may take it for an ordinary failure.
    """

    def __init__(self, signal_number: int) -> None:
        super().__init__(signal_number)
        self.signal_number = signal_number
