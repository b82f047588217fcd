"""A stand-in for a Databricks workspace.

A test runs a `Workspace`. A person runs `python -m doubles.databricks`, which prints the
variables to export in another terminal, and when it is ended what it was asked (`--help` has more).
"""

from doubles.databricks.fault import Fault
from doubles.databricks.server import Call
from doubles.databricks.workspace import USER, Workspace

__all__ = ["USER", "Call", "Fault", "Workspace"]
