import pytest

from entrypoint.inputs.declarations import INPUTS, texts_of
from entrypoint.inputs.inputs import BuildInputs
from entrypoint.inputs.model_name import ModelName
from entrypoint.inputs.parsing import InputExample
from entrypoint.inputs.workspace import Workspace
from entrypoint.runtime.errors import InputFailure, Place, Problem
from tests.unit.conftest import AGENT, link, read, write

TOO_LONG_FOR_A_FILE = "Where is my order? " * 20


def problems(workspace: Workspace, **inputs: str) -> tuple[Problem, ...]:
    with pytest.raises(InputFailure) as raised:
        read(workspace, **inputs)
    return raised.value.problems


def test_an_agent_path_is_enough(workspace: Workspace) -> None:
    assert read(workspace) == BuildInputs(
        agent_path=workspace.root / AGENT,
        resources_file=None,
        uc_target=None,
        mode="auto",
        flavor="auto",
        model_config=None,
        input_example=None,
        requirements=(),
        signature=None,
        baseline=None,
        python_version=None,
        code_paths=(),
        artifacts=(),
        experiment=None,
        tracking_uri=None,
        registry_uri=None,
        aliases=(),
        tags=(),
        verify="predict",
        if_unchanged="reuse",
        check_resources="error",
        cache_dir=None,
    )


def test_every_input_can_be_given(workspace: Workspace) -> None:
    for name in ("resources.yml", "config.yml"):
        write(workspace, name, "")
    given = read(
        workspace,
        resources_file="resources.yml",
        uc_target="prod.agents.support",
        mode="register",
        flavor="langchain",
        model_config="config.yml",
        input_example='{"input": []}',
        requirements="mlflow==3.17.2\n\n  databricks-openai  \n",
        signature="config.yml",
        python_version="3.11",
        code_paths="agents\nconfig.yml",
        artifacts="faq=config.yml\nfar = models:/m-1",
        experiment="/Shared/support",
        tracking_uri="embedded",
        registry_uri="databricks-uc",
        baseline="champion",
        aliases="champion\r\nsha-{sha}\r\n",
        tags="team = search\nquery=a=b\nempty=",
        verify="load",
        if_unchanged="register",
        check_resources="warn",
        timeout_minutes="1.5",
        cache_dir=".cache",
    )

    assert given == BuildInputs(
        agent_path=workspace.root / AGENT,
        resources_file=workspace.root / "resources.yml",
        uc_target=ModelName("prod", "agents", "support"),
        mode="register",
        flavor="langchain",
        model_config=workspace.root / "config.yml",
        input_example=InputExample({"input": []}),
        signature=workspace.root / "config.yml",
        requirements=("mlflow==3.17.2", "databricks-openai"),
        python_version="3.11",
        code_paths=(workspace.root / "agents", workspace.root / "config.yml"),
        artifacts=(("faq", workspace.root / "config.yml"), ("far", "models:/m-1")),
        baseline="champion",
        experiment="/Shared/support",
        tracking_uri="embedded",
        registry_uri="databricks-uc",
        aliases=("champion", "sha-{sha}"),
        tags=(("team", "search"), ("query", "a=b"), ("empty", "")),
        verify="load",
        if_unchanged="register",
        check_resources="warn",
        cache_dir=workspace.root / ".cache",
    )


@pytest.mark.parametrize("empty", ["", "  ", "\n"])
def test_empty_means_not_given(workspace: Workspace, empty: str) -> None:
    everything = {declared.name: empty for declared in INPUTS if declared.name != "agent-path"}

    assert BuildInputs.read({"agent-path": AGENT, **everything}, workspace) == read(workspace)


def test_surrounding_space_is_no_part_of_a_text(workspace: Workspace) -> None:
    assert read(workspace, mode=" log\n").mode == "log"


@pytest.mark.parametrize(
    ("variable", "flag", "text"),
    [
        ("log", "preview", "preview"),
        ("log", None, "log"),
        ("log", "", "log"),
        ("", "preview", "preview"),
    ],
)
def test_a_flag_wins_over_the_variable(variable: str, flag: str | None, text: str) -> None:
    assert texts_of({"INPUT_MODE": variable}, {"mode": flag})["mode"] == text


