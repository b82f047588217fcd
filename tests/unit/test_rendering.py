import re
from dataclasses import replace
from pathlib import Path

import pytest

from entrypoint.agent.build import Build, Verification
from entrypoint.agent.environment.lock import Lock
from entrypoint.errors import Place, Problem
from entrypoint.github.files import SUMMARY_LIMIT, write_summary
from entrypoint.registry.published import Published
from entrypoint.report import summary as job_summary
from entrypoint.report.result import Result, Stage
from entrypoint.resources.table import Line, Table


def render(result: Result) -> str:
    return job_summary.render(result, SUMMARY_LIMIT)


HOSTILE = "`|@acme\n\n</details><script>x</script>\n```\n# Evil\n| a | b |\n::add-mask::x"
# `Evil` as a heading of its own, or any tag but ours, would be markup that was obeyed.
OURS = re.compile(r"</?(details( open)?|summary|code)>")


def everything(text: str = "text") -> Result:
    """A result in which all that is foreign is `text`."""
    return Result(
        mode="register",
        agent=text,
        target=text,
        commit=text,
        stages=[Stage("Read", 0.04, passed=True), Stage("Build", 61.26, passed=False)],
        lock=Lock((f"--index-url {text}",), (f"mlflow=={text}", "numpy==2.2.0")),
        build=Build(Path("model"), text, text, text),
        verification=Verification(1.5, 2.25, text),
        resources=Table(
            [
                Line("app", "app", text, on_behalf_of_user=False, declared=True, exists="found"),
                Line("table", "table", "", on_behalf_of_user=True, in_code=True, observed=True),
            ],
            text,
        ),
        aliases=(text, text),
        published=Published(text, text, text, text, "7"),
        problems=(Problem(text, text, Place(text, 3, 4), text), Problem(text)),
    )


def markup(markdown: str) -> str:
    """What is left for GitHub to obey: without fenced blocks, code spans and code elements."""
    left, fence = [], ""
    for line in markdown.split("\n"):
        if fence:
            fence = "" if line == fence else fence
        elif opening := re.match(r"`{3,}", line):
            fence = opening[0]
        else:
            left.append(re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)|<code>[^<]*</code>", "", line))
    assert not fence, "a block is not closed"
    return "\n".join(left)


@pytest.mark.parametrize(
    ("result", "headline"),
    [
        (
            Result(mode="preview", agent="a.py", target="p.a.s"),
            "## ✅ `a.py` can be registered",
        ),
        (Result(mode="preview", agent="a.py"), "## ✅ `a.py` can be logged"),
        (
            Result(mode="log", agent="a.py", published=Published(logged_model_uri="models:/m-1")),
            "## ✅ `a.py` is logged",
        ),
        (replace(everything("p.a.s"), problems=()), "## ✅ `p.a.s` version 7"),
        (Result(skipped="the pull request is closed"), "## Nothing to do: `the pull request is"),
        (Result(problems=(Problem("x"),)), "## ❌ The agent was not logged"),
        (
            Result(mode="preview", agent="a.py", problems=(Problem("x"),)),
            "## ❌ `a.py` was not built",
        ),
        (
            Result(mode="register", agent="a.py", problems=(Problem("x"),)),
            "## ❌ `a.py` was not registered",
        ),
    ],
)
def test_begins_with_what_happened(result: Result, headline: str) -> None:
    assert render(result).startswith(headline)


def test_a_result_with_nothing_in_it_can_be_rendered() -> None:
    summary = render(Result())

    assert "None" not in summary
    assert "|" not in summary


def test_says_everything_that_is_known() -> None:
    summary = render(replace(everything("known"), problems=()))

    for line in (
        "✅ Read 0.0 s · ",
        "❌ Build 61.3 s",
        "| Agent | `known` |",
        "| Commit | `known` |",
        "| Built with | `known`, MLflow `known`, Python `known` |",
        "| Run | `known` |",
        "| Logged model | `known` |",
        "| Aliases | `known`, `known` |",
        "| `known` | app | system | ✓ |  |  | found |",
        "| *not known* | table | user |  | ✓ | ✓ |  |",
        "models:/known/7",
        "mlflow==known",
    ):
        assert line in summary.splitlines()
    assert "(2.2 s)" in summary
    assert "2 packages" in summary


def test_says_of_every_problem_what_where_and_how_to_mend_it() -> None:
    problem = Problem("`mode`: wrong", "Write\n\n    mode: log", Place("a.py", 3, 4), "Traceback")

    summary = render(Result(problems=(problem, Problem("another"))))

    for part in (problem.what, problem.fix, "`a.py:3:4`", problem.detail, "### `another`"):
        assert part in summary


def test_an_agent_that_was_not_asked_is_said_to_have_no_answer() -> None:
    summary = render(Result(agent="a.py", verification=Verification(1.0, None, None)))

    assert "built and verified" in summary
    assert "answers" not in summary


@pytest.mark.parametrize("succeeded", [True, False])
def test_obeys_nothing_foreign(*, succeeded: bool) -> None:
    def rendered(text: str) -> str:
        result = everything(text)
        return markup(render(replace(result, problems=()) if succeeded else result))

    left = rendered(HOSTILE)

    for part in ("acme", "script", "Evil", "add-mask"):
        assert part in HOSTILE
        assert part not in left
    assert re.sub(OURS, "", left).count("<") == 0
    assert left == rendered("text"), "the text changes the structure"


@pytest.mark.parametrize("ours", [True, False])
def test_tables_have_as_many_cells_in_every_row(*, ours: bool) -> None:
    rows = [
        line
        for line in markup(render(everything("text" if ours else HOSTILE))).splitlines()
        if "|" in line
    ]

    tables = "\n".join(f"{row.count('|')}" for row in rows)
    assert re.fullmatch(r"(3\n)+(8\n?)+", tables), tables


@pytest.mark.parametrize(
    "problems",
    [(Problem("x" * 1_100_000),), (Problem("x", detail="🙂" * 50_000),) * 6],
    ids=["one long line", "many long blocks"],
)
def test_is_never_longer_than_the_runner_takes(
    tmp_path: Path, problems: tuple[Problem, ...]
) -> None:
    write_summary(render(Result(problems=problems)), str(tmp_path / "summary"))
