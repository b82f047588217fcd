"""A stand-in for a Databricks workspace."""

from tests.doubles.databricks.fault import Fault
from tests.doubles.databricks.server import Call
from tests.doubles.databricks.workspace import USER, Workspace

__all__ = ["USER", "Call", "Fault", "Workspace"]
