from pathlib import Path

import pytest

from entrypoint.agent.environment.requirement_lines import anchored, local_path, read
from entrypoint.workspace import Workspace
from tests.unit.conftest import write


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


def test_files_are_read_with_those_they_include(workspace: Workspace) -> None:
    base = write(workspace, "envs/base.txt", "-r ../main.txt\nBase_Tools==1  # why\n")
    main = write(
        workspace, "main.txt", "# head\n-r envs/base.txt\npkg==1 \\\n  --hash=sha256:0\n\nlast\n"
    )

    lines = list(read(main))

    assert [(line.file.resolve(), line.number, line.name) for line in lines] == [
        (base, 2, "base-tools"),
        (main, 3, "pkg"),
        (main, 6, "last"),
    ]
    assert "--hash=sha256:0" in lines[1].text
