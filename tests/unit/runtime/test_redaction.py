import base64
import html
import json
from urllib.parse import quote

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from entrypoint.runtime.redaction import Secrets
from tests.tokens import HARMLESS, TOKENS, made

VALUE = 's3cr3t/+ "quoted" & ü\''


@pytest.mark.parametrize(
    "name",
    [
        *("DATABRICKS_TOKEN", "GITHUB_TOKEN", "INPUT_GITHUB-TOKEN", "ARM_CLIENT_SECRET", "DB_PASS"),
        *("PGPASSWORD", "UV_INDEX_INTERNAL_PASSWORD", "CACHE_PASSWORD", "AWS_SECRET_ACCESS_KEY"),
        *("OPENAI_API_KEY", "api_key_2", "AZURE_CREDENTIALS", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"),
        *("SLACK_WEBHOOK", "JWT", "AUTH_HEADER", "SESSION_COOKIE", "COOKIES", "SERVICE_CREDS"),
        *("DB_CRED", "PASSWORD_SALT", "DB_PW", "VPN_PSK", "NPM_AUTH", "BASIC_AUTH", "dbPassword"),
        *("AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN", "SIGNING_KEY", "encryptionKey", "SSH_KEY"),
        *("STRIPE_KEY", "SENTRY_DSN", "WALLET_SEED", "MNEMONIC", "TOTP_SECRET", "CARD_PIN", "OTP"),
        *("TLS_CERT", "SIGNATURE", "BEARER", "PGPASS", "MYSQL_PWD", "GH_PAT", "USER_SESSION"),
        *("SMTPPASS", "REDIS_AUTH", "HMAC", "APP_PEPPER", "PROXY_AUTHORIZATION", "SAS"),
        *("DB_CONNECTION_STRING", "TOKENS", "KEY_PASSPHRASE", "APIKEY", "OPENAIKEY", "LICENSE_KEY"),
    ],
)
def test_a_variable_is_known_by_its_name(name: str) -> None:
    assert Secrets.from_environ({name: "f00-b4r-b4z-1234"}).redact("f00-b4r-b4z-1234") == "***"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(
            ("DB_PASSWORD", "hunter2"),
            ("DB_PW", "a1b2c3"),
            ("VPN_PSK", "x9!kd2"),
            ("JWT", "a.b1.c2"),
        ),
        *(("CARD_PIN", "493027"), ("OTP", "493027"), ("DB_PASSWORD", "20240117")),
        ("MNEMONIC", "abandon ability able about above absent absorb abstract absurd abuse access"),
        ("SEED", "legal winner thank year wave sausage worth useful legal winner thank yellow"),
        ("KEY_PASSPHRASE", "correct horse battery staple"),
        ("AWS_ACCESS_KEY_ID", "AKIA2E0A8F3B244C9986"),
    ],
)
def test_short_ones_numbers_and_phrases_are_secrets_under_such_a_name(
    name: str, value: str
) -> None:
    assert Secrets.from_environ({name: value}).redact(f"it is {value}") == "it is ***"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KEYBOARD", "us-international-2"),
        ("SSH_KEY_PATH", "/home/me/.ssh/id_ed25519"),
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
        ("AUTH", "databricks-cli"),
        ("AUTH_TYPE", "github-oidc"),
        ("REQUIRE_AUTH", "enabled"),
        ("TOKEN_HEADER", "Authorization"),
        ("TOKEN_HEADER", "X-Api-Key"),
        ("TOKEN_URL", "https://login.example.com/oauth2/v2.0/token"),
        ("AUTH_HOST", "auth-1.internal.example.com:8443"),
        ("AUTH_SERVER", "auth-1.internal.example.com"),
        ("WEBHOOK_HOST", "https://hooks.example.com"),
        ("SSH_AUTH_SOCK", "/tmp/ssh-XXXX/agent.123"),
        ("DB_PASSWORD", "/run/secrets/db_password"),
        ("SECRET_ARN", "arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/db-AbCdEf"),
        ("DB_PASSWORD", "${{ secrets.DB_PASSWORD }}"),
        ("DB_PASSWORD", "<your-password>"),
        ("RANDOM_SEED", "20240117"),
        ("RANDOM_SEED", "42"),
        ("TOKENS_PER_MINUTE", "1000000"),
        ("XDG_SESSION_TYPE", "wayland"),
        ("DBUS_SESSION_BUS_ADDRESS", "unix:path=/run/user/1000/bus"),
        ("CACHE_KEY", "Linux-py311-5f4dcc3b5aa765d61d8327deb882cf99"),
        ("SORT_KEY", "created_at_2024"),
        ("COOKIE_DOMAIN", "agents-1.example.com"),
        ("JWT_ALGORITHM", "RS256-or-ES256"),
        ("GPG_KEY", "A035C8C19219BA821ECEA86B64E628F8D684696D"),
        ("TLS_CERT", "-----BEGIN CERTIFICATE-----\nMIIDdzCCAl+gAwIBAgIEAgAAuTANBgkqhkiG9w0\n"),
        (
            "SERVER_URL",
            "https://github.com/acme/agents/commit/0d1a26e67d8f5eaf1f6ba5c57fc3c7d91ac0fd1c",
        ),
        ("REPOSITORY_URL", "https://github.com/pre-commit/pre-commit-hooks/tree/v4.5.0"),
        ("NOTE", "token: required, password: see below, and basic authentication"),
        ("SPARK_CONF", "spark.executor.memory=4g;spark.sql.shuffle.partitions=200"),
        ("MODEL", "databricks-meta-llama-3-3-70b-instruct"),
        ("SETTINGS", '{"retries": 3, "region": "us-east-1", "auth_type": "oauth-m2m", "on": true}'),
        ("KEYS_JSON", '{"id": "customer_identifier", "endpoint": "https://example.com/x"}'),
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
        ('{"a": [{"b": {"password": "pa55-word"}}]}', "pa55-word"),
        ('{"env": [{"name": "DB_PASSWORD", "value": "pa55-word"}]}', "pa55-word"),
        ('{"tokens": ["t0ken-0ne!", "t0ken-tw0!"]}', "t0ken-tw0!"),
        ('{"credentials": {"primary": "pa55-word", "id": "me-and-you"}}', "pa55-word"),
        ('[{"password": "pa55-word"}]', "pa55-word"),
        (json.dumps({"a": json.dumps({"b": json.dumps({"password": "pa55-word"})})}), "pa55-word"),
        (base64.b64encode(b'{"password": "pa55-word"}').decode(), "pa55-word"),
        ("users:\n- name: me\n  user:\n    token: pa55-w0rd\n", "pa55-w0rd"),
        ("//registry.npmjs.org/:_authToken=pa55-w0rd-b4r", "pa55-w0rd-b4r"),
        ("machine host login me password pa55-w0rd", "pa55-w0rd"),
        ("[pypi]\nusername = __token__\npassword = pa55-w0rd\n", "pa55-w0rd"),
        ('api_key = "pa55 w0rd, too"', "pa55 w0rd, too"),
        ("A=b\nDB_PASSWORD='pa55;w0rd'\n", "pa55;w0rd"),
        ("host=h user=u password=pa55-w0rd port=5432", "pa55-w0rd"),
        ("-Xmx1g -Djavax.net.ssl.trustStorePassword=pa55-w0rd", "pa55-w0rd"),
        ("serve --api-key pa55-w0rd --port 80", "pa55-w0rd"),
        ("X-Api-Key: pa55-w0rd", "pa55-w0rd"),
        ("<server><password>pa55-w0rd</password></server>", "pa55-w0rd"),
        ('<add key="ClearTextPassword" value="pa55-w0rd" />', "pa55-w0rd"),
        ("Authorization: Basic " + base64.b64encode(b"me:pa55-w0rd").decode(), "pa55-w0rd"),
    ],
)
def test_secrets_are_found_in_any_variables_value(value: str, secret: str) -> None:
    assert Secrets.from_environ({"UV_INDEX_URL": value}).redact(f"<{secret}>") == "<***>"


