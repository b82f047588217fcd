"""The accounts of the container: who the program is, and who the agent is.

GitHub's runner starts a container action as root. Before it reads anything the program becomes the
owner of the workspace, whose are the runner's files too, and keeps only what starts programs under
the agent's account and ends them. Nothing that it then makes needs another owner, and no path that
it follows leads to what root alone may touch. docs/adr/0001-accounts.md
"""

import contextlib
import ctypes
import functools
import os
import pwd
import signal
from pathlib import Path

from entrypoint.runtime.errors import InputFailure, Problem

_NAME = "log-agent"

# https://man7.org/linux/man-pages/man7/capabilities.7.html
_CAP_KILL, _CAP_SETGID, _CAP_SETUID, _CAPABILITIES = 5, 6, 7, 64
_VERSION_3 = 0x20080522
# https://man7.org/linux/man-pages/man2/prctl.2.html
_PR_CAPBSET_DROP, _PR_SET_SECUREBITS, _PR_SET_NO_NEW_PRIVS = 24, 28, 38
# NOROOT: a program that root starts has no capabilities for that. NO_SETUID_FIXUP: they stay when
# the account changes, and end with the next program. Both locked.
_SECUREBITS = 0b1111


@functools.cache
def agents_account() -> pwd.struct_passwd | None:
    """The account for untrusted programs: the container has one, other places don't.

    Another account is what closes this process's memory and environment, `docker.sock` and the
    runner's command files to them.
    """
    if os.getuid() != 0:
        return None
    try:
        return pwd.getpwnam(_NAME)
    except KeyError:
        return None


def become_owner(workspace: Path) -> None:
    """Give up root for good: become the workspace's owner, who may start programs as the account.

    Also a member of the account's group, so that folders can be shared with it. Does nothing where
    there is no such account.

    Raises:
        InputFailure: the workspace belongs to the account itself.

    """
    account = agents_account()
    if account is None:
        return
    owner = workspace.stat()
    if owner.st_uid == account.pw_uid:
        raise InputFailure(
            Problem(
                f"The workspace belongs to `{_NAME}` (uid {account.pw_uid}), under which the agent"
                " runs: it could change what is logged.",
                "Let the runner work under another account.",
            )
        )
    kept = (_CAP_KILL, _CAP_SETGID, _CAP_SETUID)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    for capability in range(_CAPABILITIES):
        if capability not in kept:
            _prctl(_PR_CAPBSET_DROP, capability, may_be_unknown=True)
    _prctl(_PR_SET_SECUREBITS, _SECUREBITS)
    os.setgroups([account.pw_gid])
    os.setresgid(owner.st_gid, owner.st_gid, owner.st_gid)
    os.setresuid(owner.st_uid, owner.st_uid, owner.st_uid)
    _keep_capabilities(*kept)
    _killer()


def end_agents_processes() -> None:
    """Kill every process of the agent's account at once, also those that are just being started."""
    asking, answered = _killer()
    os.write(asking, b"\0")
    os.read(answered, 1)


@functools.cache
def _killer() -> tuple[int, int]:
    """Start the process that kills; a byte is written to the one pipe, and read from the other.

    `kill(-1)` reaches all that the caller may signal. Its real account owns nothing else, and its
    effective one is the agent's: it may signal the agent's processes and no others, and they may
    not signal it. It is started before they are, who may leave no room for one more process.
    https://man7.org/linux/man-pages/man2/kill.2.html
    """
    account = agents_account()
    if account is None:
        raise RuntimeError("there is no account of which processes could be killed")
    asked, asking = os.pipe()
    answered, answering = os.pipe()
    if os.fork():
        os.close(asked)
        os.close(answering)
        return asking, answered
    try:
        os.close(asking)
        nobodys = account.pw_uid + 1
        os.setresuid(nobodys, account.pw_uid, nobodys)
        _keep_capabilities()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        while os.read(asked, 1):
            with contextlib.suppress(ProcessLookupError):
                os.kill(-1, signal.SIGKILL)
            os.write(answering, b"\0")
    finally:
        os._exit(0)


def _prctl(option: int, value: int, *, may_be_unknown: bool = False) -> None:
    if _libc.prctl(option, value, 0, 0, 0) and not may_be_unknown:
        raise OSError(ctypes.get_errno(), f"prctl({option}, {value})")


def _keep_capabilities(*kept: int) -> None:
    """Keep these, for this process alone: a program that it starts has none."""
    bits = sum(1 << capability for capability in kept)
    header = (ctypes.c_uint32 * 2)(_VERSION_3, 0)
    # Effective, permitted and inheritable ones, 32 of each and then the rest.
    sets = (ctypes.c_uint32 * 6)(bits, bits, 0, 0, 0, 0)
    if _libc.capset(header, sets):
        raise OSError(ctypes.get_errno(), "capset")


_libc = ctypes.CDLL(None, use_errno=True)
