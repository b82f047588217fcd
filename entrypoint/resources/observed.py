"""What requests use of Databricks: those that the agent made while it was verified."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from entrypoint.resources.addresses import is_other_workspace, resource_at
from entrypoint.resources.resource import Use

# The agent's process writes the requests down, so the bounds are checked here;
# `agent/worker/request_observer.py` stays below them.
_Text = Annotated[str, Field(max_length=500)]


@dataclass(frozen=True)
class Request:
    """A request to Databricks: the path without a query, and the model that the body asked for."""

    method: _Text
    host: _Text
    path: _Text
    model: _Text | None = None


Requests = Annotated[tuple[Request, ...], Field(max_length=300)]


def uses(requests: Iterable[Request], *, workspace: str = "") -> tuple[Use, ...]:
    """What the requests use, in their order: a resource once, and each way to an unnamed one.

    `workspace`: the host of the agent's own, if it is known.
    """
    found: dict[tuple[str, str, bool], Use] = {}
    for request in requests:
        if use := _use(request, workspace):
            found.setdefault((use.kind, use.name or use.by, use.over_mcp), use)
    # Databricks' retriever tools look up an index' columns as if it was a table.
    indexes = {use.name for use in found.values() if use.kind == "vector_search_index"}
    return tuple(use for use in found.values() if use.kind != "table" or use.name not in indexes)


def _use(request: Request, workspace: str) -> Use | None:
    host = request.host
    if is_other_workspace(host, workspace):
        return Use("workspace", host, f"{request.method} {host}", "observed")
    found = resource_at(host, request.path, request.model)
    if not found:
        return None
    by = f"{request.method} {found.by}"
    return Use(found.kind, found.name, by, "observed", over_mcp=found.over_mcp)
