"""The job summary."""

from entrypoint.report.markdown import templates
from entrypoint.report.result import Result

_DONE = {"preview": "built", "log": "logged", "register": "registered"}
_BLOCK_LIMITS = (50_000, 5_000, 500)


def render(result: Result, limit: int) -> str:
    """The summary as GitHub's Markdown, of at most `limit` bytes.

    Foreign blocks are shortened until it fits; only a great number of problems can need more, and
    then its end is cut.
    """
    for block_limit in _BLOCK_LIMITS:
        template = templates(block_limit).get_template("summary.md.j2")
        summary = template.render(result=result, done=_DONE.get(result.mode, "logged"))
        if len(summary.encode(errors="backslashreplace")) <= limit:
            return summary
    note = "\n\n… and more: see the log.\n"
    room = limit - len(note.encode())
    return summary.encode(errors="backslashreplace")[:room].decode(errors="ignore") + note
