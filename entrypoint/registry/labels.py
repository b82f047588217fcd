"""Names, tags, aliases and descriptions of the runs, logged models and versions of a job."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from typing import Self

from entrypoint.inputs.event import Event
from entrypoint.inputs.inputs import Destination
from entrypoint.inputs.model_name import TAG_LIMIT, alias_safe, check_alias, check_tag
from entrypoint.registry.workflow_job import RUN_ID, tags_of
from entrypoint.runtime.errors import InputFailure, Problem

DIGEST = "log_agent_digest"
COMMIT = "git_commit"
# Every commit whose agent has the digest, newest first; `git_commit` is the one that made it.
COMMITS = "git_commits"
# Tags of a job's run, or of its copy of a version: by `JOB` the job finds what it created when an
# answer was lost, by `TARGET` other jobs find what is incomplete of a registered model.
JOB = "log_agent_job"
TARGET = "log_agent_target"
# The workspace's UI shows paths with this prefix, by which MLflow finds no experiment.
_SHOWN_ROOT = re.compile(r"^/Workspace(?=/)")
_PLACEHOLDER = re.compile(r"\{([\w-]+)\}")


@dataclass(frozen=True)
class UserLabels:
    """The aliases and tags of the inputs, with their placeholders filled in."""

    aliases: tuple[str, ...]
    tags: Mapping[str, str]

    @classmethod
    def read(cls, inputs: Destination, event: Event, own: Collection[str]) -> Self:
        """Fill in the inputs; `own` are the keys of log-agent's own tags.

        Raises:
            InputFailure: one that the registry would refuse, all of them at once.

        """
        problems: list[Problem] = []
        aliases = [_checked("aliases", _alias, text, event, problems) for text in inputs.aliases]
        tags = {
            key: _checked("tags", partial(_tag, key), value, event, problems)
            for key, value in inputs.tags
        }
        if ours := sorted(tags.keys() & own):
            problems.append(Problem(f"`tags`: log-agent sets {', '.join(ours)} itself."))
        if len(own) + len(tags) > TAG_LIMIT:
            problems.append(
                Problem(
                    f"`tags`: {len(tags)} are too many: with log-agent's own {len(own)},"
                    f" Unity Catalog allows {TAG_LIMIT}."
                )
            )
        if problems:
            raise InputFailure(*problems)
        return cls(tuple(dict.fromkeys(aliases)), tags)


@dataclass(frozen=True)
class Labels:
    """Labels for the run, the logged model and the model version."""

    experiment: str
    run_name: str
    run_tags: Mapping[str, str]
    logged_model_name: str
    commit: str
    tags: Mapping[str, str]
    aliases: tuple[str, ...]
    description: str

    def with_digest(self, digest: str) -> "Labels":
        """The same labels with the digest, which is known later."""
        return replace(self, tags={**self.tags, DIGEST: digest})

    @classmethod
    def make(cls, inputs: Destination, event: Event, agent: str, checkout_name: str) -> "Labels":
        """The labels of the agent at a path of the checkout, on this event.

        Raises:
            InputFailure: an alias or a tag that the registry would refuse, all of them at once.

        """
        facts = facts_of(event)
        requested = UserLabels.read(inputs, event, {*facts, DIGEST, COMMITS})
        place = event.repository.replace("/", "-") or checkout_name
        # MLflow allows none of / : . % " ' in a logged model's name.
        folder = agent.rpartition("/")[0].rpartition("/")[2] or event.repository.rpartition("/")[2]
        stem = inputs.uc_target.model if inputs.uc_target else folder or checkout_name
        name = re.sub(r"""[/:.%"']""", "-", stem)
        return cls(
            experiment=_SHOWN_ROOT.sub("", inputs.experiment or f"/Shared/{place}"),
            run_name=f"{name} {event.commit[:7]}".strip(),
            run_tags={
                "mlflow.source.name": agent,
                "mlflow.source.type": "JOB" if event.name else "LOCAL",
                **_present({"mlflow.source.git.commit": event.commit}),
                **facts,
                **tags_of(event),
            },
            logged_model_name=name,
            commit=event.commit,
            tags={**facts, **_present({COMMITS: event.commit}), **requested.tags},
            aliases=requested.aliases,
            description=_description(agent, event),
        )


def facts_of(event: Event) -> dict[str, str]:
    """Where the agent comes from: tags, with keys that Unity Catalog allows."""
    return _present(
        {
            COMMIT: event.commit,
            "git_repository": event.repository,
            "git_ref": event.ref,
            "pull_request": event.facts["pr"],
            "release_tag": event.tag,
            RUN_ID: event.run_id,
            "log_agent_version": version("log-agent"),
        }
    )


def _present(texts: Mapping[str, str]) -> dict[str, str]:
    return {key: text for key, text in texts.items() if text}


def _description(agent: str, event: Event) -> str:
    if not event.commit:
        return f"`{agent}`, logged by log-agent."
    agent = agent.replace("`", "'")
    commit = event.commit[:7]
    if event.repository:
        commit = f"[{commit}]({event.server_url}/{event.repository}/commit/{event.commit})"
    run = f" in [this run]({event.run_url})" if event.run_url else ""
    return f"`{agent}` at {commit}, logged by log-agent{run}."


def _checked(
    name: str,
    convert: Callable[[str, Mapping[str, str]], str],
    text: str,
    event: Event,
    problems: list[Problem],
) -> str:
    try:
        return convert(text, event.facts)
    except ValueError as error:
        problems.append(Problem(f"`{name}`: {error}"))
        return ""


def _alias(text: str, facts: Mapping[str, str]) -> str:
    alias = _filled(text, {name: alias_safe(value) for name, value in facts.items()})
    check_alias(alias)
    return alias


def _tag(key: str, text: str, facts: Mapping[str, str]) -> str:
    value = _filled(text, facts)
    check_tag(key, value)
    return value


def _filled(text: str, facts: Mapping[str, str]) -> str:
    def fill(placeholder: re.Match[str]) -> str:
        name = placeholder[1]
        if name not in facts:
            known = ", ".join(f"`{{{fact}}}`" for fact in facts)
            raise ValueError(f"`{text}`: `{{{name}}}` is not known. Known are {known}.")
        if not facts[name]:
            raise ValueError(f"`{text}`: this event has no `{name}`, so `{{{name}}}` is empty.")
        return facts[name]

    return _PLACEHOLDER.sub(fill, text)
