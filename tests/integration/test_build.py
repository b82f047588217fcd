"""What travels with the agent, and what building and verifying it finds out."""

import json
from collections import Counter
from pathlib import Path

import pytest
import yaml

from doubles.databricks import Workspace
from entrypoint.agent import worker
from tests.integration.conftest import ECHO, Checkout
from tests.integration.test_bad_input import PLAIN, the_error

pytestmark = pytest.mark.exhaustive

HELPED = "from helpers import ANSWER\n" + PLAIN.format(predict="[ANSWER]")
QUESTION = '["question"]'


def test_code_paths_travel_with_the_agent(checkout: Checkout) -> None:
    checkout.write("src/helpers/__init__.py", "from helpers.words import ANSWER\n")
    checkout.write("src/helpers/words.py", "from single import ANSWER\n")
    checkout.write("src/.env", "SECRET=1\n")
    checkout.write("src/helpers/__pycache__/words.cpython-311.pyc", "")
    checkout.write("single.py", "ANSWER = 'shipped'\n")

    step = checkout.run(
        HELPED,
        input_example=QUESTION,
        code_paths=f"{checkout.name}/src\n{checkout.name}/single.py",
    )

    assert step.status == 0, step.log
    assert "shipped" in step.result["verification"]["answer"]
    code = checkout.model(step) / "code"
    assert sorted(str(path.relative_to(code)) for path in code.rglob("*.py")) == [
        "helpers/__init__.py",
        "helpers/words.py",
        "single.py",
    ]
    assert f"{checkout.name}/src/.env" in step.log
    assert not [path for path in checkout.model(step).rglob("*") if path.name == ".env"]


def test_the_missing_code_path_is_named(checkout: Checkout) -> None:
    checkout.write("src/helpers/__init__.py", "ANSWER = 1\n")

    error = the_error(checkout.run(HELPED, input_example=QUESTION))

    assert "No module named 'helpers'" in error
    assert f"code-paths: |\n        {checkout.name}/src/helpers" in error
    assert f"file={checkout.name}/agent.py,line=1::" in error


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda folder: (folder / "lib/out").symlink_to("/etc"), "is a link out of the workspace"),
        (lambda folder: (folder / "lib/up").symlink_to(folder / "lib"), "a folder that it is in"),
        (lambda folder: (folder / "lib/types.py").write_text(""), "standard library's `types`"),
        (lambda folder: (folder / "lib/big.bin").write_bytes(b"0" * 60_000_000), "`artifacts`"),
    ],
    ids=["link out", "link round", "shadows", "too large"],
)
def test_code_paths_that_are_refused(checkout: Checkout, make: object, said: str) -> None:
    checkout.write("lib/helpers.py", "ANSWER = 1\n")
    assert callable(make)
    make(checkout.folder)

    error = the_error(checkout.run(HELPED, code_paths=f"{checkout.name}/lib"))

    assert "`code-paths`" in error
    assert said in error


def test_a_file_beside_the_agent_does_not_stand_in_for_the_standard_library(
    checkout: Checkout,
) -> None:
    for name in ("types.py", "json.py", "yaml.py"):
        checkout.write(name, "raise SystemExit('shadowed')\n")

    step = checkout.run(mode="preview")

    assert step.status == 0, step.log


def test_a_folder_named_like_a_package_does_not_stand_in_for_it(checkout: Checkout) -> None:
    checkout.write("lib/helpers.py", "import yaml\nANSWER = yaml.safe_load('[shipped]')[0]\n")
    checkout.write("lib/yaml/notes.txt", "no code")

    step = checkout.run(HELPED, input_example=QUESTION, code_paths=f"{checkout.name}/lib")

    assert step.status == 0, step.log
    assert "shipped" in step.result["verification"]["answer"]


def test_modules_of_the_agent_may_be_named_like_those_of_the_worker(checkout: Checkout) -> None:
    names = [file.stem for file in Path(worker.__file__).parent.glob("[a-z]*.py")]
    assert {"build", "verify"} <= set(names)
    checkout.write("build.py", "ANSWER = 'the file beside the agent'\n")
    for name in names:
        checkout.write(f"lib/{name}.py", f"ANSWER = 'the {name} of the agent'\n")
    imports = "".join(f"import {name}\n" for name in names)
    answers = ", ".join(f"{name}.ANSWER" for name in names)

    step = checkout.run(
        imports + PLAIN.format(predict=f"[{answers}]"),
        input_example=QUESTION,
        code_paths=f"{checkout.name}/lib",
    )

    assert step.status == 0, step.log
    assert json.loads(step.result["verification"]["answer"]) == [
        f"the {name} of the agent" for name in names
    ]