@pytest.mark.parametrize(
    ("name", "url", "secret"),
    [
        (
            "SLACK_WEBHOOK_URL",
            "https://hooks.slack.com/services/T0AB/B0CD/q8Qx0123zzYw",
            "q8Qx0123zzYw",
        ),
        ("ALERTS", "https://hooks.zapier.com/hooks/catch/123/aB3dE5gH7j/", "aB3dE5gH7j"),
        ("DISCORD_HOOK", "https://discord.com/api/webhooks/123/aB3dE5gH7j-k_l", "aB3dE5gH7j-k_l"),
        ("WEBHOOK_URL", "https://ci.example.com/generic-webhook-trigger/invoke", ""),
        (
            "FLOW",
            "https://x.logic.azure.com/workflows/a?sp=%2Ft&sig=aB3dE5gH7jK9-mN",
            "aB3dE5gH7jK9-mN",
        ),
        (
            "CHAT",
            "https://chat.googleapis.com/v1/spaces/A/messages?key=k&token=aB3dE5gH7j",
            "aB3dE5gH7j",
        ),
        (
            "MODEL_URL",
            "https://b.s3.amazonaws.com/m?X-Amz-Signature=" + "0a1b2c3d" * 8,
            "0a1b2c3d" * 8,
        ),
        (
            "BLOB",
            "https://a.blob.core.windows.net/c?sv=2024&sig=aB3d%2FgH7jK9%3D",
            "aB3d%2FgH7jK9%3D",
        ),
        (
            "HOOK",
            "https://f.azurewebsites.net/api/f?code=aB3dE5gH7jK9_mN1pQ3sT5vW7yZ9aB3dE5gH7jK9_mN1pQ==",
            "aB3dE5gH7jK9_mN1pQ3sT5vW7yZ9aB3dE5gH7jK9_mN1pQ==",
        ),
    ],
)
def test_an_address_that_is_itself_a_secret_goes_whole_and_by_its_secret_part(
    name: str, url: str, secret: str
) -> None:
    secrets = Secrets.from_environ({name: url})

    assert secrets.redact(f"POST {url} 200") == "POST *** 200"
    assert not secret or secrets.redact(f"<{secret}>") == "<***>"


