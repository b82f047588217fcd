"""Attacks on a job: small repositories, with programs that do what they must not.

Foreign code may leave notes in `/loot`, a folder that is open to every account.
"""

COMMAND_FILES = "/github/file_commands"
REQUIREMENTS = "mlflow-skinny==3.17.2\npandas\n"
INPUTS = {
    "agent-path": "agent/agent.py",
    "input-example": '["hello"]',
    "mode": "preview",
    "cache-dir": ".cache",
    "timeout-minutes": "2",
}
# A preview is done sooner; this is for attacks on what is published.
REGISTER = {"mode": "register", "uc-target": "prod.agents.support", "tracking-uri": "embedded"}
AGENT = """
import mlflow
from mlflow.pyfunc import PythonModel

class Echo(PythonModel):
    def predict(self, context, model_input: list[str]) -> list[str]:
        return model_input

mlflow.models.set_model(Echo())
"""
# At the head of every program of an attacker's.
PRELUDE = """
import ctypes, json, os, pathlib, signal, sys, time

def note(name, text=""):
    with open(f"/loot/{name}", "a") as file:
        file.write(f"{text}\\n")

def attempt(action):
    try:
        return f"done: {action()!r}"[:20_000]
    except Exception as error:
        return type(error).__name__

# The job's scratch folder, of which the untrusted programs' home is a part.
def scratch():
    return pathlib.Path(os.environ["HOME"]).parent

# Runs `action` in a process that its parent doesn't know: no job or process group shows it.
def daemon(action):
    if os.fork():
        return
    try:
        os.setsid()
        if not os.fork():
            action()
    finally:
        os._exit(0)
"""
# Says which of the two it is in: `VERIFYING` is true where the agent is loaded from a model.
STAGE = """
MODEL = pathlib.Path(__file__).parent
VERIFYING = (MODEL / "MLmodel").exists()
"""
_BUILD_WHEEL = """
import zipfile

def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    name = "pkg-1-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(wheel_directory, name), "w") as wheel:
        wheel.writestr("pkg.py", "")
        metadata = "Metadata-Version: 2.1\\nName: pkg\\nVersion: 1\\n"
        wheel.writestr("pkg-1.dist-info/METADATA", metadata)
        wheel.writestr("pkg-1.dist-info/WHEEL", "Wheel-Version: 1.0\\nTag: py3-none-any\\n")
        wheel.writestr("pkg-1.dist-info/RECORD", "")
    return name
"""


def agent(attack: str = "", requirements: str = REQUIREMENTS) -> dict[str, str]:
    """The files of an agent that answers, and attacks whenever it is imported."""
    code = PRELUDE + STAGE + attack if attack else ""
    return {"agent/agent.py": code + AGENT, "agent/requirements.txt": requirements}


def package(attack: str) -> dict[str, str]:
    """The files of a package whose build backend attacks; the requirements name it `./pkg`."""
    return {
        # Dynamic, so that resolving asks the backend already.
        "agent/pkg/pyproject.toml": (
            '[project]\nname = "pkg"\nversion = "1"\ndynamic = ["dependencies"]\n'
            '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        ),
        "agent/pkg/backend.py": PRELUDE + attack + _BUILD_WHEEL,
    }
