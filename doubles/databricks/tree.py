"""The workspace's folders and what is in them."""

from collections.abc import Iterator
from pathlib import PurePosixPath

from doubles.databricks.request import Answer, Refusal, Request, bad_value, missing
from doubles.databricks.routes import Route

_CREATED = 1_760_000_000_000


class Tree:
    """Each path with its type, as the Workspace API calls it; a folder brings those above it."""

    def __init__(self, *folders: str) -> None:
        self.folders = {"/Shared", "/Users", *folders}
        self.notebooks: set[str] = set()
        self.experiments: set[str] = set()

    def kind(self, path: str) -> str | None:
        """What is there: `/Workspace` is another name for the top."""
        path = path.removeprefix("/Workspace").rstrip("/")
        above = {str(each) for folder in self.folders for each in PurePosixPath(folder).parents}
        if not path or path in self.folders or path in above:
            return "DIRECTORY"
        if path in self.notebooks:
            return "NOTEBOOK"
        return "MLFLOW_EXPERIMENT" if path in self.experiments else None

    def check_new(self, path: str) -> None:
        """See whether an experiment can be made.

        Raises:
            Refusal: it can't.

        """
        if not path.startswith("/"):
            raise bad_value(
                f"Got an invalid experiment name '{path}'. An experiment name must be an absolute"
                " path within the Databricks workspace, e.g."
                " '/Users/<some-username>/my-experiment'."
            )
        folder, _, name = path.rpartition("/")
        if folder not in self.folders:
            raise missing(f"Parent directory {folder} does not exist.")
        if self.kind(path) in ("DIRECTORY", "NOTEBOOK"):
            raise Refusal(400, "RESOURCE_ALREADY_EXISTS", f"Node named '{name}' already exists")

    def routes(self) -> Iterator[Route]:
        yield Route("GET", "/api/2.0/workspace/get-status", self._status, query=frozenset({"path"}))

    def _status(self, request: Request) -> Answer:
        path = request.query.get("path", "")
        if not path.startswith("/"):
            raise bad_value(f"Path ({path}) doesn't start with '/'")
        kind = self.kind(path)
        if kind is None:
            raise missing(f"Path ({path}) doesn't exist.")
        status = {"path": path, "object_type": kind, "object_id": abs(hash(path))}
        if kind == "NOTEBOOK":
            status |= {"language": "PYTHON", "created_at": _CREATED}
        return Answer(status)
