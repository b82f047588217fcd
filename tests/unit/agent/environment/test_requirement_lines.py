import os
from pathlib import Path

import pytest

from entrypoint.agent.environment.requirement_lines import RequirementLine, read
from entrypoint.agent.environment.requirement_paths import anchored, local_path
from entrypoint.inputs.workspace import Workspace
from entrypoint.runtime.errors import InputFailure, Place, Problem
from tests.unit.conftest import link, write


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("-e .", "."),
        ("--editable=./pkg[extra] ; python_version > '3'", "./pkg"),
        ("./pkg", "./pkg"),
        ("libs/pkg", "libs/pkg"),
        ("pkg[x] @ file:///a%20b/pkg", "/a b/pkg"),
        ("pkg @ ./pkg", "./pkg"),
        ("pkg-1.0-py3-none-any.whl", "pkg-1.0-py3-none-any.whl"),
        ("pkg==1.0; platform_system == 'a/b'", None),
        ("pkg[x]>=1,<2", None),
        ("pkg @ https://host/pkg.whl", None),
        ("-e git+https://host/pkg", None),
        ("git+ssh://git@host/pkg", None),
        ("--extra-index-url https://host/simple", None),
        ("--find-links ./wheels", None),
        ("", None),
    ],
)
def test_local_packages_are_told_by_their_paths(text: str, path: str | None) -> None:
    assert local_path(text) == path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-e .", "-e /work"),
        ("-e ./pkg[x] ; python_version > '3'", "-e /work/pkg[x] ; python_version > '3'"),
        ("pkg @ libs/pkg", "pkg @ /work/libs/pkg"),
        ("/other/pkg", "/other/pkg"),
        ("pkg==1", "pkg==1"),
    ],
)
def test_paths_are_made_absolute(text: str, expected: str) -> None:
    assert anchored(text, Path("/work")) == expected


def lines_of(workspace: Workspace, *files: Path) -> list[RequirementLine]:
    return list(read(files, (), workspace))


def problem_of(workspace: Workspace, *files: Path) -> Problem:
    with pytest.raises(InputFailure) as raised:
        read(files, (), workspace)
    (problem,) = raised.value.problems
    return problem


def test_files_are_read_with_those_they_include(workspace: Workspace) -> None:
    base = write(workspace, "envs/base.txt", "-r ../main.txt\nBase_Tools==1  # why\n")
    main = write(
        workspace, "main.txt", "# head\n-r envs/base.txt\npkg==1 \\\n  --hash=sha256:0\n\nlast\n"
    )

    lines = lines_of(workspace, main)

    assert [(line.file, line.number, line.name) for line in lines] == [
        (base, 2, "base-tools"),
        (main, 3, "pkg"),
        (main, 6, "last"),
    ]
    assert lines[1].text == "pkg==1   --hash=sha256:0"


@pytest.mark.parametrize(
    ("content", "texts"),
    [
        (b"a\rb\r\nc\n", ["a", "b", "c"]),
        ("a\x0b-r x\x0c\x85\u2028-r y".encode(), ["a\x0b-r x\x0c\x85\u2028-r y"]),
        (b"\xef\xbb\xbfa\n", ["a"]),
        ("a\nb".encode("utf-16"), ["a", "b"]),
        (b"  a\t\n", ["a"]),
        (b"a \\\n# why\nb", ["a", "b"]),
        (b"a # why \\\nb", ["a", "b"]),
        (b"a \\ \nb", ["a \\", "b"]),
        (b"a @ https://h/a.whl#sha256=0  # why", ["a @ https://h/a.whl#sha256=0"]),
        (b"a>1, \\\r\n <2", ["a>1,  <2"]),
        (b"a \\", ["a"]),
        (b"-r https://h/x.txt#y", ["-r https://h/x.txt"]),
    ],
)
def test_lines_are_those_that_uv_reads(
    workspace: Workspace, content: bytes, texts: list[str]
) -> None:
    path = write(workspace, "requirements.txt", content)

    assert [line.text for line in lines_of(workspace, path)] == texts


@pytest.mark.parametrize(
    "text",
    [
        "-r in/x.txt",
        "-r=in/x.txt",
        "--requirement  'in/x.txt'",
        "-r\tin/x.txt#y",
        "-r\u00a0in/x.txt",
        "-r \\\n in/x.txt",
    ],
)
def test_includes_are_told_however_they_are_written(workspace: Workspace, text: str) -> None:
    included = write(workspace, "in/x.txt", "six")
    path = write(workspace, "requirements.txt", text)

    assert lines_of(workspace, path) == [RequirementLine(included, 1, "six")]


