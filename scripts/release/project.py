"""The files of the project that name its version."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Self

from scripts.release.changelog import UNRELEASED, Changelog
from scripts.release.errors import ReleaseError
from scripts.release.version import Version

FILES = ("CHANGELOG.md", "action.yml", "pyproject.toml", "uv.lock")
# What GitHub builds when somebody uses a commit that is not a release.
_UNRELEASED_IMAGE = "  image: Dockerfile\n"
_PACKAGE_VERSION = {
    "pyproject.toml": r'\[project\]\nname = "log-agent"\nversion = "(.+)"\n',
    "uv.lock": r'\nname = "log-agent"\nversion = "(.+)"\n',
}
_IMAGE = re.compile(r"ghcr\.io/[a-z0-9._/-]+@sha256:[0-9a-f]{64}")


@dataclass(frozen=True)
class Project:
    """The files' texts, by name."""

    files: Mapping[str, str]

    @property
    def changelog(self) -> Changelog:
        """What each version brings."""
        return Changelog(self.files["CHANGELOG.md"])

    @property
    def version(self) -> str:
        """The package's version."""
        return str(tomllib.loads(self.files["pyproject.toml"])["project"]["version"])

    @property
    def locked_version(self) -> str:
        """The package's version, as the lock file has it."""
        packages = tomllib.loads(self.files["uv.lock"])["package"]
        return next(str(each["version"]) for each in packages if each["name"] == "log-agent")

    def disagreements(self, version: Version) -> list[str]:
        """What speaks of another version, or of one that isn't finished."""
        newest = self.changelog.newest
        found = {
            f"pyproject.toml is at {self.version}": self.version == version.package,
            f"uv.lock is at {self.locked_version}": self.locked_version == version.package,
            f"CHANGELOG.md begins with [{newest.version}] - {newest.date}": (
                newest.version == str(version) and newest.date != UNRELEASED
            ),
            "CHANGELOG.md says nothing about it": bool(newest.body),
            "action.yml has no line `image: Dockerfile`": (
                self.files["action.yml"].count(_UNRELEASED_IMAGE) == 1
            ),
        }
        return [what for what, agrees in found.items() if not agrees]

    def check(self, version: Version) -> None:
        """Refuse to release the version from these files unless all of them say so."""
        if found := self.disagreements(version):
            raise ReleaseError(
                "\n- ".join([f"These files are not {version.tag}'s:", *found])
                + f"\nRun `python3 -m scripts.release prepare {version.tag}`, merge, and tag that."
            )

    def prepared(self, version: Version, day: date) -> Self:
        """The files as they should be when the version is tagged."""
        package = version.package
        return self._with(
            {
                "CHANGELOG.md": self.changelog.cut(version, day).text,
                "pyproject.toml": _set(r'(?m)^version = "(.+)"$', self["pyproject.toml"], package),
                "uv.lock": _set(
                    r'\nname = "log-agent"\nversion = "(.+)"', self["uv.lock"], package
                ),
            }
        )

    def released(self, version: Version, image: str) -> Self:
        """The files of the commit that users get: its action runs this image and no other.

        `image` is `ghcr.io/owner/name@sha256:…`; a tag could be moved under the users' feet.
        """
        if not _IMAGE.fullmatch(image):
            raise ReleaseError(f"`{image}` is not an image by its digest.")
        line = f"  image: docker://{image} # {version.tag}\n"
        return self._with({"action.yml": self["action.yml"].replace(_UNRELEASED_IMAGE, line)})

    def __getitem__(self, name: str) -> str:
        """A file's text."""
        return self.files[name]

    def _with(self, changed: Mapping[str, str]) -> Self:
        return type(self)({**self.files, **changed})


def _set(pattern: str, text: str, version: str) -> str:
    """Put the version where the pattern's group is."""
    found = re.search(pattern, text)
    if not found:
        raise ReleaseError(f"No line matches {pattern!r}.")
    return text[: found.start(1)] + version + text[found.end(1) :]
