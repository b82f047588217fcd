"""What a workspace would refuse: the real SDK, against a stand-in of a workspace."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.config import Config
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from doubles.databricks import USER, Fault, Workspace
from doubles.databricks.request import Principal
from entrypoint.databricks import preflight, store_errors
from entrypoint.inputs.model_name import ModelName
from entrypoint.runtime.errors import Problem

MODEL = "prod.agents.support"
EXPERIMENT = "/Shared/acme-agents"
CI = "11111111-2222-4333-8444-555555555555"
UNITY = "/api/2.1/unity-catalog"
MANY = 1000


@dataclass
class Case:
    """What a job would publish, as which principal, in which workspace."""

    workspace: Workspace
    principal: str = CI
    target: str = MODEL
    experiment: str = EXPERIMENT
    sets_aliases: bool = False

    def client(self, token: str = "") -> WorkspaceClient:
        token = token or self.workspace.login.token(self.principal)
        return WorkspaceClient(
            config=Config(host=self.workspace.host, token=token, retry_timeout_seconds=1)
        )

    def problems(self) -> list[Problem]:
        client = self.client()
        before = len(self.workspace.calls)
        problems = preflight.check(
            client,
            ModelName.parse(self.target) if self.target else None,
            self.experiment,
            self.principal,
            sets_aliases=self.sets_aliases,
        )
        assert self.workspace.violations == []
        assert not any(call.writes for call in self.workspace.calls[before:])
        return problems

    def may_write(self) -> bool | None:
        client = self.client()
        before = len(self.workspace.calls)
        may_write = preflight.may_write(client, ModelName.parse(self.target), self.principal)
        assert self.workspace.violations == []
        assert not any(call.writes for call in self.workspace.calls[before:])
        return may_write

    def explain(self, error: MlflowException) -> Problem | None:
        return store_errors.explain(
            error.error_code,
            str(error),
            ModelName.parse(self.target),
            self.experiment,
            self.principal,
        )

    def make_model(self, owner: str = USER) -> None:
        self.workspace.catalog.create("prod.agents", owner)
        client = self.client(self.workspace.login.token(owner))
        path = "/api/2.0/mlflow/unity-catalog/registered-models/create"
        client.api_client.do("POST", path, body={"name": MODEL})

    def make_experiment(self) -> str:
        path = "/api/2.0/mlflow/experiments/create"
        answer = self.client().api_client.do("POST", path, body={"name": self.experiment})
        assert isinstance(answer, dict)
        return str(answer["experiment_id"])

    def requests(self) -> list[str]:
        """What was case, without how the SDK finds its way."""
        return sorted(
            call.path for call in self.workspace.calls if "/.well-known/" not in call.path
        )


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tracking store without an experiment: it takes MLflow a while to make one."""
    folder = tmp_path_factory.mktemp("workspace")
    with Workspace(folder) as workspace:
        Case(workspace, target="").problems()
    return folder / "mlflow.db"


@pytest.fixture
def case(tmp_path: Path, database: Path) -> Iterator[Case]:
    shutil.copy(database, tmp_path)
    with Workspace(tmp_path) as workspace:
        yield Case(workspace)


@pytest.fixture
def allowed(case: Case) -> Case:
    """Everything that the first job needs."""
    case.workspace.catalog.create("prod.agents")
    case.workspace.catalog.grant(CI, "prod", "USE_CATALOG")
    case.workspace.catalog.grant(CI, "prod.agents", "USE_SCHEMA", "CREATE_MODEL")
    return case


@pytest.fixture
def of_another(allowed: Case) -> Case:
    """The model is somebody else's, and may be read."""
    allowed.make_model()
    allowed.workspace.catalog.grant(CI, MODEL, "EXECUTE")
    return allowed


@pytest.fixture
def reader(case: Case) -> Case:
    """The model is somebody else's, and nothing but reading it is allowed."""
    case.make_model()
    case.workspace.catalog.grant(CI, "prod", "USE_CATALOG")
    case.workspace.catalog.grant(CI, "prod.agents", "USE_SCHEMA")
    case.workspace.catalog.grant(CI, MODEL, "EXECUTE")
    return case


