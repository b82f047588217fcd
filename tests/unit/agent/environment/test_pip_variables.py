"""pip's variables, which have no effect on uv."""

import pytest

from entrypoint.agent.environment.pip_variables import PipVariables


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("PIP_INDEX_URL", "https://pypi.acme.com/simple", "UV_DEFAULT_INDEX: https://pypi.acme"),
        (
            "PIP_EXTRA_INDEX_URL",
            "https://a/simple https://b/simple",
            "UV_INDEX: https://a/simple h",
        ),
        ("PIP_FIND_LINKS", "./wheels https://b", "UV_FIND_LINKS: ./wheels,https://b"),
        ("PIP_TRUSTED_HOST", "pypi.acme.com", "UV_INSECURE_HOST: pypi.acme.com"),
        ("PIP_CONSTRAINT", "limits.txt", "requirements: |\n        -c limits.txt"),
        ("PIP_CERT", "/etc/ssl/acme.pem", "SSL_CERT_FILE: /etc/ssl/acme.pem"),
        ("PIP_CONFIG_FILE", "pip.conf", "`UV_INDEX`"),
    ],
)
def test_the_warning_has_the_lines_that_work(name: str, value: str, line: str) -> None:
    warning = PipVariables.of({name: value}, ["mlflow"]).warning

    assert warning
    assert f"`{name}` is set and has no effect" in warning.what
    assert line in warning.fix


def test_several_are_one_warning() -> None:
    environ = {"PIP_EXTRA_INDEX_URL": "https://a/simple", "PIP_TRUSTED_HOST": "a"}

    warning = PipVariables.of(environ, []).warning

    assert warning
    assert "`PIP_EXTRA_INDEX_URL`, `PIP_TRUSTED_HOST` are set and have no effect" in warning.what
    assert "UV_INDEX: https://a/simple\n      UV_INSECURE_HOST: a" in warning.fix


def test_credentials_are_not_shown() -> None:
    environ = {"PIP_INDEX_URL": "https://reader:hunter2@pypi.acme.com/simple"}

    warning = PipVariables.of(environ, []).warning

    assert warning
    assert "https://***@pypi.acme.com/simple" in warning.fix
    assert "hunter2" not in warning.fix + warning.what


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"PIP_NO_CACHE_DIR": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        {"PIP_EXTRA_INDEX_URL": ""},
        {"PIP_EXTRA_INDEX_URL": "https://a/simple", "UV_EXTRA_INDEX_URL": "https://a/simple"},
        {"PIP_INDEX_URL": "https://a/simple"},
    ],
)
def test_what_has_an_effect_or_needs_none_is_not_warned_of(environ: dict[str, str]) -> None:
    variables = PipVariables.of(environ, ["--extra-index-url ${PIP_INDEX_URL}", "mlflow"])

    assert variables.warning is None
    assert variables.reason == ""
