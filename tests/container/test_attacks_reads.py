"""What only root can read, and what is no part of the agent, gets into no log and no model."""

from pathlib import Path

import pytest

from tests.container.attacks import AGENT, REGISTER, agent, package
from tests.container.victim import Victim

pytestmark = pytest.mark.exhaustive

SECRET = "of-root-only-4711"
# No requirement, so that uv would complain of it, but with what log-agent takes for a hash.
SECRET_TEXT = f"{SECRET} is the password --hash\n"
PROJECT = '[project]\nname = "x"\nversion = "1"\ndependencies = ["mlflow-skinny", "pandas"]\n'


def toml(lines: str) -> dict[str, str]:
    return {"agent/pyproject.toml": f'{PROJECT}description = """\n{lines}\n"""\n'}


def txt(lines: str) -> dict[str, str]:
    return {"agent/requirements.txt": f"mlflow-skinny\npandas\n{lines}\n"}


FILES = {
    "-r": txt("-r /root/secret.txt"),
    "-c": txt("-c /root/secret.txt"),
    "relative": txt("--requirement=../../../root/secret.txt"),
    "-e": txt("-e /root"),
    "path": txt("x @ file:///root/secret.txt"),
    "wheel": txt("/root/secret-1-py3-none-any.whl"),
    "find-links": txt("--find-links /root"),
    "find-links page": txt("--find-links file:///root/secret.txt"),
    "index": txt("--extra-index-url file:///root"),
    "TOML, -r": toml("-r /root/secret.txt"),
    "TOML, -c": toml("--constraint /root/secret.txt"),
    "through a file": {**txt("-r more.txt"), "agent/more.txt": "-r /root/secret.txt\n"},
}


@pytest.fixture
def secret(tmp_path: Path) -> str:
    """Docker's option that puts the secret under several names where only root may read."""
    folder = tmp_path / "vault"
    folder.mkdir(mode=0o700)
    for name in ("secret.txt", "secret-1-py3-none-any.whl", "pyproject.toml"):
        (folder / name).write_text(SECRET_TEXT)
        (folder / name).chmod(0o600)
    return f"--volume={folder}:/root"


@pytest.mark.parametrize("files", FILES.values(), ids=FILES)
def test_requirements_do_not_read_what_only_root_may(
    victim: Victim, secret: str, files: dict[str, str]
) -> None:
    victim.check_out({"agent/agent.py": AGENT, **files})

    step = victim.run({**REGISTER, "verify": "off"}, options=[secret])

    assert step.status in (0, 1)
    assert SECRET.encode() not in victim.told(step)


# With lines of the `requirements` input and with links, from the workflow's side.
@pytest.mark.parametrize("line", ["-r agent/more.txt", "-c agent/more.txt", "agent/more.txt"])
def test_a_link_among_the_requirements_is_not_followed_out(
    victim: Victim, secret: str, line: str
) -> None:
    victim.link("agent/more.txt", "/root/secret.txt")
    victim.check_out(agent())

    step = victim.run({"requirements": f"mlflow-skinny\npandas\n{line}"}, options=[secret])

    assert step.status == 1
    assert SECRET.encode() not in victim.told(step)


# What `actions/checkout` leaves in the checkout, and what people keep beside their agents.
TOKEN = "eC1hY2Nlc3MtdG9rZW46b2YtdGhlLWpvYg"
LEAKS = {
    "code-paths, .env": ("code-paths", "lib", "lib/data.txt", "../.env"),
    "code-paths, .git": ("code-paths", "lib", "lib/data.txt", "../.git/config"),
    "code-paths, all of .git": ("code-paths", "lib", "lib/data", "../.git"),
    "code-paths, a link": ("code-paths", "data.txt", "data.txt", ".git/config"),
    "artifacts": ("artifacts", "data=data.txt", "data.txt", ".git/config"),
    "artifacts, inside": ("artifacts", "data=lib", "lib/data.txt", "../.git/config"),
    "model-config": ("model-config", "agent/config.yml", "agent/config.yml", "../.git/config"),
    "input-example": ("input-example", "agent/in.json", "agent/in.json", "../.git/config"),
    "signature": ("signature", "agent/signature.yml", "agent/signature.yml", "../.git/config"),
    "resources": ("resources-file", "agent/r.yml", "agent/r.yml", "../.git/config"),
    "agent": ("agent-path", "agent/linked.py", "agent/linked.py", "../.git/config"),
    "requirements": ("requirements", "agent/r.txt", "agent/r.txt", "../.git/config"),
}


@pytest.mark.parametrize(("name", "value", "link", "target"), LEAKS.values(), ids=LEAKS)
def test_a_link_does_not_publish_what_is_no_part_of_the_agent(
    victim: Victim, name: str, value: str, link: str, target: str
) -> None:
    victim.link(link, target)
    victim.check_out({**agent(), ".env": f"LOGIN={TOKEN}\n", "lib/helper.py": ""})
    header = f'[http "https://github.com/"]\n\textraheader = AUTHORIZATION: basic {TOKEN}\n'
    with (victim.workspace / ".git/config").open("a") as config:
        config.write(header)

    step = victim.run({**REGISTER, "verify": "off", name: value})

    assert step.status in (0, 1)
    assert TOKEN.encode() not in victim.told(step)


# A build backend's wheel and its metadata are read by the control process.
LINKS_TO_ROOT = """
def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    note("began")
    name = "pkg-1-py3-none-any.whl"
    os.symlink("/root/secret-1-py3-none-any.whl", os.path.join(wheel_directory, name))
    return name
"""


def test_a_wheel_that_is_a_link_is_not_read(victim: Victim, secret: str) -> None:
    files = package("")
    files["agent/pkg/backend.py"] += LINKS_TO_ROOT
    victim.check_out({**agent(requirements="mlflow-skinny\npandas\n./pkg\n"), **files})

    step = victim.run(options=[secret])

    assert "began" in victim.noted()
    assert step.status == 1
    assert SECRET.encode() not in victim.told(step)
