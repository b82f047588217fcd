"""Building an agent: read, build, verify, check; then compare it, or publish it."""

from entrypoint.agent import not_checked_out
from entrypoint.agent.sandbox.closed_folders import closed_to_others
from entrypoint.agent.sandbox.sandbox import Sandbox, scratch_folder
from entrypoint.agent.worker_client import WorkerProcess
from entrypoint.databricks.auth.login import Login
from entrypoint.inputs.inputs import BuildInputs
from entrypoint.jobs import plan as plans
from entrypoint.jobs import reporting
from entrypoint.jobs.agent_stages import AgentStages
from entrypoint.jobs.context import Job
from entrypoint.registry import stores
from entrypoint.report import progress
from entrypoint.report.result import Result
from entrypoint.runtime.background import in_background


def run(job: Job, result: Result) -> None:
    """Take the agent from the checkout to the registry; `result` is filled in on the way.

    Raises:
        Failure: a problem that the user can act on.
        Cancelled: a signal arrived.

    """
    # Before anything of the checkout is read.
    job.event.check_may_build()
    not_checked_out.check(job.texts, job.workspace)
    inputs = BuildInputs.read(job.texts, job.workspace)
    result.agent = job.workspace.relative(inputs.agent_path)
    result.target = str(inputs.uc_target or "")
    result.verify = inputs.verify
    job.workspace.check_for_the_agent(inputs.agent_path)
    with (
        scratch_folder() as folder,
        closed_to_others(job.environ, job.workspace.root, job.log),
        Login(
            stores.login_environ(inputs, job.environ), job.event, job.keep_secret, job.log
        ) as login,
    ):
        sandbox = Sandbox.make(folder, job.environ, job.deadline, job.log)
        try:
            _build(job, inputs, sandbox, login, result)
        finally:
            reporting.keep_transcript(sandbox.transcript, job)


def _build(job: Job, inputs: BuildInputs, sandbox: Sandbox, login: Login, result: Result) -> None:
    with result.stage("Read", job.log):
        progress.log_aim(result, job.log)
        plan = plans.read(job, inputs, sandbox.folder)
        agent = AgentStages(job, plan, sandbox, login, result)
        goal = agent.begin()
    with WorkerProcess(sandbox) as process:
        environment = agent.make_environment(process, goal)
        manifest = agent.manifest(environment)
        agent.look_up_resources()
        if inputs.if_unchanged == "reuse" and goal.is_reached(manifest):
            agent.tell_unneeded_secrets()
            return
        goal.prepare()
        model, uncompiled = agent.build(environment, process, goal)
        agent.tell_unneeded_secrets()
    kept = in_background(lambda: agent.keep_bytecode(environment, uncompiled))
    agent.check(model, manifest)
    goal.finish(model, manifest)
    kept.result()
