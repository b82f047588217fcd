from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mlflow.models.auth_policy import AuthPolicy, SystemAuthPolicy, UserAuthPolicy
from mlflow.models.model import Model
from mlflow.models.resources import ResourceType, _ResourceBuilder

from entrypoint.inputs.workspace import Workspace
from entrypoint.resources.file import as_mlflow, authorization, found, read
from entrypoint.resources.kinds import DECLARABLE
from entrypoint.resources.resource import Declarations, Resource
from entrypoint.runtime.errors import InputFailure, Place, Problem
from tests.unit.conftest import AGENT, link, write

VALID = """\
api_version: "1"
databricks:
  serving_endpoint:
    - name: databricks-claude-sonnet-4
  vector_search_index:
    - name: prod.agents.docs
      on_behalf_of_user: true
    - name: prod.agents.faq
      on_behalf_of_user: false
  sql_warehouse:
    - name: "0123456789abcdef"
  app: []
user_auth_policy:
  api_scopes: [sql, dashboards.genie]
"""
RESOURCES = (
    Resource("serving_endpoint", "databricks-claude-sonnet-4"),
    Resource("vector_search_index", "prod.agents.docs", on_behalf_of_user=True),
    Resource("vector_search_index", "prod.agents.faq", on_behalf_of_user=False),
    Resource("sql_warehouse", "0123456789abcdef"),
)
HEAD = 'api_version: "1"\ndatabricks:\n'
FILE = "agents/resources.yml"


def declared(
    workspace: Workspace, text: str, environ: Mapping[str, str] | None = None
) -> Declarations:
    return read(write(workspace, FILE, text), workspace, environ or {})


def problems(
    workspace: Workspace, text: str, environ: Mapping[str, str] | None = None
) -> tuple[Problem, ...]:
    with pytest.raises(InputFailure) as raised:
        declared(workspace, text, environ)
    return raised.value.problems


def test_reads_what_the_agent_may_use(workspace: Workspace) -> None:
    declarations = declared(workspace, VALID)

    assert declarations.resources == RESOURCES
    assert declarations.api_scopes == ("sql", "dashboards.genie")
    assert declarations.file == FILE
    assert declarations.declared[1].place == Place(FILE, 6, 7)
    assert declarations.scopes[1].place == Place(FILE, 14, 21)


def test_no_resources_are_fine(workspace: Workspace) -> None:
    assert declared(workspace, f"{HEAD[:-1]} {{}}\n").resources == ()


def test_there_is_a_row_for_every_kind_that_mlflow_knows() -> None:
    assert set(DECLARABLE) == {kind.value for kind in ResourceType}


NAMES = {
    "three levels": st.from_regex(r"\A[a-z][a-z0-9_]{0,8}(\.[a-z][a-z0-9_]{0,8}){2}\Z"),
    "any": st.text(
        st.characters(codec="utf-8", exclude_categories=["C", "Z"], exclude_characters="$<"),
        min_size=1,
        max_size=12,
    ),
}
ENTRIES = {
    kind: st.lists(
        st.fixed_dictionaries(
            {"name": NAMES["three levels" if DECLARABLE[kind].shape.strict else "any"]},
            optional={"on_behalf_of_user": st.booleans()},
        ),
        max_size=4,
        unique_by=lambda entry: entry["name"],
    )
    for kind in DECLARABLE
}
CONTENTS = st.fixed_dictionaries({}, optional=ENTRIES)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(kinds=CONTENTS)
def test_a_valid_file_gives_what_mlflow_makes_of_it(
    workspace: Workspace, kinds: dict[str, Any]
) -> None:
    text = yaml.safe_dump({"api_version": "1", "databricks": kinds}, allow_unicode=False)
    path = write(workspace, FILE, text)

    ours = as_mlflow(read(path, workspace, {}).resources)

    assert {"databricks": {}, **_ResourceBuilder.from_yaml_file(str(path))} == ours


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    kinds=CONTENTS,
    scopes=st.lists(st.sampled_from(["sql", "genie"]), unique=True, min_size=1),
)
def test_what_mlflow_writes_into_a_model_can_be_read_again(
    workspace: Workspace, tmp_path: Path, kinds: dict[str, Any], scopes: list[str]
) -> None:
    declarations = declared(
        workspace,
        yaml.safe_dump(
            {
                "api_version": "1",
                "databricks": kinds,
                "user_auth_policy": {"api_scopes": scopes},
            }
        ),
    )
    model = Model(**authorization(declarations))
    model.save(str(tmp_path / "MLmodel"))
    content = yaml.safe_load((tmp_path / "MLmodel").read_text())

    again = declared(workspace, yaml.safe_dump({"auth_policy": content["auth_policy"]}))

    assert set(again.resources) == set(declarations.resources)
    assert again.api_scopes == declarations.api_scopes


