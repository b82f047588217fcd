import pytest

from entrypoint.errors import InputFailure, Place, Problem
from entrypoint.workspace import Workspace
from entrypoint.yaml_file import read_yaml
from tests.unit.conftest import write


def problem_of(workspace: Workspace, content: bytes) -> Problem:
    path = write(workspace, "agents/config.yml", content)
    with pytest.raises(InputFailure) as raised:
        read_yaml("model-config", path, workspace)
    (problem,) = raised.value.problems
    return problem


def test_reads_keys_and_values(workspace: Workspace) -> None:
    path = write(workspace, "config.yml", "prompt: Größe?\ntools: [a, b]\n")

    assert read_yaml("model-config", path, workspace) == {"prompt": "Größe?", "tools": ["a", "b"]}


@pytest.mark.parametrize(
    ("content", "line", "column"),
    [
        (b"a: 1\nb: [1, 2\n", 3, 1),
        (b"a: 1\n\tb: 2\n", 2, 1),
        (b"a: 1\nb: c: d\n", 2, 5),
        (b"a: &x 1\nb: *y\n", 2, 4),
        (b"a: 1\nb: !python/object:os.system x\n", 2, 4),
        (b"a: 1\n---\nb: 2\n", 2, 1),
        (b"a: 1\n? [b]\n: 2\n", 2, 3),
    ],
    ids=["cut", "tab", "nested", "alias", "tag", "two documents", "list for a key"],
)
def test_what_is_not_yaml_is_told_with_its_line_and_column(
    workspace: Workspace, content: bytes, line: int, column: int
) -> None:
    problem = problem_of(workspace, content)

    assert problem.what.startswith("`model-config`: `agents/config.yml` is not YAML: ")
    assert problem.place == Place("agents/config.yml", line, column)


@pytest.mark.parametrize("content", [b"a: \xff\n", b"a: \x00\n"], ids=["not UTF-8", "NUL"])
def test_what_is_not_text_is_told(workspace: Workspace, content: bytes) -> None:
    problem = problem_of(workspace, content)

    assert problem.what.startswith("`model-config`: `agents/config.yml` is not YAML: ")
    assert problem.place == Place("agents/config.yml")


@pytest.mark.parametrize(
    ("content", "kind"),
    [(b"", "nothing"), (b"# a\n", "nothing"), (b"- a\n", "a list"), (b"a\n", "a single value")],
)
def test_other_yaml_is_told_for_what_it_is(workspace: Workspace, content: bytes, kind: str) -> None:
    problem = problem_of(workspace, content)

    assert problem.what == (
        f"`model-config`: `agents/config.yml` holds {kind}, not keys and values."
    )


def test_a_date_that_is_none_is_told(workspace: Workspace) -> None:
    assert problem_of(workspace, b"a: 2024-13-45\n").what.startswith("`model-config`: ")
