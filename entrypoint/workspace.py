"""The workspace: the checkout on which the step works, and the only place its inputs may name."""

import difflib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Workspace:
    """The checkout's root as this process sees it, and as the runner's host names it.

    In a container action the runner mounts the host's `${{ github.workspace }}` at
    `GITHUB_WORKSPACE`; paths that a workflow made from the expression still carry the host's.
    """

    root: Path
    host_root: str = ""

    def path(self, text: str) -> Path:
        """The path that an input means, symlinks resolved.

        Raises:
            ValueError: it leads out of the workspace, or can't be a path.

        """
        if self.host_root and (text == self.host_root or text.startswith(f"{self.host_root}/")):
            text = text[len(self.host_root) :].lstrip("/") or "."
        try:
            path = (self.root / text).resolve()
            path.is_file()
        except (OSError, RuntimeError, ValueError) as error:  # too long, a loop of links, a NUL
            raise ValueError(
                f"`{text[:80]}` can't be a path ({error.__class__.__name__})."
            ) from error
        if not path.is_relative_to(self.root):
            raise ValueError(f"`{text}` is outside the workspace. Name a path inside the checkout.")
        return path

    def folder(self, text: str) -> Path:
        """A folder, or the place for one.

        Raises:
            ValueError: something else is there, or it leads out of the workspace.

        """
        path = self.path(text)
        if path.exists() and not path.is_dir():
            raise ValueError(f"`{text}` is not a folder.")
        return path

    def file(self, text: str) -> Path:
        """An existing file.

        Raises:
            ValueError: there is none, or it leads out of the workspace.

        """
        path = self.path(text)
        if path.is_dir():
            raise ValueError(f"`{text}` is a folder, not a file.")
        if not path.is_file():
            raise ValueError(f"`{text}` does not exist.{self._did_you_mean(path)}")
        return path

    def existing(self, text: str) -> Path:
        """An existing file or folder.

        Raises:
            ValueError: there is none, or it leads out of the workspace.

        """
        path = self.path(text)
        return path if path.is_dir() else self.file(text)

    def relative(self, path: Path) -> str:
        """The path as the user would write it."""
        return path.relative_to(self.root).as_posix()

    def holds(self, path: Path) -> bool:
        """Whether the path is in the workspace."""
        return path.is_relative_to(self.root)

    def _did_you_mean(self, path: Path) -> str:
        if not any(self.root.iterdir()):
            return (
                " The workspace is empty: check the repository out first, with"
                " `- uses: actions/checkout@v7` as a step before this one."
            )
        if not path.parent.is_dir():
            return f" Neither does the folder `{self.relative(path.parent)}`."
        close = difflib.get_close_matches(path.name, [p.name for p in path.parent.iterdir()])
        if not close:
            return ""
        return f" Did you mean `{self.relative(path.parent / close[0])}`?"