def mlflow_of(case: Case, monkeypatch: pytest.MonkeyPatch) -> MlflowClient:
    """The client with which the principal publishes."""
    monkeypatch.setenv("DATABRICKS_HOST", case.workspace.host)
    monkeypatch.setenv("DATABRICKS_TOKEN", case.workspace.login.token(case.principal))
    return MlflowClient("databricks", "databricks-uc")


def test_before_the_first_version_eight_requests_find_nothing(allowed: Case) -> None:
    assert allowed.problems() == []
    assert allowed.requests() == [
        "/api/2.0/mlflow/experiments/get-by-name",
        "/api/2.0/workspace/get-status",
        "/api/2.0/workspace/get-status",
        f"{UNITY}/catalogs/prod",
        f"{UNITY}/effective-permissions/SCHEMA/prod.agents",
        f"{UNITY}/functions/{MODEL}",
        f"{UNITY}/models/{MODEL}",
        f"{UNITY}/schemas/prod.agents",
    ]


def test_later_two_requests_are_enough(allowed: Case) -> None:
    allowed.make_model(CI)
    allowed.make_experiment()
    before = len(allowed.requests())

    assert allowed.problems() == []
    assert len(allowed.requests()) - before == 2


def test_for_somebody_elses_model_there_is_one_more(of_another: Case) -> None:
    of_another.workspace.catalog.grant(CI, MODEL, "ALL_PRIVILEGES")
    of_another.make_experiment()
    before = len(of_another.requests())

    assert of_another.problems() == []
    assert len(of_another.requests()) - before == 3


def test_without_a_target_only_the_experiment_is_looked_up(case: Case) -> None:
    case.target = ""
    case.make_experiment()
    before = len(case.requests())

    assert case.problems() == []
    assert len(case.requests()) - before == 1


def test_a_catalog_is_missing(case: Case) -> None:
    assert case.problems() == [
        Problem(
            "`uc-target`: the catalog `prod` does not exist.",
            "Correct the name, or let a metastore administrator run:\n\n"
            "    CREATE CATALOG prod;\n"
            f"    GRANT USE CATALOG ON CATALOG prod TO `{CI}`;\n"
            "    CREATE SCHEMA prod.agents;\n"
            f"    GRANT USE SCHEMA, CREATE MODEL ON SCHEMA prod.agents TO `{CI}`;",
        )
    ]


def test_a_schema_is_missing(case: Case) -> None:
    case.workspace.catalog.create("prod.other")
    case.workspace.catalog.grant(CI, "prod", "USE_CATALOG")

    assert case.problems() == [
        Problem(
            "`uc-target`: the schema `prod.agents` does not exist.",
            "Correct the name, or let the catalog's owner run:\n\n"
            "    CREATE SCHEMA prod.agents;\n"
            f"    GRANT USE SCHEMA, CREATE MODEL ON SCHEMA prod.agents TO `{CI}`;",
        )
    ]


@pytest.mark.parametrize(
    ("revoked", "level", "lacking", "grant"),
    [
        ("USE_CATALOG", "prod", "USE CATALOG on the catalog `prod`", "USE CATALOG ON CATALOG prod"),
        (
            "USE_SCHEMA",
            "prod.agents",
            "USE SCHEMA on the schema `prod.agents`",
            "USE SCHEMA ON SCHEMA prod.agents",
        ),
        (
            "CREATE_MODEL",
            "prod.agents",
            "CREATE MODEL on the schema `prod.agents`",
            "CREATE MODEL ON SCHEMA prod.agents",
        ),
    ],
)
def test_a_grant_is_missing(
    allowed: Case, revoked: str, level: str, lacking: str, grant: str
) -> None:
    allowed.workspace.catalog.revoke(CI, level, revoked)

    (problem,) = allowed.problems()

    assert problem.what == f"`uc-target`: `{CI}` has no {lacking}."
    assert problem.fix.endswith(f"MANAGE on it, runs:\n\n    GRANT {grant} TO `{CI}`;")


def test_all_grants_are_missing(case: Case) -> None:
    case.workspace.catalog.create("prod.agents")
    case.experiment = "/Shared/team/agents"

    assert [problem.what.partition(": ")[0] for problem in case.problems()] == [
        "`uc-target`",
        "`uc-target`",
        "`experiment`",
    ]
    assert [problem.fix.rpartition("\n")[2].strip() for problem in case.problems()] == [
        f"GRANT USE CATALOG ON CATALOG prod TO `{CI}`;",
        f"GRANT USE SCHEMA, CREATE MODEL ON SCHEMA prod.agents TO `{CI}`;",
        "databricks workspace mkdirs /Shared/team",
    ]


