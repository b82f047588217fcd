"""The resources file, in MLflow's own format.

    api_version: "1"
    databricks:
      serving_endpoint:
        - name: databricks-claude-sonnet-4
    user_auth_policy:
      api_scopes: [model-serving, vector-search]

or in the form that MLflow writes into `MLmodel`: `auth_policy`, with `system_auth_policy` and
`user_auth_policy` in it. `${NAME}` in a value stands for a variable of the step.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from entrypoint.inputs.workspace import Workspace
from entrypoint.inputs.yaml_file import Marked, kind_of, read_marked
from entrypoint.resources.kinds import DECLARABLE, KINDS, key, wrong_name
from entrypoint.resources.resource import ApiScope, Declarations, DeclaredResource, Resource
from entrypoint.resources.suggestion import did_you_mean
from entrypoint.runtime.errors import InputFailure, Place, Problem

_EXAMPLE = (
    "The file looks like this:\n\n"
    'api_version: "1"\ndatabricks:\n  serving_endpoint:\n    - name: databricks-claude-sonnet-4'
)
_SET_VARIABLE = (
    "Set it for the step, by a name that is not GitHub's, MLflow's or a secret's:"
    "\n\n    env:\n      {}: ..."
)
_ENTRY = ("name", "on_behalf_of_user")
# What MLflow's classes call it: `endpoint_name`, `warehouse_id`.
_OTHER_WORDS_FOR_NAME = re.compile(r"(.*_)?(name|id|uri)")
# Without a group, it is begun and not ended as it should be.
_VARIABLE = re.compile(r"\$\{(?:([A-Za-z_]\w*)\})?")


def found(agent: Path, workspace: Workspace) -> Path | None:
    """Find the file in the agent's folder.

    Raises:
        InputFailure: it is a link that leads out of the workspace.

    """
    for name in ("resources.yml", "resources.yaml"):
        if (agent.parent / name).is_file():
            try:
                return workspace.file(str(agent.parent / name))
            except ValueError as error:
                raise InputFailure(Problem(f"`resources-file`: {error}")) from error
    return None


def read(path: Path, workspace: Workspace, environ: Mapping[str, str]) -> Declarations:
    """Read what is declared; `environ` are the variables that `${NAME}` may stand for.

    Raises:
        InputFailure: every problem of the file, at once.

    """
    reader = _ResourcesFile(environ)
    content = read_marked("resources-file", path, workspace)
    declared = tuple(reader.declared(content))
    scopes = tuple(reader.scopes(content))
    if reader.problems:
        raise InputFailure(*reader.problems)
    return Declarations(workspace.relative(path), declared, scopes)


def as_mlflow(resources: Iterable[Resource]) -> dict[str, Any]:
    """The resources as MLflow takes and writes them, with nothing that wasn't understood."""
    kinds: dict[str, list[dict[str, Any]]] = {}
    for resource in resources:
        entry: dict[str, Any] = {"name": resource.name}
        if resource.on_behalf_of_user is not None:
            entry["on_behalf_of_user"] = resource.on_behalf_of_user
        kinds.setdefault(resource.kind, []).append(entry)
    return {"api_version": "1", "databricks": kinds}


def authorization(declarations: Declarations) -> dict[str, Any]:
    """What MLflow's `Model` takes: `resources`, or `auth_policy` when there are scopes.

    MLflow refuses both at once.
    """
    resources = as_mlflow(declarations.resources)
    if not declarations.scopes:
        return {"resources": resources} if declarations.resources else {}
    system = {"resources": resources} if declarations.resources else {}
    user = {"api_scopes": list(declarations.api_scopes)}
    return {"auth_policy": {"system_auth_policy": system, "user_auth_policy": user}}


