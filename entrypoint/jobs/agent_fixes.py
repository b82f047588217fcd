"""What a job knows with which an agent that fails can be mended."""

from collections.abc import Callable

from entrypoint.agent.agent_error import Checkout
from entrypoint.agent.build_fixes import Fixes
from entrypoint.agent.environment.old_requirements import OldRequirements
from entrypoint.agent.environment.uv_environment import Environment, Uv
from entrypoint.agent.sandbox.variables import step_environ
from entrypoint.databricks.auth.login import Login
from entrypoint.github.api_errors import GitHubError
from entrypoint.github.commit_history import last_change
from entrypoint.jobs.context import Job
from entrypoint.jobs.plan import Plan


def fixes_for(
    job: Job, plan: Plan, login: Login, uv: Uv, environment: Environment
) -> Callable[[Checkout], Fixes]:
    """Make what tells the fixes, when the agent has failed."""
    python = environment.interpreter.path

    def fixes(checkout: Checkout) -> Fixes:
        problem = login.problem
        return Fixes(
            checkout,
            OldRequirements(
                plan.requirements,
                job.workspace,
                lambda: _day_of(plan.spec.shown, job),
                lambda package, day: uv.newest_on(package, day, python),
            ),
            login=f"{problem.what} {problem.fix}".strip() if problem else "",
            withheld=frozenset(job.environ.keys() - step_environ(job.environ).keys()),
        )

    return fixes


def _day_of(file: str, job: Job) -> str:
    """The day of a file's last commit, as in `2026-01-31`; empty where GitHub doesn't tell."""
    if not job.github_token:
        return ""
    with job.github() as api:
        try:
            return last_change(api, file, job.event.commit)[:10]
        except GitHubError:
            return ""
