"""What publishing has made."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a preview does without MLflow
    from mlflow.entities import LoggedModel
    from mlflow.entities.model_registry import ModelVersion


@dataclass
class Published:
    """What is there by now; filled in as it comes to be, so that a failure still tells."""

    experiment_id: str = ""
    run_id: str = ""
    logged_model_uri: str = ""
    model_name: str = ""
    model_version: str = ""
    reused: bool = False
    """The version was there already, with the same digest."""
    run_url: str = ""
    model_url: str = ""
    promoted_from: str = ""
    """The version of which it is a copy, or which it is."""
    replaces: str = ""
    """The version of the model in whose place it was promoted."""
    moved: dict[str, str] = field(default_factory=dict)
    """The aliases that moved, with the versions that had them; empty where none had."""
    kept: dict[str, str] = field(default_factory=dict)
    """The aliases that were asked for and stay on versions of later commits, with those."""

    def registered(self, name: str, version: "ModelVersion") -> None:
        """Note a version that is READY, of the model with that name."""
        self.model_name, self.model_version = name, str(version.version)

    def unregistered(self) -> None:
        """Forget the version, which was deleted."""
        self.model_name = self.model_version = ""

    def take(self, version: "ModelVersion", model: "LoggedModel") -> None:
        """Take a version that was there already, and the logged model that it was made of."""
        self.reused = True
        self.run_id = str(model.source_run_id or "")
        self.logged_model_uri = model.model_uri
        self.registered(version.name, version)

    @property
    def model_uri(self) -> str:
        """The model version's URI, else the logged model's."""
        if self.model_version:
            return f"models:/{self.model_name}/{self.model_version}"
        return self.logged_model_uri
