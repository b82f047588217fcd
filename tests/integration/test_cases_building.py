"""Agents that can't be built, or be asked: the true reason, at the right place, and what to do."""

import pytest

from doubles.github import GitHub
from doubles.runner import PULL_REQUEST, SHA
from tests.integration.conftest import ECHO, Checkout
from tests.integration.test_bad_input import the_error

pytestmark = pytest.mark.exhaustive

# By case: what the error says, and the line of its file.
ERRORS = {
    "async-predict": ("agent/agent.py,line=7", ["async def predict", "asyncio.run("]),
    "class-not-instance": ("agent/agent.py,line=12", ["the class `Echo`", "set_model(Echo())"]),
    "langgraph-thread": (
        "agent/agent.py",
        ["ValueError: Checkpointer requires", 'config={"configurable": {"thread_id"'],
    ),
    "langgraph-thread-params": ("agent/agent.py", ["a list is taken as two inputs"]),
    "main-guard": ("agent/agent.py,line=13", ["under `__main__`", "Move the call to the end"]),
    "messages-example": (
        "agent/example.json,line=1",
        ["`input-example`: a ResponsesAgent", "input: Field required", '{"input": [{'],
    ),
    "no-output-signature-with-example": (
        "agent.py,line=",
        ["doesn't answer the example: ConnectionError"],
    ),
    "own-package-error-place": ("src/desk/clerk.py,line=6", ["KeyError"]),
    "prompt-file": (
        "agent/agent.py,line=",
        ["`{name}/agent/prompts/system.md` is in the checkout", "artifacts: system={name}/agent"],
    ),
    "relative-import": (
        "agent/agent.py,line=",
        ["    from tools import ", "code-paths: {name}/agent/tools.py"],
    ),
    "stream-fails": ("agent.py,line=11", ["answers the example, but `predict_stream` fails"]),
    "hints-drop-params": (
        "agent/signature.yml,line=1",
        ["`signature`: the model has another one", "type hints"],
    ),
    "dbutils-env": ("agent/agent.py,line=", ["`dbutils` does nothing", "TypeError"]),
}


@pytest.mark.parametrize("case", ERRORS)
def test_an_error_tells_the_reason_and_the_place(checkout: Checkout, case: str) -> None:
    place, said = ERRORS[case]

    error = the_error(checkout.case(case))

    assert f"file={checkout.name}/{place}" in error
    for words in said:
        assert words.replace("{name}", checkout.name) in error
    assert str(checkout.runner.workspace) not in error
    assert "log-agent-" not in error, "a folder of the sandbox"


def test_a_name_that_moved_is_told_with_what_brought_its_package(checkout: Checkout) -> None:
    error = the_error(checkout.case("moved-name"))

    assert f"file={checkout.name}/agent/agent.py,line=4" in error
    assert "is in the environment, and has no `packaging.lockfiles`" in error
    assert "not in the agent's environment" not in error
    assert f"`mlflow-skinny==3.17.2` ({checkout.name}/agent/requirements.txt:1)" in error
    assert "    packaging<" in error


def test_the_version_of_the_day_on_which_the_agent_was_written_is_proposed(
    checkout: Checkout,
) -> None:
    with GitHub() as github:
        file = f"{checkout.name}/agent/agent.py"
        github.commit(SHA, date="2025-09-01T09:00:00Z", files=(file,))
        step = checkout.case("moved-name", github_token=github.tokens.job.value, env=github.env)

    error = the_error(step)

    assert "    packaging==25.0\n" in error
    assert "2025-09-01" in error


def test_the_models_code_comes_before_a_module_beside_the_agent(checkout: Checkout) -> None:
    step = checkout.case("folder-with-module-of-its-name")

    assert step.status == 0, step.log


@pytest.mark.parametrize("verify", ["load", "off"])
def test_an_agent_is_not_asked_where_that_is_not_wanted(checkout: Checkout, verify: str) -> None:
    step = checkout.case("verify-load", verify=verify)

    assert step.status == 0, step.log
    assert "nobody has asked" in step.summary


