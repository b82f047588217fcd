import os
from collections.abc import Callable
from pathlib import Path

import pytest

from entrypoint.inputs.workspace import Workspace
from entrypoint.inputs.yaml_file import read_marked, read_yaml
from entrypoint.runtime.errors import InputFailure, Place, Problem
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


ALIASES = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 20))
MERGED = "".join(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}\n" for n in range(1, 300))
CHAIN = "".join(f"a{n}: &a{n} {{<<: *a{n - 1}}}\n" for n in range(1, 300))


@pytest.mark.parametrize("read", [read_yaml, read_marked])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a0: &a0 [x]\n" + ALIASES, "more than 50000 values"),
        ("a0: &a0 {k: x}\n" + MERGED, "more than 50000 values"),
        ("a0: &a0 {k: x}\n" + CHAIN, "more than 100 levels"),
        ("a: [" + "x," * 60_000 + "]", "more than 50000 values"),
        ("a: " + "[" * 3_000, "more than 100 levels"),
        ("a: " + "{a: " * 3_000, "more than 100 levels"),
        ("".join(" " * n + "a:\n" for n in range(1_000)), "more than 100 levels"),
        ("a: &a [*a]", "stands in itself"),
        ("a: 0x" + "f" * 5_000, "too many digits"),
        ("a: 1" + ":1" * 5_000, "too many digits"),
        ("a: " + "x" * 1_000_000, "larger than 1 MB"),
    ],
    ids=[
        *("aliases", "merged", "chain of merges", "values", "brackets", "braces", "indents"),
        *("itself", "hexadecimal", "base 60", "size"),
    ],
)
def test_what_is_too_much_is_told(
    workspace: Workspace, read: Callable[[str, Path, Workspace], object], content: str, said: str
) -> None:
    path = write(workspace, "config.yml", content)

    with pytest.raises(InputFailure) as raised:
        read("model-config", path, workspace)

    (problem,) = raised.value.problems
    assert problem.what.startswith("`model-config`: `config.yml` can't be read: ")
    assert said in problem.what
    assert problem.place is not None


def test_aliases_and_merges_are_read(workspace: Workspace) -> None:
    path = write(workspace, "c.yml", "a: &a {x: 1}\nb: {<<: *a, y: 2}\nc: [*a, *a]\n")

    assert read_yaml("model-config", path, workspace) == {
        "a": {"x": 1},
        "b": {"x": 1, "y": 2},
        "c": [{"x": 1}, {"x": 1}],
    }


def test_what_has_become_a_pipe_is_told(workspace: Workspace) -> None:
    os.mkfifo(workspace.root / "config.yml")

    with pytest.raises(InputFailure, match="a named pipe"):
        read_yaml("model-config", workspace.root / "config.yml", workspace)
