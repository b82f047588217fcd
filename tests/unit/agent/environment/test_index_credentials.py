import pytest

from entrypoint.agent.environment.index_credentials import Credentials, without_credentials


def test_known_ones_are_masked_however_they_are_spelt() -> None:
    environ = {
        "UV_INDEX": "ours=https://user:p%40ss-word@host/simple",
        "UV_INDEX_OURS_PASSWORD": "other-password",
        "TOKEN": "from-a-variable",
        "UNUSED": "harmless",
    }
    credentials = Credentials.read(environ, ["--index-url https://${TOKEN}@host/simple"])

    text = "p%40ss-word p@ss-word other-password from-a-variable harmless"

    assert credentials.masked(text) == "*** *** *** *** harmless"


def test_unknown_ones_are_masked_in_urls() -> None:
    text = Credentials([]).masked("at https://a:b@host/x, git+ssh://git@host/y and a@b.c")

    assert text == "at https://***@host/x, git+ssh://***@host/y and a@b.c"


@pytest.mark.parametrize("user", ["", "user@", "user:secret@", "u:${TOKEN}@", "a@b:c@"])
def test_urls_are_recorded_without(user: str) -> None:
    assert without_credentials(f"https://{user}host:1/x?y#z") == "https://host:1/x?y#z"
