"""How users name a registered version."""

import pytest

from entrypoint.registry.name import ModelName
from entrypoint.registry.reference import Reference

NAME = ModelName("dev", "agents", "support")


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("dev.agents.support", Reference(NAME)),
        ("models:/dev.agents.support/3", Reference(NAME, version="3")),
        ("models:/dev.agents.support/007", Reference(NAME, version="7")),
        ("models:/dev.agents.support@champion", Reference(NAME, alias="champion")),
    ],
)
def test_is_read(text: str, reference: Reference) -> None:
    assert Reference.parse(text) == reference
    assert Reference.parse(str(reference)) == reference


@pytest.mark.parametrize(
    "text",
    [
        "support",
        "dev.agents",
        "dev.agents.support@champion",
        "dev.agents.support/3",
        "models:/support@champion",
        "models:/m-0123456789",
        "models:/dev.agents.support",
        "models:/dev.agents.support/",
        "models:/dev.agents.support/latest",
        "models:/dev.agents.support@",
        "models:/dev.agents.support@a/b",
        "runs:/abc/model",
        "",
    ],
)
def test_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"catalog\.schema\.model"):
        Reference.parse(text)
