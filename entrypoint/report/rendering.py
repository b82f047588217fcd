"""One result, rendered for its readers: summary, comment, notes of a release, end of the log."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from entrypoint.comparison.changes import Comparison
from entrypoint.report import markdown
from entrypoint.report.mermaid import graph
from entrypoint.report.result import Result
from entrypoint.report.template_environment import Size, environment

Audience = Literal["summary", "comment", "release"]
_OF_JOB: tuple[Audience, ...] = ("summary", "comment")
_ALL: tuple[Audience, ...] = (*_OF_JOB, "release")


@dataclass(frozen=True)
class _Section:
    """A part of the report: the template `name`, and whether there is anything to say."""

    name: str
    title: str
    is_there: Callable[[Result], object]
    audiences: tuple[Audience, ...] = _OF_JOB


_SECTIONS = (
    _Section("overview", "", lambda _: True, _ALL),
    _Section("problems", "", lambda result: result.problems),
    _Section("checks", "the checks", lambda result: result.stages),
    _Section("changes", "what changes", lambda result: result.is_compared, _ALL),
    _Section("notes", "warnings and notices", lambda result: result.warnings_and_notices),
    _Section("resources", "the resources", lambda result: result.resources.lines, _ALL),
    _Section("variables", "the environment variables", lambda result: result.variables),
    _Section("answer", "the agent's answer", lambda result: result.answer),
    _Section(
        "facts", "the details", lambda result: result.agent or result.published.promoted_from, _ALL
    ),
    _Section("packages", "the packages", lambda result: result.lock, ("summary",)),
    _Section("footer", "", lambda _: True, _ALL),
)
# Which of them are left out first.
_LEFT_OUT_FIRST = (
    "packages",
    "answer",
    "facts",
    "variables",
    "resources",
    "notes",
    "changes",
    "checks",
)


_SIZES = (Size(50_000, 1_000, 100), Size(4_000, 500, 30))
_SMALLEST = Size(400, 200, 5)


def render(result: Result, audience: Audience, limit: int) -> str:
    """The report as GitHub's Markdown, of at most `limit` bytes (60,000 and more).

    Untrusted text is shortened, and then whole sections are left out, the least important first.
    """
    for size, left_out in _attempts():
        rendered = _rendered(result, audience, size, left_out)
        if len(rendered.encode(errors="backslashreplace")) <= limit:
            break
    return rendered


def problems(result: Result) -> str:
    """What is wrong, as GitHub's Markdown and without a template: each problem in a line."""
    return "".join(f"- ❌ {markdown.prose(problem.what)}\n" for problem in result.problems)


def plain(result: Result) -> str:
    """The report for the end of a log: what happened, and what changes."""
    template = environment(plain=True).get_template("plain.j2")
    rendered = template.render(_context(result, _SIZES[1]))
    return "\n".join(line for line in rendered.splitlines() if line.strip())


def fingerprint(result: Result) -> str:
    """A hash, in hexadecimal, of all in the result that a re-run of the job leaves as it is."""
    timeless = replace(
        result,
        workflow_run_url="",
        stages=[replace(stage, seconds=0) for stage in result.stages],
        # Models hardly ever answer twice the same.
        verification=None,
    )
    rendered = _rendered(timeless, "comment", _SIZES[0], ())
    return hashlib.sha256(rendered.encode(errors="backslashreplace")).hexdigest()[:16]


def _attempts() -> Iterator[tuple[Size, tuple[str, ...]]]:
    for size in _SIZES:
        yield size, ()
    for number in range(1, len(_LEFT_OUT_FIRST) + 1):
        yield _SIZES[-1], _LEFT_OUT_FIRST[:number]
    yield _SMALLEST, _LEFT_OUT_FIRST


def _rendered(result: Result, audience: Audience, size: Size, left_out: tuple[str, ...]) -> str:
    there = [
        section
        for section in _SECTIONS
        if audience in section.audiences and section.is_there(result)
    ]
    context = _context(result, size) | {
        "audience": audience,
        "left_out": [section.title for section in there if section.name in left_out],
    }
    return "".join(
        environment().get_template(f"{section.name}.md.j2").render(context)
        for section in there
        if section.name not in left_out
    )


def _context(result: Result, size: Size) -> dict[str, Any]:
    comparison = result.comparison
    known = comparison or Comparison()
    return {
        "result": result,
        "size": size,
        "rows": size.rows,
        "comparison": comparison,
        "counts": list(_counts(known)),
        "wider": [each.name for each in known.resources if each.widens]
        + [scope.name for scope in known.scopes if scope.change == "added"],
        "breaking": [each.what for each in known.signature if each.breaking],
        "notes": result.warnings_and_notices,
        "graph": graph(result.agent or result.target, result.resources, comparison),
    }


def _counts(comparison: Comparison) -> Iterator[str]:
    """What changes, in a few words."""
    parts = (
        (comparison.files, "code file", "code files"),
        (comparison.resources, "resource", "resources"),
        (comparison.scopes, "user scope", "user scopes"),
        (comparison.requirements, "requirement", "requirements"),
        (comparison.config, "key of the model config", "keys of the model config"),
        (comparison.prompts, "prompt", "prompts"),
        (comparison.artifacts, "artifact", "artifacts"),
        (comparison.signature, "change of the interface", "changes of the interface"),
    )
    for changes, one, several in parts:
        if changes:
            yield f"{len(changes)} {one if len(changes) == 1 else several}"
    if comparison.flavor:
        yield "another flavor"
