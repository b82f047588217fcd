"""What a job shows of secrets, wherever people read it."""

import base64
import html
import json
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from doubles.github import GitHub, Judge
from doubles.runner import Event
from tests.integration.conftest import ECHO, Checkout
from tests.tokens import TOKENS

pytestmark = pytest.mark.exhaustive

OF_THE_STEP = {
    "SLACK_WEBHOOK_URL": "https://hooks.example.com/services/T0AB/B0CD/q8Qx0123zzYw",
    "JWT": "h3ader.p4yload.s1gnature",
    "AUTH_HEADER": "Bearer b34rer-0f-good",
    "SESSION_COOKIE": "sid=c00kie-value; Path=/",
    "DOCKER_AUTH_CONFIG": json.dumps(
        {"auths": {"https://index.docker.io/v1/": {
            "auth": base64.b64encode(b"bot:d0cker-pw").decode()}}}
    ),
    "SERVICE_CREDS": "cr3ds-cr3ds",
    "PASSWORD_SALT": "s4lty-s4lt",
    "DB_PW": "hunter2",
    "VPN_PSK": "psk-0f-vpn!",
    "NPM_AUTH": "npm4uth-x7-q9",
    "AWS_ACCESS_KEY_ID": "AKIA2E0A8F3B244C9986",
}  # fmt: skip
# What of them is a secret by itself, as an agent that takes its variables apart has it.
PARTS = ("q8Qx0123zzYw", "b34rer-0f-good", "c00kie-value", "d0cker-pw")
FETCHED = tuple(token for token in TOKENS.values() if "\n" not in token)
TALKS = f"""
import base64, json, os, pathlib
parts = [each[::-1] for each in {tuple(each[::-1] for each in PARTS)!r}]
told = [os.environ[name] for name in {tuple(OF_THE_STEP)!r}]
told += parts
told += json.loads(pathlib.Path("FETCHED").read_text())
told += [base64.b64encode(f"me:{{each}}".encode()).decode() for each in parts]
told = "\\n".join(["These words", *told, "stay readable."])
print(told, flush=True)
"""
ANSWERS = TALKS + ECHO.replace("request.input[-1].content", "told")
FAILS = TALKS + ECHO.replace("request.input[-1].content", "open(told)")


@pytest.fixture
def github(judge: Judge) -> Iterator[GitHub]:
    with GitHub(judge) as github:
        github.pull(7)
        yield github


def assert_nothing_is_told(shown: str) -> None:
    encoded = [base64.b64encode(f"me:{each}".encode()).decode() for each in PARTS]
    for secret in (*OF_THE_STEP.values(), *PARTS, *FETCHED, *encoded):
        # As it is, and as Markdown, JSON and workflow commands have it.
        forms = (secret, html.escape(secret), json.dumps(secret)[1:-1], quote(secret, safe=""))
        assert [form for form in forms if form in shown] == []


@pytest.mark.parametrize(("agent", "status"), [(ANSWERS, 0), (FAILS, 1)], ids=["answers", "fails"])
def test_no_secret_is_told_whatever_the_agent_prints_answers_and_raises(
    checkout: Checkout, github: GitHub, agent: str, status: int
) -> None:
    # Outside of what is logged, as a server's answer is.
    fetched = checkout.folder / "fetched.json"
    fetched.write_text(json.dumps(FETCHED))
    example = checkout.write("example.json", '{"input": [{"role": "user", "content": "Hello"}]}')

    step = checkout.run(
        agent.replace("FETCHED", str(fetched)),
        {"input-example": example, "report-path": f"{checkout.name}/report"},
        event=Event("pull_request", "refs/pull/7/merge", github.pull_request_payload(7, "opened")),
        env={**OF_THE_STEP, **github.env},
    )

    assert step.status == status, step.log
    (comment,) = github.comments(7)
    files = {file.name: file.read_text() for file in (checkout.folder / "report").iterdir()}
    assert {"agent.log", "result.json", "summary.md", "comment.md"} == files.keys()
    places = {"log": step.log, "summary": step.summary, "comment": comment.body, **files}
    for name, shown in {**places, "outputs": str(step.outputs)}.items():
        assert_nothing_is_told(shown)
        assert "***" in shown, name
        assert "stay readable." in shown, name


def test_secrets_that_the_agent_is_handed_without_a_use_are_named(checkout: Checkout) -> None:
    agent = "import os\nos.environ.get('DB_PW')\n" + ECHO

    step = checkout.run(agent, mode="preview", env=OF_THE_STEP | {"OPENAI_ORG": "acme"})

    assert step.status == 0, step.log
    (notice,) = (line for line in step.commands("notice") if "is handed secrets" in line)
    assert [name for name in OF_THE_STEP if name not in notice] == ["DB_PW"]
    assert "OPENAI_ORG" not in notice
    assert_nothing_is_told(step.log)
