import pytest

from entrypoint.databricks.auth.workspace_host import Identity
from entrypoint.registry.ui_links import model_url, run_url

HOST = "https://acme.cloud.databricks.com"
WE, NUMBERED, ALONE = Identity(HOST), Identity(HOST, "ci", "123"), Identity(HOST, "ci", "0")
NOBODY = Identity()


@pytest.mark.parametrize(
    ("uri", "who", "url"),
    [
        ("databricks", WE, f"{HOST}/ml/experiments/7/runs/r"),
        ("databricks://profile", WE, f"{HOST}/ml/experiments/7/runs/r"),
        ("databricks", NUMBERED, f"{HOST}/ml/experiments/7/runs/r?o=123"),
        ("databricks", ALONE, f"{HOST}/ml/experiments/7/runs/r"),
        ("databricks", NOBODY, ""),
        ("https://mlflow.acme.com/", WE, "https://mlflow.acme.com/#/experiments/7/runs/r"),
        ("sqlite:///mlflow.db", WE, ""),
    ],
)
def test_a_run_has_a_page(uri: str, who: Identity, url: str) -> None:
    assert run_url(uri, who, "7", "r") == url


@pytest.mark.parametrize(
    ("uri", "who", "url"),
    [
        ("databricks-uc", WE, f"{HOST}/explore/data/models/prod/a%26b/support/version/3"),
        (
            "databricks-uc://profile",
            WE,
            f"{HOST}/explore/data/models/prod/a%26b/support/version/3",
        ),
        (
            "databricks-uc",
            NUMBERED,
            f"{HOST}/explore/data/models/prod/a%26b/support/version/3?o=123",
        ),
        ("databricks-uc", NOBODY, ""),
        ("http://mlflow", WE, "http://mlflow/#/models/prod.a%26b.support/versions/3"),
        ("uc:http://127.0.0.1:8080", WE, ""),
        ("sqlite:///mlflow.db", NOBODY, ""),
    ],
)
def test_a_version_has_a_page(uri: str, who: Identity, url: str) -> None:
    assert model_url(uri, who, "prod.a&b.support", "3") == url
