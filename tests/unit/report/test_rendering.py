"""The reports, read as GitHub reads them: with its own parser, and as bytes."""

import json
import re
from dataclasses import fields, is_dataclass, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, get_args

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options
from hypothesis import given, settings
from hypothesis import strategies as st

from entrypoint.agent.build import Verification
from entrypoint.comparison.changes import Baseline, Comparison, FileChange, SignatureChange
from entrypoint.github.step_files import SUMMARY_LIMIT, StepFiles
from entrypoint.registry.publication_result import Published
from entrypoint.report.rendering import Audience, fingerprint, plain, render
from entrypoint.report.result import Result
from entrypoint.resources.variables import Variable
from entrypoint.runtime.errors import Place, Problem
from entrypoint.runtime.log import Note
from tests import samples

COMMENT_LIMIT = 65_000
AUDIENCES: tuple[Audience, ...] = get_args(Audience)
HOSTILE = (
    "`|@acme/owners #1 GH-2\n\n</details><script>x</script>\n```\n# Evil\n| a | b |\n-->"
    "\u202eevil [x](https://evil.example) www.evil.example ::add-mask::x $x$ <!-- y"
)


class Page(HTMLParser):
    """What GitHub makes of the Markdown: tags, and the text that is outside of any code."""

    def __init__(self, markdown: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.code = ""
        self._open: list[str] = []
        self.feed(cmarkgfm.github_flavored_markdown_to_html(markdown, Options.CMARK_OPT_UNSAFE))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
        if tag not in ("br", "hr", "img", "input"):
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self.tags.append(f"/{tag}")
        assert self._open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        if {"code", "pre"} & set(self._open):
            self.code += data
        else:
            self.text += data

    def handle_comment(self, data: str) -> None:
        self.tags.append("!--")


def comment(result: Result) -> str:
    return render(result, "comment", COMMENT_LIMIT)


def with_text(value: Any, text: str) -> Any:
    """The same, with every untrusted text in it replaced."""
    if isinstance(value, str):
        return text if value else value
    if isinstance(value, (list, tuple)):
        return type(value)(with_text(each, text) for each in value)
    if is_dataclass(value) and not isinstance(value, type):
        # Ours: the words that choose what is said, and addresses made from the event and the login.
        ours = {"mode", "change", "level", "repository_url", "workflow_run_url", "url"}
        ours |= {"model_url", "run_url", "kind"}
        return replace(
            value,
            **{
                field.name: with_text(getattr(value, field.name), text)
                for field in fields(value)
                if field.init and field.name not in ours
            },
        )
    return value


EVERYTHING = replace(
    samples.CHANGED,
    problems=samples.FAILED.problems,
    reported_by="mallory/agents",
    aliases=("champion",),
    published=replace(samples.REGISTERED.published, model_url="https://dbc.example/v/8"),
)


@pytest.mark.parametrize(
    ("result", "headline"),
    [
        (Result(mode="preview", agent="a.py", target="p.a.s"), "✅ `p.a.s` can be registered"),
        (Result(mode="preview", agent="a.py"), "✅ `a.py` can be logged"),
        (samples.FIRST, "✅ `prod.agents.support` would get its first version"),
        (samples.CHANGED, "✅ `prod.agents.support` would get a new version"),
        (samples.SAME, "✅ `prod.agents.support` would not change"),
        (samples.FORK, "✅ `prod.agents.support` can be registered"),
        (samples.REGISTERED, "✅ `prod.agents.support` version 8 is registered"),
        (
            replace(
                samples.REGISTERED, published=replace(samples.REGISTERED.published, reused=True)
            ),
            "✅ `prod.agents.support` version 8 has this agent already",
        ),
        (
            Result(mode="log", agent="a.py", published=Published(logged_model_uri="models:/m-1")),
            "✅ `a.py` is logged",
        ),
        (Result(skipped="the pull request is closed"), "Nothing to do: the pull request is closed"),
        (Result(problems=(Problem("x"),)), "❌ The job failed"),
        (Result(skipped="the tag was deleted", problems=(Problem("x"),)), "❌ The job failed"),
        (samples.FAILED, "❌ `prod.agents.support` can't be registered like this"),
        (
            Result(mode="register", target="p.a.s", problems=(Problem("x"),)),
            "❌ `p.a.s` was not registered",
        ),
        (
            samples.PROMOTED,
            "✅ `prod.agents.support` version 8 is promoted from `models:/dev.agents.support/31`",
        ),
        (samples.ROLLED_BACK, "✅ `prod.agents.support` version 6 is `champion` now"),
        (
            replace(
                samples.ROLLED_BACK, published=replace(samples.ROLLED_BACK.published, moved={})
            ),
            "✅ `prod.agents.support` version 6 is promoted already",
        ),
        (
            Result(mode="promote", target="p.a.s", problems=(Problem("x"),)),
            "❌ `p.a.s` was not promoted",
        ),
        (
            replace(samples.REGISTERED, problems=(Problem("an alias was refused"),)),
            "❌ The job failed, but `prod.agents.support` version 8 is READY",
        ),
    ],
)
def test_begins_with_what_happened(result: Result, headline: str) -> None:
    for audience in AUDIENCES:
        assert render(result, audience, COMMENT_LIMIT).startswith(f"## {headline}\n")
    assert plain(result).splitlines()[0] == headline.replace("`", "")


def test_a_result_with_nothing_in_it_can_be_rendered() -> None:
    for audience in AUDIENCES:
        rendered = render(Result(), audience, COMMENT_LIMIT)
        assert "None" not in rendered
        assert "|" not in rendered


def test_says_what_changes() -> None:
    rendered = comment(samples.CHANGED)

    for line in (
        "| ➕ added | `prod.agents.handbook_index` | vector search index | the agent | ⚠️ wider |",
        "| ➖ removed | `5f1a2b3c4d5e6f70` | SQL warehouse | the agent |  |",
        "| ➕ added | `dashboards.genie` | scope of the user's token | the user | ⚠️ wider |",
        "| `langgraph` | `0.6.11` | `1.1.2` | ⚠️ major |",
        "| `tiktoken` |  | `0.12.0` |  |",
        "| `retriever.k` | `4` | `8` |",
        "| ✏️ changed | `faq` | 48.2 kB | 51.9 kB |",
        "- `code/tools/legacy_search.py` removed **−41**",
        "- the output `sources` is new",
        '+        self.sales = GenieAgent("01f0a7c24be51f6b9d3e8a40c7d21b95")',
    ):
        assert line in rendered.splitlines()
    assert "(`champion`, commit `4c0de1a`): 3 code files, 3 resources, 1 user scope," in rendered
    assert "**Wider access** for `prod.agents.handbook_index`" in rendered
    assert "<b>+3 −1</b>" in rendered


def test_the_notes_of_a_release_tell_what_was_promoted() -> None:
    rendered = render(samples.PROMOTED, "release", COMMENT_LIMIT)

    for line in (
        "| Promoted from | `models:/dev.agents.support/31` |",
        "| Aliases | `champion` (before: version 7) |",
        "| Page | [version 8](<https://dbc-1.cloud.databricks.com/v/8>) |",
        f"| Digest | `{samples.PROMOTED.digest}` |",
        "| `databricks-claude-sonnet-4` | serving endpoint | the agent |",
        "| `langgraph` | `0.6.11` | `1.1.2` | ⚠️ major |",
    ):
        assert line in rendered.splitlines()
    assert "models:/prod.agents.support/8" in rendered
    assert "**Wider access**" in rendered
    assert "Built with" not in rendered


def test_a_breaking_change_is_said_first() -> None:
    breaking = Comparison(
        Baseline("models:/p.a.s/1", "1"),
        signature=(SignatureChange("the input `question` is required now", breaking=True),),
    )

    rendered = comment(replace(samples.FIRST, comparison=breaking))

    warned = rendered.index("> **Breaking for callers**: the input `question` is required now")
    assert warned < rendered.index("Verify")
    assert "Breaking for callers: the input `question`" in plain(
        replace(samples.FIRST, comparison=breaking)
    )


def test_says_only_what_changed() -> None:
    rendered = comment(
        replace(samples.FIRST, comparison=Comparison(Baseline("models:/p.a.s/1", "1")))
    )

    assert "Against version 1: no difference that could be named." in rendered
    assert "###" not in rendered


def test_what_was_not_compared_is_said() -> None:
    rendered = comment(samples.FORK)

    assert "Not compared with what is registered: nobody is logged in at Databricks" in rendered
    assert "Reported by the run of a pull request from `mallory/agents`" in rendered


def test_says_of_every_problem_what_where_and_how_to_mend_it() -> None:
    problem = Problem("`mode`: wrong", "Write\n\n    mode: log", Place("a.py", 3, 4), "Traceback")
    result = Result(
        problems=(problem, Problem("another")),
        commit="abc",
        repository_url="https://github.com/acme/agents",
    )

    rendered = comment(result)

    for part in (
        "### `mode`: wrong",
        "Write\n\n```\nmode: log\n```",
        "[`a.py:3:4`](<https://github.com/acme/agents/blob/abc/a.py#L3>)",
        "Traceback",
        "### another",
    ):
        assert part in rendered


def test_a_place_outside_of_the_repository_is_no_link() -> None:
    result = Result(
        problems=(Problem("x", place=Place("../../evil/x.py", 3)),),
        commit="abc",
        repository_url="https://github.com/acme/agents",
    )

    assert Page(comment(result)).links == []


def test_warnings_come_before_notices() -> None:
    result = replace(
        samples.FIRST, notes=[Note("notice", Problem("b")), Note("warning", Problem("a"))]
    )

    rendered = comment(result)

    assert rendered.index("⚠️ a</summary>") < rendered.index("ℹ️ b</summary>")


@pytest.mark.parametrize("audience", AUDIENCES)
def test_obeys_no_untrusted_text(audience: Audience) -> None:
    def page(text: str) -> Page:
        return Page(render(with_text(EVERYTHING, text), audience, SUMMARY_LIMIT))

    hostile, harmless = page(HOSTILE), page("a\n\nb\nc\nd e")

    for part in ("acme", "script", "add-mask", "GH-2", "evil.example"):
        assert part in HOSTILE
        assert part not in hostile.text
        assert part in hostile.code
    structure = [tag for tag in hostile.tags if tag not in ("code", "/code")]
    assert structure == [tag for tag in harmless.tags if tag not in ("code", "/code")]
    assert set(hostile.links) <= {
        *(link for link in hostile.links if link.startswith("https://github.com/acme/agents/")),
        "https://dbc.example/v/8",
        *page("x").links,
    }
    assert "\u202e" not in hostile.text + hostile.code


@pytest.mark.parametrize("audience", AUDIENCES)
@settings(deadline=None, max_examples=60)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_obeys_nothing_whatever_it_is(audience: Audience, text: str) -> None:
    page = Page(render(with_text(EVERYTHING, f"x{text}"), audience, SUMMARY_LIMIT))

    assert not set(page.tags) & {"script", "img", "h1", "!--", "input", "del", "em"}
    assert not re.search(r"@\w|#\d|GH-\d|www\.|://", page.text)


@pytest.mark.parametrize("audience", AUDIENCES)
@pytest.mark.parametrize("size", [1, 40, 3_000])
@pytest.mark.parametrize("text", ["x" * 1_000_000, "🙂|" * 100_000, "line\n" * 100_000])
def test_never_is_longer_than_github_takes(audience: Audience, size: int, text: str) -> None:
    limit = SUMMARY_LIMIT if audience == "summary" else COMMENT_LIMIT
    result = replace(
        samples.CHANGED,
        agent=text,
        verification=Verification(1, 1, text),
        problems=(Problem(text, text, Place(text, 1), text),) * size,
        notes=[Note("warning", Problem(text, text, None, text))] * size,
        comparison=Comparison(
            Baseline("models:/p.a.s/1", "1", aliases=(text,) * size),
            files=(FileChange(text, "changed", 1, 1, text),) * size,
            signature=(SignatureChange(text, breaking=True),) * size,
        ),
    )

    rendered = render(result, audience, limit)

    assert len(rendered.encode()) <= limit
    assert rendered.startswith("## ❌")
    assert "left out" in rendered or size == 1 or audience == "summary"
    Page(rendered)


def test_what_is_left_out_of_a_comment_is_in_the_summary() -> None:
    result = replace(samples.CHANGED, verification=Verification(1, 1, "🙂" * 60_000))
    huge = [Note("warning", Problem(f"{number}", detail="x" * 3_000)) for number in range(30)]

    rendered = comment(replace(result, notes=huge))

    assert re.search(r"left out: .*the agent's answer", rendered)
    assert "[summary of the run](https://github.com/acme/agents/actions/runs/" in rendered
    assert "### Access" in rendered


def test_the_summary_has_the_packages_and_the_comment_has_not() -> None:
    assert "mlflow==3.17.2" in render(samples.FIRST, "summary", SUMMARY_LIMIT)
    assert "3 packages" not in comment(samples.FIRST)


def test_the_summary_can_be_written(tmp_path: Path) -> None:
    rendered = render(with_text(EVERYTHING, "half a pair: \ud800"), "summary", SUMMARY_LIMIT)

    with StepFiles.opened({"GITHUB_STEP_SUMMARY": str(tmp_path / "summary")}) as files:
        files.write_summary(rendered)

    assert "half a pair" in (tmp_path / "summary").read_text(encoding="utf-8")


def test_a_fingerprint_is_that_of_what_is_said() -> None:
    slower = replace(
        samples.CHANGED,
        stages=[replace(stage, seconds=stage.seconds + 1) for stage in samples.CHANGED.stages],
        workflow_run_url="https://github.com/acme/agents/actions/runs/2",
    )

    assert fingerprint(slower) == fingerprint(samples.CHANGED)
    assert fingerprint(samples.FIRST) != fingerprint(samples.CHANGED)
    assert fingerprint(replace(slower, commit="another")) != fingerprint(slower)


def test_the_graph_shows_what_is_added_and_removed() -> None:
    rendered = comment(samples.CHANGED)

    graph = rendered.split("```mermaid\n")[1].split("\n```")[0].splitlines()
    assert graph[0] == "flowchart LR"
    kinds = [line.rpartition(":::")[2] for line in graph if ":::" in line]
    assert kinds == ["same", "added", "added", "removed"]
    assert [line for line in graph if "-.->" in line and "Genie space" in line]


def test_the_log_ends_with_what_changes() -> None:
    text = plain(samples.CHANGED)

    for line in (
        "Wider access: dashboards.genie",
        "  added  Genie space 01f0a7c24be51f6b9d3e8a40c7d21b95 as the user",
        "  changed  agent.py +3 -1",
        "  langgraph  0.6.11 -> 1.1.2",
        "  retriever.k  4 -> 8",
    ):
        assert line in text.splitlines()
    assert json.dumps(text).count("\\u202e") == 0


def test_the_variables_that_the_endpoint_needs_are_named_without_unfolding() -> None:
    page = Page(render(samples.FIRST, "comment", COMMENT_LIMIT))

    assert "Its endpoint needs 2 environment variables: " in page.text
    assert "{{secrets/scope/key}}" in page.code
    assert "PARTNER_TOKEN, SUPPORT_INDEX" in plain(samples.FIRST)
    assert samples.FIRST.outputs["environment-variables"] == '["PARTNER_TOKEN", "SUPPORT_INDEX"]'


def test_variables_with_defaults_are_not_needed() -> None:
    result = replace(samples.FIRST, variables=[Variable("A", has_default=True)])

    assert "its endpoint can do without" in Page(render(result, "summary", COMMENT_LIMIT)).text
    assert "environment_vars" not in render(result, "summary", COMMENT_LIMIT)
    assert result.outputs["environment-variables"] == "[]"


@pytest.mark.parametrize(("variables", "output"), [(None, ""), ([], "[]")])
def test_without_variables_there_is_no_section(
    variables: list[Variable] | None, output: str
) -> None:
    result = replace(samples.FIRST, variables=variables)

    assert "environment variable" not in render(result, "comment", COMMENT_LIMIT)
    assert result.outputs["environment-variables"] == output
