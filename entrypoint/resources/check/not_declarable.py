"""What is used and can't be declared: serving gives an agent no access to it by itself.

https://docs.databricks.com/aws/en/agents/custom-agents/model-serving/agent-authentication-model-serving
"""

from collections.abc import Iterable, Iterator

from entrypoint.resources.check.places import also_at
from entrypoint.resources.kinds import DECLARABLE, KINDS, key
from entrypoint.resources.resource import Declarations, Use
from entrypoint.runtime.errors import Place, Problem

_CREDENTIALS = """
The endpoint's `environment_vars`, with the credentials of that service principal:

    {{
      "DATABRICKS_HOST": "{host}",
      "DATABRICKS_CLIENT_ID": "{{{{secrets/<scope>/<client id>}}}}",
      "DATABRICKS_CLIENT_SECRET": "{{{{secrets/<scope>/<client secret>}}}}"
    }}"""
_NO_KIND = "MLflow has no such kind of resource yet."
_WHY = {"workspace": "resources are those of the agent's own workspace."}
_OWN_LINES = {"secret_scope", "workspace"}
_VARIABLE = """\
Let the endpoint fill in a variable from the secret, and read that. Its `environment_vars`:

    {{"API_KEY": "{{{{secrets/{name}/<key>}}}}"}}"""


def notices(declarations: Declarations, uses: Iterable[Use], agent: Place) -> Iterator[Problem]:
    """A notice for each thing that is used by the agent itself, with the grant that it takes.

    None for what an API scope of the user's token covers. `agent`: for a use without a place.
    """
    projects = {each.name for each in declarations.resources if each.kind == "lakebase"}
    found: dict[tuple[str, str], list[Use]] = {}
    for use in uses:
        is_covered = use.on_behalf_of_user and KINDS[use.kind].scopes
        if use.kind not in DECLARABLE and not is_covered and _project(use) not in projects:
            found.setdefault(key(use.kind, use.name or ""), []).append(use)
    first = next((each for each in found if each[0] not in _OWN_LINES), None)
    for (kind, name), group in found.items():
        title = KINDS[kind].title
        place = next((use.place for use in group if use.place), agent)
        is_used = "is used" if any(use.certain for use in group) else "may be used"
        yield Problem(
            f"`agent-path`: the {title}{f' `{name}`' if name else ''} {is_used}, and can't be"
            f" declared: {_WHY.get(kind, _NO_KIND)} Serving gives no access to it by itself.",
            _fix(kind, name, first),
            place,
            also_at((place, *(use.place for use in group))),
        )


def _fix(kind: str, name: str, first: tuple[str, str] | None) -> str:
    """What to do; the lines that are the same for all are shown for the first."""
    if kind == "secret_scope":
        return _VARIABLE.format(name=name or "<scope>")
    scopes = "".join(
        f" Or let the agent act on behalf of the user, with the API scope `{scope}`."
        for scope in KINDS[kind].scopes
    )
    fix = (
        f"Give a service principal {KINDS[kind].grant}, and let the agent act as that one.{scopes}"
    )
    if kind == "workspace":
        return fix + _CREDENTIALS.format(host=f"https://{name}")
    if first is None or (kind, name) == first:
        return fix + _CREDENTIALS.format(host="https://<workspace>")
    return f"{fix} Its credentials are shown for {f'`{first[1]}`' if first[1] else 'the first'}."


def _project(use: Use) -> str:
    """The project of a Lakebase path: some declare it as if it was an instance."""
    parts = (use.name or "").split("/")
    return parts[1] if use.kind == "lakebase_project" and len(parts) > 1 else ""
