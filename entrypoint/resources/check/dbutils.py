"""What a notebook's `dbutils` gives, and how an agent that is served gets the same.

MLflow puts an object in its place while it runs the agent's file, whose every call gives None, and
takes that away afterwards.
"""

import re
from collections.abc import Iterable, Iterator

from entrypoint.resources.check.places import also_at
from entrypoint.resources.scan.dbutils_calls import DbutilsCall
from entrypoint.runtime.errors import Problem

_FIXES = {
    "widgets": "Give the value in the model's configuration, which the input `model-config` names:"
    '\n\n    mlflow.models.ModelConfig(development_config="config.yml").get("schema")',
    "fs": "Log the file with the agent, with the input `artifacts`, or read it from a volume with"
    " `WorkspaceClient().files`.",
    "notebook": "Make the other notebook a Python module, and ship it with the agent, with"
    " `code-paths`.",
}
_OTHER = "Take it out, or call what works outside of notebooks too."


def unavailable(calls: Iterable[DbutilsCall]) -> Iterator[Problem]:
    """A problem for each part of `dbutils` that is called, with the place of every call."""
    parts: dict[str, list[DbutilsCall]] = {}
    for call in calls:
        parts.setdefault(call.part, []).append(call)
    for part, found in parts.items():
        first = found[0]
        yield Problem(
            f"`agent-path`: `dbutils.{first.name}(...)`: there is no `dbutils` on serving. While"
            " MLflow runs the agent's file, every call of it there gives `None`; in functions that"
            " run later, and in other modules, the name is not defined.",
            _secret(first) if part == "secrets" else _FIXES.get(part, _OTHER),
            first.place,
            also_at(each.place for each in found),
        )


def _secret(call: DbutilsCall) -> str:
    scope, key = call.scope or "<scope>", call.key or "<key>"
    name = re.sub(r"\W", "_", call.key).upper() or "API_KEY"
    return (
        f'Read a variable, which the endpoint fills in from the secret:\n\n    os.environ["{name}"]'
        "\n\nThe endpoint's `environment_vars`:\n\n"
        f'    {{"{name}": "{{{{secrets/{scope}/{key}}}}}"}}'
        f"\n\nWhile log-agent builds the agent, the step's:\n\n    env:\n"
        f"      {name}: ${{{{ secrets.{name} }}}}"
    )