def test_mlflow_is_given_an_auth_policy_as_it_makes_one_itself(workspace: Workspace) -> None:
    declarations = declared(workspace, VALID)
    classes = _ResourceBuilder.from_dict(as_mlflow(declarations.resources))

    theirs = AuthPolicy(
        user_auth_policy=UserAuthPolicy(["sql", "dashboards.genie"]),
        system_auth_policy=SystemAuthPolicy([]),
    ).to_dict()  # type: ignore[no-untyped-call]
    theirs["system_auth_policy"]["resources"] = classes

    assert authorization(declarations) == {"auth_policy": theirs}
    assert authorization(Declarations()) == {}


def test_either_form_says_the_same(workspace: Workspace) -> None:
    content = yaml.safe_load(VALID)
    user = content.pop("user_auth_policy")
    policy = {"system_auth_policy": {"resources": content}, "user_auth_policy": user}

    other = declared(workspace, yaml.safe_dump({"auth_policy": policy}, sort_keys=False))

    assert (other.resources, other.api_scopes) == (RESOURCES, ("sql", "dashboards.genie"))


@pytest.mark.parametrize(
    "policy",
    [
        "{}",
        "{system_auth_policy: {}, user_auth_policy: {}}",
        '{system_auth_policy: {resources: {api_version: "1"}}}',
        "{user_auth_policy: {api_scopes: []}}",
    ],
)
def test_an_auth_policy_may_be_empty_as_mlflow_writes_it(workspace: Workspace, policy: str) -> None:
    declarations = declared(workspace, f"auth_policy: {policy}\n")

    assert (declarations.resources, declarations.scopes) == ((), ())


# What is wrong, with the place and a part of what is said.
WRONG = {
    "no version": ("databricks: {}", "1:1", '`api_version: "1"` is missing'),
    "another version": ('api_version: "2"\ndatabricks: {}', "1:14", "`api_version: 2` is not"),
    "a number": ("api_version: 1\ndatabricks: {}", "1:14", "is not the text `1`"),
    "no kinds": ('api_version: "1"', "1:1", "`databricks:` is missing"),
    "a list of kinds": (f"{HEAD}  []", "3:3", "`databricks` holds a list"),
    "another cloud": (f"{HEAD}  {{}}\nazure: {{}}", "4:1", "`azure` is not known here"),
    "user policy misspelt": (
        f"{HEAD}  {{}}\nuser_auth_polcy: {{}}",
        "4:1",
        "Did you mean `user_auth_policy`?",
    ),
    "unknown kind": (f"{HEAD}  endpoint: []", "3:3", "Did you mean `serving_endpoint`?"),
    "plural": (f"{HEAD}  tables: []", "3:3", "Did you mean `table`?"),
    "no list": (f"{HEAD}  app:", "3:7", "`app` holds nothing, not a list"),
    "one entry": (f"{HEAD}  app:\n    name: shop", "4:5", "`app` holds keys and values"),
    "a text": (f"{HEAD}  app:\n  - shop", "4:5", "`app` has an entry without `name:`"),
    "no name": (f"{HEAD}  app:\n  - {{}}", "4:5", "`app` has an entry without `name:`"),
    "null": (f"{HEAD}  app:\n  - name:", "4:10", "the `name` of the app is empty"),
    "empty": (f"{HEAD}  app:\n  - name: ''", "4:11", "is empty"),
    "a list for a name": (f"{HEAD}  app:\n  - name: [shop]", "4:11", "is a list, not a text"),
    "MLflow's keyword": (
        f"{HEAD}  app:\n  - app_name: shop",
        "4:5",
        "`app_name` is not known here. Write `name`",
    ),
    "an id": (f"{HEAD}  sql_warehouse:\n  - id: x", "4:5", "`id` is not known here. Write `name`"),
    "misspelt flag": (
        f"{HEAD}  app:\n  - name: shop\n    on_behalf_of_usr: true",
        "5:5",
        "Did you mean `on_behalf_of_user`?",
    ),
    "text for yes or no": (
        f'{HEAD}  app:\n  - name: shop\n    on_behalf_of_user: "false"',
        "5:24",
        "neither `true` nor `false`",
    ),
    "unquoted number": (f"{HEAD}  sql_warehouse:\n  - name: 123", "4:11", "is `123`, not a text"),
    "twice": (f"{HEAD}  app:\n  - name: a\n  - name: a", "5:5", "is declared already, in line 4"),
    "kind twice": (f"{HEAD}  app: []\n  app: []", "4:3", "`app` is given twice"),
    "unset": (f"{HEAD}  app:\n  - name: ${{X}}", "4:11", "`${X}` is not set for the agent"),
    "half a variable": (f"{HEAD}  app:\n  - name: a${{X", "4:11", "holds `${` without a variable"),
    "scope twice": (
        f"{HEAD}  {{}}\nuser_auth_policy:\n  api_scopes:\n  - sql\n  - sql",
        "7:5",
        "It is declared already, in line 6",
    ),
    "scopes in one": (
        f"{HEAD}  {{}}\nuser_auth_policy:\n  api_scopes: sql",
        "5:15",
        "`api_scopes` holds a single value, not a list",
    ),
    "scopes misspelt": (
        f"{HEAD}  {{}}\nuser_auth_policy:\n  scopes: [sql]",
        "5:3",
        "Did you mean `api_scopes`?",
    ),
    "both forms": (f"{HEAD}  {{}}\nauth_policy: {{}}", "1:1", "`api_version` is not known here"),
    "YAML": (f"{HEAD}  app: [\n", "4:1", "is not YAML"),
    **{
        f"levels of a {kind}": (
            f"{HEAD}  {kind}:\n  - name: agents.docs",
            "4:11",
            "that has three levels, `catalog.schema.name`",
        )
        for kind in ("table", "function", "vector_search_index", "uc_model_service")
    },
}


