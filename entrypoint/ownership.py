"""Whose files they are: the container runs as root, the workspace belongs to somebody else."""

import os
from pathlib import Path


def hand_over(folder: Path, uid: int, gid: int) -> None:
    """Give a folder and all that is in it to an account. Does nothing unless we are root.

    Links are given, not what they point to: the folder's content may come from foreign programs.
    """
    if os.getuid() != 0 or not folder.exists() or folder.stat().st_uid == uid:
        return
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            os.chown(Path(parent) / name, uid, gid, follow_symlinks=False)
    os.chown(folder, uid, gid, follow_symlinks=False)  # last: it is what the check above looks at
