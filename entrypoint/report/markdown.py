"""Foreign text in GitHub's Markdown: shown as it is, never obeyed.

https://github.github.com/gfm/ - nothing acts as markup in a code span (section 6.3) or in a fenced
block (4.5), nor does a numeric character reference (6.2); GitHub links no mentions in any of them.
"""

import re
from functools import partial
from importlib.resources import files

import jinja2

_LINE_LIMIT = 1_000


def code(text: object) -> str:
    """One line of foreign text as inline code: safe in a table, a list and a heading."""
    line = " ".join(str(text)[: 2 * _LINE_LIMIT].split())[:_LINE_LIMIT]
    if "|" in line or not line:  # ends a table's cell even inside of backticks
        inert = re.sub(r"[^A-Za-z0-9 ]", lambda found: f"&#{ord(found[0])};", line)
        return f"<code>{inert}</code>"
    fence = _fence(line, shortest=1)
    room = " " if "`" in (line[0], line[-1]) else ""
    return f"{fence}{room}{line}{room}{fence}"


def block(text: object, language: str = "", *, limit: int = 50_000) -> str:
    """Foreign lines as a fenced block, whose fence is longer than any in the text."""
    whole = str(text).replace("\r", "")
    shown = whole if len(whole) <= limit else f"{whole[:limit]}\n…"
    fence = _fence(shown, shortest=3)
    return f"{fence}{language}\n{shown}\n{fence}"


def _fence(text: str, shortest: int) -> str:
    """Backticks, more than stand together anywhere in the text."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    return "`" * max(shortest, longest + 1)


def templates(block_limit: int) -> jinja2.Environment:
    """The templates' environment: a name that isn't there is an error, not an empty text."""
    sources = {
        file.name: file.read_text(encoding="utf-8")
        for file in (files("entrypoint.report") / "templates").iterdir()
    }
    environment = jinja2.Environment(
        loader=jinja2.DictLoader(sources),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701 - Markdown: what is foreign goes through `code` and `block`
    )
    environment.filters.update(code=code, block=partial(block, limit=block_limit))
    return environment
