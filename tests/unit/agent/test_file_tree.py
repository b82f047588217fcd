"""What can't be among the files that travel with an agent."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from entrypoint.agent.file_tree import Budget, walk
from tests import tools

WALK = """
import sys
from pathlib import Path
from entrypoint.agent.file_tree import Budget, walk
try:
    list(walk(Path(sys.argv[1]), Budget(1000)))
except ValueError as error:
    print(error)
"""


@pytest.mark.parametrize("name", [b"caf\xe9.txt", b"\xff", b"half\xed\xa0\x80.py"])
@pytest.mark.parametrize("depth", [0, 2])
def test_a_name_that_is_not_utf_8(tmp_path: Path, name: bytes, depth: int) -> None:
    folder = tmp_path.joinpath(*(["folder"] * depth))
    folder.mkdir(parents=True, exist_ok=True)
    file = Path(os.fsdecode(os.fsencode(folder) + b"/" + name))
    file.touch()

    with pytest.raises(ValueError, match="is not UTF-8, so a model can't have it") as refused:
        list(walk(tmp_path if depth else file, Budget(1000)))

    shown = name.decode(errors="backslashreplace")
    assert str(refused.value).startswith(f"the name of `{shown}`")


@pytest.mark.parametrize("closed", ["notes", "notes/a.txt"])
def test_what_is_closed(tmp_path: Path, closed: str) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes/a.txt").touch()
    (tmp_path / closed).chmod(0)
    # To root nothing is closed, unless it is without its capabilities.
    without = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.getuid() == 0 else []
    if without:
        tools.require("setpriv")

    done = subprocess.run(
        [*without, sys.executable, "-c", WALK, str(tmp_path)], check=True, stdout=subprocess.PIPE
    )
    (tmp_path / closed).chmod(0o700)

    name = closed.rpartition("/")[2]
    assert done.stdout.decode().startswith(f"`{name}` is closed to log-agent. Open it in a step")
