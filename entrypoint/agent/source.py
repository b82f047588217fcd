"""The agent's source: what the user wrote, read without running it."""

import ast
import warnings
from pathlib import Path

from entrypoint.errors import AgentFailure, Place, Problem


def check_source(path: Path, shown: str) -> None:
    """Parse the agent's file, so that a typing error costs a second and not a build.

    Raises:
        AgentFailure: it isn't Python; `shown` is its name for the user.

    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they are the agent's, and come again when it runs
        try:
            ast.parse(path.read_bytes(), filename=shown)
        except SyntaxError as error:
            raise AgentFailure(
                Problem(
                    f"`agent-path`: `{shown}` is not valid Python: {error.msg}.",
                    place=Place(
                        shown, error.lineno or None, error.offset if error.lineno else None
                    ),
                    detail=(error.text or "").rstrip(),
                )
            ) from error
        except (ValueError, RecursionError) as error:  # a NUL byte, endless nesting
            raise AgentFailure(
                Problem(
                    f"`agent-path`: `{shown}` is not valid Python: {error}.", place=Place(shown)
                )
            ) from error
