"""What `MLmodel` should say of what the agent may use: its resources, and its user's API scopes."""

from collections.abc import Collection
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from entrypoint.agent.model_check.manifest_view import Access, ManifestView
from entrypoint.agent.model_check.pattern import Optional, Rule, shown

# https://github.com/mlflow/mlflow/blob/master/mlflow/langchain/databricks_dependencies.py
_INFERRED_KINDS = ("function", "serving_endpoint", "sql_warehouse", "vector_search_index")


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class _Resource(_Strict):
    name: str
    on_behalf_of_user: bool | None = None


class _Resources(_Strict):
    """https://github.com/mlflow/mlflow/blob/master/mlflow/models/resources.py."""

    api_version: Literal["1"]
    databricks: dict[str, list[_Resource]]


def expected(
    flavor: str, view: ManifestView, inferred: Collection[tuple[str, str]] | None
) -> dict[str, Any]:
    """The pattern of the resources and the authorization policy.

    `inferred`: as for the pattern of the whole file.
    """
    accesses = view.accesses
    resources = _resources(accesses) if accesses else None
    if view.scopes:
        scopes = Rule(
            shown(view.scopes),
            lambda value: (
                isinstance(value, list)
                and all(isinstance(each, str) for each in value)
                and sorted(value) == sorted(view.scopes)
            ),
        )
        system = {"resources": resources} if accesses else {}
        policy = {"system_auth_policy": system, "user_auth_policy": {"api_scopes": scopes}}
        return {"auth_policy": policy, "resources": None}
    if flavor == "langchain" and not accesses:
        return {"auth_policy": None, "resources": Optional(_inferred(inferred))}
    return {"auth_policy": None, "resources": resources}


def _resources(accesses: list[Access]) -> Rule:
    kinds: dict[str, list[Any]] = {}
    for kind, name, on_behalf in accesses:
        entry = {"name": name, "on_behalf_of_user": True} if on_behalf else {"name": name}
        kinds.setdefault(kind, []).append(entry)
    described = shown({"api_version": "1", "databricks": kinds})
    return Rule(described, lambda value: _accesses(value) == accesses)


def _inferred(inferred: Collection[tuple[str, str]] | None) -> Rule:
    """What MLflow's langchain flavor records by itself where no resources are given."""
    if inferred is None:
        described = "absent, or what MLflow infers"
    else:
        described = shown([list(each) for each in inferred]) if inferred else "absent"

    def accepts(value: Any) -> bool:
        found = _accesses(value)
        return found is not None and all(
            not on_behalf
            and (kind in _INFERRED_KINDS if inferred is None else (kind, name) in inferred)
            for kind, name, on_behalf in found
        )

    return Rule(described, accepts)


def _accesses(value: Any) -> list[Access] | None:
    """The resources as `MLmodel` holds them, sorted; None if MLflow writes no such thing."""
    try:
        kinds = _Resources.model_validate(value).databricks
    except ValidationError:
        return None
    return sorted(
        (kind, each.name, bool(each.on_behalf_of_user)) for kind in kinds for each in kinds[kind]
    )
