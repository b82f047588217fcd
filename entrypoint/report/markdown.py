"""Foreign text in GitHub's Markdown: shown as it is, never obeyed.

https://github.github.com/gfm/ - a numeric character reference (section 6.2) never acts as markup,
and GitHub links no mentions inside `<code>`.
"""

import re
from importlib.resources import files

import jinja2

_BLOCK_LIMIT = 50_000


def code(text: object) -> str:
    """One line of foreign text as inline code: safe in a table, a list and a heading."""
    line = " ".join(str(text).split())
    return f"<code>{re.sub(r'[^A-Za-z0-9 ]', lambda found: f'&#{ord(found[0])};', line)}</code>"


def block(text: object, language: str = "") -> str:
    """Foreign lines as a fenced block, whose fence is longer than any in the text."""
    whole = str(text).replace("\r", "")
    shown = whole if len(whole) <= _BLOCK_LIMIT else f"{whole[:_BLOCK_LIMIT]}\n…"
    longest = max((len(run) for run in re.findall(r"`+", shown)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{shown}\n{fence}"


def templates() -> jinja2.Environment:
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
    environment.filters.update(code=code, block=block)
    return environment
