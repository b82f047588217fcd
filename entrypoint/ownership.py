"""Whose files they are: the container runs as root, the workspace belongs to somebody else."""

import os
import pwd
from pathlib import Path

_ACCOUNT = "log-agent"


def account() -> pwd.struct_passwd | None:
    """The unprivileged account for foreign programs: the container has one, other places don't.

    Another uid is what closes `/proc/1/environ`, `docker.sock` and the runner's command files.
    """
    if os.getuid() != 0:
        return None
    try:
        return pwd.getpwnam(_ACCOUNT)
    except KeyError:
        return None


def give_back(folder: Path, root: Path) -> None:
    """Give a folder that was made in the workspace `root` to the workspace's owner.

    From the topmost one on, which may have been made for it. Does nothing where it isn't.
    """
    topmost = root.joinpath(*folder.relative_to(root).parts[:1])
    owner = root.stat()
    is_theirs = owner.st_uid == os.getuid() and not account()
    if topmost.exists() and not is_theirs:
        hand_over(topmost, owner.st_uid, owner.st_gid)


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
