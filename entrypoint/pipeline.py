"""The story: read, build, verify, publish."""

from collections.abc import Iterator, Mapping

from entrypoint import plan as plans
from entrypoint.agent import build, content
from entrypoint.agent.deadline import Deadline
from entrypoint.agent.environment.environment import Uv
from entrypoint.agent.manifest import Manifest
from entrypoint.agent.sandbox import Sandbox, scratch_folder
from entrypoint.background import beside
from entrypoint.event import Event
from entrypoint.inputs import Inputs
from entrypoint.job import Job
from entrypoint.log import Log
from entrypoint.ownership import hand_over
from entrypoint.plan import Plan
from entrypoint.registry import login
from entrypoint.registry.stores import FOLDER
from entrypoint.report import progress
from entrypoint.report.result import Result
from entrypoint.resources import observed
from entrypoint.resources.existence import LookedUp
from entrypoint.resources.kinds import KINDS
from entrypoint.resources.resource import Use
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
            _log_agent(job, inputs, event, sandbox, result)
    finally:
        _give_back(job.workspace, inputs)


def _log_agent(job: Job, inputs: Inputs, event: Event, sandbox: Sandbox, result: Result) -> None:
    log = job.log
    with result.stage("Read", log):
        progress.tell_aim(result, log)
        plan = plans.read(job, inputs, event, sandbox.folder)
        result.aliases = plan.labels.aliases
        review = plan.review(log)
        result.resources = review.table
        review.code(plan.findings())
    to_look_up = review.to_look_up
    looked_up = beside(lambda: _look_up(to_look_up, job.environ))
    with result.stage("Environment", log):
        uv = Uv(sandbox, inputs.cache_dir, job.workspace.root, job.environ)
        environment = uv.environment(plan.requirements, plan.python)
        result.lock = environment.lock
        review.mlflow(environment.lock.mlflow, inputs.flavor)
        plan.order.code_paths.add_built(environment.code)
        manifest = plan.manifest(environment)
        result.digest = manifest.digest
    if to_look_up:
        with result.stage("Resources", log):
            review.workspace(looked_up.result())
    with build.started(sandbox, environment, plan.order) as worker:
        with result.stage("Build", log):
            built = result.build = worker.build()
            progress.tell_build(built, log)
            review.mlflow(environment.lock.mlflow, built.flavor)
        if inputs.verify != "off":
            with result.stage("Verify", log):
                result.verification = worker.verify()
                progress.tell_verification(result.verification, log)
    with result.stage("Check", log):
        review.verified(_seen(built, result.verification))
        content.check(built.model, manifest, plan.order, job.secrets)
        log.line(f"digest {manifest.digest}")
    if plan.mode != "preview":
        with result.stage("Publish", log):
            _publish(plan, built, manifest, result, log)
            log.line(result.published.model_uri)


def _look_up(names: list[tuple[str, str]], environ: Mapping[str, str]) -> LookedUp:
    """Ask the workspace for the resources, where there is one."""
    if not names or not login.is_configured(environ):
        return LookedUp(why_not="there are no credentials for Databricks")
    # Here and not above: this imports the Databricks SDK.
    from entrypoint.resources.live import look_up  # noqa: PLC0415

    try:
        return LookedUp(look_up(login.connect(), names))
    except (ValueError, OSError) as error:
        # The SDK goes on with its whole configuration.
        return LookedUp(why_not=str(error).partition(". Config: ")[0])


def _seen(built: build.Build, verification: build.Verification | None) -> Iterator[Use]:
    """What the agent used while it was verified, and what MLflow makes of it."""
    for kind, name in built.inferred:
        if kind in KINDS:
            yield Use(kind, name, "mlflow.langchain", "inferred")
    if verification:
        yield from observed.uses(verification.requests)


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
