"""What is said of code that works where the agent is built, and not once it is served."""

from collections.abc import Iterator

from entrypoint.resources.check.places import also_at
from entrypoint.resources.scan.pitfalls import Pitfalls
from entrypoint.runtime.errors import Problem

_BRIDGE = "databricks-ai-bridge"
_AS_A_SCRIPT = 'if __name__ == "__main__":'


def at_load(found: Pitfalls) -> Iterator[Problem]:
    """What must not happen while the agent loads: writes, and clients on behalf of the user."""
    for path in dict.fromkeys(path for path, _ in found.writes):
        places = [place for written, place in found.writes if written == path]
        sets_experiment = path == "mlflow.set_experiment"
        yield Problem(
            f"`agent-path`: `{path}(...)` is called while the agent loads. "
            + (_EXPERIMENT if sets_experiment else _WRITE),
            _EXPERIMENT_FIX if sets_experiment else _WRITE_FIX,
            places[0],
            also_at(places),
        )
    if found.early_user_clients:
        yield Problem(
            "`agent-path`: a client that acts on behalf of the user is made while the agent loads."
            " Who the user is, is known only inside of `predict`.",
            "Make it there:\n\n    def predict(self, request):\n"
            "        user = WorkspaceClient(credentials_strategy=ModelServingUserCredentials())",
            found.early_user_clients[0],
            also_at(found.early_user_clients),
        )


def without_bridge(found: Pitfalls, packages: set[str]) -> Iterator[Problem]:
    """Clients on behalf of the user, in an environment without the package that serves them."""
    if found.user_clients and _BRIDGE not in packages:
        yield Problem(
            "`agent-path`: a client acts on behalf of the user, and the agent's environment has no"
            f" `{_BRIDGE}`. Without it, Model Serving doesn't hand the user on: the client acts as"
            " the endpoint's service principal, and nothing says so.",
            f"Add it to the agent's requirements:\n\n    {_BRIDGE}",
            found.user_clients[0],
            also_at(found.user_clients),
        )


def older_interface(found: Pitfalls) -> Iterator[Problem]:
    """A notice of `ChatAgent`."""
    if found.chat_agents:
        yield Problem(
            "`agent-path`: this is a `ChatAgent`. It is served as before; Databricks advises"
            " `ResponsesAgent` for agents on MLflow 3, and adds what is new there.",
            "To move it: https://mlflow.org/docs/latest/genai/serving/responses-agent/",
            found.chat_agents[0],
            also_at(found.chat_agents),
        )


_EXPERIMENT = (
    "The container of Model Serving crashes at it, with `Unable to load OAuth Config`: it has no"
    " login for the tracking server then."
)
_EXPERIMENT_FIX = f"""\
Call it only in the script that logs the agent:

    {_AS_A_SCRIPT}
        mlflow.set_experiment("/Shared/agent")

Once served, it traces to what the endpoint's variable MLFLOW_EXPERIMENT_ID names."""
_WRITE = (
    "That is whenever MLflow logs the agent and whenever an endpoint starts: each time it would"
    " write anew, and an endpoint has no login for it."
)
_WRITE_FIX = f"""\
Call it only in a script, or where the agent is asked, in `predict`:

    {_AS_A_SCRIPT}"""
