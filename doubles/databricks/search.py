"""Searches in the registry: little can be asked, and not all of a thing is found."""

import re
from typing import TypeVar

from mlflow.protos.databricks_uc_registry_messages_pb2 import ModelVersion, RegisteredModel

from doubles.databricks.request import bad_value

Found = TypeVar("Found", RegisteredModel, ModelVersion)

_FILTER = re.compile(r"""\s*(name|run_id)\s*=\s*(?:'([^']*)'|"([^"]*)")\s*""")


def select(versions: list[ModelVersion], wanted: str) -> list[ModelVersion]:
    """The versions that a filter wants.

    Raises:
        Refusal: it asks for more than a name or a run.

    """
    if not wanted:
        return versions
    asked = _FILTER.fullmatch(wanted)
    if not asked:
        raise bad_value(
            f"Invalid filter '{wanted}': only `name = '...'` and `run_id = '...'` are supported for"
            " models in Unity Catalog."
        )
    key, value = asked[1], asked[2] or asked[3] or ""
    if key == "name":
        value = value.lower()
    return [version for version in versions if getattr(version, key) == value]


def page(found: list[Found], token: str, size: int) -> tuple[list[Found], str]:
    """One page, with the token of the next; what is found has neither tags nor aliases."""
    start = int(token or 0)
    things = []
    for thing in found[start : start + size]:
        plain = type(thing)()
        plain.CopyFrom(thing)
        plain.ClearField("tags")
        plain.ClearField("aliases")
        things.append(plain)
    return things, str(start + size) if start + size < len(found) else ""