def test_the_names_are_spelt_as_sql_takes_them(case: Case) -> None:
    case.principal = "o`hara@example.com"
    case.target = "prod-eu.agents.support"
    case.workspace.catalog.create("prod-eu.agents")
    case.workspace.catalog.grant(case.principal, "prod-eu.agents", "ALL_PRIVILEGES")

    (problem,) = case.problems()

    assert problem.fix.endswith("GRANT USE CATALOG ON CATALOG `prod-eu` TO `o``hara@example.com`;")


@pytest.mark.parametrize(
    ("level", "privilege"),
    [
        ("prod", "ALL_PRIVILEGES"),
        ("prod.agents", "ALL_PRIVILEGES"),
        ("prod", "CREATE_MODEL"),
        # https://docs.databricks.com/api/uc-registered-models/v1/create-registered-model
        ("prod.agents", "CREATE_FUNCTION"),
    ],
)
def test_other_grants_do_as_well(allowed: Case, level: str, privilege: str) -> None:
    allowed.workspace.catalog.revoke(CI, "prod.agents", "CREATE_MODEL")
    allowed.workspace.catalog.grant(CI, level, privilege)

    assert allowed.problems() == []


@pytest.mark.parametrize("through_groups", [True, False])
def test_what_a_group_has_is_enough(case: Case, *, through_groups: bool) -> None:
    """Also where the service doesn't tell of groups: then the list is too short to be true."""
    case.workspace.catalog.create("prod.agents", "ml-team")
    case.workspace.catalog.join("ml-team", CI)
    case.workspace.permissions.through_groups = through_groups

    assert case.problems() == []


def test_a_group_may_lack_something(case: Case) -> None:
    case.workspace.catalog.create("prod.agents")
    case.workspace.catalog.grant("ml-team", "prod", "USE_CATALOG", "USE_SCHEMA")
    case.workspace.catalog.join("ml-team", CI)

    (problem,) = case.problems()

    assert "has no CREATE MODEL on the schema" in problem.what


@pytest.mark.parametrize("owner", [CI, "platform-team"])
def test_a_schema_of_ones_own_needs_no_grant(allowed: Case, owner: str) -> None:
    """And nobody can say for certain who is in a group."""
    allowed.workspace.catalog.revoke(CI, "prod.agents", "CREATE_MODEL")
    allowed.workspace.catalog.own("prod.agents", Principal(owner))

    assert allowed.problems() == []


def test_the_list_of_privileges_has_pages(allowed: Case) -> None:
    allowed.workspace.permissions.empty_pages = 2
    allowed.workspace.catalog.revoke(CI, "prod.agents", "CREATE_MODEL")

    assert len(allowed.problems()) == 1


@pytest.mark.parametrize(
    ("granted", "sets_aliases", "lacking"),
    [
        ((), False, "CREATE MODEL VERSION"),
        ((), True, "CREATE MODEL VERSION, MANAGE"),
        (("ALL_PRIVILEGES",), False, ""),
        (("ALL_PRIVILEGES",), True, "MANAGE"),
        (("MANAGE",), True, ""),
        # The SDK doesn't know it yet, so the list can't be judged.
        (("CREATE_MODEL_VERSION",), False, ""),
    ],
)
def test_somebody_elses_model(
    of_another: Case, granted: tuple[str, ...], lacking: str, *, sets_aliases: bool
) -> None:
    of_another.workspace.catalog.grant(CI, MODEL, *granted)
    of_another.sets_aliases = sets_aliases

    grants = [problem.fix.rpartition("\n")[2].strip() for problem in of_another.problems()]

    assert grants == ([f"GRANT {lacking} ON FUNCTION {MODEL} TO `{CI}`;"] if lacking else [])


def test_a_model_that_may_not_be_read(allowed: Case) -> None:
    allowed.make_model()
    allowed.sets_aliases = True

    (problem,) = allowed.problems()

    assert problem.what == (
        f"`uc-target`: `{CI}` has no EXECUTE and no CREATE MODEL VERSION and no MANAGE on the model"
        f" `{MODEL}`."
    )
    assert f"GRANT EXECUTE, CREATE MODEL VERSION, MANAGE ON FUNCTION {MODEL}" in problem.fix


