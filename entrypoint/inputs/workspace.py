"""The workspace: the checkout on which the step works, and the only place its inputs may name."""

import os
import stat
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from entrypoint.inputs import git_lfs, path_hints
from entrypoint.runtime import untrusted_file
from entrypoint.runtime.errors import InputFailure, Problem
from entrypoint.runtime.untrusted_file import Bound, Unreadable

# What version control keeps, with the credentials of `actions/checkout` among it, and where people
# and tools keep theirs.
_PRIVATE = (".git", ".hg", ".svn", ".env", ".env.*", ".netrc", ".databrickscfg")
# What makes a folder git's, whatever its name:
# https://git-scm.com/docs/gitrepository-layout
_OF_GIT = ("HEAD", "objects", "refs")


@dataclass(frozen=True)
class Workspace:
    """The checkout's root as this process sees it, and as the runner's host names it.

    In a container action the runner mounts the host's `${{ github.workspace }}` at
    `GITHUB_WORKSPACE`; paths that a workflow made from the expression still carry the host's.
    `is_shared`: untrusted programs, such as the agent, run here under another account.
    """

    root: Path
    host_root: str = ""
    is_shared: bool = False

    def path(self, text: str) -> Path:
        """The path that an input means, symlinks resolved.

        Raises:
            ValueError: it or a link on the way leads out of the workspace or to what is private
                (`.git`, `.env`), or it can't be a path.

        """
        given = self.root / self._without_host(text)
        try:
            path = given.resolve()
            path.is_file()
        except PermissionError as error:
            raise ValueError(f"A folder on the way to `{text}` {untrusted_file.CLOSED}.") from error
        except (OSError, RuntimeError, ValueError) as error:  # too long, a loop of links, a NUL
            raise ValueError(
                f"`{text[:80]}` can't be a path ({error.__class__.__name__})."
            ) from error
        if not self.holds(path):
            raise ValueError(
                f"`{text}` is outside the workspace. "
                + (self._culprit(given) or "Name a path inside the checkout.")
            )
        if private := self.private_part(path):
            raise ValueError(
                f"`{text}` is in `{private}`, which is no part of an agent. "
                + (self._culprit(given) or "Name another path.")
            )
        return path

    def own_folder(self, text: str) -> Path:
        """A folder into which log-agent itself writes, or the place for one.

        Checked whenever it is called: what an input named may be another thing by the time of
        writing.

        Raises:
            ValueError: it is written with backslashes; a part of it is a link or no folder; it is
                the workspace itself, outside of it, or in `.git`; in a shared workspace, everybody
                may write into a part of it.

        """
        if "\\" in text:
            corrected = text.replace("\\", "/")
            raise ValueError(f"`{text}`: paths are written with `/`: `{corrected}`.")
        path = Path(os.path.normpath(self.root / self._without_host(text)))
        if not self.holds(path):
            raise ValueError(f"`{text}` is outside the workspace. Name a path inside the checkout.")
        if path == self.root:
            raise ValueError(f"`{text}` is the workspace itself. Name a folder in it.")
        self._check_not_open_to_all(self.root)
        part = self.root
        for name in path.relative_to(self.root).parts:
            part /= name
            self._check_own(part)
        if private := self.private_part(path):
            raise ValueError(f"`{text}` is in `{private}`. Name a folder of its own.")
        return path

    def file(self, text: str) -> Path:
        """An existing file.

        Raises:
            ValueError: there is none, or it is none that an input may name.

        """
        path = self.path(text)
        if path.is_dir():
            raise ValueError(f"`{text}` is a folder, not a file.")
        if not os.path.lexists(path):
            hint = path_hints.did_you_mean(text, path, self.root)
            raise ValueError(f"`{text}` does not exist.{hint}")
        if not path.is_file():
            kind = untrusted_file.kind(path.lstat().st_mode)
            raise ValueError(f"`{text}` is {kind}, not a file.")
        return path

    def existing(self, text: str) -> Path:
        """An existing file or folder.

        Raises:
            ValueError: there is none, or it is none that an input may name.

        """
        path = self.path(text)
        if not path.is_dir():
            return self.file(text)
        if not os.access(path, os.R_OK | os.X_OK):
            raise ValueError(f"`{text}` {untrusted_file.CLOSED}.")
        return path

    def read(self, path: Path, bound: Bound) -> bytes:
        """The content of a file of the workspace, which was resolved.

        Raises:
            ValueError: it can't be read or is a Git LFS pointer; the text names the file.

        """
        try:
            content = untrusted_file.read(path, bound)
        except FileNotFoundError as error:
            raise ValueError(f"`{self.relative(path)}` does not exist.") from error
        except Unreadable as error:
            said = str(error).rstrip(".")
            raise ValueError(f"`{self.relative(path)}` can't be read: {said}.") from error
        if git_lfs.is_pointer(content):
            raise ValueError(
                f"`{self.relative(path)}` is a Git LFS pointer, not the file. Give"
                " `actions/checkout` the line `lfs: true` under `with:`."
            )
        return content

    def check_for_the_agent(self, file: Path) -> None:
        """See that untrusted programs can read the agent's file, and can't change the checkout.

        Raises:
            InputFailure: they can't, or everybody can.

        """
        if not self.is_shared:
            return
        if self.root.stat().st_mode & stat.S_IWOTH:
            raise InputFailure(
                Problem(
                    "The workspace may be written by everybody, so by the agent too.",
                    "Close it in a step before this one:\n\n    - run: chmod o-w .",
                )
            )
        for path in (file, *file.parents):
            needed = stat.S_IROTH if path == file else stat.S_IXOTH
            if self.holds(path) and not path.stat().st_mode & needed:
                raise InputFailure(
                    Problem(
                        f"`agent-path`: `{self.relative(path)}` is closed to the account of the"
                        " agent.",
                        "Open the checkout in a step before this one:\n\n"
                        "    - run: chmod -R go+rX .",
                    )
                )

    def relative(self, path: Path) -> str:
        """The path as the user would write it."""
        return path.relative_to(self.root).as_posix()

    def holds(self, path: Path) -> bool:
        """Whether the path is in the workspace."""
        return path.is_relative_to(self.root)

    def private_part(self, path: Path) -> str:
        """The part of a path in the workspace that makes it private, as the user would write it.

        A folder of version control, or a file of credentials; empty when there is none.
        """
        part = self.root
        for name in path.relative_to(self.root).parts:
            part /= name
            folded = name.casefold()
            if any(fnmatchcase(folded, pattern) for pattern in _PRIVATE) or is_git_folder(part):
                return self.relative(part)
        return ""

    def _without_host(self, text: str) -> str:
        if self.host_root and (text == self.host_root or text.startswith(f"{self.host_root}/")):
            return text[len(self.host_root) :].lstrip("/") or "."
        return text

    def _culprit(self, given: Path) -> str:
        """The link on a path that leads where it may not, for a sentence; empty without one."""
        at = self.root
        parts = given.parts[len(self.root.parts) :] if self.holds(given) else ()
        for name in parts:
            at = at.parent if name == ".." else at / name
            if not self.holds(at):
                return ""
            if not at.is_symlink():
                continue
            real = at.resolve()
            if not self.holds(real) or self.private_part(real):
                return f"`{self.relative(at)}` is a link to `{at.readlink()}`."
            at = real
        return ""

    def _check_own(self, part: Path) -> None:
        shown = self.relative(part)
        try:
            mode = part.lstat().st_mode
        except FileNotFoundError:
            return
        except (OSError, ValueError) as error:  # too long, a NUL
            raise ValueError(
                f"`{shown[:80]}` can't be a path ({error.__class__.__name__})."
            ) from error
        if stat.S_ISLNK(mode):
            raise ValueError(
                f"`{shown}` is a link (to `{part.readlink()}`), and nothing is written through one."
                " Name a folder that is none."
            )
        if not stat.S_ISDIR(mode):
            raise ValueError(f"`{shown}` is not a folder.")
        self._check_not_open_to_all(part)

    def _check_not_open_to_all(self, folder: Path) -> None:
        """The account of untrusted programs could put a link in the place of what is in there."""
        mode = folder.stat().st_mode
        if self.is_shared and mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            shown = self.relative(folder)
            raise ValueError(
                f"`{shown}` may be written by everybody, so by the agent too. Close it in a step"
                f" before this one: `chmod o-w {shown}`."
            )


def is_git_folder(folder: Path) -> bool:
    """Whether a folder is what git keeps, under whatever name."""
    return all(os.path.lexists(folder / name) for name in _OF_GIT)