def test_artifacts_are_files_folders_and_uris(checkout: Checkout) -> None:
    checkout.write("data/faq/one.txt", "one")
    checkout.write("data/fact.txt", "two")
    uri = (checkout.runner.temp / "three.txt").as_uri()
    checkout.runner.temp.mkdir(exist_ok=True)
    (checkout.runner.temp / "three.txt").write_text("three")
    agent = PLAIN.format(predict="[self.text]").replace(
        "    def predict",
        "    def load_context(self, context):\n"
        "        import pathlib\n"
        "        at = {name: pathlib.Path(path) for name, path in context.artifacts.items()}\n"
        "        files = at['faq'] / 'one.txt', at['fact'], at['far']\n"
        "        self.text = ''.join(file.read_text() for file in files)\n\n"
        "    def predict",
    )

    step = checkout.run(
        agent,
        input_example=QUESTION,
        artifacts=f"faq={checkout.name}/data/faq\nfact = {checkout.name}/data/fact.txt\nfar={uri}",
    )

    assert step.status == 0, step.log
    assert "onetwothree" in step.result["verification"]["answer"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"artifacts": "faq"}, "`faq`: not `key=value`"),
        ({"artifacts": "faq=none.txt"}, "does not exist"),
        ({"artifacts": "faq=runs:/1/x"}, "Download it in a step before"),
        ({"artifacts": "faq={name}/agent.py", "flavor": "langchain"}, "takes none"),
        ({"signature": "{name}/wrong.yml"}, "`outputs` is missing"),
        ({"python_version": "three"}, "`python-version`"),
        ({"code_paths": "{name}/none"}, "does not exist"),
    ],
)
def test_what_can_be_seen_before_the_build(
    checkout: Checkout, given: dict[str, str], said: str
) -> None:
    checkout.write("wrong.yml", "inputs: [{name: a, type: string}]\n")

    step = checkout.run(given={key: text.format(name=checkout.name) for key, text in given.items()})

    assert said in the_error(step)
    assert [stage["name"] for stage in step.result["stages"]] in ([], ["Read"])


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_a_signature_that_is_given(checkout: Checkout, form: str) -> None:
    parts = {"inputs": [{"type": "string"}], "outputs": [{"type": "string", "name": "answer"}]}
    if form == "json":  # as MLmodel has it
        text = json.dumps({part: json.dumps(columns) for part, columns in parts.items()})
    else:
        text = yaml.safe_dump(parts)
    file = checkout.write(f"signature.{form}", text)

    step = checkout.run(
        PLAIN.format(predict="[{'answer': 'yes'}]"), signature=file, input_example=QUESTION
    )

    assert step.status == 0, step.log
    model = yaml.safe_load((checkout.model(step) / "MLmodel").read_text())
    assert [column["name"] for column in json.loads(model["signature"]["outputs"])] == ["answer"]


def test_an_answer_that_does_not_fit_the_signature(checkout: Checkout) -> None:
    file = checkout.write(
        "signature.yml",
        "inputs: [{type: string}]\noutputs: [{type: string, name: answer}]\n",
    )

    error = the_error(
        checkout.run(PLAIN.format(predict="[{'reply': 1}]"), signature=file, input_example=QUESTION)
    )

    assert "does not fit the signature" in error


RESPONSES = ECHO.replace("        text =", "        note('predict')\n        text =")
STREAMING = RESPONSES.replace(
    "\n\nmlflow.models.set_model",
    """
    def predict_stream(self, request):
        note('stream')
        for word in ("one", "two"):
            yield ResponsesAgentStreamEvent(
                type="response.output_item.done", item=self.create_text_output_item(word, word)
            )


mlflow.models.set_model""",
).replace("ResponsesAgentResponse\n", "ResponsesAgentResponse, ResponsesAgentStreamEvent\n", 1)
CHAT = """
import mlflow
from mlflow.pyfunc import ChatAgent
from mlflow.types.agent import ChatAgentMessage, ChatAgentResponse


class Chat(ChatAgent):
    def predict(self, messages, context=None, custom_inputs=None):
        note('predict')
        message = ChatAgentMessage(role="assistant", content="hi", id="1")
        return ChatAgentResponse(messages=[message])


mlflow.models.set_model(Chat())
"""
CHAT_MODEL = """
import mlflow
from mlflow.types.llm import ChatChoice, ChatCompletionResponse, ChatMessage


class Chat(mlflow.pyfunc.ChatModel):
    def predict(self, context, messages, params):
        note('predict')
        return ChatCompletionResponse([ChatChoice(ChatMessage("assistant", "hi"))], model="m")


mlflow.models.set_model(Chat())
"""
INFERRED = PLAIN.format(predict="(note('predict'), model_input)[1]")
HINTED = INFERRED.replace(
    "model_input, params=None)", "model_input: list[str], params=None) -> list[str]"
)
FUNCTION = """
import mlflow


def answer(model_input: list[str]) -> list[str]:
    note('predict')
    return model_input


mlflow.models.set_model(answer)
"""


