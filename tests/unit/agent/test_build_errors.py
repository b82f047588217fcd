"""What is said of an agent that fails: the input, the place in the checkout, and what to do."""

from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest

from entrypoint.agent import build_errors, unshipped_files
from entrypoint.agent.agent_error import AgentError, Checkout, MissingModule, Step
from entrypoint.agent.build_fixes import Fixes
from entrypoint.agent.build_spec import BuildSpec
from entrypoint.agent.code_paths import lay_out
from entrypoint.agent.environment.old_requirements import OldRequirements
from entrypoint.agent.environment.requirements import Requirements
from entrypoint.agent.source import agent_source
from entrypoint.inputs.workspace import Workspace
from entrypoint.runtime.errors import Place, Problem

AGENT = "import mlflow\nfrom .tools import search\n\n\nmlflow.models.set_model(agent)\n"
ABSOLUTE = """\
    from tools import search

and ship the module with the agent:

    with:
      code-paths: bot/tools.py"""
NOTHING = AgentError(
    step="load",
    type="ValueError",
    reason="it rains",
    text="ValueError: it rains",
    frames=(),
    place=None,
    mistake=None,
    missing=None,
    missing_file=None,
    variable=None,
    needs_login=False,
    no_model_set=False,
)


@pytest.fixture
def spec(tmp_path: Path) -> BuildSpec:
    root = tmp_path / "checkout"
    for name, text in {
        "bot/agent.py": AGENT,
        "bot/tools.py": "",
        "bot/prompts/system.md": "",
        "lib/words.py": "",
        "example.json": "[]",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    workspace = Workspace(root)
    agent = root / "bot/agent.py"
    source = agent_source.read(agent, "bot/agent.py")
    return BuildSpec(
        agent=agent,
        code=agent,
        source=source,
        workspace=workspace,
        flavor="auto",
        model_config=None,
        input_example=["question"],
        example_place=Place("example.json", 1),
        signature={"inputs": "[]"},
        signature_place=Place("signature.yml", 1),
        authorization={},
        code_paths=lay_out([root / "lib"], AGENT, workspace, tmp_path / "code"),
        artifacts=(),
        verify="predict",
    )


def problem(
    spec: BuildSpec,
    error: AgentError,
    stage: str = "build",
    *,
    login: str = "",
    withheld: frozenset[str] = frozenset(),
    answered: bool = False,
) -> Problem:
    checkout = Checkout(spec, (Path("/sandbox/model"), Path("/sandbox/build/model")))
    old = OldRequirements(Requirements(), spec.workspace, str, lambda _package, _day: None)
    fixes = Fixes(checkout, old, login, withheld)
    return build_errors.problem(stage, error, checkout, fixes, answered=answered)


@pytest.mark.parametrize(
    ("file", "place"),
    [
        ("{root}/bot/agent.py", Place("bot/agent.py", 7)),
        ("/sandbox/build/model/agent.py", Place("bot/agent.py", 7)),
        ("/sandbox/model/code/lib/words.py", Place("lib/words.py", 7)),
        ("{code}/lib/words.py", Place("lib/words.py", 7)),
        ("{root}/bot/tools.py", Place("bot/tools.py", 7)),
        ("/usr/lib/python3/json.py", Place("bot/agent.py")),
        ("/sandbox/model/code/../../../etc/passwd", Place("bot/agent.py")),
        ("{root}/../etc/passwd", Place("bot/agent.py")),
    ],
)
def test_a_place_is_one_of_the_checkout(spec: BuildSpec, file: str, place: Place) -> None:
    file = file.format(root=spec.workspace.root, code=spec.code_paths.folder)
    frames = ((file, 7, "answer", "1 / 0"),)

    found = problem(spec, replace(NOTHING, frames=frames, place=(file, 7)))

    assert found.place == place
    if place.line:
        assert f'File "{place.file}", line 7, in answer' in found.detail
    assert "/sandbox" not in found.detail
    assert str(spec.workspace.root) not in found.detail


@pytest.mark.parametrize(
    ("stage", "step", "answered", "said"),
    [
        ("build", "load", False, "`agent-path`: `bot/agent.py` fails while it is built: Value"),
        ("build", "predict", False, "`bot/agent.py` doesn't answer the example: ValueError"),
        ("build", "answer", False, "answers the example with something that MLflow doesn't take"),
        ("verify", "load", True, "fails to load in a clean process, without the checkout"),
        ("verify", "predict", True, "while it is built, but fails in a clean process"),
        ("verify", "predict", False, "verify: the agent doesn't answer the example: ValueError"),
        ("verify", "stream", True, "answers the example, but `predict_stream` fails: ValueError"),
    ],
)
def test_what_fails_is_said(
    spec: BuildSpec, stage: str, step: Step, *, answered: bool, said: str
) -> None:
    error = replace(NOTHING, step=step)

    assert said in problem(spec, error, stage, answered=answered).what


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("1 validation error for ResponsesAgentRequest", "A ResponsesAgent"),
        ("1 validation error for ChatAgentRequest", "A ChatAgent"),
        ("TypeError: ChatMessage.__init__() got an unexpected keyword", "A ChatModel"),
        ("something else", "Change the example, or the signature"),
    ],
)
def test_an_example_that_mlflow_refuses_is_blamed_itself(
    spec: BuildSpec, text: str, kind: str
) -> None:
    found = problem(spec, replace(NOTHING, step="example", text=text))

    assert found.what.startswith("`input-example`: ")
    assert found.place == Place("example.json", 1)
    assert found.fix.startswith(kind)
    without = problem(
        replace(spec, input_example=None), replace(NOTHING, step="example", text=text)
    )
    assert without.what.startswith("`agent-path`: ")


