"""What can't be among the files that travel with an agent."""

import os
from pathlib import Path

import pytest

from entrypoint.agent.file_tree import Budget, walk


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
