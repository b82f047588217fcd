"""A stand-in for GitHub's API, with one repository.

A test runs a `GitHub`. A person runs `python -m doubles.github`, which prints the variables
to export in another terminal, and when it is ended what it was asked (`--help` has more).
"""

from doubles.databricks.fault import Fault
from doubles.github.github import GitHub
from doubles.github.judge import Judge
from doubles.github.tokens import Token

__all__ = ["Fault", "GitHub", "Judge", "Token"]
