from pathlib import Path

import pytest

from entrypoint.agent import unneeded_secrets

SECRET = "f00-b4r-b4z-1234"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("DB_PASSWORD", 'os.environ["DB_PASSWORD"]'),
        ("DB_PASSWORD", "class Settings(BaseSettings):\n    db_password: SecretStr"),
        ("OPENAI_API_KEY", "from openai import OpenAI"),
        ("OPENAI_API_KEY", "import os, langchain_openai"),
        ("OPENAI_API_KEY", 'litellm.completion("openai/gpt-5")'),
        ("ANTHROPIC_API_KEY", 'init_chat_model("anthropic:claude-sonnet-4-5")'),
        ("AWS_SECRET_ACCESS_KEY", "import boto3"),
        ("AWS_SECRET_ACCESS_KEY", "from langchain_aws import ChatBedrock"),
        ("HF_TOKEN", "from transformers import pipeline"),
        ("PGPASSWORD", "import psycopg"),
        ("GOOGLE_API_KEY", "from google import genai"),
    ],
)
def test_what_the_code_or_its_libraries_read_is_needed(name: str, code: str) -> None:
    assert unneeded_secrets.find({name: SECRET}, [code]) == []
    assert unneeded_secrets.find({name: SECRET}, ["import json"]) == [name]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LOG_LEVEL", "debug"),
        ("OF_THE_STEP", "for the agent"),
        # Of these it gets nothing.
        ("DATABRICKS_CLIENT_SECRET", SECRET),
        ("GITHUB_TOKEN", SECRET),
        ("UV_INDEX_PRIVATE_PASSWORD", SECRET),
        # Every HTTP library reads it.
        ("HTTPS_PROXY", "http://me:pa55-w0rd@proxy:3128"),
    ],
)
def test_what_is_no_secret_or_not_handed_over_is_not_named(name: str, value: str) -> None:
    assert unneeded_secrets.find({name: value}, [""]) == []


def test_all_are_named_at_once_without_their_values() -> None:
    environ = {
        "SLACK_WEBHOOK_URL": "https://hooks.slack.com/services/T0/B0/q8Qx01",
        "PYPI_PW": SECRET,
    }

    names = unneeded_secrets.find(environ, ["import json"])
    problem = unneeded_secrets.notice(names)

    assert names == ["PYPI_PW", "SLACK_WEBHOOK_URL"]
    assert all(name in problem.what for name in names)
    assert not any(value in f"{problem}" for value in environ.values())


def test_code_paths_are_read_but_for_what_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools/db.py").write_text("os.environ['DB_PASSWORD']")
    (tmp_path / "data.bin").write_bytes(b"\0DB_PASSWORD")

    assert list(unneeded_secrets.texts_in(tmp_path)) == ["os.environ['DB_PASSWORD']"]


def test_what_was_seen_to_be_read_is_needed() -> None:
    assert unneeded_secrets.find({"DB_PASSWORD": SECRET}, ["import json"], {"DB_PASSWORD"}) == []
