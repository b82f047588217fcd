"""The story: read, build, verify, publish."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from entrypoint.agent import build, requirements, source
from entrypoint.agent.deadline import Deadline
from entrypoint.agent.environment import Uv
from entrypoint.agent.sandbox import Sandbox
from entrypoint.errors import InputFailure, Problem
from entrypoint.event import Event
from entrypoint.inputs import Inputs
from entrypoint.log import Log
from entrypoint.ownership import hand_over
from entrypoint.registry.labels import Labels
from entrypoint.registry.stores import FOLDER, Stores, not_configured
from entrypoint.report.result import Result
from entrypoint.resources import file as resources_file
from entrypoint.workspace import Workspace
from entrypoint.yaml_file import read_yaml


@dataclass(frozen=True)
class Job:
    """What the program was started with."""

    texts: Mapping[str, str]
    environ: Mapping[str, str]
    workspace: Workspace
    log: Log


@dataclass(frozen=True)
class Plan:
    """What was read: everything that is known without running the agent."""

    requirements: requirements.Requirements
    order: build.Order
    labels: Labels
    stores: Stores | None


def run(job: Job, result: Result) -> None:
    """Take the agent from the checkout to the registry; `result` is filled in on the way.

    Raises:
        Failure: a problem that the user can act on.
        Cancelled: a signal arrived.

    """
    event = Event.from_environ(job.environ)
    result.commit = event.commit
    result.skipped = event.nothing_to_do
    if result.skipped:
        job.log.line(f"Nothing to do: {result.skipped}.")
        return
    event.check_may_build()
    inputs = Inputs.read(job.texts, job.workspace)
    try:
        with tempfile.TemporaryDirectory(prefix="log-agent-", ignore_cleanup_errors=True) as folder:
            deadline = Deadline(inputs.timeout_seconds)
            sandbox = Sandbox.make(Path(folder).resolve(), job.environ, deadline, job.log)
            with result.stage("Read", job.log):
                plan = _read(job, inputs, event, sandbox, result)
            with result.stage("Environment", job.log):
                uv = Uv(sandbox, inputs.cache_dir, job.workspace.root, job.environ)
                environment = uv.environment(plan.requirements)
                result.lock = environment.lock
            with build.started(sandbox, environment, plan.order) as worker:
                with result.stage("Build", job.log):
                    result.build = worker.build()
                    job.log.line(_built(result.build))
                if inputs.verify != "off":
                    with result.stage("Verify", job.log):
                        result.verification = worker.verify()
                        _tell_answer(job.log, result.verification)
            if result.mode != "preview":
                with result.stage("Publish", job.log):
                    _publish(inputs, plan, result)
                    job.log.line(result.published.model_uri)
    finally:
        _give_back(job.workspace, inputs)


def _read(job: Job, inputs: Inputs, event: Event, sandbox: Sandbox, result: Result) -> Plan:
    """Everything that can be wrong without running the agent is found here."""
    workspace = job.workspace
    result.mode = inputs.mode if inputs.mode != "auto" else event.mode
    result.agent = workspace.relative(inputs.agent_path)
    result.target = str(inputs.uc_target or "")
    job.log.line(
        f"{result.mode} {result.agent}" + (f" as {result.target}" if result.target else "")
    )
    stores = Stores.choose(inputs, job.environ, workspace, on_github=bool(event.name))
    if result.mode != "preview" and stores is None:
        raise not_configured(result.mode)
    if result.mode == "register" and inputs.uc_target is None:
        raise InputFailure(
            Problem(
                "`uc-target`: `mode: register` needs the name of the model.",
                "Add it to the step:\n\n    with:\n      uc-target: prod.agents.support",
            )
        )
    source.check_source(inputs.agent_path, result.agent)
    labels = Labels.make(inputs, event, result.agent, workspace.root.name)
    result.aliases = labels.aliases
    declared = inputs.resources_file or resources_file.found(inputs.agent_path, workspace)
    if declared:
        result.resources = resources_file.read(declared, workspace)
    if inputs.model_config:
        read_yaml("model-config", inputs.model_config, workspace)
    order = build.Order(
        agent=inputs.agent_path,
        checkout=workspace.root,
        flavor=inputs.flavor,
        model_config=inputs.model_config,
        input_example=inputs.input_example.value if inputs.input_example else None,
        resources=_resources_for_mlflow(sandbox, result) if result.resources else None,
        verify=inputs.verify,
    )
    if inputs.requirements:
        asked = requirements.given(inputs.requirements, workspace)
    else:
        asked = requirements.found(inputs.agent_path, workspace)
    return Plan(asked, order, labels, stores)


def _resources_for_mlflow(sandbox: Sandbox, result: Result) -> Path:
    path = sandbox.folder / "resources.yml"
    path.write_text(resources_file.as_mlflow(result.resources), encoding="utf-8")
    return path


def _built(built: build.Build) -> str:
    return f"{built.flavor}, MLflow {built.mlflow_version}, Python {built.python_version}"


def _tell_answer(log: Log, verification: build.Verification) -> None:
    log.line(f"loaded in {verification.load_seconds:.1f} s, in a process that sees only the model")
    if verification.answer is None:
        log.line("It has no example, so it was not asked anything: give `input-example`.")
        return
    log.line(f"answers the example in {verification.predict_seconds:.1f} s:")
    log.foreign(verification.answer)


def _publish(inputs: Inputs, plan: Plan, result: Result) -> None:
    # Here and not above: this imports MLflow, which a preview does without.
    from entrypoint.registry.publish import Publication, publish  # noqa: PLC0415

    if result.build is None or plan.stores is None:
        raise RuntimeError("published before it was built")
    registered_name = str(inputs.uc_target) if result.mode == "register" else None
    publication = Publication(result.build.model, result.build.flavor, registered_name, plan.labels)
    publish(publication, plan.stores, result.published)


def _give_back(workspace: Workspace, inputs: Inputs) -> None:
    """What is left in the workspace belongs to its owner, not to the container's accounts."""
    owner = workspace.root.stat()
    left = [workspace.root / FOLDER]
    if inputs.cache_dir:
        # With the folders above, which may have been made for it.
        left += [
            folder
            for folder in (inputs.cache_dir, *inputs.cache_dir.parents)
            if workspace.holds(folder)
        ]
    for folder in left:
        hand_over(folder, owner.st_uid, owner.st_gid)
