"""Secrets in the step's variables that the agent gets, and that its code doesn't seem to use."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from entrypoint.agent.sandbox.variables import step_environ
from entrypoint.runtime.errors import Problem
from entrypoint.runtime.secret_variables import secrets_of

# Variables that HTTP libraries read by themselves.
_OF_ANY_LIBRARY = re.compile(r"(?:https?|all|ftp|no)_proxy", re.IGNORECASE)
# A library reads variables that begin with its own name, which is part of its modules' names
# (`langchain_openai`: OPENAI_API_KEY) or the provider in the name of a model ("openai/gpt-5").
_IMPORTED = re.compile(r"^\s*(?:from|import)\s+([\w.]+(?:\s*,\s*[\w.]+)*)", re.MULTILINE)
_PROVIDER = re.compile(r"[\"']([a-z]\w+)[/:][a-z][\w.:/-]*[\"']")
# Libraries whose variables begin with another name.
_ALSO_CALLED = {
    "aws": ("boto3", "botocore", "bedrock"),
    "gcp": ("google", "vertexai"),
    "google": ("gemini", "genai", "vertexai"),
    "gemini": ("google", "genai"),
    "hf": ("huggingface", "transformers", "sentence"),
    "huggingfacehub": ("huggingface",),
    "langchain": ("langsmith", "langgraph"),
    "langsmith": ("langchain", "langgraph"),
    "pg": ("psycopg", "psycopg2", "asyncpg"),
    "pgpassword": ("psycopg", "psycopg2", "asyncpg"),
    "arm": ("azure",),
}


def find(environ: Mapping[str, str], code: Iterable[str], read: Collection[str] = ()) -> list[str]:
    """The names of the secrets that the agent gets and that no text of `code` seems to use.

    `environ`: the job's variables. `code`: the agent's file, its code paths, its configuration.
    `read`: the variables that the agent is known to read, whatever its code says.
    """
    secrets = [
        name
        for name, value in step_environ(environ).items()
        if name not in read and not _OF_ANY_LIBRARY.fullmatch(name) and any(secrets_of(name, value))
    ]
    if not secrets:
        return []
    whole = "\n".join(code)
    mentioned, libraries = whole.lower(), set(_libraries(whole))
    return sorted(
        name
        for name in secrets
        if name.lower() not in mentioned and libraries.isdisjoint(_readers(name))
    )


def texts_in(folder: Path) -> Iterator[str]:
    """Every file of the code paths that is text."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and b"\0" not in (content := path.read_bytes())[:8192]:
            yield content.decode(errors="replace")


def notice(names: Iterable[str]) -> Problem:
    """The notice that names them."""
    listed = ", ".join(f"`{name}`" for name in names)
    return Problem(
        f"The agent is handed secrets that nothing in its code names: {listed}.",
        "Its code, and that of every package it uses, can read what is in the environment of this"
        " step. Take them out of `env:` (of the step, the job and the workflow), and give each only"
        " to the step that needs it:\n\n"
        "    - run: ./notify.sh\n"
        "      env:\n"
        "        SOME_SECRET: ${{ secrets.SOME_SECRET }}",
    )


def _libraries(code: str) -> Iterator[str]:
    for names in _IMPORTED.findall(code):
        yield from re.split(r"[\W_]+", names.lower())
    yield from _PROVIDER.findall(code)


def _readers(name: str) -> set[str]:
    first = re.split(r"[^a-z0-9]", name.lower(), maxsplit=1)[0]
    return {first, *_ALSO_CALLED.get(first, ())}
