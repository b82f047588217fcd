"""The environment of the templates, compiled once in a process.

Templates get the `size` with what they render, and their filters cut what they are given to it.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass

import jinja2
from jinja2.runtime import Context

from entrypoint.report import markdown
from entrypoint.runtime.errors import Place


@dataclass(frozen=True)
class Size:
    """How much of untrusted text is shown: characters of a block and of a line, and rows."""

    block: int
    line: int
    rows: int


@functools.cache
def environment(*, plain: bool = False) -> jinja2.Environment:
    """The environment of Markdown, or of plain text: a name that isn't there is an error."""
    found = jinja2.Environment(
        loader=jinja2.PackageLoader("entrypoint.report"),
        auto_reload=False,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701 - Markdown: untrusted text goes through these filters
    )
    found.filters.update(
        code=_of_a_line(markdown.code),
        element=_of_a_line(markdown.element),
        prose=_of_a_line(markdown.prose),
        prose_element=_of_a_line(functools.partial(markdown.prose, quoted=markdown.element)),
        advice=_advice,
        block=_block,
        place=_place,
    )
    if plain:
        found.filters.update(code=_plain, prose=_plain)
    return found


def _of_a_line(filter_: Callable[..., str]) -> Callable[[Context, object], str]:
    @jinja2.pass_context
    def limited(context: Context, text: object) -> str:
        return filter_(text, limit=context["size"].line)

    return limited


@jinja2.pass_context
def _advice(context: Context, text: str) -> str:
    return markdown.advice(text, limit=min(context["size"].block, 10_000))


@jinja2.pass_context
def _block(context: Context, text: object, language: str = "") -> str:
    return markdown.block(text, language, limit=context["size"].block)


@jinja2.pass_context
def _place(context: Context, place: Place) -> str:
    """A place, with a link to it where the commit is known and the file is below its folder."""
    result, limit = context["result"], context["size"].line
    shown = markdown.code(place, limit=limit)
    parts = place.file.split("/")
    is_known = result.repository_url and result.commit
    if not is_known or ".." in parts or len(place.file) > limit:
        return shown
    page = markdown.url(result.repository_url, "blob", result.commit, *parts)
    return f"[{shown}](<{page}{f'#L{place.line}' if place.line else ''}>)"


def _plain(text: object) -> str:
    return markdown.visible(" ".join(str(text)[:500].split()))