def test_variables_keep_the_dashes() -> None:
    # https://github.com/actions/runner/issues/434: the runner replaces spaces and nothing else.
    texts = texts_of({"INPUT_AGENT-PATH": "a.py", "INPUT_AGENT_PATH": "b.py"}, {})

    assert texts == {
        **dict.fromkeys((declared.name for declared in INPUTS), ""),
        "agent-path": "a.py",
    }


def test_all_problems_are_told_at_once(workspace: Workspace) -> None:
    found = problems(
        workspace,
        agent_path="agents/support/agnet.py",
        resources_file="resources.yml",
        uc_target="prod.support",
        mode="publish",
        flavor="openai",
        model_config="config.yml",
        input_example="{",
        tags="team",
        verify="yes",
        timeout_minutes="0",
        cache_dir="..",
    )

    assert [problem.what.split("`")[1] for problem in found] == [
        "agent-path",
        "resources-file",
        "uc-target",
        "mode",
        "flavor",
        "model-config",
        "input-example",
        "tags",
        "verify",
        "timeout-minutes",
        "cache-dir",
    ]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("agent-path", "agents/support/agnet.py", ("agnet.py", "agents/support/agent.py")),
        ("agent-path", "agents/support", ("`agents/support` is a folder",)),
        ("agent-path", "notes.txt", ("notes.txt", "`.py`", "set_model")),
        ("uc-target", "support", ("`support` has 1 level;", "prod.agents.support")),
        ("mode", "Register", ("`Register`", "`auto`, `preview`, `log`, `register`")),
        ("flavor", "openai", ("`openai`", "`auto`, `pyfunc`, `langchain`")),
        ("verify", "true", ("`true`", "`predict`, `load`, `off`")),
        ("tags", "a=b\nteam", ("`team`", "`key=value`")),
        ("timeout-minutes", "soon", ("`soon`", "`30`")),
        ("timeout-minutes", "-1", ("`-1`", "`30`")),
        ("timeout-minutes", "nan", ("`nan`", "`30`")),
        ("timeout-minutes", "inf", ("`inf`", "`30`")),
        ("cache-dir", "/var/cache", ("`/var/cache`", "inside the checkout")),
        ("input-example", "missing.json", ("`missing.json` does not exist",)),
    ],
)
def test_an_error_names_the_input_its_value_and_the_fix(
    workspace: Workspace, name: str, text: str, said: tuple[str, ...]
) -> None:
    write(workspace, "notes.txt", "")

    (problem,) = problems(workspace, **{name.replace("-", "_"): text})

    assert problem.what.startswith(f"`{name}`: ")
    assert [part for part in said if part not in problem.what] == []


def test_a_missing_agent_path_comes_with_the_lines_to_add(workspace: Workspace) -> None:
    (problem,) = problems(workspace, agent_path="")

    assert problem.what == "`agent-path` is required."
    assert "with:\n      agent-path: " in problem.fix


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"question": "Wo?"}', {"question": "Wo?"}),
        ("\n  [1, 2]\n", [1, 2]),
        ('"Where is it?"', "Where is it?"),
    ],
)
def test_an_example_can_stand_in_the_workflow(
    workspace: Workspace, text: str, value: object
) -> None:
    assert read(workspace, input_example=text).input_example == InputExample(value)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le"])
def test_a_file_may_be_written_as_windows_does(workspace: Workspace, encoding: str) -> None:
    write(workspace, "example.json", '{\r\n  "question": "Größe?"\r\n}'.encode(encoding))

    example = read(workspace, input_example="example.json").input_example

    assert example
    assert example.value == {"question": "Größe?"}


def test_a_byte_order_mark_in_the_workflow_is_skipped(workspace: Workspace) -> None:
    assert read(workspace, input_example="\ufeff[1]").input_example == InputExample([1])


