"""The comparison of an agent with its baseline, as data: what each report shows comes from here."""

from dataclasses import dataclass
from typing import Literal

Change = Literal["added", "removed", "changed"]


@dataclass(frozen=True)
class FileChange:
    """A code file: its place in the model (`agent.py`, `code/tools/search.py`), in lines.

    `diff` is a unified one without its header, shortened; empty for what isn't text.
    """

    path: str
    change: Change
    added_lines: int = 0
    removed_lines: int = 0
    diff: str = ""


@dataclass(frozen=True)
class ArtifactChange:
    """An artifact by its name: sizes in bytes, None where there is none or it isn't known."""

    name: str
    change: Change
    size_before: int | None = None
    size_after: int | None = None


@dataclass(frozen=True)
class ResourceChange:
    """A declared resource; `changed` is one whose access moved between system and user.

    `on_behalf_of_user` is what it is now, or was when it is removed. It `widens` what the agent may
    do by itself or for its users.
    """

    kind: str
    title: str
    name: str
    on_behalf_of_user: bool
    change: Change
    widens: bool


@dataclass(frozen=True)
class ScopeChange:
    """An API scope of the user's token; one that is added widens what the agent may do."""

    name: str
    change: Literal["added", "removed"]


@dataclass(frozen=True)
class RequirementChange:
    """Python, MLflow, a package or an index option: before and after, empty where there is none."""

    name: str
    before: str
    after: str
    is_major: bool = False


@dataclass(frozen=True)
class ConfigChange:
    """A key of the model config (`retriever.k`), its values as JSON; empty where there is none."""

    key: str
    before: str
    after: str


@dataclass(frozen=True)
class PromptChange:
    """A prompt that the agent loads, and the versions of it; empty where it loads none."""

    name: str
    before: str
    after: str


@dataclass(frozen=True)
class SignatureChange:
    """One difference for the agent's callers, as a sentence; `breaking` where it may break them."""

    what: str
    breaking: bool


@dataclass(frozen=True)
class Baseline:
    """The registered version that is compared with."""

    model_uri: str
    version: str
    url: str = ""
    commit: str = ""
    digest: str = ""
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Comparison:
    """What registering the agent would change in the registered model.

    Without a `baseline` nothing is registered yet, unless `not_compared` has a reason.
    """

    baseline: Baseline | None = None
    not_compared: str = ""
    """Why nothing was compared: no credentials, no registry, no target."""
    is_same: bool = False
    """The digests are equal: nothing would change."""
    files: tuple[FileChange, ...] = ()
    artifacts: tuple[ArtifactChange, ...] = ()
    resources: tuple[ResourceChange, ...] = ()
    scopes: tuple[ScopeChange, ...] = ()
    requirements: tuple[RequirementChange, ...] = ()
    config: tuple[ConfigChange, ...] = ()
    prompts: tuple[PromptChange, ...] = ()
    signature: tuple[SignatureChange, ...] = ()
    flavor: tuple[str, str] | None = None
    """From which flavor to which, when it changes."""
    example_changed: bool = False
    not_known: tuple[str, ...] = ()
    """Parts of the baseline that could not be read, and so were not compared."""

    @property
    def changes(self) -> bool:
        """Whether a version would be registered that differs, as far as is known."""
        return not self.is_same and not self.not_compared
