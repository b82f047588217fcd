"""The story: read, build, verify, publish."""

from entrypoint import plan as plans
from entrypoint.agent import build, content
from entrypoint.agent.deadline import Deadline
from entrypoint.agent.environment.environment import Uv
from entrypoint.agent.manifest import Manifest
from entrypoint.agent.sandbox import Sandbox, scratch_folder
from entrypoint.event import Event
from entrypoint.inputs import Inputs
from entrypoint.job import Job
from entrypoint.log import Log
from entrypoint.ownership import hand_over
from entrypoint.plan import Plan
from entrypoint.registry.stores import FOLDER
from entrypoint.report import progress
from entrypoint.report.result import Result
from entrypoint.workspace import Workspace


def run(job: Job, result: Result) -> None:
    """Take the agent from the checkout to the registry; `result` is filled in on the way.

    Raises:
        Failure: a problem that the user can act on.
        Cancelled: a signal arrived.

    """
    log = job.log
    event = Event.from_environ(job.environ)
    result.commit = event.commit
    result.skipped = event.nothing_to_do
    if result.skipped:
        log.line(f"Nothing to do: {result.skipped}.")
        return
    event.check_may_build()
    inputs = Inputs.read(job.texts, job.workspace)
    result.learn_inputs(inputs, event, job.workspace)
    try:
        with scratch_folder() as folder:
            sandbox = Sandbox.make(folder, job.environ, Deadline(inputs.timeout_seconds), log)
            with result.stage("Read", log):
                progress.tell_aim(result, log)
                plan = plans.read(job, inputs, event, folder)
                result.resources, result.aliases = plan.resources, plan.labels.aliases
            with result.stage("Environment", log):
                uv = Uv(sandbox, inputs.cache_dir, job.workspace.root, job.environ)
                environment = uv.environment(plan.requirements, plan.python)
                result.lock = environment.lock
                plan.order.code_paths.add_built(environment.code)
                manifest = plan.manifest(environment)
                result.digest = manifest.digest
            with build.started(sandbox, environment, plan.order) as worker:
                with result.stage("Build", log):
                    built = result.build = worker.build()
                    progress.tell_build(built, log)
                if inputs.verify != "off":
                    with result.stage("Verify", log):
                        result.verification = worker.verify()
                        progress.tell_verification(result.verification, log)
            with result.stage("Check", log):
                content.check(built.model, manifest, plan.order, job.secrets)
                log.line(f"digest {manifest.digest}")
            if plan.mode != "preview":
                with result.stage("Publish", log):
                    _publish(plan, built, manifest, result, log)
                    log.line(result.published.model_uri)
    finally:
        _give_back(job.workspace, inputs)


def _publish(plan: Plan, built: build.Build, manifest: Manifest, result: Result, log: Log) -> None:
    # Here and not above: this imports MLflow, which a preview does without.
    from entrypoint.registry.publish import Publication, publish  # noqa: PLC0415

    if plan.stores is None:
        raise RuntimeError("a plan to publish names the stores")
    publication = Publication(
        model=built.model,
        manifest=manifest,
        flavor=built.flavor,
        registered_name=str(plan.inputs.uc_target) if plan.mode == "register" else None,
        labels=plan.labels.with_digest(manifest.digest),
    )
    publish(publication, plan.stores, result.published, log)


def _give_back(workspace: Workspace, inputs: Inputs) -> None:
    """What is left in the workspace belongs to its owner, not to the container's accounts."""
    owner = workspace.root.stat()
    left = [workspace.root / FOLDER]
    if inputs.cache_dir:
        # From the topmost folder, which may have been made for it.
        left.append(workspace.root / inputs.cache_dir.relative_to(workspace.root).parts[0])
    for folder in left:
        if folder.exists():
            hand_over(folder, owner.st_uid, owner.st_gid)