class _ResourcesFile:
    """Reads one file and keeps every problem."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.problems: list[Problem] = []

    def declared(self, content: Marked) -> Iterator[DeclaredResource]:
        """The resources of either form."""
        if "auth_policy" not in content.value:
            self._check_keys(content, ("api_version", "databricks", "user_auth_policy"))
            if "databricks" not in content.value and "user_auth_policy" not in content.value:
                self._wrong(content.place, "`databricks:` is missing.", _EXAMPLE)
            yield from self._by_kind(content)
            return
        self._check_keys(content, ("auth_policy",))
        policy = self._mapping(content, "auth_policy", ("system_auth_policy", "user_auth_policy"))
        system = policy and self._mapping(policy, "system_auth_policy", ("resources",))
        resources = system and self._mapping(system, "resources", ("api_version", "databricks"))
        if resources:
            yield from self._by_kind(resources)

    def scopes(self, content: Marked) -> Iterator[ApiScope]:
        """The scopes of either form."""
        policy = content.value.get("auth_policy", content)
        given = policy.value.get("user_auth_policy") if isinstance(policy.value, dict) else None
        # MLflow writes `{}` for a policy that there isn't.
        if not given or given.value is None:
            return
        user = self._mapping(policy, "user_auth_policy", ("api_scopes",))
        entries = user and user.value.get("api_scopes")
        if not entries or not self._is_list("api_scopes", entries):
            return
        seen: dict[str, Place] = {}
        for entry in entries.value:
            name = self._text("a scope", entry)
            if name and self._is_first(seen, name, entry.place):
                yield ApiScope(name, entry.place)

    def _by_kind(self, content: Marked) -> Iterator[DeclaredResource]:
        self._check_version(content)
        kinds = self._mapping(content, "databricks", DECLARABLE)
        if not kinds:
            return
        seen: dict[tuple[tuple[str, str], bool], Place] = {}
        for kind, entries in kinds.value.items():
            if kind not in DECLARABLE or not self._is_list(kind, entries):
                continue
            for entry in entries.value:
                resource = self._resource(kind, entry)
                if not resource:
                    continue
                access = (key(kind, resource.name), bool(resource.on_behalf_of_user))
                if self._is_first(seen, access, entry.place):
                    yield DeclaredResource(resource, entry.place)

    def _resource(self, kind: str, entry: Marked) -> Resource | None:
        given = entry.value if isinstance(entry.value, dict) else {}
        self._check_keys(entry, _ENTRY)
        if not any(_OTHER_WORDS_FOR_NAME.fullmatch(str(each)) for each in given):
            what = f"`{kind}` has an entry without `name:`."
            self._wrong(entry.place, what, f"{kind}:\n  - name: ...")
        on_behalf = given.get("on_behalf_of_user")
        if on_behalf is not None and not isinstance(on_behalf.value, bool):
            what = "`on_behalf_of_user` is neither `true` nor `false`."
            self._wrong(on_behalf.place, what, "on_behalf_of_user: true")
        if "name" not in given:
            return None
        name = self._text(f"the `name` of the {KINDS[kind].title}", entry["name"])
        if not name:
            return None
        if what := wrong_name(kind, name):
            self._wrong(entry["name"].place, what)
            return None
        return Resource(kind, name, on_behalf.value if on_behalf else None)

    def _text(self, what: str, entry: Marked) -> str:
        """A text with its variables filled in; empty when that can't be."""
        if entry.value is None or (isinstance(entry.value, str) and not entry.value.strip()):
            self._wrong(entry.place, f"{what} is empty.")
        elif not isinstance(entry.value, str):
            single = not isinstance(entry.value, dict | list)
            shown = f"`{entry.raw}`" if single else kind_of(entry.value)
            fix = 'Put it in quotes: `"..."`.' if single else ""
            self._wrong(entry.place, f"{what} is {shown}, not a text.", fix)
        else:
            filled = self._filled(entry.value, entry.place)
            if filled is not None and not filled.strip():
                self._wrong(entry.place, f"{what} is empty: `{entry.value}` is.")
            return (filled or "").strip()
        return ""

    def _filled(self, text: str, place: Place) -> str | None:
        """The text with its variables filled in, None when one of them can't be."""
        missing = [name for name in _VARIABLE.findall(text) if name not in self._environ]
        for name in missing:
            if name:
                what, fix = f"`${{{name}}}` is not set for the agent.", _SET_VARIABLE.format(name)
            else:
                what, fix = f"`{text}` holds `${{` without a variable: write `${{NAME}}`.", ""
            self._wrong(place, what, fix)
        return None if missing else _VARIABLE.sub(lambda found: self._environ[found[1]], text)

    def _check_version(self, content: Marked) -> None:
        version = content.value.get("api_version")
        right = 'Write it so:\n\n    api_version: "1"'
        if version is None:
            self._wrong(content.place, '`api_version: "1"` is missing.', right)
        elif version.value != "1":
            what = f"`api_version: {version.raw}` is not the text `1`, which MLflow asks for."
            self._wrong(version.place, what, right)

    def _check_keys(self, content: Marked, known: Iterable[str]) -> None:
        known = list(known)
        for given, place in content.keys.items():
            if given in known:
                continue
            if "name" in known and _OTHER_WORDS_FOR_NAME.fullmatch(str(given)):
                advice = " Write `name`, of whatever kind it is."
            elif given in KINDS:
                advice = f" MLflow can't record a {KINDS[given].title} yet: take it out."
            else:
                advice = did_you_mean(str(given), known)
            listed = ", ".join(f"`{each}`" for each in known)
            self._wrong(place, f"`{given}` is not known here.{advice}", f"Known are {listed}.")

    def _mapping(self, content: Marked, name: str, known: Iterable[str]) -> Marked | None:
        """The mapping that stands under a name, None where none does; its keys are checked."""
        found: Marked | None = content.value.get(name)
        if found and not isinstance(found.value, dict):
            self._wrong(found.place, f"`{name}` holds {kind_of(found.value)}.", _EXAMPLE)
            return None
        if found:
            self._check_keys(found, known)
        return found

    def _is_list(self, name: str, content: Marked) -> bool:
        if isinstance(content.value, list):
            return True
        entry = "- model-serving" if name == "api_scopes" else "- name: ..."
        what = f"`{name}` holds {kind_of(content.value)}, not a list."
        self._wrong(content.place, what, f"{name}:\n  {entry}")
        return False

    def _is_first(self, seen: dict[Any, Place], this: Any, place: Place) -> bool:
        if this in seen:
            self._wrong(place, f"It is declared already, in line {seen[this].line}.")
            return False
        seen[this] = place
        return True

    def _wrong(self, place: Place, what: str, fix: str = "") -> None:
        self.problems.append(Problem(f"`resources-file`: {what}", fix, place))