DOCKER = {
    "auths": {
        "https://index.docker.io/v1/": {
            "auth": base64.b64encode(b"bot:pa55-w0rd").decode(),
            "email": "bot@example.com",
        },
        "eu.gcr.io": {"auth": base64.b64encode(b'_json_key:{"private_key_id": "a1"}').decode()},
    },
    "credHelpers": {"123.dkr.ecr.eu-west-1.amazonaws.com": "ecr-login"},
}
SERVICE_ACCOUNT = {
    "type": "service_account",
    "project_id": "acme-agents-1",
    "private_key": "-----BEGIN PRIVATE KEY-----\n"
    + "MIIEvQIBADAN1a2b" * 4
    + "\n-----END PRIVATE KEY-----\n",
    "client_email": "bot@acme-agents-1.iam.gserviceaccount.com",
    "auth_uri": "https://accounts.google.com/o/oauth2/auth",
    "universe_domain": "googleapis.com",
}


def test_dockers_credentials_are_known_decoded_and_the_rest_stays_readable() -> None:
    secrets = Secrets.from_environ({"DOCKER_AUTH_CONFIG": json.dumps(DOCKER)})

    assert secrets.redact("pa55-w0rd") == "***"
    assert secrets.redact(base64.b64encode(b"bot:pa55-w0rd").decode()) == "***"
    for readable in ("bot@example.com", "https://index.docker.io/v1/", "eu.gcr.io", "ecr-login"):
        assert secrets.redact(readable) == readable


