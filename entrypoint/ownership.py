"""Whose files they are: the container runs as root, the workspace belongs to somebody else."""

import os
from pathlib import Path


def hand_over(folder: Path, uid: int, gid: int) -> None:
    """Give a folder and all that is in it to an account. Does nothing unless we are root.

    Links are given, not what they point to: what is there may come from foreign programs.
    """
    if os.getuid() != 0 or folder.is_symlink():
        return
    _give(folder, uid, gid)
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            _give(Path(parent) / name, uid, gid)


def _give(path: Path, uid: int, gid: int) -> None:
    if path.lstat().st_uid != uid:
        os.chown(path, uid, gid, follow_symlinks=False)
