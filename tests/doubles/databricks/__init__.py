"""A stand-in for a Databricks workspace.

A test runs a `Workspace`. A person runs `python -m tests.doubles.databricks`, which prints the
variables to export in another terminal, and when it is ended what it was asked (`--help` has more).
"""

from tests.doubles.databricks.fault import Fault
from tests.doubles.databricks.server import Call
from tests.doubles.databricks.workspace import USER, Workspace

__all__ = ["USER", "Call", "Fault", "Workspace"]
