"""The changelog: one section a version, the newest on top. https://keepachangelog.com/en/1.1.0/."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Self

from scripts.release.errors import ReleaseError
from scripts.release.version import Version

UNRELEASED = "unreleased"
_HEADING = re.compile(r"^## \[(?P<version>[^\]]+)\] - (?P<date>\S+)$", re.MULTILINE)


@dataclass(frozen=True)
class Section:
    """What a version brings; `date` is ISO 8601, or `unreleased`."""

    version: str
    date: str
    body: str


@dataclass(frozen=True)
class Changelog:
    """The file's text."""

    text: str

    @property
    def newest(self) -> Section:
        """The section on top."""
        return self._sections()[0]

    def notes(self, version: Version) -> str:
        """What a release says about itself: its section, without the heading."""
        for section in self._sections():
            if section.version == str(version):
                return section.body
        raise ReleaseError(f"CHANGELOG.md has no section `## [{version}] - <date>`.")

    def cut(self, version: Version, day: date) -> Self:
        """Close the section on top: from now on it is this version's."""
        if self.newest.date != UNRELEASED:
            raise ReleaseError(
                f"CHANGELOG.md has nothing new: above [{self.newest.version}], write"
                f" `## [{version}] - {UNRELEASED}` and what the version brings."
            )
        heading = f"## [{version}] - {day.isoformat()}"
        return type(self)(_HEADING.sub(heading, self.text, count=1))

    def _sections(self) -> list[Section]:
        headings = list(_HEADING.finditer(self.text))
        if not headings:
            raise ReleaseError("CHANGELOG.md has no heading of the form `## [1.2.3] - 2026-01-31`.")
        ends = [heading.start() for heading in headings[1:]] + [len(self.text)]
        return [
            Section(heading["version"], heading["date"], self.text[heading.end() : end].strip())
            for heading, end in zip(headings, ends, strict=True)
        ]
