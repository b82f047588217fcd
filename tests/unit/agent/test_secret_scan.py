import base64
from pathlib import Path

import pytest

from entrypoint.agent import secret_scan
from entrypoint.agent.secret_scan import Finding, find
from entrypoint.runtime.redaction import Secrets
from tests.tokens import HARMLESS, TOKENS, made

VALUE = "n0t-a-r3al-s3cret"
KNOWN = Secrets.from_environ({"A_TOKEN": VALUE})
NOTHING = Secrets()


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
