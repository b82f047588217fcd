"""What a release does with the repository, and what is told of it beforehand."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from textwrap import indent

from scripts.release.errors import ReleaseError
from scripts.release.project import FILES, Project
from scripts.release.repository import Repository, Tag
from scripts.release.version import Version


@dataclass(frozen=True)
class Plan:
    """A version's release from the commit that is checked out, with an image by its digest."""

    repository: Repository
    version: Version
    image: str

    @cached_property
    def head(self) -> str:
        """The commit that a maintainer has tagged."""
        return self.repository.head

    @cached_property
    def project(self) -> Project:
        """The commit's files."""
        return Project({name: self.repository.read(self.head, name) for name in FILES})

    def carry_out(self) -> str:
        """Make the release's commit, put the tags on it, and return it.

        A second time it changes nothing: the same image gives the same commit.
        """
        self.project.check(self.version)
        tags = self.repository.tags()
        action = self.project.released(self.version, self.image)["action.yml"]
        message = f"Release {self.version.tag}\n\n{self.image}"
        commit = self.repository.commit(self.head, {"action.yml": action}, message)
        tagged = tags.get(self.version.tag)
        if not tagged or tagged.commit not in (self.head, commit):
            raise ReleaseError(
                f"On GitHub {self.version.tag} is at {_place(tagged)}, not at {_short(self.head)}."
                " A version is released once, from the commit that was tagged: take the next one."
            )
        self.repository.move_tags(commit, self._moves(tags))
        return commit

    def told(self, day: date) -> str:
        """The whole release as a person reads it, by the clone's own tags: nobody is asked."""
        version, project = self.version, self.project
        preparation = "nothing: the commit is ready"
        if reasons := project.disagreements(version):
            prepared = project.prepared(version, day)
            preparation = "\n".join([*reasons, *_changes(project, prepared)])
            project = prepared
        name = self.image.partition("@")[0]
        # By then a maintainer has put the version's own tag on the commit.
        moves = {**self._moves(self.repository.tags(".")), version.tag: Tag(self.head, self.head)}
        steps = {
            f"python3 -m scripts.release prepare {version.tag}": preparation,
            f"git tag {version.tag} && git push origin {version.tag}": (
                "starts .github/workflows/release.yml, whose jobs are:"
            ),
            "check": f"the tag is on main, and the files agree on {version}",
            "test": "all checks and tests (.ci/run)",
            "build": f"{name}-staging, on linux/amd64 and on linux/arm64, with SBOM and provenance",
            "image": f"{name}-staging:{version}, both in one",
            "accept": "the container's tests on that very image, on both",
            "sign": "\n".join(
                [
                    "waits for the approval of the environment `release`",
                    f"{name}:{version}, the same image; SBOM and provenance signed (Sigstore)",
                ]
            ),
            "release": "\n".join(
                [
                    f"a commit on {_short(self.head)}, on no branch:",
                    *_changes(project, project.released(version, self.image)),
                    *(f"tag {tag}: {_place(was)} -> that commit" for tag, was in moves.items()),
                    f"{'pre-release' if version.is_candidate else 'release'} on GitHub, its notes:",
                    indent(project.changelog.notes(version), "| ", lambda _: True),
                ]
            ),
        }
        told = [f"{title}\n{indent(text, '    ')}" for title, text in steps.items()]
        return "\n\n".join([f"Release of {version.tag}", *told])

    def _moves(self, tags: Mapping[str, Tag]) -> dict[str, Tag | None]:
        """The tags that go to the release's commit, each with where it is now."""
        names = [self.version.tag, *self.version.followers(set(tags))]
        return {name: tags.get(name) for name in names}


def _changes(before: Project, after: Project) -> list[str]:
    """The changed lines, each file's under its name."""
    told: list[str] = []
    for name in FILES:
        lines = difflib.unified_diff(
            before[name].splitlines(), after[name].splitlines(), n=0, lineterm=""
        )
        changed = [line for line in list(lines)[2:] if not line.startswith("@@")]
        told += [name, *changed] if changed else []
    return told


def _place(tag: Tag | None) -> str:
    return _short(tag.commit) if tag else "nowhere"


def _short(commit: str) -> str:
    return commit[:12]
