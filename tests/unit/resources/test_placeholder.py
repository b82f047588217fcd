"""Texts that somebody was to fill in."""

from pathlib import Path

import pytest

from entrypoint.agent.source.agent_source import AgentSource
from entrypoint.inputs.workspace import Workspace
from entrypoint.resources import placeholder
from entrypoint.resources.file import read
from entrypoint.resources.scan import scan
from entrypoint.runtime.errors import InputFailure, Place
from tests.unit.conftest import write


@pytest.mark.parametrize(
    "name", ["<warehouse id>", "<YOUR_SPACE_ID>", "<catalog>.<schema>.<index>", "prod.<schema>.x"]
)
def test_what_is_in_angle_brackets_is_certainly_one(name: str) -> None:
    assert placeholder.is_certain(name)
    assert placeholder.is_likely(name)


@pytest.mark.parametrize(
    "name",
    [
        *("YOUR_SPACE_ID", "your-endpoint", "your_catalog.your_schema.docs", "prod.your-schema.x"),
        *("xxx", "XXXXXXXX", "xxx-xxx", "TODO", "todo: set", "TBD", "FIXME", "placeholder", "???"),
        *("CHANGE_ME", "changeme", "replace-me", "REPLACE_WITH_WAREHOUSE_ID", "insert-id-here"),
        *("{{ warehouse_id }}", "{catalog}.{schema}.docs", "[warehouse id]", "$WAREHOUSE_ID"),
        *("%WAREHOUSE%", "...", "0000000000000000", "endpoint-placeholder", "prod.agents.xxx"),
    ],
)
def test_what_nobody_would_choose_is_likely_one(name: str) -> None:
    assert placeholder.is_likely(name)
    assert not placeholder.is_certain(name)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "databricks-claude-sonnet-4",
            "prod.agents.docs_index",
            "1234567890abcdef",
            "know-your-id",
        ),
        *("01ef5a7e1c2b1d3e9f00000000000000", "exxxtra", "todos", "prod.todo_lists.items", "maxx"),
        *("changelog", "prefix-xx", "fill-rates", "replacement", "main.default.orders", "yours"),
    ],
)
def test_names_that_people_choose_are_none(name: str) -> None:
    assert not placeholder.is_likely(name)


def test_one_in_the_resources_file_is_an_error_at_its_place(workspace: Workspace) -> None:
    text = (
        'api_version: "1"\ndatabricks:\n  sql_warehouse:\n    - name: <warehouse id>\n'
        "  vector_search_index:\n    - name: ${CATALOG}.agents.docs\n"
    )
    file = write(workspace, "resources.yml", text)

    with pytest.raises(InputFailure) as raised:
        read(file, workspace, {"CATALOG": "<catalog>"})

    warehouse, index = raised.value.problems
    assert warehouse.what.startswith("`resources-file`: `<warehouse id>` is a placeholder.")
    assert warehouse.place == Place("resources.yml", 4, 13)
    assert "`<catalog>.agents.docs` is a placeholder" in index.what


@pytest.mark.parametrize("name", ["<endpoint>", "YOUR_ENDPOINT", "TODO"])
def test_one_in_the_code_is_a_name_that_is_not_known(tmp_path: Path, name: str) -> None:
    code = (
        f"from databricks_langchain import ChatDatabricks\nllm = ChatDatabricks(model='{name}')\n"
    )
    place = AgentSource("agent.py", "").place

    found = scan(code, place, tmp_path, lambda _file, _line, _column: None, None)

    assert [use.name for use in found.uses] == [None]
