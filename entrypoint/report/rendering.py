"""One result, rendered for its readers: summary, comment, notes of a release, end of the log."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from importlib.resources import files
from typing import Any, Literal

import jinja2

from entrypoint.comparison.changes import Comparison
from entrypoint.report import markdown
from entrypoint.report.compiled import Compiled
from entrypoint.report.mermaid import graph
from entrypoint.report.result import Result
from entrypoint.runtime.errors import Place

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
    _Section("notes", "warnings and notices", lambda result: result.told),
    _Section("resources", "the resources", lambda result: result.resources.lines, _ALL),
    _Section("answer", "the agent's answer", lambda result: result.answer),
    _Section(
        "facts", "the details", lambda result: result.agent or result.published.promoted_from, _ALL
    ),
    _Section("packages", "the packages", lambda result: result.lock, ("summary",)),
    _Section("footer", "", lambda _: True, _ALL),
)
# Which of them give way first.
_IN_THE_WAY = ("packages", "answer", "facts", "resources", "notes", "changes", "checks")


@dataclass(frozen=True)
class _Size:
    """How much of what is foreign is shown: characters of a block and of a line, and rows."""

    block: int
    line: int
    rows: int


_SIZES = (_Size(50_000, 1_000, 100), _Size(4_000, 500, 30))
_SMALLEST = _Size(400, 200, 5)
_COMPILED = Compiled()


def render(result: Result, audience: Audience, limit: int) -> str:
    """The report as GitHub's Markdown, of at most `limit` bytes (60,000 and more).

    What is foreign is shortened, and then whole sections give way, the least important first.
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
    environment = _environment(result, _SIZES[1])
    for name in ("code", "prose"):
        environment.filters[name] = lambda text: markdown.visible(" ".join(str(text)[:500].split()))
    told = environment.get_template("plain.j2").render(_context(result))
    return "\n".join(line for line in told.splitlines() if line.strip())


def fingerprint(result: Result) -> str:
    """What tells one comment from another, in hexadecimal: all that a re-run doesn't change."""
    timeless = replace(
        result,
        workflow_run_url="",
        stages=[replace(stage, seconds=0) for stage in result.stages],
        # Models hardly ever answer twice the same.
        verification=None,
    )
    rendered = _rendered(timeless, "comment", _SIZES[0], ())
    return hashlib.sha256(rendered.encode(errors="backslashreplace")).hexdigest()[:16]


def _attempts() -> Iterator[tuple[_Size, tuple[str, ...]]]:
    for size in _SIZES:
        yield size, ()
    for number in range(1, len(_IN_THE_WAY) + 1):
        yield _SIZES[-1], _IN_THE_WAY[:number]
    yield _SMALLEST, _IN_THE_WAY


def _rendered(result: Result, audience: Audience, size: _Size, left_out: tuple[str, ...]) -> str:
    there = [
        section
        for section in _SECTIONS
        if audience in section.audiences and section.is_there(result)
    ]
    environment = _environment(result, size)
    context = _context(result) | {
        "audience": audience,
        "left_out": [section.title for section in there if section.name in left_out],
    }
    return "".join(
        environment.get_template(f"{section.name}.md.j2").render(context)
        for section in there
        if section.name not in left_out
    )


def _context(result: Result) -> dict[str, Any]:
    comparison = result.comparison
    known = comparison or Comparison()
    return {
        "result": result,
        "comparison": comparison,
        "counts": list(_counts(known)),
        "wider": [each.name for each in known.resources if each.widens]
        + [scope.name for scope in known.scopes if scope.change == "added"],
        "breaking": [each.what for each in known.signature if each.breaking],
        "notes": result.told,
        "graph": graph(result.agent or result.target, result.resources, comparison),
    }


def _counts(comparison: Comparison) -> Iterator[str]:
    """What changes, in a few words."""
    parts = (
        (comparison.files, "code file"),
        (comparison.resources, "resource"),
        (comparison.scopes, "user scope"),
        (comparison.requirements, "requirement"),
        (comparison.config, "key of the model config"),
        (comparison.artifacts, "artifact"),
        (comparison.signature, "change of the interface"),
    )
    plurals = {"key of the model config": "keys of the model config"}
    plurals["change of the interface"] = "changes of the interface"
    for changes, one in parts:
        if changes:
            many = plurals.get(one, f"{one}s")
            yield f"{len(changes)} {one if len(changes) == 1 else many}"
    if comparison.flavor:
        yield "another flavor"


def _environment(result: Result, size: _Size) -> jinja2.Environment:
    """The templates' environment: a name that isn't there is an error, not an empty text."""
    sources = {
        file.name: file.read_text(encoding="utf-8")
        for file in (files("entrypoint.report") / "templates").iterdir()
    }
    environment = jinja2.Environment(
        loader=jinja2.DictLoader(sources),
        bytecode_cache=_COMPILED,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701 - Markdown: what is foreign goes through these filters
    )
    environment.filters.update(
        code=partial(markdown.code, limit=size.line),
        element=partial(markdown.element, limit=size.line),
        prose=partial(markdown.prose, limit=size.line),
        prose_element=partial(markdown.prose, limit=size.line, quoted=markdown.element),
        advice=partial(markdown.advice, limit=min(size.block, 10_000)),
        block=partial(markdown.block, limit=size.block),
        place=partial(_place, result, size),
    )
    environment.globals["rows"] = size.rows
    return environment


def _place(result: Result, size: _Size, place: Place) -> str:
    """A place, with a link to it where the commit is known and the file is below its folder."""
    shown = markdown.code(place, limit=size.line)
    parts = place.file.split("/")
    if (
        not (result.repository_url and result.commit)
        or ".." in parts
        or len(place.file) > size.line
    ):
        return shown
    page = markdown.url(result.repository_url, "blob", result.commit, *parts)
    return f"[{shown}](<{page}{f'#L{place.line}' if place.line else ''}>)"