def test_an_agent_that_only_the_endpoint_can_ask_is_told_of_verify(checkout: Checkout) -> None:
    error = the_error(checkout.case("verify-load", verify="predict"))

    assert "verify: load" in error


def test_without_a_login_an_agent_that_needs_one_is_neither_red_nor_good(
    checkout: Checkout,
) -> None:
    step = checkout.case("login-needed-at-load", event=PULL_REQUEST)

    assert step.status == 0, step.log
    (notice,) = [each for each in step.commands("notice") if "Nobody has loaded the agent" in each]
    assert f"file={checkout.name}/agent.py,line=6" in notice
    headline = step.summary.splitlines()[0]
    assert headline.startswith("## ⚪")
    assert "⚪ Build" in step.summary
    assert "❌" not in step.summary


def test_without_a_login_it_is_not_registered(checkout: Checkout) -> None:
    error = the_error(checkout.case("login-needed-at-load", mode="register"))

    assert f"file={checkout.name}/agent.py,line=6" in error
    assert "DATABRICKS_HOST:" in error


def test_without_a_login_an_agent_that_fails_for_another_reason_stays_red(
    checkout: Checkout,
) -> None:
    tried = "try:\n    WorkspaceClient()\nexcept ValueError:\n    pass\n"
    agent = f"from databricks.sdk import WorkspaceClient\n{tried}{{}}['tone']\n"

    error = the_error(checkout.run(agent, event=PULL_REQUEST))

    assert f"file={checkout.name}/agent.py,line=6" in error
    assert "KeyError: 'tone'" in error


def test_a_file_that_the_agent_can_do_without_is_named_where_the_model_lacks_it(
    checkout: Checkout,
) -> None:
    prompt = checkout.write("prompts/system.md", "Be kind.")
    checkout.write("settings.yml", "tone: kind")
    agent = f"""{ECHO}
import os
if os.path.exists("prompts/system.md"):
    open("prompts/system.md").read()
mlflow.models.ModelConfig().get("tone")
"""

    step = checkout.run(agent, model_config=f"{checkout.name}/settings.yml")

    assert step.status == 0, step.log
    (warning,) = step.commands("warning")
    assert f"file={checkout.name}/agent.py,line=19::The agent reads `{prompt}`" in warning
    assert f"artifacts: system={prompt}" in warning


def test_a_files_name_that_is_no_utf_8_may_stand_in_an_exception(checkout: Checkout) -> None:
    error = the_error(checkout.run("raise LookupError('no caf\\udce9.txt')\n"))

    assert f"file={checkout.name}/agent.py,line=1" in error
    assert "fails while it is built: LookupError: no caf?.txt" in error


def test_an_example_that_doesnt_fit_the_type_hints_is_blamed_itself(checkout: Checkout) -> None:
    example = checkout.write("example.json", '{"question": "Why?"}')
    agent = """
import mlflow


@mlflow.pyfunc.utils.pyfunc
def predict(model_input: list[str]) -> list[str]:
    return model_input


mlflow.models.set_model(predict)
"""

    error = the_error(checkout.run(agent, input_example=example))

    assert f"file={example}" in error
    assert "`input-example`: MLflow can't ask the agent the example: Expected list" in error
    assert "verify: load" not in error


@pytest.mark.parametrize("case", ["prompt-registry", "prompt-registry-predict"])
def test_prompts_are_read_where_serving_reads_them(checkout: Checkout, case: str) -> None:
    step = checkout.case(case, mode="preview")

    assert step.status == 0, step.log
    assert "not found" not in step.log


def test_the_projects_own_package_is_read_like_a_code_path(checkout: Checkout) -> None:
    error = the_error(checkout.case("own-package-not-scanned", mode="preview"))

    assert "`forecast`" in error
    assert f"file={checkout.name}/src/desk/clerk.py,line=12" in error
