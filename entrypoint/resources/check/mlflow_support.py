"""What the agent's own MLflow can record."""

from collections.abc import Iterator

from packaging.version import Version

from entrypoint.resources.check.places import also_at
from entrypoint.resources.kinds import KINDS
from entrypoint.resources.resource import Declarations
from entrypoint.runtime.errors import Place, Problem

# `on_behalf_of_user` of a resource: MLflow before drops it without a word.
_ON_BEHALF_OF_USER = Version("2.20")
_AUTH_POLICY = Version("2.21")
# https://docs.databricks.com/aws/en/agents/custom-agents/model-serving/agent-authentication-model-serving
_SERVED_AUTH_POLICY = Version("2.22.1")

WRAPPER = """\
class Agent(mlflow.pyfunc.ResponsesAgent):
    def predict(self, request):
        # Here, and not in __init__: who asks is known only now.
        user = WorkspaceClient(credentials_strategy=ModelServingUserCredentials())
        graph = build_graph(user)
        result = graph.invoke({"messages": to_chat_completions_input(request.input)})
        return ResponsesAgentResponse(output=[...])

mlflow.models.set_model(Agent())"""


def too_old(declarations: Declarations, mlflow: Version) -> Iterator[Problem]:
    """What is declared that this MLflow can't record."""
    lacking: dict[tuple[str, Version], list[Place]] = {}
    for each in declarations.declared:
        kind = KINDS[each.resource.kind]
        if kind.since and mlflow < kind.since:
            lacking.setdefault((f"the {kind.title}", kind.since), []).append(each.place)
        elif each.resource.on_behalf_of_user is not None and mlflow < _ON_BEHALF_OF_USER:
            needed = ("`on_behalf_of_user`", _ON_BEHALF_OF_USER)
            lacking.setdefault(needed, []).append(each.place)
    for (what, since), places in lacking.items():
        yield _needs(what, since, mlflow, *places)
    if declarations.scopes and mlflow < _AUTH_POLICY:
        yield _needs("`user_auth_policy`", _AUTH_POLICY, mlflow, declarations.scopes[0].place)


def not_served(declarations: Declarations, mlflow: Version) -> Iterator[Problem]:
    """What this MLflow records and serving, by its documentation, doesn't obey."""
    if declarations.scopes and _AUTH_POLICY <= mlflow < _SERVED_AUTH_POLICY:
        yield _needs(
            "serving with `user_auth_policy`",
            _SERVED_AUTH_POLICY,
            mlflow,
            declarations.scopes[0].place,
        )


def unsupported_by_flavor(declarations: Declarations, flavor: str) -> Iterator[Problem]:
    """Scopes that a flavor can't record: MLflow takes an `auth_policy` for pyfunc alone."""
    if declarations.scopes and flavor not in ("auto", "pyfunc"):
        yield Problem(
            f"`resources-file`: `user_auth_policy` can't be recorded with MLflow's {flavor}"
            " flavor, which takes no `auth_policy`.",
            f"Wrap the agent in a PyFunc model:\n\n{WRAPPER}",
            declarations.scopes[0].place,
        )


def _needs(what: str, since: Version, mlflow: Version, *places: Place) -> Problem:
    return Problem(
        f"`resources-file`: {what} needs MLflow {since} or newer; the agent's requirements have"
        f" {mlflow}.",
        f"Ask for a newer one in the requirements:\n\n    mlflow>={since}",
        places[0],
        also_at(places),
    )