@pytest.mark.parametrize("stage", ["build", "verify"])
@pytest.mark.parametrize("step", get_args(Step))
def test_whatever_step_the_agents_process_names_is_said(
    spec: BuildSpec, stage: str, step: Step
) -> None:
    without = replace(spec, input_example=None)

    assert problem(without, replace(NOTHING, step=step), stage).what.endswith(
        "ValueError: it rains"
    )


@pytest.mark.parametrize(
    ("name", "is_told"),
    [
        ("bot/prompts/system.md", True),
        (".env", False),
        ("bot/../../elsewhere/system.md", False),
        ("shipped/words.txt", False),
    ],
)
def test_a_file_that_only_the_checkout_has_is_told(
    spec: BuildSpec, name: str, *, is_told: bool
) -> None:
    root = spec.workspace.root
    spec = replace(spec, artifacts=(("words", root / "shipped"),))

    found = list(unshipped_files.problem(root / name, Place("bot/agent.py", 2), spec))

    assert [each.place for each in found] == [Place("bot/agent.py", 2)] * is_told
    assert all("artifacts: system=bot/prompts/system.md" in each.fix for each in found)


def test_a_signature_that_mlflow_refuses_is_blamed_itself(spec: BuildSpec) -> None:
    reason = "ResponsesAgent subclasses … Please remove the `signature` parameter from the call"

    found = problem(spec, replace(NOTHING, step="example", reason=reason))

    assert found.what.startswith("`signature`: ")
    assert found.place == Place("signature.yml", 1)


@pytest.mark.parametrize(
    ("text", "said", "line"),
    [
        ("agent = 1\n", "does not call `mlflow.models.set_model", None),
        ("if __name__ == '__main__':\n    set_model(agent)\n", "not what is under `__main__`", 2),
        ("def f():\n    mlflow.models.set_model(a)\n", "that line did not run, or failed", 2),
    ],
)
def test_why_no_model_is_set(spec: BuildSpec, text: str, said: str, line: int | None) -> None:
    spec = replace(spec, source=replace(spec.source, text=text))

    found = problem(spec, replace(NOTHING, no_model_set=True))

    assert said in found.what
    assert found.place
    assert found.place.line == line


