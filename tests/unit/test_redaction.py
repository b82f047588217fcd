import base64
import html
import json
from urllib.parse import quote

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from entrypoint.redaction import Secrets

VALUE = 's3cr3t/+ "quoted" & ü\''


@pytest.mark.parametrize(
    "name",
    [
        *("DATABRICKS_TOKEN", "GITHUB_TOKEN", "INPUT_GITHUB-TOKEN", "ARM_CLIENT_SECRET", "DB_PASS"),
        *("PGPASSWORD", "UV_INDEX_INTERNAL_PASSWORD", "CACHE_PASSWORD", "AWS_SECRET_ACCESS_KEY"),
        *("OPENAI_API_KEY", "api_key_2", "AZURE_CREDENTIALS", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"),
    ],
)
def test_a_variable_is_known_by_its_name(name: str) -> None:
    assert Secrets.from_environ({name: "f00-b4r-b4z-1234"}).redact("f00-b4r-b4z-1234") == "***"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KEYBOARD", "us-international-2"),
        ("SSH_KEY_PATH", "/home/me/.ssh/id_ed25519"),
        ("AWS_ACCESS_KEY_ID", "AKIA2E0A8F3B244C9986"),
        ("PUBLIC_KEY", "ssh-ed25519 AAAAC3NzaC1lZDI1"),
        ("PRIMARY_KEY", "customer_identifier"),
        ("SORTING_KEY", "customer_id"),
        ("USE_TOKEN", "true"),
        ("MAX_TOKENS", "4096"),
        ("TOKENIZERS_PARALLELISM", "false-or-true"),
        ("ACTIONS_ID_TOKEN_REQUEST_URL", "https://token.actions/1234"),
        ("POSTGRES_PASSWORD", "postgres"),
        ("MY_TOKEN", "********"),
        ("MY_TOKEN", "{{secrets/scope/key}}"),
        ("PWD", "/github/workspace"),
        ("HOMEPAGE", "https://user@host/path"),
    ],
)
def test_what_is_no_secret_stays_readable(name: str, value: str) -> None:
    assert Secrets.from_environ({name: value}).redact(f"it is {value}") == f"it is {value}"


@pytest.mark.parametrize(
    ("value", "secret"),
    [
        ("https://me:pa55word@host/simple https://other/simple", "pa55word"),
        ("https://me:p%40ssw0rd@host/simple", "p@ssw0rd"),
        ("https://me:p%40ssw0rd@host/simple", "p%40ssw0rd"),
        ("https://ghx_0123456789abcdefghij@host/x.git", "ghx_0123456789abcdefghij"),
        ("https://host/x?sv=1&sig=abc123%2Fdef", "abc123%2Fdef"),
        ("Server=h;Password=pa55-word;Timeout=1", "pa55-word"),
        ("Authorization=Bearer abc.def-0123", "abc.def-0123"),
        ('{"clientId": "1234-5678", "clientSecret": "q8Q~0123456"}', "q8Q~0123456"),
    ],
)
def test_secrets_are_found_in_any_variables_value(value: str, secret: str) -> None:
    assert Secrets.from_environ({"UV_INDEX_URL": value}).redact(f"<{secret}>") == "<***>"


@pytest.mark.parametrize(
    "written",
    [
        VALUE,
        json.dumps(VALUE)[1:-1],
        json.dumps(VALUE, ensure_ascii=False)[1:-1],
        repr(VALUE)[1:-1],
        html.escape(VALUE),
        quote(VALUE),
        quote(VALUE, safe=""),
    ],
)
def test_every_way_of_writing_it_is_known(written: str) -> None:
    assert Secrets.from_environ({"A_TOKEN": VALUE}).redact(f"[{written}]") == "[***]"


@pytest.mark.parametrize("before", [b"", b"u", b"us", b"use", b"user:"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_it_is_known_inside_of_base64(before: bytes, encode: object) -> None:
    assert callable(encode)
    written = encode(before + VALUE.encode() + b"-after").decode()

    redacted = Secrets.from_environ({"A_TOKEN": VALUE}).redact(written)

    assert "***" in redacted
    assert len(redacted) <= len(written) - len(VALUE.encode())


def test_a_key_over_several_lines_is_known_however_it_is_indented() -> None:
    lines = [f"{number}" + "AbCd" * 15 for number in range(3)]
    key = "\n".join(("-----BEGIN KEY-----", *lines, "-----END KEY-----"))

    redacted = Secrets.from_environ({"DEPLOY_KEY": key}).redact(
        "\n".join(f"  {it}" for it in lines)
    )

    assert redacted == "  ***\n  ***\n  ***"


def test_a_secret_that_holds_another_goes_as_a_whole() -> None:
    secrets = Secrets.from_environ({"A_TOKEN": "abcd-1234", "B_TOKEN": "abcd-1234-efgh"})

    assert secrets.redact("abcd-1234-efgh, abcd-1234") == "***, ***"


def test_more_can_be_told() -> None:
    assert Secrets.from_environ({}, token="abcdefgh").redact("abcdefgh") == "***"
    assert Secrets.from_environ({}, token="").redact("abc") == "abc"


def test_it_never_shows_a_value() -> None:
    secrets = Secrets.from_environ({"A_TOKEN": "abcd-1234"})

    assert "abcd" not in f"{secrets!r} {secrets}"


@settings(deadline=None, database=None, derandomize=True)
@given(st.text(min_size=12), st.text(), st.text())
def test_no_known_value_is_left(value: str, before: str, after: str) -> None:
    secrets = Secrets.from_environ({"A_TOKEN": value})
    assume(secrets.forms and "*" not in value)

    assert value.strip() not in secrets.redact(before + value + after)


def test_more_can_be_learnt() -> None:
    secrets = Secrets.from_environ({"A_TOKEN": "of-the-step-1"})

    secrets.learn("made-on-the-way", "a token")

    assert secrets.redact("of-the-step-1 made-on-the-way") == "*** ***"
    assert secrets.forms["made-on-the-way"] == "a token"
    assert "made-on-the-way" not in repr(secrets)
