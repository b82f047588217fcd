"""The prompts of Unity Catalog, which an agent loads: the registry's own protocol, read only."""

import json
from collections.abc import Iterator
from typing import Any

from google.protobuf.json_format import MessageToDict  # type: ignore[import-untyped]
from mlflow.protos import unity_catalog_prompt_messages_pb2 as uc

from doubles.databricks.request import Answer, Refusal, Request
from doubles.databricks.routes import Route

_PROMPT = "/api/2.0/mlflow/unity-catalog/prompts/{name}"
_VERSIONS = f"{_PROMPT}/versions"


class Prompts:
    """Versions of prompts by name, and aliases that name one of them."""

    def __init__(self) -> None:
        self._versions: dict[str, list[str]] = {}
        self._aliases: dict[tuple[str, str], int] = {}

    def add(self, name: str, template: str, *aliases: str) -> int:
        """Add a version of a prompt, to which the aliases move; its number."""
        versions = self._versions.setdefault(name, [])
        versions.append(template)
        self._aliases |= {(name, alias): len(versions) for alias in aliases}
        return len(versions)

    def routes(self) -> Iterator[Route]:
        names = frozenset({"name", "version", "alias"})
        yield Route("GET", _PROMPT, self._prompt, query=names)
        yield Route("GET", f"{_VERSIONS}/by-alias/{{alias}}", self._by_alias, query=names)
        yield Route("GET", f"{_VERSIONS}/{{version}}", self._by_number, query=names)

    def _prompt(self, request: Request) -> Answer:
        name = request.parts["name"]
        if name not in self._versions:
            raise Refusal(404, "RESOURCE_DOES_NOT_EXIST", f"Prompt '{name}'")
        return Answer(MessageToDict(uc.Prompt(name=name), preserving_proto_field_name=True))

    def _by_alias(self, request: Request) -> Answer:
        name, alias = request.parts["name"], request.parts["alias"]
        if (name, alias) not in self._aliases:
            raise Refusal(404, "RESOURCE_DOES_NOT_EXIST", f"Alias '{alias}' of '{name}'")
        return self._version(name, self._aliases[name, alias])

    def _by_number(self, request: Request) -> Answer:
        name, number = request.parts["name"], request.parts["version"]
        if not (number.isdigit() and 0 < int(number) <= len(self._versions.get(name, ()))):
            raise Refusal(404, "RESOURCE_DOES_NOT_EXIST", f"Version '{number}' of '{name}'")
        return self._version(name, int(number))

    def _version(self, name: str, number: int) -> Answer:
        aliases = [alias for (of, alias), on in self._aliases.items() if (of, on) == (name, number)]
        version: Any = uc.PromptVersion(
            name=name,
            version=str(number),
            template=json.dumps(self._versions[name][number - 1]),
            aliases=[uc.PromptAlias(alias=alias, version=str(number)) for alias in aliases],
        )
        return Answer(MessageToDict(version, preserving_proto_field_name=True))