@pytest.mark.parametrize(("text", "place", "said"), WRONG.values(), ids=WRONG)
def test_a_problem_is_reported_with_its_place(
    workspace: Workspace, text: str, place: str, said: str
) -> None:
    first = problems(workspace, text)[0]

    assert first.what.startswith("`resources-file`: ")
    assert said in first.what
    assert str(first.place) == f"{FILE}:{place}"


def test_all_problems_are_reported_at_once(workspace: Workspace) -> None:
    text = "databricks:\n  app: 1\n  genie:\n  - name: x\n  table:\n  - 1\n  - 2\nazure: {}\n"

    assert len(problems(workspace, text)) == 6


def test_variables_of_the_step_are_filled_in(workspace: Workspace) -> None:
    text = f"{HEAD}  table:\n  - name: ${{CATALOG}}.${{SCHEMA}}.orders\n"

    (table,) = declared(workspace, text, {"CATALOG": "dev", "SCHEMA": "sales"}).resources

    assert table.name == "dev.sales.orders"


def test_what_a_variable_holds_is_checked_too(workspace: Workspace) -> None:
    text = f"{HEAD}  table:\n  - name: ${{TABLE}}\n  - name: ${{NOTHING}}\n"

    reported = problems(workspace, text, {"TABLE": "orders", "NOTHING": ""})

    assert ["three levels" in reported[0].what, "is empty" in reported[1].what] == [True, True]


def test_what_an_anchor_brings_can_be_overridden(workspace: Workspace) -> None:
    text = f"{HEAD}  app:\n  - &shop\n    name: shop\n  - <<: *shop\n    name: till\n"

    assert [each.name for each in declared(workspace, text).resources] == ["shop", "till"]


@pytest.mark.parametrize(
    ("names", "first"),
    [
        (["resources.yml", "resources.yaml"], "resources.yml"),
        (["resources.yaml"], "resources.yaml"),
        (["resources.json"], None),
        (["../resources.yml"], None),
    ],
)
def test_is_found_beside_the_agent(
    workspace: Workspace, names: list[str], first: str | None
) -> None:
    agent = workspace.root / AGENT
    for name in names:
        write(workspace, f"agents/support/{name}", VALID)

    assert found(agent, workspace) == (agent.parent / first if first else None)


def test_what_a_link_finds_outside_the_workspace_is_not_read(workspace: Workspace) -> None:
    outside = workspace.root.parent / "resources.yml"
    outside.write_text(VALID)
    link(workspace, "agents/support/resources.yml", outside)

    with pytest.raises(InputFailure, match="outside the workspace"):
        found(workspace.root / AGENT, workspace)
