"""What a workspace would refuse, checked before the agent is built."""

import re
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future
from typing import TypeVar
from urllib.parse import quote

from databricks.sdk import WorkspaceClient
from databricks.sdk.service.catalog import RegisteredModelInfo, SchemaInfo
from databricks.sdk.service.ml import GetExperimentByNameResponse
from databricks.sdk.service.workspace import ObjectInfo, ObjectType

from entrypoint.databricks import experiment_errors
from entrypoint.databricks.api_call import ApiError, try_call
from entrypoint.databricks.model_errors import CATALOG, MODEL, SCHEMA, SECURABLES, Target
from entrypoint.databricks.privileges import MANAGE, Privileges
from entrypoint.inputs.model_name import ModelName
from entrypoint.runtime.background import in_background
from entrypoint.runtime.errors import Problem

# https://docs.databricks.com/api/uc-registered-models/v1/create-registered-model: any will do.
# `CREATE` is what schemas had before there were more of them.
_CREATE_MODELS = ("CREATE MODEL", "CREATE FUNCTION", "CREATE")
# Each lets somebody change an existing model. Tags too: by them a version is found again.
_CHANGE_MODELS = ("CREATE MODEL VERSION", "APPLY TAG", MANAGE)
# A user's address, or a service principal's application id; other owners are groups.
_NO_GROUP = re.compile(r".+@.+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_NO_FOLDERS = (ObjectType.NOTEBOOK, ObjectType.FILE)

Found = TypeVar("Found")


def check(
    workspace: WorkspaceClient,
    target: ModelName | None,
    experiment: str | None,
    principal: str,
    *,
    sets_aliases: bool,
) -> list[Problem]:
    """All that would certainly make publishing fail; nothing is changed.

    `principal` is our name in the workspace, empty if that isn't known. Without a `target` nothing
    is registered. What the workspace doesn't answer, or doesn't let us read, is no problem here:
    publishing fails then.
    """
    experiment_problems = in_background(
        lambda: list(_experiment_problems(workspace, experiment)) if experiment else []
    )
    problems: list[Problem] = []
    if target:
        problems += _ModelPreflight(workspace, Target(target, principal)).problems(
            sets_aliases=sets_aliases
        )
    return list(dict.fromkeys([*problems, *experiment_problems.result()]))


def may_write(workspace: WorkspaceClient, target: ModelName, principal: str) -> bool | None:
    """Whether we may create versions of the target, or change existing ones.

    None where the workspace doesn't tell. `principal`: as for `check`.
    """
    return _ModelPreflight(workspace, Target(target, principal)).may_write()


class _ModelPreflight:
    """Few requests where all is well: what can be read needn't be checked at its parents.

    A list of privileges is believed only when it has the one without which that reading would have
    been refused. Otherwise they come from somewhere that the list doesn't show: a group, an
    administrator's role.
    """

    def __init__(self, workspace: WorkspaceClient, target: Target) -> None:
        self._workspace = workspace
        self._target = target
        # The SDK puts names into paths as they are.
        self._names = {
            level: quote(target.full_name(level), safe="") for level in (CATALOG, SCHEMA, MODEL)
        }

    def problems(self, *, sets_aliases: bool) -> list[Problem]:
        model = self._model()
        if model is None:
            return []
        if isinstance(model, RegisteredModelInfo):
            return self._existing_model_problems(model, sets_aliases=sets_aliases)
        if (denied := self._target.denied(model.message)) and denied[0] == MODEL:
            held = self._privileges(MODEL)
            missing = _missing_on_model(held, sets_aliases=sets_aliases) if held else []
            return [self._target.lacks(MODEL, dict.fromkeys([denied[1], *missing]))]
        return list(self._new_model_problems(model))

    def may_write(self) -> bool | None:
        model = self._model()
        if isinstance(model, RegisteredModelInfo):
            return self._may_change(MODEL, model.owner, _CHANGE_MODELS, "EXECUTE")
        if model is None:
            return None
        if model.is_missing:
            schema = try_call(lambda: self._workspace.schemas.get(self._names[SCHEMA]))
            owner = schema.owner if isinstance(schema, SchemaInfo) else None
            return self._may_change(SCHEMA, owner, (*_CREATE_MODELS, MANAGE), "USE SCHEMA")
        denied = self._target.denied(model.message)
        if denied is None:
            return None
        if denied[0] != MODEL:  # without the catalog or the schema, nothing in it can be written
            return False
        held = self._privileges(MODEL)
        return None if held is None else any(each in held for each in _CHANGE_MODELS)

    def _may_change(
        self, level: int, owner: str | None, privileges: Collection[str], reads: str
    ) -> bool | None:
        """Whether we own what was read, or have one of the privileges; it takes `reads` to read."""
        if owner and owner.lower() == self._target.principal.lower():
            return True
        held = self._privileges(level)
        if held is None:
            return None
        if any(each in held for each in privileges):
            return True
        is_complete = reads in held and not self._may_own(owner)
        return False if is_complete else None

    def _model(self) -> RegisteredModelInfo | ApiError | None:
        return try_call(lambda: self._workspace.registered_models.get(self._names[MODEL]))

    def _existing_model_problems(
        self, model: RegisteredModelInfo, *, sets_aliases: bool
    ) -> list[Problem]:
        held = None if self._may_own(model.owner) else self._privileges(MODEL)
        if held is None or "EXECUTE" not in held:
            return []
        missing = _missing_on_model(held, sets_aliases=sets_aliases)
        return [self._target.lacks(MODEL, missing)] if missing else []

    def _new_model_problems(self, model: ApiError) -> Iterator[Problem]:
        """Why the model, which `model` says can't be read, can't be created."""
        workspace, names, target = self._workspace, self._names, self._target
        catalog = _in_background(lambda: workspace.catalogs.get(names[CATALOG]))
        schema = _in_background(lambda: workspace.schemas.get(names[SCHEMA]))
        # Functions and models share their names; tables have their own.
        function = _in_background(lambda: workspace.functions.get(names[MODEL]))
        held = self._privileges(SCHEMA)
        answers = (catalog.result(), schema.result(), model)
        refusals = [answer for answer in answers if isinstance(answer, ApiError)]
        missing = [found for each in refusals if (found := target.denied(each.message))]
        if held and self._is_complete(held, schema.result(), model, is_denied=bool(missing)):
            missing += [(SCHEMA, each) for each in _missing_on_schema(held)]
        for level in (CATALOG, SCHEMA):
            if privileges := dict.fromkeys(each for at, each in missing if at == level):
                yield target.lacks(level, privileges)
        for refusal in refusals:
            if not target.denied(refusal.message) and (
                problem := target.explain(refusal.code, refusal.message)
            ):
                yield problem
        if function.result() and not isinstance(function.result(), ApiError):
            yield target.taken("a function")

    def _is_complete(
        self,
        held: Privileges,
        schema: SchemaInfo | ApiError | None,
        model: ApiError,
        *,
        is_denied: bool,
    ) -> bool:
        """Whether the list of our privileges on the schema tells what is missing there."""
        if isinstance(schema, SchemaInfo) and model.is_missing:
            return "USE SCHEMA" in held and not self._may_own(schema.owner)
        return is_denied

    def _privileges(self, level: int) -> Privileges | None:
        principal = self._target.principal
        if not principal:
            return None
        return Privileges.read(self._workspace, SECURABLES[level], self._names[level], principal)

    def _may_own(self, owner: str | None) -> bool:
        """Whether we are the owner, or may be in the group that is."""
        return (
            not owner
            or owner.lower() == self._target.principal.lower()
            or not _NO_GROUP.fullmatch(owner)
        )


def _missing_on_schema(held: Privileges) -> list[str]:
    """The privileges that are missing to create a model."""
    use = [] if "USE SCHEMA" in held else ["USE SCHEMA"]
    return [*use] if any(each in held for each in _CREATE_MODELS) else [*use, "CREATE MODEL"]


def _missing_on_model(held: Privileges, *, sets_aliases: bool) -> list[str]:
    """The privileges that are missing to create a version of another's model and set its aliases.

    https://docs.databricks.com/aws/en/machine-learning/manage-model-lifecycle/upgrade-workflows/
    """
    if MANAGE in held:
        return []
    missing = [] if "CREATE MODEL VERSION" in held else ["CREATE MODEL VERSION"]
    return [*missing, MANAGE] if sets_aliases else missing


def _experiment_problems(workspace: WorkspaceClient, name: str) -> Iterator[Problem]:
    if not name.startswith("/"):
        yield experiment_errors.relative_path(name)
        return
    answer = try_call(lambda: workspace.experiments.get_by_name(name))
    if isinstance(answer, ApiError) and answer.is_missing:
        yield from _path_problems(workspace, name)
    known = answer.experiment if isinstance(answer, GetExperimentByNameResponse) else None
    if known and known.lifecycle_stage == "deleted":
        yield experiment_errors.deleted(name, known.experiment_id or "", at_databricks=True)


def _path_problems(workspace: WorkspaceClient, name: str) -> Iterator[Problem]:
    """Why no experiment can be created at a path of the workspace."""
    existing = _in_background(lambda: workspace.workspace.get_status(name))
    if path := experiment_errors.parent(name):
        folder = try_call(lambda: workspace.workspace.get_status(path))
        if isinstance(folder, ApiError) and folder.is_missing:
            yield experiment_errors.no_folder(name)
        elif isinstance(folder, ObjectInfo) and folder.object_type in _NO_FOLDERS:
            yield experiment_errors.parent_is_no_folder(name, folder.object_type.value.lower())
    found = existing.result()
    if isinstance(found, ObjectInfo) and found.object_type == ObjectType.DIRECTORY:
        yield experiment_errors.taken(name, "a folder")


def _in_background(request: Callable[[], Found]) -> Future[Found | ApiError | None]:
    return in_background(lambda: try_call(request))
