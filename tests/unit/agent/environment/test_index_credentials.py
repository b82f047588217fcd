import pytest

from entrypoint.agent.environment.index_credentials import masked, without_credentials


def test_credentials_are_masked_in_urls() -> None:
    text = masked("at https://a:b@host/x, git+ssh://git@host/y, https://a@b:c@host and a@b.c")

    assert text == "at https://***@host/x, git+ssh://***@host/y, https://***@host and a@b.c"


@pytest.mark.parametrize("user", ["", "user@", "user:secret@", "u:${TOKEN}@", "a@b:c@"])
def test_urls_are_recorded_without(user: str) -> None:
    assert without_credentials(f"https://{user}host:1/x?y#z") == "https://host:1/x?y#z"


def test_what_is_no_credential_stays() -> None:
    text = "pkg @ git+https://host/pkg@main?at=a@b file:///a@b"

    assert without_credentials(text) == masked(text) == text
