"""What publishing has made."""

from dataclasses import dataclass


@dataclass
class Published:
    """What is there by now; filled in as it comes to be, so that a failure still tells."""

    experiment_id: str = ""
    run_id: str = ""
    logged_model_uri: str = ""
    model_name: str = ""
    model_version: str = ""

    @property
    def model_uri(self) -> str:
        """The model version's URI, else the logged model's."""
        if self.model_version:
            return f"models:/{self.model_name}/{self.model_version}"
        return self.logged_model_uri
