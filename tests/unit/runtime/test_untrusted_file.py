"""Files in folders into which untrusted programs may write."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from entrypoint.runtime import untrusted_file


def a_link(place: Path) -> None:
    (place.parent / "secret").write_text("ours")
    place.symlink_to(place.parent / "secret")


def a_pipe(place: Path) -> None:
    os.mkfifo(place)


def a_folder(place: Path) -> None:
    place.mkdir()


PLANTED = (a_link, a_pipe, a_folder)


@pytest.mark.parametrize("plant", PLANTED)
def test_what_is_planted_is_not_read(tmp_path: Path, plant: Callable[[Path], None]) -> None:
    plant(tmp_path / "file")

    with pytest.raises(untrusted_file.Unreadable):
        untrusted_file.read_text(tmp_path / "file")
