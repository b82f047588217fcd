"""The job summary."""

from entrypoint.report.markdown import templates
from entrypoint.report.result import Result

_DONE = {"preview": "built", "log": "logged", "register": "registered"}


def render(result: Result) -> str:
    """The summary as GitHub's Markdown."""
    template = templates().get_template("summary.md.j2")
    return template.render(result=result, done=_DONE.get(result.mode, "logged"))
