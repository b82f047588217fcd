import base64
import random
import string
from pathlib import Path

import pytest

from entrypoint.agent import secret_scan
from entrypoint.agent.secret_scan import Finding, find
from entrypoint.redaction import Secrets

VALUE = "n0t-a-r3al-s3cret"
KNOWN = Secrets.from_environ({"A_TOKEN": VALUE})
NOTHING = Secrets()


def made(length: int, alphabet: str = string.ascii_letters + string.digits) -> str:
    """Characters like a token's, the same ones every time; nothing that a scanner of ours finds."""
    return "".join(random.Random(length).choices(alphabet, k=length))


TOKENS = {
    "Databricks token": "dapi" + made(32, "0123456789abcdef"),
    "Databricks OAuth secret": "dose" + made(32, "0123456789abcdef"),
    "AWS Access Key": "AKIA" + made(16, string.ascii_uppercase + "234567"),
    "GitHub Token": "ghp_" + made(36),
    "GitLab token": "glpat-" + made(20),
    "Slack Token": f"xoxb-2345678901-3456789012-{made(24)}",
    "Stripe Access Key": "sk_live_" + made(24),
    "OpenAI key": f"sk-proj-{made(74)}T3BlbkFJ{made(74)}",
    "Anthropic key": f"sk-ant-api03-{made(93)}AA",
    "NPM tokens": "npm_" + made(36),
    "PyPI token": "pypi-AgEIcHlwaS5vcmc" + made(80),
    "SendGrid API Key": f"SG.{made(22)}.{made(43)}",
    "Hugging Face token": "hf_" + made(34, string.ascii_letters),
    "Google API key": "AIza" + made(35),
    "Azure storage key": f"AccountKey={made(86)}==",
    "Private key": f"-----BEGIN RSA PRIVATE KEY-----\n{made(64)}\n",
}
HARMLESS = (
    "dapiXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX",
    "dapi" + "x" * 32,
    "dapi1234567890abcdef1234567890abcdef",
    "dapi" + "deadbeef" * 4,
    "dapi" + made(40, "0123456789abcdef"),
    "<your-token>",
    "sk-...",
    "sk-proj-your-key-goes-here",
    "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "AKIAIOSFODNN7EXAMPLE",
    'if "-----BEGIN PRIVATE KEY-----" in text:',
    "-----BEGIN RSA PRIVATE KEY-----\n...\n-----END RSA PRIVATE KEY-----",
    "-----BEGIN PUBLIC KEY-----\n" + made(64),
    "uses: aws-actions/key-token@e3dd6a429d7300a6a4c196c26e071d42e0343502",
    'api_key = os.environ["OPENAI_API_KEY"]',
    "sha256:" + made(64, "0123456789abcdef"),
)


def scan(path: Path, content: str | bytes, secrets: Secrets = NOTHING) -> list[Finding]:
    path = path / "file"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return find({"code/file": path}, secrets)


@pytest.mark.parametrize(("kind", "token"), TOKENS.items(), ids=TOKENS.keys())
@pytest.mark.parametrize("around", ['first\ntoken = "{}"\n', "\n{}", '\n{{"token":"{}"}}'])
def test_tokens_are_found_by_their_shape(
    kind: str, token: str, around: str, tmp_path: Path
) -> None:
    findings = scan(tmp_path, around.format(token))

    assert Finding("code/file", 2, kind) in findings
    assert token not in repr(findings)


def test_a_key_in_json_is_found(tmp_path: Path) -> None:
    text = f'{{"private_key": "-----BEGIN PRIVATE KEY-----\\n{made(64)}\\n"}}'

    assert scan(tmp_path, text) == [Finding("code/file", 1, "Private key")]


@pytest.mark.parametrize("text", HARMLESS)
def test_placeholders_are_not(text: str, tmp_path: Path) -> None:
    assert scan(tmp_path, f"token = {text}\n") == []


def test_the_known_marker_allows_a_shape_but_not_a_known_value(tmp_path: Path) -> None:
    token = TOKENS["Databricks token"]
    text = f'a = "{token}"  # pragma: allowlist secret\n'

    assert scan(tmp_path, text) == []
    assert scan(tmp_path, text, Secrets.from_environ({"A_TOKEN": token})) == [
        Finding("code/file", 1, "the value of A_TOKEN")
    ]


@pytest.mark.parametrize(
    "written", [VALUE.encode(), base64.b64encode(b"me:" + VALUE.encode() + b"!")]
)
def test_known_values_are_found_in_texts_and_in_binary_files(
    written: bytes, tmp_path: Path
) -> None:
    kind = "the value of A_TOKEN"

    assert scan(tmp_path, b"a\n\n" + written, KNOWN) == [Finding("code/file", 3, kind)]
    assert scan(tmp_path, b"\0\n" + written, KNOWN) == [Finding("code/file", None, kind)]


@pytest.mark.parametrize("shift", [-5000, -2048, -2000, -40, -17, -9, -1, 0, 1, 17, 2048])
def test_no_border_of_a_block_hides_anything(shift: int, tmp_path: Path) -> None:
    block = 1 << 20
    filler = ("-" * 63 + "\n") * (3 * block // 64)
    position = 2 * block + shift
    secrets = f" {VALUE} {TOKENS['Databricks token']} "
    text = filler[:position] + secrets + filler[position:]
    line = text.count("\n", 0, position) + 1

    assert scan(tmp_path, text, KNOWN) == [
        Finding("code/file", line, "the value of A_TOKEN"),
        Finding("code/file", line, "Databricks token"),
    ]


def test_every_file_of_a_model_is_searched_and_no_link_followed(tmp_path: Path) -> None:
    (tmp_path / "model/code").mkdir(parents=True)
    (tmp_path / "model/MLmodel").write_text(VALUE)
    (tmp_path / "model/code/.hidden").write_text(VALUE)
    (tmp_path / "model/link").symlink_to("/etc/passwd")

    files = secret_scan.files_of(tmp_path / "model")

    assert [finding.file for finding in find(files, KNOWN)] == ["MLmodel", "code/.hidden"]
