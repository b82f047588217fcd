"""A stand-in for GitHub's API, with one repository.

A test runs a `GitHub`. A person runs `python -m tests.doubles.github`, which prints the variables
to export in another terminal, and when it is ended what it was asked (`--help` has more).
"""

from tests.doubles.databricks.fault import Fault
from tests.doubles.github.github import GitHub
from tests.doubles.github.judge import Judge
from tests.doubles.github.tokens import Token

__all__ = ["Fault", "GitHub", "Judge", "Token"]
