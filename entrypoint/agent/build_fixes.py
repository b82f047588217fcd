"""What to do about an exception of the agent, as far as its kind is known."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from entrypoint.agent import import_fixes, unshipped_files
from entrypoint.agent.agent_error import AgentError, Checkout
from entrypoint.agent.environment.old_requirements import OldRequirements
from entrypoint.runtime.errors import Place

_THREAD = """\
A graph with a checkpointer needs a thread, which the example doesn't name. Take the checkpointer \
off, or wrap the graph into a ResponsesAgent that passes one:

    self.graph.invoke(messages, config={"configurable": {"thread_id": thread_id}})"""
_PAIR = (
    "MLflow's pair of an input and its params has no form in JSON: a list is taken as two inputs."
    " Name the params with their defaults in the input `signature`."
)
_CIRCULAR = (
    "Modules import each other, or one of the checkout has the name of the module that it imports."
    " Move what both need into a third module, or import it in the function that uses it; rename a"
    " module that has another's name."
)
_READ_ONLY = (
    "An agent reads prompts and models while it loads; it writes none, or every load on serving"
    " would write them again. Register them in a script of their own."
)
_DBUTILS = (
    "`dbutils` does nothing where an agent is loaded: its secrets are None there. Read them from"
    " the environment, here and on the endpoint (`{{secrets/scope/key}}`):\n\n"
    '    os.environ["SEARCH_KEY"]'
)
_OF_A_LOGIN = ("ARM_", "AZURE_", "DATABRICKS_", "GOOGLE_")
_OWN_LOGIN = """\
an agent's code and its packages never get the job's own credentials. At this workspace the agent \
is logged in already, with a token that is renewed for it, so leave them out:

    WorkspaceClient()

An agent that must log in elsewhere, or as somebody else, gets its own credentials in variables of \
another name:

    env:
      SUPPORT_CLIENT_ID: ...
      SUPPORT_CLIENT_SECRET: ${{ secrets.SUPPORT_CLIENT_SECRET }}"""
_NOT_ASKED = (
    "If only the endpoint can answer, for it alone has the keys or reaches the servers, register"
    " the agent without asking it:\n\n    with:\n      verify: load"
)


@dataclass(frozen=True)
class Fixes:
    """What to do. `login`: how the job is to log in, empty where it is logged in.

    `withheld`: the variables of the step that the agent doesn't get.
    """

    checkout: Checkout
    old_requirements: OldRequirements
    login: str
    withheld: frozenset[str]

    def of(self, error: AgentError, place: Place | None) -> str:
        """What to do about an error, a paragraph for each reason; empty where none is known."""
        fixes = list(self._of_cause(error, place))
        if error.step in ("predict", "stream") and not error.missing:
            fixes.append(_NOT_ASKED)
        return "\n\n".join(fixes)

    def _of_cause(self, error: AgentError, place: Place | None) -> Iterator[str]:
        code = error.frames[-1][3] if error.frames else ""
        if fix := self._login(error):
            yield fix
        elif error.missing:
            yield import_fixes.of_missing(error.missing, self.checkout.spec, self.old_requirements)
        elif "relative import" in error.reason:
            yield from import_fixes.of_relative(place, self.checkout.spec)
        elif error.missing_file and (fix := self._file(error.missing_file)):
            yield fix
        elif error.variable:
            yield (
                f"`{error.variable}` is not set. Give it to the step, and later to the endpoint:"
                f"\n\n    env:\n      {error.variable}: ..."
            )
        elif "dbutils" in code:
            yield _DBUTILS
        else:
            yield from self._of_text(error)

    def _of_text(self, error: AgentError) -> Iterator[str]:
        """What libraries are known to say."""
        spec = self.checkout.spec
        known = {
            # MLflow's words: with models from code, `development_config` is not used.
            "Config file is not provided": (
                "The agent reads a `ModelConfig`, and what is logged has only the one given here:"
                f"\n\n    with:\n      model-config: {Path(spec.shown).with_name('config.yml')}"
            ),
            "Checkpointer requires": _THREAD,
            "registry is read-only": _READ_ONLY,
            "circular import": _CIRCULAR,
        }
        for words, fix in known.items():
            if words in error.text:
                yield fix
        if error.type == "SystemExit":
            yield (
                "Take the call that ends the process (`sys.exit()`, `exit()`) out of"
                f" `{spec.shown}`."
            )
        if error.step == "predict" and _is_pair(spec.input_example):
            yield _PAIR

    def _login(self, error: AgentError) -> str:
        """Without a login how to get one; with one, why the agent's own doesn't do."""
        if error.needs_login and self.login:
            return self.login
        code = "\n".join([self.checkout.spec.source.text, *(frame[3] for frame in error.frames)])
        named = [error.variable] if error.variable else re.findall(r"\b[A-Z][A-Z0-9_]{3,}", code)
        withheld = sorted(self.withheld.intersection(named))
        if not withheld or not (error.needs_login or error.variable):
            return ""
        listed = ", ".join(f"`{name}`" for name in withheld)
        if not any(name.startswith(_OF_A_LOGIN) for name in withheld):
            return (
                f"log-agent keeps {listed} from the agent, as it does with all that GitHub, the"
                " runner, MLflow and uv are told by variables, and an endpoint has none of them."
                " Hand over what the agent needs in a variable of another name:\n\n"
                "    env:\n      SUPPORT_COMMIT: ${{ github.sha }}"
            )
        return f"log-agent keeps {listed} from the agent: {_OWN_LOGIN}"

    def _file(self, name: str) -> str:
        spec = self.checkout.spec
        found = self.checkout.missing(name)
        if not found:
            return ""
        path = spec.workspace.relative(found)
        return (
            f"`{path}` is in the checkout, and not in the model."
            f" {unshipped_files.how_to_ship(path)}"
        )


def _is_pair(example: object) -> bool:
    return isinstance(example, list) and len(example) == 2 and isinstance(example[1], dict)  # noqa: PLR2004
