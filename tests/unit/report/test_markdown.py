import html
import re

import pytest

from entrypoint.report.markdown import advice, block, code, element, prose, url, visible

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


@pytest.mark.parametrize(
    ("text", "written"),
    [
        (
            "`resources-file`: `f(...)` uses the index `a.b.c`, which isn't declared (403).",
            "`resources-file`: `f(...)` uses the index `a.b.c`, which isn't declared (403).",
        ),
        ("KeyError: 'DATABRICKS_TOKEN'", "KeyError: `'DATABRICKS_TOKEN'`"),
        ("ask @acme/owners of #1 or GH-2", "ask `@acme/owners` of `#1` or `GH-2`"),
        ("see www.evil.example, https://x.y", "see `www.evil.example,` `https://x.y`"),
        ("commit deadbeef12", "commit `deadbeef12`"),
        ("*bold* <b>it</b>", "`*bold*` `<b>it</b>`"),
        ("größe 3.17.2, e.g. a (...)", "größe 3.17.2, e.g. a (...)"),
        ("an odd ` backtick", "an odd `` ` `` backtick"),
        ("a|b", "<code>a&#124;b</code>"),
        ("two\nlines", "two lines"),
        ("", ""),
    ],
)
def test_prose_is_read_as_it_is_and_obeys_nothing(text: str, written: str) -> None:
    assert prose(text) == written


def test_prose_can_stand_where_markdown_is_not_read() -> None:
    assert prose("set `a_b`", quoted=element) == "set <code>a&#95;b</code>"


def test_advice_has_its_lines_to_paste_in_a_block() -> None:
    written = advice("Do one:\n\n    with:\n      a: b\n\n    env:\n- or `x`;\n- or @y")

    assert written == "Do one:\n\n```\nwith:\n  a: b\n\nenv:\n```\n- or `x`;\n- or `@y`"


@pytest.mark.parametrize("sign", ["\u202e", "\u200f", "\u2066", "\x00", "\x1b", "\u2028", "\ufeff"])
def test_what_misleads_is_spelt_out(sign: str) -> None:
    for shown in (visible(sign), code(sign), element(sign), block(sign), prose(sign)):
        assert sign not in shown
        assert f"{ord(sign):04x}" in shown


def test_an_untrusted_path_stays_below_the_address() -> None:
    assert url("https://github.com/a/b", "blob", "x) [y](z", "ä?#") == (
        "https://github.com/a/b/blob/x%29%20%5By%5D%28z/%C3%A4%3F%23"
    )