def test_what_a_constraint_file_includes_are_constraints(workspace: Workspace) -> None:
    both = write(workspace, "both.txt", "six==1")
    limits = write(workspace, "limits.txt", "-r both.txt\n--index-url https://host/simple\n")
    main = write(workspace, "main.txt", "-c limits.txt\n-r both.txt")

    assert lines_of(workspace, main) == [
        RequirementLine(both, 1, "six==1", is_constraint=True),
        RequirementLine(both, 1, "six==1"),
    ]
    assert read((), (limits,), workspace)[0].is_constraint


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("-r /etc/passwd", "outside the workspace"),
        ("-r ../../etc/passwd", "outside the workspace"),
        ("-r file:///etc/passwd", "outside the workspace"),
        ("-r out.txt", "`out.txt` is a link to `/etc/passwd`"),
        ("-c config", "`config` is a link to `.git/config`"),
        ("-r .git/config", "`.git`"),
        ("-r .env", "`.env`"),
        ("-r pipe", "a named pipe"),
        ("-r agents", "a folder"),
        ("-r nope.txt", "does not exist"),
        ("-r pyproject.toml", "Name it in the input `requirements`"),
        ("-r", "Write `-r base.txt`"),
        ("-rbase.txt", "Write `-r base.txt`"),
        ("-r a\0b", "can't be a path"),
    ],
)
def test_an_include_leads_to_a_file_of_the_workspace(
    workspace: Workspace, text: str, said: str
) -> None:
    for name in (".git/config", ".env", "pyproject.toml"):
        write(workspace, name, "token")
    link(workspace, "out.txt", Path("/etc/passwd"))
    link(workspace, "config", Path(".git/config"))
    os.mkfifo(workspace.root / "pipe")
    path = write(workspace, "requirements.txt", f"six\n{text}\n")

    problem = problem_of(workspace, path)

    assert problem.what.startswith("`requirements`: `requirements.txt`, line 2, includes a file: ")
    assert said in problem.what
    assert problem.place == Place("requirements.txt", 2)


def test_what_is_included_again_and_again_is_read_once(workspace: Workspace) -> None:
    for number in range(15):
        write(workspace, f"{number}.txt", f"-r {number + 1}.txt\n" * 2)
    write(workspace, "15.txt", "six")

    assert len(lines_of(workspace, workspace.root / "0.txt")) == 1


@pytest.mark.parametrize("is_deep", [True, False])
def test_too_many_includes(workspace: Workspace, *, is_deep: bool) -> None:
    for number in range(1, 301):
        write(workspace, f"{number}.txt", f"-r {number + 1}.txt" if is_deep else "six")
    includes = "-r 1.txt" if is_deep else "".join(f"-r {each}.txt\n" for each in range(1, 102))
    path = write(workspace, "0.txt", includes)

    with pytest.raises(InputFailure, match="Include fewer"):
        read((path,), (), workspace)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"x" * 10_000_001, "larger than 10 MB"),
        (b"\n" * 200_001, "200,000 lines"),
        (b"six \xe9", "not UTF-8"),
    ],
)
def test_a_file_that_is_no_requirement_file(
    workspace: Workspace, content: bytes, said: str
) -> None:
    assert said in problem_of(workspace, write(workspace, "a.txt", content)).what


def test_files_are_bounded_together(workspace: Workspace) -> None:
    files = [write(workspace, f"{name}.txt", b" " * 6_000_000) for name in "ab"]

    assert "more than 10 MB" in problem_of(workspace, *files).what


def test_of_a_project_only_its_requirements_are_read(workspace: Workspace) -> None:
    write(workspace, "secret.txt", "token --hash=sha256:0")
    path = write(
        workspace,
        "pyproject.toml",
        '[project]\ndescription = """\n-r secret.txt\nevil --hash=sha256:0\n"""\n'
        'dependencies = [\n  "six>=1",  # why\n  "-r secret.txt",\n  "a\\n-r secret.txt",\n'
        "  3,\n]\n",
    )

    assert lines_of(workspace, path) == [RequirementLine(path, 7, "six>=1")]


@pytest.mark.parametrize(
    "text",
    [
        "project = 3",
        "tool = 3",
        "[project]\ndependencies = 3",
        "[[project]]",
        "a = " + "[" * 5_000,
        "a" + ".a" * 400_000 + " = 1",
        '"a"' + '."a"' * 200_000 + " = 1",
        "x = " + "9" * 5_000,
        "\0",
    ],
    ids=range(9),
)
def test_what_is_no_project_is_left_to_uv(workspace: Workspace, text: str) -> None:
    assert lines_of(workspace, write(workspace, "pyproject.toml", text)) == []
