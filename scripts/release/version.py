"""A version, as each of the places that name it writes it."""

import re
from dataclasses import dataclass
from typing import Self

from scripts.release.errors import ReleaseError

_NUMBER = r"(0|[1-9]\d*)"
_TAG = re.compile(rf"v{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-rc\.{_NUMBER})?")


@dataclass(frozen=True)
class Version:
    """`numbers` are major, minor and patch; `candidate` is the n of a release candidate."""

    numbers: tuple[int, int, int]
    candidate: int | None = None

    @classmethod
    def of_tag(cls, tag: str) -> Self:
        """Read `v1.2.3` or `v1.2.3-rc.1`; refuse everything else."""
        found = _TAG.fullmatch(tag)
        if not found:
            raise ReleaseError(f"`{tag}` is not a version: write v1.2.3, or v1.2.3-rc.1.")
        major, minor, patch, candidate = found.groups()
        numbers = (int(major), int(minor), int(patch))
        return cls(numbers, int(candidate) if candidate else None)

    def __str__(self) -> str:
        """Semantic Versioning's way: the changelog's and the image's."""
        numbers = ".".join(map(str, self.numbers))
        return numbers if self.candidate is None else f"{numbers}-rc.{self.candidate}"

    @property
    def tag(self) -> str:
        """The tag of this version, and of no other."""
        return f"v{self}"

    @property
    def package(self) -> str:
        """Python's way: https://peps.python.org/pep-0440/."""
        return str(self).replace("-rc.", "rc")

    @property
    def is_candidate(self) -> bool:
        """Whether this is a release candidate: a pre-release, as GitHub calls it."""
        return self.candidate is not None

    def followers(self, tags: set[str]) -> list[str]:
        """The tags that go with the newest of their versions, if that is this one.

        A release candidate moves none, and a fix to an older version not the newer one's.
        """
        if self.is_candidate:
            return []
        released = {version.numbers for version in map(_stable, tags) if version} | {self.numbers}
        return [
            "v" + ".".join(map(str, series))
            for series in (self.numbers[:2], self.numbers[:1])
            if self.numbers == max(each for each in released if each[: len(series)] == series)
        ]


def _stable(tag: str) -> Version | None:
    found = Version.of_tag(tag) if _TAG.fullmatch(tag) else None
    return None if found is None or found.is_candidate else found