@pytest.mark.parametrize("name", ["GOOGLE_CREDENTIALS", "GCP_SA_KEY", "SERVICE_ACCOUNT", "SECRETS"])
@pytest.mark.parametrize("encoded", [False, True])
def test_of_a_service_account_the_key_is_a_secret_and_its_name_is_not(
    name: str, *, encoded: bool
) -> None:
    value = json.dumps(SERVICE_ACCOUNT)
    secrets = Secrets.from_environ(
        {name: base64.b64encode(value.encode()).decode() if encoded else value}
    )

    for readable in SERVICE_ACCOUNT.keys() - {"private_key"}:
        assert secrets.redact(SERVICE_ACCOUNT[readable]) == SERVICE_ACCOUNT[readable]
    assert secrets.redact("MIIEvQIBADAN1a2b" * 4) == "***"


@pytest.mark.parametrize(
    "value", ["{" * 5000, "[" * 5000, '"' * 5000, "a=" * 50_000, "_" * 100_000]
)
def test_odd_values_are_read_all_the_same(value: str) -> None:
    assert Secrets.from_environ({"ODD": value, "A_TOKEN": "f00-b4r"}).redact("f00-b4r") == "***"


@pytest.mark.parametrize(("kind", "token"), TOKENS.items(), ids=TOKENS.keys())
@pytest.mark.parametrize(
    "around", ["{}", "key={}", '{{"key": "{}"}}', "a\\n{}", "\x1b[32m{}\x1b[0m"]
)
def test_a_token_that_nobody_knew_is_known_by_its_shape(kind: str, token: str, around: str) -> None:
    redacted = Secrets().redact(f"It is {around.format(token)} they say.")

    assert token not in redacted
    assert token[-20:].strip() not in redacted
    assert redacted.startswith("It is ")
    assert redacted.endswith(" they say.")
    assert "***" in redacted


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_looks_a_little_like_a_token_stays_readable(text: str) -> None:
    assert Secrets().redact(text) == text


def test_a_private_key_goes_with_all_its_lines() -> None:
    lines = [made(64) for _ in range(20)]
    key = "\n".join(
        ("-----BEGIN RSA PRIVATE KEY-----", *lines, "Ab3=", "-----END RSA PRIVATE KEY-----")
    )

    assert Secrets().redact(f"It is\n{key}\nthey say.") == "It is\n***\nthey say."
    assert Secrets().redact(json.dumps({"key": key})) == '{"key": "***"}'


def test_what_overlaps_goes_as_a_whole() -> None:
    token = TOKENS["GitHub Token"]
    secrets = Secrets.from_environ({"A_TOKEN": token[:10], "B_TOKEN": f"b4r-{token[:20]}"})

    assert secrets.redact(f"<b4r-{token}>") == "<***>"


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


@pytest.mark.parametrize("short", ["", "x", "*", "ab1", "a1b2c", "      ", "\n\n\n\n\n\nx"])
def test_what_is_too_short_is_not_learnt(short: str) -> None:
    secrets = Secrets.from_environ({}, token=short)
    secrets.learn(short, "a token")

    assert not secrets.forms


@settings(deadline=None, database=None, derandomize=True)
@given(st.lists(st.text("a*\n", max_size=12)), st.text("a*\n", max_size=200))
def test_masking_never_makes_a_text_longer(values: list[str], text: str) -> None:
    secrets = Secrets()
    for value in values:
        secrets.learn(value, "a token")

    masked = secrets.redact(text)

    assert len(masked) <= len(text)
    assert not any(form in masked for form in secrets.forms if "*" not in form)


def test_what_stands_over_itself_goes_as_one() -> None:
    secrets = Secrets()
    secrets.learn("abcabc", "a token")

    assert secrets.redact("<abcabcabcabcab>abcabc") == "<***ab>***"
