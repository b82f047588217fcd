"""The story: read, build, verify, publish."""

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from entrypoint import plan as plans
from entrypoint.agent import build, content
from entrypoint.agent.deadline import Deadline
from entrypoint.agent.environment.environment import Uv
from entrypoint.agent.manifest import Manifest
from entrypoint.agent.sandbox import Sandbox, scratch_folder
from entrypoint.errors import LoginFailure
from entrypoint.event import Event
from entrypoint.inputs import Inputs
from entrypoint.inquiry import Inquiry
from entrypoint.job import Job
from entrypoint.ownership import hand_over
from entrypoint.plan import Plan
from entrypoint.registry import stores
from entrypoint.registry.loan import lent, lent_to_mlflow
from entrypoint.registry.login import Login
from entrypoint.registry.stores import FOLDER
from entrypoint.report import progress
from entrypoint.report.result import Result
from entrypoint.resources import observed
from entrypoint.resources.kinds import KINDS
from entrypoint.resources.resource import Use
from entrypoint.workspace import Workspace

if TYPE_CHECKING:
    from entrypoint.registry.session import Session


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
        environ = stores.login_environ(inputs, job.environ)
        with scratch_folder() as folder, Login(environ, event, job.keep_secret, log) as login:
            sandbox = Sandbox.make(folder, job.environ, Deadline(inputs.timeout_seconds), log)
            _log_agent(job, inputs, sandbox, login, result, event=event)
    finally:
        _give_back(job.workspace, inputs)


def _log_agent(
    job: Job, inputs: Inputs, sandbox: Sandbox, login: Login, result: Result, *, event: Event
) -> None:
    log = job.log
    with result.stage("Read", log):
        progress.tell_aim(result, log)
        plan = plans.read(job, inputs, event, sandbox.folder)
        result.aliases = plan.labels.aliases
        review = plan.review(log)
        result.resources = review.table
        review.code(plan.findings())
        if plan.needs_login:
            _settle(login, plan, job)
    to_look_up = review.to_look_up
    inquiry = Inquiry.begin(plan, login, to_look_up)
    with result.stage("Environment", log):
        uv = Uv(sandbox, inputs.cache_dir, job.workspace.root, job.environ)
        environment = uv.environment(plan.requirements, plan.python)
        result.lock = environment.lock
        review.mlflow(environment.lock.mlflow, inputs.flavor)
        plan.order.code_paths.add_built(environment.code)
        manifest = plan.manifest(environment)
        result.digest = manifest.digest
        if not plan.needs_login:
            _settle(login, plan, job)
        inquiry.check()
    if to_look_up:
        with result.stage("Resources", log):
            review.workspace(inquiry.looked_up)
    with lent_to_mlflow(login, os.environ):
        if _is_reused(plan, manifest, result, job):
            return
    with (
        lent(login, sandbox.environ) as of_agent,
        build.started(sandbox, environment, plan.order, of_agent) as worker,
    ):
        with result.stage("Build", log):
            built = result.build = worker.build()
            progress.tell_build(built, log)
            review.mlflow(environment.lock.mlflow, built.flavor)
        if inputs.verify != "off":
            with result.stage("Verify", log):
                result.verification = worker.verify()
                progress.tell_verification(result.verification, log)
    with result.stage("Check", log):
        verification = result.verification
        was_asked = verification is not None and verification.answer is not None
        review.verified(_seen(built, verification), was_asked=was_asked)
        content.check(built.model, manifest, plan.order, job.secrets)
        log.line(f"digest {manifest.digest}")
    if plan.mode != "preview":
        with result.stage("Publish", log), lent_to_mlflow(login, os.environ):
            _publish(plan, built, manifest, result, job)
            log.line(result.published.model_uri)


def _settle(login: Login, plan: Plan, job: Job) -> None:
    """See whether somebody is logged in.

    Raises:
        LoginFailure: nobody is, and somebody must be.

    """
    problem = login.problem
    if problem is None:
        job.log.line(f"logged in at {login.token().host} as {login.who.name or 'somebody'}")
    elif plan.needs_login:
        raise LoginFailure(problem)
    elif not login.is_absent:
        job.log.warning(problem)


def _seen(built: build.Build, verification: build.Verification | None) -> Iterator[Use]:
    """What the agent used while it was verified, and what MLflow makes of it."""
    for kind, name in built.inferred:
        if kind in KINDS:
            yield Use(kind, name, "mlflow.langchain", "inferred")
    if verification:
        yield from observed.uses(verification.requests)


def _is_reused(plan: Plan, manifest: Manifest, result: Result, job: Job) -> bool:
    """Whether the agent was registered already, so that nothing is left to do."""
    if plan.mode != "register" or plan.inputs.if_unchanged != "reuse":
        return False
    # Here and not above: this imports MLflow, which a preview does without.
    from entrypoint.registry.reuse import reuse  # noqa: PLC0415

    name, labels, log = str(plan.inputs.uc_target), plan.labels, job.log
    with result.stage("Find", log):
        log.line(f"digest {manifest.digest}")
        session = _session(plan, job)
        is_reused = reuse(name, manifest.digest, labels, session, result.published)
        if is_reused:
            log.line(f"{result.published.model_uri} has it already: nothing to build")
        else:
            log.line("no version has it yet")
    return is_reused


def _publish(plan: Plan, built: build.Build, manifest: Manifest, result: Result, job: Job) -> None:
    from entrypoint.registry.publish import Publication, publish  # noqa: PLC0415

    publication = Publication(
        model=built.model,
        manifest=manifest,
        registered_name=str(plan.inputs.uc_target) if plan.mode == "register" else None,
        labels=plan.labels.with_digest(manifest.digest),
        once=plan.inputs.if_unchanged == "reuse",
    )
    publish(publication, _session(plan, job), result.published, job.log)


def _session(plan: Plan, job: Job) -> "Session":
    from entrypoint.registry.session import Session  # noqa: PLC0415

    if plan.stores is None:
        raise RuntimeError("a plan to publish names the stores")
    return Session(plan.stores, job.environ, job.log)


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
