"""The tags, aliases and description of a promoted version."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import quote
from uuid import uuid4

from entrypoint.inputs.event import Event
from entrypoint.inputs.inputs import Destination
from entrypoint.inputs.model_name import TAG_LIMIT
from entrypoint.registry.labels import COMMITS, DIGEST, JOB, UserLabels, facts_of
from entrypoint.registry.workflow_job import TAGS as OF_WORKFLOW_JOB
from entrypoint.registry.workflow_job import tags_of
from entrypoint.runtime.errors import InputFailure, Problem

PROMOTED_FROM = "promoted_from"
# The version that had the first alias before.
REPLACES = "replaces_version"
# The facts about the job; the other facts are about the agent's origin.
_JOB_FACTS = ("release_tag", "log_agent_version")
_OWN = (DIGEST, COMMITS, PROMOTED_FROM, REPLACES, JOB)


@dataclass(frozen=True)
class ReleaseLabels:
    """Labels of a promotion: `of_job` are its own tags, `requested` the user's labels.

    `note` ends the description. By `job_id` the job finds its own copies.
    """

    job_id: str
    of_job: Mapping[str, str]
    requested: UserLabels
    note: str

    @classmethod
    def make(cls, inputs: Destination, event: Event) -> Self:
        """The labels of what is promoted on this event.

        Raises:
            InputFailure: an alias or a tag that the registry would refuse, all of them at once.

        """
        facts = facts_of(event)
        return cls(
            job_id=uuid4().hex,
            of_job={key: facts[key] for key in _JOB_FACTS if key in facts} | tags_of(event),
            requested=UserLabels.read(inputs, event, {*facts, *OF_WORKFLOW_JOB, *_OWN}),
            note=_note(event),
        )

    def tags(self, known: Mapping[str, str], uri: str, replaces: str) -> dict[str, str]:
        """All tags of the copy of the version `uri`; `known` are that version's.

        Raises:
            InputFailure: they are more than Unity Catalog allows.

        """
        of_another = {REPLACES, *OF_WORKFLOW_JOB}
        tags = {key: value for key, value in known.items() if key not in of_another}
        tags |= {**self.of_job, **self.requested.tags, PROMOTED_FROM: uri, JOB: self.job_id}
        if replaces:
            tags[REPLACES] = replaces
        if len(tags) > TAG_LIMIT:
            raise InputFailure(
                Problem(
                    f"`tags`: with those of `{uri}` there are {len(tags)};"
                    f" Unity Catalog allows {TAG_LIMIT}."
                )
            )
        return tags

    def description(self, known: str, uri: str) -> str:
        """The description of the copy of the version `uri`; `known` is that version's."""
        return f"{known} Promoted from `{uri}`{self.note}.".strip()


def _note(event: Event) -> str:
    if not event.repository:
        return ""
    page = f"{event.server_url}/{event.repository}/releases/tag/{quote(event.tag)}"
    release = f" for [{event.tag}]({page})" if event.tag else ""
    return release + (f" in [this run]({event.run_url})" if event.run_url else "")