@pytest.mark.parametrize(
    ("agent", "example", "calls"),
    [
        (RESPONSES, "", {"predict": 2}),
        (STREAMING, "", {"predict": 2, "stream": 1}),
        (CHAT, "", {"predict": 2}),
        (CHAT_MODEL, "", {"predict": 2}),
        (INFERRED, QUESTION, {"predict": 2}),
        (HINTED, QUESTION, {"predict": 2}),
        (FUNCTION, QUESTION, {"predict": 2}),
    ],
    ids=["responses", "streaming", "chat agent", "chat model", "inferred", "hinted", "function"],
)
def test_the_agent_is_called_as_rarely_as_can_be(
    checkout: Checkout, agent: str, example: str, calls: dict[str, int]
) -> None:
    """Once by verify, by each way of asking it; in the build only where MLflow itself does."""
    notes = checkout.runner.temp / "notes"
    note = f"def note(what):\n    print(what, file=open({str(notes)!r}, 'a'))\n\n\n"

    step = checkout.run(note + agent, input_example=example, mode="preview")

    assert step.status == 0, step.log
    assert Counter(notes.read_text().split()) == calls
    assert step.result["verification"]["chunks"] == (2 if "stream" in calls else None)


ASKS_DATABRICKS = ECHO.replace(
    "        text =",
    "        from databricks.sdk import WorkspaceClient\n"
    "        WorkspaceClient().serving_endpoints.query('an-endpoint')\n        text =",
)


def test_without_credentials_an_agent_that_needs_them_is_only_loaded(checkout: Checkout) -> None:
    step = checkout.run(ASKS_DATABRICKS, mode="preview", check_resources="off")

    assert step.status == 0, step.log
    assert step.result["verification"]["answer"] is None
    (notice,) = step.commands("notice")
    assert "only loaded" in notice
    assert "DATABRICKS_HOST" in notice


def test_with_credentials_a_failing_databricks_is_a_failure(
    checkout: Checkout, tmp_path: Path
) -> None:
    with Workspace(tmp_path) as databricks:
        step = checkout.run(
            ASKS_DATABRICKS, mode="preview", check_resources="off", env=databricks.env
        )

    assert "an-endpoint" in the_error(step)
    assert step.commands("notice") == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            (
                "def predict(self, context",
                "def load_context(self, ctx):\n        pass\n\n    def predict(self, context",
            ),
            "load_context",
        ),
        (("return ['yes']", "raise SystemExit(0)"), "SystemExit"),
    ],
    ids=["load_context", "exit in predict"],
)
def test_what_mlflow_is_silent_about(
    checkout: Checkout, change: tuple[str, str], said: str
) -> None:
    agent = PLAIN.format(predict="['yes']").replace(*change)

    error = the_error(checkout.run(agent, input_example=QUESTION))

    assert said in error
    assert checkout.versions() == []


def test_a_thousand_code_files_and_a_large_artifact(checkout: Checkout) -> None:
    for number in range(1000):
        checkout.write(f"lib/helpers/m{number}.py", f"N = {number}\n")
    checkout.write("lib/helpers/__init__.py", "ANSWER = 'yes'\n")
    with (checkout.folder / "large.bin").open("wb") as file:
        file.truncate(200 * 1024 * 1024)

    step = checkout.run(
        HELPED,
        input_example=QUESTION,
        code_paths=f"{checkout.name}/lib",
        artifacts=f"large={checkout.name}/large.bin",
    )

    assert step.status == 0, step.log
    files = checkout.model(step)
    assert len(list((files / "code/helpers").iterdir())) == 1001
    assert (files / "artifacts/large.bin").stat().st_size == 200 * 1024 * 1024


def test_nothing_is_left_in_the_checkout(checkout: Checkout) -> None:
    inputs = checkout.inputs(PLAIN.format(predict="['yes']"), input_example=QUESTION)
    before = sorted(checkout.folder.rglob("*"))

    step = checkout.runner.run(inputs)

    assert step.status == 0, step.log
    assert sorted(checkout.folder.rglob("*")) == before
