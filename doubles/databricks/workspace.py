"""A Databricks workspace on loopback."""

import secrets
import traceback
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from doubles.databricks.catalog import Catalog
from doubles.databricks.fault import Faults
from doubles.databricks.files import Files
from doubles.databricks.identity import Identity
from doubles.databricks.inference import Inference
from doubles.databricks.logged_files import LoggedFiles
from doubles.databricks.login import Login
from doubles.databricks.model_files import guard
from doubles.databricks.models import Models
from doubles.databricks.multipart import Multipart
from doubles.databricks.oauth import OAuth
from doubles.databricks.permissions import Permissions
from doubles.databricks.prompts import Prompts
from doubles.databricks.queries import Queries
from doubles.databricks.registry import Registry
from doubles.databricks.request import Answer, Refusal, Request, Violation
from doubles.databricks.resources import Resources
from doubles.databricks.routes import Route, Routes, check
from doubles.databricks.server import Call, Server
from doubles.databricks.serving import Serving
from doubles.databricks.signed import Signed
from doubles.databricks.tracking import Tracking
from doubles.databricks.tree import Tree

USER = "ci@example.com"
_ACCOUNT = "00000000-0000-4000-8000-000000000001"


class Workspace:
    """A strict stand-in of one workspace, with its state in `folder`: a context manager.

    Each part of it can be told what it holds: `login`, `oauth`, `identity`, `resources`, `catalog`,
    `permissions`, `registry`, `prompts`, `files`, `serving`, `inference`, `signed`, `tree`,
    `tracking`, `faults`.
    `violations` is what no Databricks API takes, one text each: a test of a program asserts that
    there are none.
    """

    def __init__(self, folder: Path, port: int = 0) -> None:
        self.id = str(secrets.randbelow(10**16))
        self.violations: list[str] = []
        self.login = Login()
        self.token = self.login.token(USER)
        self.identity = Identity(lambda: self.host)
        self.oauth = OAuth(
            self.login,
            self.identity,
            lambda: self.host,
            {"workspace_id": self.id, "account_id": _ACCOUNT},
        )
        self.resources = Resources()
        self.catalog = Catalog()
        self.permissions = Permissions(self.catalog)
        models = Models(self.catalog, self.resources)
        self.signed = Signed(lambda: self.host)
        self.files = Files(folder / "files", self.signed, guard(models))
        self.registry = Registry(models, self.files)
        self.prompts = Prompts()
        self.inference = Inference(self.resources)
        self.serving = Serving(self.resources, models)
        self.tree = Tree(f"/Users/{USER}")
        self.tracking = Tracking(folder, self.tree)
        self._server = Server(port, self._answer, self.login.revoke_of)
        parts = (
            self.identity,
            self.oauth,
            self.serving,
            self.resources,
            self.inference,
            Queries(self.resources),
            self.catalog,
            self.permissions,
            self.registry,
            self.prompts,
            self.files,
            Multipart(folder / "parts", self.files, self.signed),
            self.signed,
            LoggedFiles(self.tracking, self.files, self.signed),
            self.tree,
            self.tracking,
        )
        self._routes = Routes(
            [
                Route("GET", "/api/2.0/preview/scim/v2/Me", self._me),
                *(route for part in parts for route in part.routes()),
            ]
        )

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.stop()
        self.tracking.close()

    @property
    def host(self) -> str:
        return self._server.address

    @property
    def env(self) -> dict[str, str]:
        """The variables with which the SDK logs in by token."""
        return {"DATABRICKS_HOST": self.host, "DATABRICKS_TOKEN": self.token}

    def github_oidc(self, client_id: str) -> dict[str, str]:
        """The variables with which a job on GitHub logs in as a service principal."""
        return {
            "DATABRICKS_HOST": self.host,
            "DATABRICKS_AUTH_TYPE": "github-oidc",
            "DATABRICKS_CLIENT_ID": client_id,
            **self.identity.env,
        }

    @property
    def calls(self) -> list[Call]:
        """Every request so far, in the order of arrival."""
        return list(self._server.calls)

    @property
    def writes(self) -> list[Call]:
        """Those that were to change something, whether they did or not."""
        return [call for call in self.calls if call.writes]

    @property
    def most_at_once(self) -> int:
        """The most requests that were in flight at one time."""
        return self._server.most_at_once

    @property
    def faults(self) -> Faults:
        return self._server.faults

    @property
    def latency(self) -> float:
        """Seconds that every answer takes at least."""
        return self._server.latency

    @latency.setter
    def latency(self, seconds: float) -> None:
        self._server.latency = seconds

    def _answer(self, request: Request, call: Call) -> Answer:
        try:
            answer = self._act(request, call)
        except Violation as violation:
            self.violations.append(str(violation))
            answer = violation.answer
        except Refusal as refusal:
            answer = refusal.answer
        except Exception:  # noqa: BLE001 - the double's own mistake is no answer of a workspace
            self.violations.append(traceback.format_exc())
            answer = Answer({"error_code": "INTERNAL_ERROR", "message": "see violations"}, 500)
        headers = {"x-databricks-org-id": self.id, "Server": "databricks", **answer.headers}
        return Answer(answer.content, answer.status, headers)

    def _act(self, request: Request, call: Call) -> Answer:
        route, request = self._routes.find(request)
        call.writes = route.writes
        if not route.public:
            request = replace(request, principal=self.login.principal(request.headers))
            call.principal = request.principal.name
        check(route, request)
        return route.handle(request)

    def _me(self, request: Request) -> Answer:
        return Answer({"id": "1", "userName": request.principal.name, "active": True})