def test_the_name_is_that_of_a_function(allowed: Case) -> None:
    allowed.workspace.resources.add("function", MODEL)

    (problem,) = allowed.problems()

    assert problem.what.startswith(f"`uc-target`: `{MODEL}` is a function, not a registered model")
    assert "uc-target: " in problem.fix


def test_the_catalog_is_closed_to_the_workspace(allowed: Case) -> None:
    message = "Catalog 'prod' is not accessible in current workspace"
    body = {"error_code": "PERMISSION_DENIED", "message": message}
    allowed.workspace.faults.add(Fault(path=UNITY, status=403, body=body, times=MANY))

    (problem,) = allowed.problems()

    assert problem.what.startswith("`uc-target`: the catalog `prod` is bound to other workspaces")
    assert "databricks workspace-bindings update-bindings catalog prod --json" in problem.fix


@pytest.mark.parametrize(
    ("experiment", "what", "fix"),
    [
        ("agents", "`agents` is no path", "experiment: /Shared/agents"),
        ("/Shared/a b/agents", "folder `/Shared/a b` does not exist", "mkdirs '/Shared/a b'"),
        (
            "/Users/gone@example.com/agents",
            "folder `/Users/gone@example.com` does not exist",
            "experiment: /Shared/agents",
        ),
        ("/Shared/notebook/agents", "`/Shared/notebook` is a notebook", "in a folder"),
        ("/Shared", "`/Shared` is a folder, not an experiment", "experiment: /Shared/agent"),
    ],
)
def test_an_experiment_that_can_not_be(allowed: Case, experiment: str, what: str, fix: str) -> None:
    allowed.workspace.tree.notebooks.add("/Shared/notebook")
    allowed.experiment = experiment

    (problem,) = allowed.problems()

    assert problem.what.startswith("`experiment`: ")
    assert what in problem.what
    assert fix in problem.fix


@pytest.mark.parametrize("experiment", [f"/Users/{USER}/agents", "/Workspace/Shared/agents"])
def test_other_places_for_an_experiment(allowed: Case, experiment: str) -> None:
    allowed.experiment = experiment

    assert allowed.problems() == []


def test_an_experiment_that_was_deleted(allowed: Case) -> None:
    number = allowed.make_experiment()
    path = "/api/2.0/mlflow/experiments/delete"
    allowed.client().api_client.do("POST", path, body={"experiment_id": number})

    (problem,) = allowed.problems()

    assert problem.what.startswith(f"`experiment`: `{EXPERIMENT}` was deleted")
    assert problem.fix.endswith(f"databricks experiments restore-experiment {number}")


def test_privileges_that_may_not_be_read_are_no_problem(allowed: Case) -> None:
    allowed.workspace.catalog.revoke(CI, "prod.agents", "CREATE_MODEL")
    body = {"error_code": "PERMISSION_DENIED", "message": "User does not have MANAGE on Schema."}
    allowed.workspace.faults.add(Fault(path="/effective-", status=403, body=body))

    assert allowed.problems() == []


def test_nobody_knows_who_we_are(allowed: Case) -> None:
    token = allowed.workspace.login.token(CI)
    allowed.workspace.catalog.revoke(CI, "prod", "USE_CATALOG")

    (problem,) = preflight.check(
        allowed.client(token), ModelName.parse(MODEL), EXPERIMENT, "", sets_aliases=True
    )

    assert problem.what == (
        "`uc-target`: the job's principal has no USE CATALOG on the catalog `prod`."
    )
    assert "TO `<principal>`;" in problem.fix


@pytest.mark.parametrize(
    "fault",
    [
        Fault(path="/api/", reset="before", times=MANY),
        Fault(path="/api/", status=503, headers={"Retry-After": "1"}, times=MANY),
        Fault(
            path="/api/",
            status=500,
            body={"error_code": "INTERNAL_ERROR", "message": "oh"},
            times=MANY,
        ),
        Fault(
            path="/api/",
            status=403,
            body={"error_code": 403, "message": "Invalid access token."},
            times=MANY,
        ),
        Fault(
            path="/api/",
            status=404,
            body={"error_code": "METASTORE_DOES_NOT_EXIST", "message": "No metastore assigned"},
            times=MANY,
        ),
    ],
)
def test_a_workspace_that_does_not_answer_is_no_problem(case: Case, fault: Fault) -> None:
    client = case.client()
    case.workspace.faults.add(fault)

    assert (
        preflight.check(
            client, ModelName.parse(MODEL), "/Shared/team/agents", CI, sets_aliases=True
        )
        == []
    )


