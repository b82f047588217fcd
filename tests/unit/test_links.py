import pytest

from entrypoint.registry.links import model_url, run_url

HOST = "https://acme.cloud.databricks.com"


@pytest.mark.parametrize(
    ("uri", "host", "url"),
    [
        ("databricks", HOST, f"{HOST}/ml/experiments/7/runs/r"),
        ("databricks://profile", HOST, f"{HOST}/ml/experiments/7/runs/r"),
        ("databricks", "", ""),
        ("https://mlflow.acme.com/", HOST, "https://mlflow.acme.com/#/experiments/7/runs/r"),
        ("sqlite:///mlflow.db", HOST, ""),
    ],
)
def test_a_run_has_a_page(uri: str, host: str, url: str) -> None:
    assert run_url(uri, host, "7", "r") == url


@pytest.mark.parametrize(
    ("uri", "host", "url"),
    [
        ("databricks-uc", HOST, f"{HOST}/explore/data/models/prod/a%26b/support/version/3"),
        (
            "databricks-uc://profile",
            HOST,
            f"{HOST}/explore/data/models/prod/a%26b/support/version/3",
        ),
        ("databricks-uc", "", ""),
        ("http://mlflow", HOST, "http://mlflow/#/models/prod.a%26b.support/versions/3"),
        ("uc:http://127.0.0.1:8080", HOST, ""),
        ("sqlite:///mlflow.db", "", ""),
    ],
)
def test_a_version_has_a_page(uri: str, host: str, url: str) -> None:
    assert model_url(uri, host, "prod.a&b.support", "3") == url
