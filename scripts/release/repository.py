"""The git repository, and the one that it was cloned from."""

import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.release.errors import ReleaseError

# https://github.com/actions/checkout#push-a-commit-using-the-built-in-token
_NAME = "github-actions[bot]"
_MAIL = "41898282+github-actions[bot]@users.noreply.github.com"
_MAIN = "refs/remotes/origin/main"


@dataclass(frozen=True)
class Tag:
    """Where a tag is: its `target` is a commit, or the object of an annotated tag."""

    target: str
    commit: str


@dataclass(frozen=True)
class Repository:
    """A clone."""

    root: Path

    @property
    def head(self) -> str:
        """The commit that is checked out."""
        return self._git("rev-parse", "HEAD^{commit}")

    def check_is_on_main(self, tag: str) -> None:
        """Refuse the commit that is checked out unless it is on the remote's `main`.

        The clone must have all of that branch: what it knows of the remote is what counts.
        """
        if self._git("rev-list", "--max-count=1", "HEAD", f"^{_MAIN}"):
            raise ReleaseError(
                f"{tag} is at {self.head[:12]}, which is not on `main`: what is released was"
                " reviewed and merged.\nMerge the commit by a pull request. Then take the tag away"
                f" and put it on `main`:\n\n"
                f"    git push --delete origin {tag}\n"
                f"    git fetch origin main && git tag --force {tag} origin/main\n"
                f"    git push origin {tag}"
            )

    def read(self, commit: str, name: str) -> str:
        """A file's text in a commit."""
        return self._git("show", f"{commit}:{name}", strip=False)

    def tags(self, remote: str = "origin") -> dict[str, Tag]:
        """The tags of a remote by name; `.` is the clone itself."""
        listed = self._git("ls-remote", "--tags", remote).splitlines()
        refs = {ref: target for target, ref in (line.split("\t") for line in listed)}
        return {
            ref.removeprefix("refs/tags/"): Tag(target, refs.get(f"{ref}^{{}}", target))
            for ref, target in refs.items()
            if not ref.endswith("^{}")
        }

    def commit(self, parent: str, files: Mapping[str, str], message: str) -> str:
        """Make a commit on top of another, on no branch; the working tree stays as it is.

        It has the parent's dates: made again from the same files, it is the same commit.
        """
        when = self._git("show", "--no-patch", "--format=%cI", parent)
        with tempfile.TemporaryDirectory() as folder:
            index = {"GIT_INDEX_FILE": f"{folder}/index"}
            self._git("read-tree", parent, environ=index)
            for name, text in files.items():
                blob = self._git("hash-object", "-w", "--stdin", given=text)
                entry = f"100644,{blob},{name}"
                self._git("update-index", "--cacheinfo", entry, environ=index)
            tree = self._git("write-tree", environ=index)
        person = {
            f"GIT_{role}_{what}": value
            for role in ("AUTHOR", "COMMITTER")
            for what, value in (("NAME", _NAME), ("EMAIL", _MAIL), ("DATE", when))
        }
        return self._git("commit-tree", tree, "-p", parent, "-m", message, environ=person)

    def move_tags(self, commit: str, moves: Mapping[str, Tag | None]) -> None:
        """Put the remote's tags on a commit: all or none, and only from where they were seen."""
        leases = [
            f"--force-with-lease=refs/tags/{name}:{was.target if was else ''}"
            for name, was in moves.items()
        ]
        refs = [f"{commit}:refs/tags/{name}" for name in moves]
        self._git("push", "--atomic", "--quiet", *leases, "origin", *refs)

    def _git(
        self,
        *arguments: str,
        environ: Mapping[str, str] | None = None,
        given: str = "",
        strip: bool = True,
    ) -> str:
        done = _run(("git", *arguments), self.root, environ or {}, given)
        if done.returncode:
            raise ReleaseError(f"git {arguments[0]}: {done.stderr.strip()}")
        return done.stdout.strip() if strip else done.stdout


def _run(
    argv: Sequence[str], cwd: Path, environ: Mapping[str, str], given: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        argv,
        cwd=cwd,
        env={**os.environ, **environ},
        input=given,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
