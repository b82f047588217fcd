"""What a workspace would let the job do: asked before the agent is built."""

import re
from collections.abc import Collection, Iterator
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

# https://docs.databricks.com/api/uc-registered-models/v1/create-registered-model: either will do.
# `CREATE` is what there was before there were more of them.
_MAKE_MODELS = ("CREATE MODEL", "CREATE FUNCTION", "CREATE")
# Each lets somebody change a model that there is. Tags too: by them a version is known again.
_CHANGE_MODELS = ("CREATE MODEL VERSION", "APPLY TAG", MANAGE)
# A user's address, or a service principal's application id; other owners are groups.
_NO_GROUP = re.compile(r".+@.+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

_NO_FOLDERS = (ObjectType.NOTEBOOK, ObjectType.FILE)


def check(
    workspace: WorkspaceClient,
    target: ModelName | None,
    experiment: str | None,
    principal: str,
    *,
    sets_aliases: bool,
) -> list[Problem]:
    """What would make publishing fail for certain, all at once; nothing is changed.

    `principal` is whom the workspace takes us for, empty if that isn't known. Without a `target`
    nothing is registered. What can't be told, because the workspace can't be reached or doesn't let
    us look, is no problem here: publishing says it.
    """
    of_experiment = in_background(
        lambda: list(_experiment(workspace, experiment)) if experiment else []
    )
    problems: list[Problem] = []
    if target:
        problems += _ModelPreflight(workspace, Target(target, principal)).problems(
            sets_aliases=sets_aliases
        )
    return list(dict.fromkeys([*problems, *of_experiment.result()]))


def may_write(workspace: WorkspaceClient, target: ModelName, principal: str) -> bool | None:
    """Whether we may make versions of the target, or change those that there are.

    None where the workspace doesn't tell. `principal`: as for `check`.
    """
    return _ModelPreflight(workspace, Target(target, principal)).may_write()


class _ModelPreflight:
    """Few questions where all is well: what can be read needn't be asked for at its parents.

    A list of privileges is believed only when it has the one without which that reading would have
    been refused. Otherwise they come from somewhere that the list doesn't know of: a group, an
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
            return list(self._of_existing(model, sets_aliases=sets_aliases))
        if (denied := self._target.denied(model.words)) and denied[0] == MODEL:
            held = self._privileges(MODEL)
            lacking = _for_versions(held, sets_aliases=sets_aliases) if held else []
            return [self._target.lacks(MODEL, dict.fromkeys([denied[1], *lacking]))]
        return list(self._of_new(model))

    def may_write(self) -> bool | None:
        model = self._model()
        if isinstance(model, RegisteredModelInfo):
            return self._may_change(MODEL, model.owner, _CHANGE_MODELS, "EXECUTE")
        if model is None:
            return None
        if model.is_missing:
            schema = try_call(lambda: self._workspace.schemas.get(self._names[SCHEMA]))
            owner = schema.owner if isinstance(schema, SchemaInfo) else None
            return self._may_change(SCHEMA, owner, (*_MAKE_MODELS, MANAGE), "USE SCHEMA")
        denied = self._target.denied(model.words)
        if denied is None:
            return None
        if denied[0] != MODEL:  # who may not enter may not write either
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

    def _of_existing(self, model: RegisteredModelInfo, *, sets_aliases: bool) -> Iterator[Problem]:
        if self._may_own(model.owner):
            return
        held = self._privileges(MODEL)
        if held and "EXECUTE" in held:
            lacking = _for_versions(held, sets_aliases=sets_aliases)
            if lacking:
                yield self._target.lacks(MODEL, lacking)

    def _of_new(self, model: ApiError) -> Iterator[Problem]:
        workspace, names = self._workspace, self._names
        asked_catalog = in_background(
            lambda: try_call(lambda: workspace.catalogs.get(names[CATALOG]))
        )
        asked_schema = in_background(lambda: try_call(lambda: workspace.schemas.get(names[SCHEMA])))
        # Routines and models share their names; tables have their own.
        asked_function = in_background(
            lambda: try_call(lambda: workspace.functions.get(names[MODEL]))
        )
        held = self._privileges(SCHEMA)
        schema = asked_schema.result()
        refusals = [
            answer
            for answer in (asked_catalog.result(), schema, model)
            if isinstance(answer, ApiError)
        ]
        denied = [self._target.denied(refusal.words) for refusal in refusals]
        lacking = list(filter(None, denied))
        if held and isinstance(schema, SchemaInfo) and model.is_missing:
            if "USE SCHEMA" in held and not self._may_own(schema.owner):
                lacking += _for_models(held)
        elif held and lacking:
            lacking += [] if "USE SCHEMA" in held else [(SCHEMA, "USE SCHEMA")]
            lacking += _for_models(held)
        for level in (CATALOG, SCHEMA):
            if privileges := dict.fromkeys(each for depth, each in lacking if depth == level):
                yield self._target.lacks(level, privileges)
        for refusal in refusals:
            if not self._target.denied(refusal.words):
                problem = self._target.explain(refusal.code, refusal.words)
                yield from [problem] if problem else []
        function = asked_function.result()
        if function and not isinstance(function, ApiError):
            yield self._target.taken("a function")

    def _privileges(self, level: int) -> Privileges | None:
        principal = self._target.principal
        if not principal:
            return None
        return Privileges.ask(self._workspace, SECURABLES[level], self._names[level], principal)

    def _may_own(self, owner: str | None) -> bool:
        """Whether we are the owner, or may be in the group that is."""
        return (
            not owner
            or owner.lower() == self._target.principal.lower()
            or not _NO_GROUP.fullmatch(owner)
        )


def _for_models(held: Privileges) -> list[tuple[int, str]]:
    """What is missing to make a model."""
    return [] if any(each in held for each in _MAKE_MODELS) else [(SCHEMA, "CREATE MODEL")]


def _for_versions(held: Privileges, *, sets_aliases: bool) -> list[str]:
    """What is missing to make a version of somebody else's model, and to move its aliases.

    https://docs.databricks.com/aws/en/machine-learning/manage-model-lifecycle/upgrade-workflows/
    """
    if MANAGE in held:
        return []
    lacking = [] if "CREATE MODEL VERSION" in held else ["CREATE MODEL VERSION"]
    return [*lacking, MANAGE] if sets_aliases else lacking


def _experiment(workspace: WorkspaceClient, name: str) -> Iterator[Problem]:
    if not name.startswith("/"):
        yield experiment_errors.relative(name)
        return
    answer = try_call(lambda: workspace.experiments.get_by_name(name))
    if isinstance(answer, GetExperimentByNameResponse):
        known = answer.experiment
        if known and known.lifecycle_stage == "deleted":
            yield experiment_errors.deleted(name, known.experiment_id or "", at_databricks=True)
    if not isinstance(answer, ApiError) or not answer.is_missing:
        return
    there = in_background(lambda: try_call(lambda: workspace.workspace.get_status(name)))
    if path := experiment_errors.parent(name):
        folder = try_call(lambda: workspace.workspace.get_status(path))
        if isinstance(folder, ApiError) and folder.is_missing:
            yield experiment_errors.no_folder(name)
        elif isinstance(folder, ObjectInfo) and folder.object_type in _NO_FOLDERS:
            yield experiment_errors.no_place(name, folder.object_type.value.lower())
    itself = there.result()
    if isinstance(itself, ObjectInfo) and itself.object_type == ObjectType.DIRECTORY:
        yield experiment_errors.taken(name, "a folder")
