"""What a job has published."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from entrypoint.runtime.errors import Problem

if TYPE_CHECKING:  # it takes long to import
    from mlflow.entities import LoggedModel


@dataclass
class Published:
    """What exists in the stores by now; filled in step by step, so that a failure can be reported.

    Versions are numbers as texts; what doesn't exist is empty.
    """

    experiment_id: str = ""
    run_id: str = ""
    logged_model_uri: str = ""
    model_name: str = ""
    model_version: str = ""
    reused: bool = False
    """The version existed already, with the same digest."""
    run_url: str = ""
    model_url: str = ""
    promoted_from: str = ""
    """The URI of the version of which it is a copy, or which it is."""
    replaces: str = ""
    """The version of the model in whose place it was promoted."""
    moved: dict[str, str] = field(default_factory=dict)
    """The aliases that moved, with the versions that had them; empty where none had."""
    kept: dict[str, str] = field(default_factory=dict)
    """The requested aliases that stay on versions of later commits, with those versions."""

    def registered(self, name: str, version: object) -> None:
        """Note a version, by its number, that is READY in the model of that name."""
        self.model_name, self.model_version = name, str(version)

    def unregistered(self) -> None:
        """Forget the version, which was deleted."""
        self.model_name = self.model_version = ""

    def reuse(self, name: str, version: object, run_id: str, logged_model_uri: str) -> None:
        """Note a version that existed already, and the run and logged model that it belongs to."""
        self.reused = True
        self.run_id = run_id
        self.logged_model_uri = logged_model_uri
        self.registered(name, version)

    def belongs_to(self, run_id: str | None, model: "LoggedModel | None") -> None:
        """Note the run and the logged model of the version, as far as they can be read."""
        self.run_id = run_id or ""
        self.experiment_id = str(model.experiment_id) if model else ""
        self.logged_model_uri = model.model_uri if model else ""

    @property
    def model_uri(self) -> str:
        """The model version's URI, else the logged model's."""
        if self.model_version:
            return f"models:/{self.model_name}/{self.model_version}"
        return self.logged_model_uri

    def ready_despite_failure(self, missing: Sequence[str]) -> Problem:
        """That the version is READY though the job failed, and which aliases it doesn't have."""
        ready = f"`{self.model_name}` version {self.model_version} is READY"
        if not missing:
            return Problem(f"{ready}, though the job failed. Run the job again.")
        named = ", ".join(f"`{alias}`" for alias in missing)
        not_set = f"the alias {named} was" if len(missing) == 1 else f"the aliases {named} were"
        return Problem(f"{ready}; {not_set} not set. Run the job again.")