def test_the_requests_are_sent_at_the_same_time(allowed: Case) -> None:
    allowed.workspace.latency = 0.05

    allowed.problems()

    assert allowed.workspace.most_at_once > 2


@pytest.mark.parametrize("revoked", ["USE_CATALOG", "USE_SCHEMA", "CREATE_MODEL"])
def test_a_later_refusal_is_explained_in_the_same_words(
    allowed: Case, monkeypatch: pytest.MonkeyPatch, revoked: str
) -> None:
    level = "prod" if revoked == "USE_CATALOG" else "prod.agents"
    allowed.workspace.catalog.revoke(CI, level, revoked)

    with pytest.raises(MlflowException) as refused:
        mlflow_of(allowed, monkeypatch).create_registered_model(MODEL)

    assert [allowed.explain(refused.value)] == allowed.problems()


@pytest.mark.parametrize("target", ["dev.agents.support", "prod.other.support"])
def test_a_place_that_is_missed_later(
    allowed: Case, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    allowed.target = target

    with pytest.raises(MlflowException) as refused:
        mlflow_of(allowed, monkeypatch).create_registered_model(target)

    assert [allowed.explain(refused.value)] == allowed.problems()


@pytest.mark.parametrize("experiment", ["/Shared/team/agents", "agents"])
def test_a_folder_that_is_missed_later(
    allowed: Case, monkeypatch: pytest.MonkeyPatch, experiment: str
) -> None:
    allowed.experiment = experiment

    with pytest.raises(MlflowException) as refused:
        mlflow_of(allowed, monkeypatch).create_experiment(experiment)

    assert [allowed.explain(refused.value)] == allowed.problems()


def test_a_name_that_turns_out_to_be_taken(allowed: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    allowed.workspace.resources.add("function", MODEL)

    with pytest.raises(MlflowException) as refused:
        mlflow_of(allowed, monkeypatch).create_registered_model(MODEL)

    problem = allowed.explain(refused.value)
    assert problem
    assert problem.what.startswith(f"`uc-target`: `{MODEL}` is something else")


def test_a_path_that_turns_out_to_be_taken(allowed: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    allowed.workspace.tree.notebooks.add(EXPERIMENT)

    with pytest.raises(MlflowException) as refused:
        mlflow_of(allowed, monkeypatch).create_experiment(EXPERIMENT)

    problem = allowed.explain(refused.value)
    assert problem
    assert problem.what.startswith(f"`experiment`: `{EXPERIMENT}` is something else")


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("INTERNAL_ERROR", "oh"),
        ("PERMISSION_DENIED", "User does not have USE CATALOG on Catalog 'elsewhere'."),
        ("PERMISSION_DENIED", "User does not have SELECT on Table 'prod.agents.support'."),
        ("CATALOG_DOES_NOT_EXIST", "Catalog 'elsewhere' does not exist."),
        ("RESOURCE_ALREADY_EXISTS", "Routine or Model 'a.b.c' already exists."),
    ],
)
def test_what_is_about_something_else_is_not_explained(code: str, message: str) -> None:
    assert store_errors.explain(code, message, ModelName.parse(MODEL), EXPERIMENT, CI) is None


@pytest.mark.parametrize(
    ("level", "privilege", "expected"),
    [
        (MODEL, "EXECUTE", False),
        (MODEL, "CREATE_MODEL_VERSION", True),
        (MODEL, "APPLY_TAG", True),
        (MODEL, "MANAGE", True),
        (MODEL, "ALL_PRIVILEGES", True),
        ("prod.agents", "EXECUTE", False),
        # That is for other models.
        ("prod.agents", "CREATE_MODEL", False),
        ("prod.agents", "CREATE_MODEL_VERSION", True),
        ("prod.agents", "MANAGE", True),
        ("prod.agents", "ALL_PRIVILEGES", True),
        ("prod", "EXECUTE", False),
        ("prod", "CREATE_MODEL_VERSION", True),
        ("prod", "ALL_PRIVILEGES", True),
    ],
)
@pytest.mark.parametrize("by_group", [False, True])
def test_who_may_write_a_model_that_is_there(
    reader: Case, level: str, privilege: str, *, by_group: bool, expected: bool
) -> None:
    if by_group:
        reader.workspace.catalog.join("agents-team", CI)
    reader.workspace.catalog.grant("agents-team" if by_group else CI, level, privilege)

    assert reader.may_write() is expected


@pytest.mark.parametrize(
    ("level", "privilege", "expected"),
    [
        ("prod.agents", "EXECUTE", False),
        ("prod.agents", "CREATE_MODEL", True),
        ("prod.agents", "CREATE_FUNCTION", True),
        ("prod.agents", "MANAGE", True),
        ("prod.agents", "ALL_PRIVILEGES", True),
        ("prod", "CREATE_MODEL", True),
        ("prod", "USE_SCHEMA", False),
    ],
)
def test_who_may_make_the_model(case: Case, level: str, privilege: str, *, expected: bool) -> None:
    case.workspace.catalog.create("prod.agents")
    case.workspace.catalog.grant(CI, "prod", "USE_CATALOG")
    case.workspace.catalog.grant(CI, "prod.agents", "USE_SCHEMA")
    case.workspace.catalog.grant(CI, level, privilege)

    assert case.may_write() is expected


@pytest.mark.parametrize("owner", [CI, CI.upper()])
def test_the_models_owner_may_write(case: Case, owner: str) -> None:
    case.make_model(owner)
    case.workspace.catalog.grant(CI, MODEL, "EXECUTE")
    case.workspace.catalog.grant(CI, "prod.agents", "USE_SCHEMA")
    case.workspace.catalog.grant(CI, "prod", "USE_CATALOG")

    assert case.may_write() is True


def test_a_schemas_owner_may_make_the_model(allowed: Case) -> None:
    allowed.workspace.catalog.revoke(CI, "prod.agents", "CREATE_MODEL")
    allowed.workspace.catalog.own("prod.agents", Principal(CI.upper()))

    assert allowed.may_write() is True


def test_the_members_of_the_group_that_owns_the_model_are_unknown(case: Case) -> None:
    case.make_model("agents-team")
    case.workspace.catalog.grant(CI, "prod", "USE_CATALOG")
    case.workspace.catalog.grant(CI, "prod.agents", "USE_SCHEMA")
    case.workspace.catalog.grant(CI, MODEL, "EXECUTE")

    assert case.may_write() is None


@pytest.mark.parametrize("level", ["prod", "prod.agents", MODEL])
def test_who_may_not_read_may_not_write(reader: Case, level: str) -> None:
    lost = {"prod": "USE_CATALOG", "prod.agents": "USE_SCHEMA", MODEL: "EXECUTE"}
    reader.workspace.catalog.revoke(CI, level, lost[level])

    assert reader.may_write() is False


def test_write_access_is_unknown_where_a_schema_or_a_catalog_is_missing(case: Case) -> None:
    assert case.may_write() is None

    case.workspace.catalog.create("prod.other", CI)

    assert case.may_write() is None


def test_what_a_list_of_privileges_does_not_tell_is_not_known(reader: Case) -> None:
    """A group's privileges, where the workspace leaves them out, or an administrator's role."""
    reader.workspace.catalog.revoke(CI, MODEL, "EXECUTE")
    reader.workspace.catalog.join("agents-team", CI)
    reader.workspace.catalog.grant("agents-team", MODEL, "ALL_PRIVILEGES")
    reader.workspace.permissions.through_groups = False

    assert reader.may_write() is None


@pytest.mark.parametrize("path", ["/effective-permissions/", "/models/"])
@pytest.mark.parametrize("status", [403, 500])
def test_without_an_answer_write_access_is_unknown(reader: Case, path: str, status: int) -> None:
    body = {"error_code": "PERMISSION_DENIED", "message": "Not today."}
    reader.workspace.faults.add(Fault(path=path, status=status, body=body, times=MANY))

    assert reader.may_write() is None


def test_nobody_knows_who_may_write_when_nobody_knows_who_we_are(reader: Case) -> None:
    client = reader.client()

    assert preflight.may_write(client, ModelName.parse(MODEL), "") is None


def test_a_reader_takes_two_requests(reader: Case) -> None:
    before = len(reader.requests())

    assert reader.may_write() is False
    assert len(reader.requests()) - before == 2
