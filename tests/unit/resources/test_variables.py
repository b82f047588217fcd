import pytest
from pydantic import TypeAdapter, ValidationError

from entrypoint.resources.variables import (
    ObservedRead,
    ObservedReads,
    Variable,
    VariableRead,
    of_step,
    table,
    without_secrets,
)
from entrypoint.runtime.errors import Place

PLACE = Place("agent.py", 3, 9)


def by_agent(name: str, *, was_there: bool = True) -> ObservedRead:
    return ObservedRead(name, was_there, by_agent=True)


def by_library(name: str) -> ObservedRead:
    return ObservedRead(name, was_there=True, by_agent=False)


def needed(lines: list[Variable]) -> dict[str, bool]:
    return {each.name: each.is_needed for each in lines}


def test_what_has_no_default_or_what_the_step_gives_is_needed() -> None:
    reads = [
        VariableRead("WITH_DEFAULT", PLACE, has_default=True),
        VariableRead("GIVEN", PLACE, has_default=True),
        VariableRead("WITHOUT_DEFAULT", PLACE, has_default=False),
    ]

    lines = table(reads, [by_agent("GIVEN")], {"GIVEN": "a", "NOT_READ": "b"})

    assert lines == [
        Variable("GIVEN", PLACE, has_default=True, given=True, observed=True),
        Variable("WITHOUT_DEFAULT", PLACE, has_default=False),
        Variable("WITH_DEFAULT", PLACE, has_default=True),
    ]
    assert needed(lines) == {"GIVEN": True, "WITHOUT_DEFAULT": True, "WITH_DEFAULT": False}


def test_what_a_library_reads_counts_where_the_step_gives_it() -> None:
    lines = table([], [by_library("OPENAI_API_KEY"), by_library("OTHER")], {"OPENAI_API_KEY": "a"})

    assert lines == [Variable("OPENAI_API_KEY", given=True, observed=True)]
    assert needed(lines) == {"OPENAI_API_KEY": True}


def test_what_was_only_observed_and_not_there_is_not_known_to_be_needed() -> None:
    lines = table([], [by_agent("BY_A_MADE_UP_NAME", was_there=False)], {})

    assert needed(lines) == {"BY_A_MADE_UP_NAME": False}


@pytest.mark.parametrize(
    "name",
    [
        *("PATH", "HOME", "TMPDIR", "LC_ALL", "CI", "HTTPS_PROXY", "no_proxy", "SSL_CERT_FILE"),
        *("DATABRICKS_HOST", "DATABRICKS_TOKEN", "MLFLOW_TRACKING_URI", "XDG_CACHE_HOME"),
        "DATABRICKS_MODEL_SERVING_HOST_URL",
    ],
)
def test_what_every_machine_has_is_not_named(name: str) -> None:
    read = VariableRead(name, PLACE, has_default=False)

    assert table([read], [by_agent(name)], {name: "a"}) == []
    assert of_step({name: "a", "DATABRICKS_WAREHOUSE_ID": "b"}) == {"DATABRICKS_WAREHOUSE_ID": "b"}


def test_an_empty_variable_is_not_given() -> None:
    assert of_step({"NO_SUCH_SECRET": ""}) == {}


def test_a_secret_is_not_followed() -> None:
    given = {"PARTNER_TOKEN": "f00-b4r-b4z-1234", "INDEX": "main.agents.docs"}

    assert without_secrets(given) == {"INDEX": "main.agents.docs"}


@pytest.mark.parametrize(
    "written",
    [
        [{"name": "A" * 201, "was_there": True, "by_agent": True}],
        [{"name": "A", "was_there": True, "by_agent": True}] * 301,
        [{"name": ["A"], "was_there": True, "by_agent": True}],
        ["A"],
    ],
)
def test_what_the_agents_process_writes_is_bounded(written: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(ObservedReads).validate_python(written)