def test_an_object_that_mlflow_cant_log_is_named_at_its_line(spec: BuildSpec) -> None:
    frame = (str(spec.agent), 5, "<module>", "mlflow.models.set_model(agent)")
    error = replace(NOTHING, mistake=("object", "dict"), frames=(frame,), place=frame[:2])

    found = problem(spec, error)

    assert "(line 5) gives `set_model` an object of the type `dict`" in found.what
    assert found.place == Place("bot/agent.py", 5)
    assert "verify: load" not in found.fix


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ({"text": "ImportError: … (most likely due to a circular import)"}, "import each other"),
        ({"missing": MissingModule("tools")}, "`tools` is in the checkout, but not in the model"),
        ({"missing": MissingModule("words.deep")}, "Ship it"),
        ({"missing": MissingModule("lib.deep")}, "`lib` is shipped, and has no `lib.deep`"),
        ({"missing": MissingModule("numpy")}, "`numpy` is not in the agent's environment"),
        (
            {"missing": MissingModule("packaging.x", package="packaging", version="26.4")},
            "`packaging` 26.4 is in the environment, and has no `packaging.x`",
        ),
        (
            {"reason": "attempted relative import with no known parent package"},
            ABSOLUTE,
        ),
        ({"missing_file": "/sandbox/build/model/prompts/system.md"}, "artifacts: system=bot/pro"),
        ({"missing_file": "prompts/system.md"}, "`bot/prompts/system.md` is in the checkout"),
        ({"missing_file": "bot/prompts/system.md"}, "`bot/prompts/system.md` is in the checkout"),
        ({"missing_file": "/etc/nowhere"}, ""),
        ({"missing_file": "../../../../../../../../etc/passwd"}, ""),
        ({"variable": "PARTNER_KEY"}, "env:\n      PARTNER_KEY: ..."),
        ({"type": "SystemExit"}, "`sys.exit()`"),
        ({"text": "ValueError: Checkpointer requires one"}, "thread_id"),
        ({"step": "predict"}, "verify: load"),
        ({"frames": (("f", 1, "g", "x = dbutils.secrets.get()"),)}, "`dbutils` does nothing"),
    ],
)
def test_what_to_do(spec: BuildSpec, error: dict[str, object], said: str) -> None:
    place = (str(spec.code), 2)

    fix = problem(spec, replace(NOTHING, place=place, **error)).fix  # type: ignore[arg-type]

    assert said in fix
    assert bool(fix) == bool(said)


def test_what_is_kept_from_the_agent_is_named(spec: BuildSpec) -> None:
    withheld = frozenset({"DATABRICKS_CLIENT_SECRET", "GITHUB_SHA"})
    source = replace(spec.source, text="os.getenv('DATABRICKS_CLIENT_SECRET')")
    spec = replace(spec, source=source)

    needs_login = replace(NOTHING, needs_login=True)
    assert problem(spec, needs_login, login="Log in.", withheld=withheld).fix == "Log in."
    kept = problem(spec, needs_login, withheld=withheld).fix
    assert "keeps `DATABRICKS_CLIENT_SECRET` from the agent" in kept
    assert "GITHUB_SHA" not in kept
    commit = problem(spec, replace(NOTHING, variable="GITHUB_SHA"), withheld=withheld).fix
    assert "keeps `GITHUB_SHA` from the agent" in commit
    assert "SUPPORT_COMMIT: ${{ github.sha }}" in commit
    # Nothing says that it has to do with the login.
    assert "keeps" not in problem(spec, NOTHING, withheld=withheld).fix


@pytest.mark.parametrize(
    ("verify", "example", "said"),
    [
        ("predict", None, "an example, and none is given"),
        ("load", ["q"], "with `verify: load` nobody asks the agent"),
        ("predict", ["q"], "can't be inferred from what the agent answers"),
    ],
)
def test_no_signature_is_told_by_its_reason(
    spec: BuildSpec, verify: str, example: object, said: str
) -> None:
    found = build_errors.no_signature(replace(spec, verify=verify, input_example=example))

    assert said in found.what
    assert ("input-example:" in found.fix) == (example is None)
