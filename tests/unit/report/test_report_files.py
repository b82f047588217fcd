"""A report in a folder, and what is made of one that a stranger's code has written."""

import json
import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entrypoint.registry.publication_result import Published
from entrypoint.report import report_files
from entrypoint.report.rendering import render
from entrypoint.report.result import Result
from entrypoint.runtime.errors import InputFailure
from tests import samples

COMMENT_LIMIT = 65_000


def unchanged(text: str) -> str:
    return text


def file_with(folder: Path, content: object) -> Path:
    file = folder / "result.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return file


def refused(file: Path) -> str:
    with pytest.raises(InputFailure) as raised:
        report_files.read(file)
    (problem,) = raised.value.problems
    return f"{problem.what} {problem.detail}"


@pytest.mark.parametrize("result", samples.ALL.values(), ids=samples.ALL)
def test_what_is_saved_can_be_read(result: Result, tmp_path: Path) -> None:
    report_files.save(result, tmp_path / "a/report", unchanged)

    (file,) = report_files.found(tmp_path / "a/report", "a/report")
    if result.mode != "preview":
        assert "not the result of a preview" in refused(file)
        return
    read = report_files.read(file)
    assert read.problems == result.problems
    assert read.notes == result.notes
    assert read.resources == result.resources
    assert read.variables == result.variables
    assert read.verification == result.verification
    assert read.stages == result.stages
    assert read.changed == result.changed
    for name in ("summary.md", "comment.md"):
        assert (tmp_path / "a/report" / name).read_text().startswith("## ")


def test_what_only_the_job_can_know_is_left_out(tmp_path: Path) -> None:
    report_files.save(
        replace(
            samples.CHANGED,
            published=replace(samples.REGISTERED.published, model_url="https://evil.example"),
            workflow_run_url="https://evil.example",
            repository_url="https://evil.example",
            comment_url="https://evil.example",
        ),
        tmp_path,
        unchanged,
    )

    read = report_files.read(tmp_path / "result.json")

    assert read.published == Published()
    assert read.comparison
    assert read.comparison.baseline
    assert read.comparison.baseline.version == "7"
    addresses = re.findall("https?://[^/]+", render(read, "comment", COMMENT_LIMIT))
    assert set(addresses) == {"https://docs.databricks.com"}


def test_secrets_are_not_saved(tmp_path: Path) -> None:
    report_files.save(samples.CHANGED, tmp_path, lambda text: text.replace("Monday", "***"))

    for file in tmp_path.iterdir():
        assert "Monday" not in file.read_text()
    assert "***" in (tmp_path / "comment.md").read_text()


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("mine")
    (tmp_path / "report").mkdir()
    (tmp_path / "report/result.json").symlink_to(tmp_path / "elsewhere")

    report_files.save(samples.FIRST, tmp_path / "report", unchanged)

    assert (tmp_path / "elsewhere").read_text() == "mine"
    assert not (tmp_path / "report/result.json").is_symlink()


def test_several_reports_are_found_in_the_folders_below(tmp_path: Path) -> None:
    for name in ("b", "a"):
        report_files.save(samples.FIRST, tmp_path / name, unchanged)
    (tmp_path / "c").symlink_to(tmp_path / "a")

    found = report_files.found(tmp_path, "reports")

    assert [file.parent.name for file in found] == ["a", "b"]


def test_links_are_not_followed_and_pipes_not_read(tmp_path: Path) -> None:
    report_files.save(samples.FIRST, tmp_path / "elsewhere/a", unchanged)
    report = tmp_path / "report"
    for name in ("link", "pipe", "folder"):
        (report / name).mkdir(parents=True)
    (report / "to a folder").symlink_to(tmp_path / "elsewhere/a")
    (report / "above").symlink_to(tmp_path / "elsewhere")
    (report / "link/result.json").symlink_to(tmp_path / "elsewhere/a/result.json")
    os.mkfifo(report / "pipe/result.json")
    (report / "folder/result.json").mkdir()

    found = report_files.found(report, "report")

    assert [file.parent.name for file in found] == ["folder", "link", "pipe"]
    for file in found:
        assert "not the result of a preview" in refused(file)


def test_so_many_folders_are_not_all_looked_at(tmp_path: Path) -> None:
    for number in range(1_100):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "result.json").touch()

    assert len(report_files.found(tmp_path, "report")) == 1_000


def test_no_report_says_how_to_carry_it_over(tmp_path: Path) -> None:
    with pytest.raises(InputFailure) as raised:
        report_files.found(tmp_path, "report")

    (problem,) = raised.value.problems
    assert "`report`" in problem.what
    assert "actions/download-artifact" in problem.fix


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "Expecting value"),
        ("[]", "not the result"),
        ("{", "Expecting"),
        ("[" * 100_000, ""),
        ('{"mode": "preview", "stages": [{"name": "x", "seconds": NaN, "passed": true}]}', "NaN"),
        (f'{{"mode": "preview", "digest": {"9" * 5_000}}}', ""),
        ({"mode": "register"}, "not the result of a preview"),
        ({"mode": ["preview"]}, "mode: "),
        ({"mode": "preview", "problems": "x"}, "problems: "),
        ({"mode": "preview", "notes": [{"level": "fatal", "problem": {"what": "x"}}]}, "level"),
        ({"mode": "preview", "comparison": {"files": [{"path": "a", "change": "x"}]}}, "change"),
        ({"mode": "preview", "stages": [{"name": "x", "seconds": 10**400, "passed": True}]}, ""),
    ],
)
def test_what_is_no_report_is_refused(content: object, said: str, tmp_path: Path) -> None:
    assert said in refused(file_with(tmp_path, content))


def test_what_stands_there_is_not_repeated(tmp_path: Path) -> None:
    detail = refused(file_with(tmp_path, {"mode": "preview", "problems": "@acme/owners"}))

    assert "acme" not in detail


def make_link(file: Path) -> None:
    file.symlink_to("/etc/passwd")


def make_pipe(file: Path) -> None:
    os.mkfifo(file)


def make_sparse(file: Path) -> None:
    with file.open("wb") as made:
        made.truncate(100_000_000)


@pytest.mark.parametrize("make", [make_link, make_pipe, make_sparse])
def test_what_is_no_plain_file_is_not_opened(make: Callable[[Path], None], tmp_path: Path) -> None:
    make(tmp_path / "result.json")

    assert "not the result of a preview" in refused(tmp_path / "result.json")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(sorted(samples.CHANGED.as_json())), _JSON)
def test_whatever_is_in_it_is_refused_or_rendered(
    tmp_path_factory: pytest.TempPathFactory, key: str, value: object
) -> None:
    folder = tmp_path_factory.mktemp("report")
    file = file_with(folder, {**samples.CHANGED.as_json(), key: value})

    try:
        result = report_files.read(file)
    except InputFailure:
        return
    assert render(result, "comment", COMMENT_LIMIT).startswith("## ")
