"""Serving endpoints that are made and changed: what each serves."""

from collections.abc import Iterator
from typing import Any

from doubles.databricks.model_files import check_access
from doubles.databricks.models import Models
from doubles.databricks.request import Answer, Principal, Refusal, Request, bad_value
from doubles.databricks.resources import Resources
from doubles.databricks.routes import Route

_ALL = "/api/2.0/serving-endpoints"
_CONFIG = frozenset({"served_entities", "traffic_config", "auto_capture_config"})
_ENDPOINT = frozenset(
    {"name", "config", "ai_gateway", "budget_policy_id", "description", "rate_limits", "tags"}
)


class Serving:
    """What is deployed is served at once; `served` names it, by endpoint."""

    def __init__(self, resources: Resources, models: Models) -> None:
        self._resources = resources
        self._models = models
        self._endpoints: dict[str, list[dict[str, Any]]] = {}

    @property
    def served(self) -> dict[str, list[str]]:
        """The versions that each endpoint serves, as `catalog.schema.model/3`."""
        return {
            name: [f"{each['entity_name']}/{each['entity_version']}" for each in entities]
            for name, entities in self._endpoints.items()
        }

    def routes(self) -> Iterator[Route]:
        yield Route("POST", _ALL, self._create, fields=_ENDPOINT)
        yield Route("PUT", f"{_ALL}/{{name}}/config", self._update, fields=_CONFIG)

    def _create(self, request: Request) -> Answer:
        name = request.fields.get("name", "")
        if self._resources.has("serving_endpoint", name):
            raise Refusal(400, "RESOURCE_ALREADY_EXISTS", f"Endpoint '{name}' already exists.")
        entities = self._entities(request.principal, request.fields.get("config", {}))
        self._resources.add("serving_endpoint", name)
        return self._serve(name, entities)

    def _update(self, request: Request) -> Answer:
        name = request.parts["name"]
        self._resources.check("serving_endpoint", name)
        return self._serve(name, self._entities(request.principal, request.fields))

    def _serve(self, name: str, entities: list[dict[str, Any]]) -> Answer:
        self._endpoints[name] = entities
        state = {"ready": "READY", "config_update": "NOT_UPDATING"}
        return Answer({"name": name, "state": state, "config": {"served_entities": entities}})

    def _entities(self, who: Principal, config: dict[str, Any]) -> list[dict[str, Any]]:
        """The models to serve, which must be READY, and somebody's to use."""
        entities: list[dict[str, Any]] = config.get("served_entities") or []
        if not entities:
            raise bad_value("An endpoint serves at least one entity.")
        for entity in entities:
            if not entity.get("workload_size") or "scale_to_zero_enabled" not in entity:
                raise bad_value("workload_size and scale_to_zero_enabled are required.")
            with self._models.lock:
                version = self._models.version(
                    who, entity.get("entity_name", ""), entity.get("entity_version", "")
                )
                check_access(who, version, write=False)
        return entities
