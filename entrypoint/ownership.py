"""Whose files they are: the container runs as root, the workspace belongs to somebody else."""

import os
from pathlib import Path


def hand_over(folder: Path, uid: int, gid: int) -> None:
    """Give a folder and all that is in it to an account. Does nothing unless we are root.

    Links are given, not what they point to: what is there may come from foreign programs.
    """
    if os.getuid() != 0 or folder.is_symlink():
        return
    if folder.lstat().st_uid != uid:
        os.chown(folder, uid, gid)
    # Texts and not paths: a cache holds tens of thousands of files.
    folders = [str(folder)]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.stat(follow_symlinks=False).st_uid != uid:
                    os.chown(entry.path, uid, gid, follow_symlinks=False)
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
