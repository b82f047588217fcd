from collections.abc import Mapping
from pathlib import Path

import pytest

from doubles.runner import read_outputs
from entrypoint.github.step_files import StepFiles

MIB = 1024 * 1024


def write_outputs(outputs: Mapping[str, str], path: Path) -> None:
    with StepFiles.opened({"GITHUB_OUTPUT": str(path)}) as files:
        files.write_outputs(outputs)


def write_summary(markdown: str, path: Path) -> None:
    with StepFiles.opened({"GITHUB_STEP_SUMMARY": str(path)}) as files:
        files.write_summary(markdown)


def written(path: Path) -> dict[str, str]:
    return read_outputs(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "value",
    [
        "",
        "models:/prod.agents.support/7",
        "two\nlines",
        "ends with a newline\n",
        "\n\n",
        "mode=register",
        "Größe 🙂",
        "x\nEOF\nmodel-uri=evil",
        "x\n\nmode<<EOF\nregister\nEOF",
    ],
)
def test_an_output_arrives_as_it_is(tmp_path: Path, value: str) -> None:
    path = tmp_path / "output"

    write_outputs({"result": value, "mode": "preview"}, path)

    assert written(path) == {"result": value, "mode": "preview"}


def test_a_value_that_repeats_what_was_written_before_begins_no_output(tmp_path: Path) -> None:
    path = tmp_path / "output"
    write_outputs({"mode": "preview"}, path)
    imitation = path.read_text() + "mode<<x\nregister\nx"

    write_outputs({"result": imitation}, path)

    assert written(path) == {"mode": "preview", "result": imitation}


def test_outputs_are_added_to_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "output"
    path.write_text("earlier<<x\nvalue\nx\n")

    write_outputs({"mode": "log"}, path)

    assert written(path) == {"earlier": "value", "mode": "log"}


def test_the_summary_is_added_to_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "summary"

    for part in ("# Größe\r\n", "two\n"):
        write_summary(part, path)

    assert path.read_bytes() == "# Größe\r\ntwo\n".encode()


def test_off_github_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    with StepFiles.opened({}) as files:
        files.write_outputs({"mode": "log"})
        files.write_summary("text")

    assert list(tmp_path.iterdir()) == []


def test_text_that_utf_8_has_no_bytes_for_can_be_written(tmp_path: Path) -> None:
    write_outputs({"result": "\ud800"}, tmp_path / "output")
    write_summary("\ud800", tmp_path / "summary")

    assert set(written(tmp_path / "output")) == {"result"}
