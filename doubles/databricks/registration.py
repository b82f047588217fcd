"""What comes of a version that was finalized: READY at once, unless a test says otherwise."""

from dataclasses import dataclass

from mlflow.protos.databricks_uc_registry_messages_pb2 import (
    PENDING_REGISTRATION,
    ModelVersion,
    ModelVersionStatus,
)


@dataclass(frozen=True)
class Ending:
    """The status in which a version ends, with a message, after so many looks at it.

    Until then it is PENDING_REGISTRATION.
    """

    status: str = "READY"
    looks: float = 0
    message: str = ""


class Registrations:
    """The versions that were finalized; `ending` is that of the next one."""

    def __init__(self) -> None:
        self.ending = Ending()
        self._under_way: dict[tuple[str, str], tuple[Ending, float]] = {}

    def begin(self, version: ModelVersion) -> None:
        """Finalize a version."""
        self._go_on(version, self.ending, self.ending.looks)

    def look(self, version: ModelVersion) -> None:
        """Count a look at a version, if it was finalized and hasn't ended yet."""
        under_way = self._under_way.pop((version.name, version.version), None)
        if under_way and version.status == PENDING_REGISTRATION:
            ending, left = under_way
            self._go_on(version, ending, left - 1)

    def _go_on(self, version: ModelVersion, ending: Ending, left: float) -> None:
        if left > 0:
            self._under_way[version.name, version.version] = ending, left
        else:
            version.status = ModelVersionStatus.Value(ending.status)
            version.status_message = ending.message