@pytest.mark.parametrize("value", ['{"question": "Größe?"}', "[]", "null", "42"])
def test_an_example_can_stand_in_a_file(workspace: Workspace, value: str) -> None:
    path = write(workspace, "example.json", value)

    example = read(workspace, input_example="example.json").input_example

    assert example is not None
    assert example.path == path
    assert (example.value is None) == (value == "null")


def test_a_wrong_example_is_told_with_its_line_and_column(workspace: Workspace) -> None:
    write(workspace, "agents/example.json", '{\n  "input": [}\n')

    (problem,) = problems(workspace, input_example="agents/example.json")

    assert problem.place == Place("agents/example.json", 2, 13)
    assert problem.what.startswith("`input-example`: `agents/example.json` is not JSON: ")


def test_a_wrong_example_in_the_workflow_is_told_with_its_line_and_column(
    workspace: Workspace,
) -> None:
    (problem,) = problems(workspace, input_example='{\n  "input": [}')

    assert problem.place is None
    assert "line 2 column 13" in problem.what


@pytest.mark.parametrize("content", [b"\xff\xfe{}", b""], ids=["not UTF-8", "empty"])
def test_an_example_that_is_no_json_text_is_refused(workspace: Workspace, content: bytes) -> None:
    write(workspace, "example.json", content)

    (problem,) = problems(workspace, input_example="example.json")

    assert problem.what.startswith("`input-example`: `example.json` is not JSON: ")


def test_every_wrong_tag_is_told(workspace: Workspace) -> None:
    said = "\n".join(problem.what for problem in problems(workspace, tags="team\nstage"))

    assert "`team`" in said
    assert "`stage`" in said


@pytest.mark.parametrize("text", [TOO_LONG_FOR_A_FILE, "loop"], ids=["too long", "link to itself"])
def test_a_text_that_can_be_no_path_is_refused(workspace: Workspace, text: str) -> None:
    link(workspace, "loop", workspace.root / "loop")

    (problem,) = problems(workspace, input_example=text)

    assert problem.what.startswith("`input-example`: ")


def test_a_file_is_no_cache_dir(workspace: Workspace) -> None:
    (problem,) = problems(workspace, cache_dir=AGENT)

    assert problem.what.startswith("`cache-dir`: ")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[" * 101 + "]" * 101, "100 levels"),
        ('{"a":' * 900 + "1" + "}" * 900, "100 levels"),
        ("[" * 100_000, "100 levels"),
        ("[" + "9" * 5_000 + "]", "not JSON"),
    ],
    ids=["101", "900", "100,000", "digits"],
)
@pytest.mark.parametrize("in_a_file", [True, False])
def test_an_example_that_is_too_much_is_refused(
    workspace: Workspace, text: str, said: str, *, in_a_file: bool
) -> None:
    write(workspace, "example.json", text)

    (problem,) = problems(workspace, input_example="example.json" if in_a_file else text)

    assert problem.what.startswith("`input-example`: ")
    assert said in problem.what


def test_an_example_of_100_levels_is_read(workspace: Workspace) -> None:
    assert read(workspace, input_example="[" * 100 + "]" * 100).input_example


def test_an_example_that_is_too_large_is_not_read(workspace: Workspace) -> None:
    write(workspace, "example.json", " " * 10_000_001)

    (problem,) = problems(workspace, input_example="example.json")

    assert "larger than 10 MB" in problem.what


@pytest.mark.parametrize("name", ["cache-dir", "report-path"])
def test_a_folder_to_write_into_is_no_link(workspace: Workspace, name: str) -> None:
    (workspace.root / ".git").mkdir()
    link(workspace, "out/kept", workspace.root / ".git")

    (problem,) = problems(workspace, **{name.replace("-", "_"): "out/kept"})

    assert problem.what.startswith(f"`{name}`: `out/kept` is a link (to `")


def test_a_cache_holds_nothing_that_is_read(workspace: Workspace) -> None:
    write(workspace, "cache/config.yml", "a: 1")

    (problem,) = problems(workspace, model_config="cache/config.yml", cache_dir="cache")

    assert "`cache` holds `cache/config.yml`" in problem.what
