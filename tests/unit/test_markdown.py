import html
import re

import jinja2
import pytest

from entrypoint.report.markdown import block, code, templates

HOSTILE = [
    "plain",
    "a|b",
    "`",
    "a`b",
    "`a`",
    "``",
    "a``b`c```d",
    "`|`",
    "@acme/owners",
    "@acme|#1",
    "<script>alert(1)</script>",
    "</code></details>|<img src=x>",
    "![x](https://evil.example/x.png)",
    "[x](https://evil.example)|",
    "two\nlines",
    "two\r\n\r\n# lines",
    "| a | b |\n|---|---|",
    "ends with \\",
    "\\|",
    "&amp; &#124;",
    "**bold** _it_ ~~no~~ #1 acme/agents#2",
    "<!-- x -->",
    "-->",
    "$x$",
    "  space  ",
    "größe 🙂",
    "",
    " ",
]


def shown(written: str) -> str:
    """What a reader sees of inline code: GFM 6.3 for spans, HTML for elements."""
    if element := re.fullmatch(r"<code>(.*)</code>", written):
        inert = re.sub(r"&#\d+;", "", element[1])
        assert re.fullmatch(r"[A-Za-z0-9 ]*", inert), f"{inert} may act as markup"
        return html.unescape(element[1])
    span = re.fullmatch(r"(`+)(?!`)(.*)(?<!`)\1", written)
    assert span, f"{written} is no code span"
    fence, inside = span.groups()
    assert fence not in re.findall(r"`+", inside), f"{written} ends early"
    if inside.startswith(" ") and inside.endswith(" ") and inside.strip():
        return inside[1:-1]
    return inside


def block_shown(written: str, language: str = "") -> str:
    """What a reader sees of a fenced block (GFM 4.5)."""
    first, *lines, last = written.split("\n")
    fence = re.fullmatch(r"(`{3,})" + language, first)
    assert fence, f"{first} opens no block"
    assert last == fence[1]
    closing = [line for line in lines if re.fullmatch(r" {0,3}" + fence[1] + r"`*\s*", line)]
    assert closing == [], "the block ends early"
    return "\n".join(lines)


@pytest.mark.parametrize("text", HOSTILE)
def test_code_shows_one_line_and_obeys_nothing(text: str) -> None:
    written = code(text)

    assert "\n" not in written
    assert "\r" not in written
    assert "|" not in written, "ends a table's cell"
    assert shown(written) == " ".join(text.split())


def test_code_is_plain_where_it_can_be() -> None:
    assert code("agents/support/agent.py") == "`agents/support/agent.py`"


def test_code_shows_what_is_no_text() -> None:
    assert code(7) == "`7`"


@pytest.mark.parametrize(
    "text",
    [
        *HOSTILE,
        "```",
        "a\n```\n# out\n```",
        "````\n```",
        "   ```\n@acme",
        "~~~",
        "x" + "`" * 30,
        "```json\n{}\n```\n",
        "</details>\n\n<script>",
    ],
)
@pytest.mark.parametrize("language", ["", "json"])
def test_a_block_shows_lines_and_obeys_nothing(text: str, language: str) -> None:
    assert block_shown(block(text, language), language) == text.replace("\r", "")


@pytest.mark.parametrize("end", ["", "```", "\n```\n# out"])
def test_a_block_of_any_length_is_closed_and_bounded(end: str) -> None:
    text = "`" * 49_990 + "\n" + "x" * 100_000 + end

    inside = block_shown(block(text))

    assert inside.endswith("\n…")
    assert text.startswith(inside.removesuffix("\n…"))
    assert len(inside) < 60_000


def test_a_name_that_a_template_mistypes_is_an_error() -> None:
    with pytest.raises(jinja2.UndefinedError, match="resutl"):
        templates(50_000).from_string("{{ resutl }}").render(result="x")
