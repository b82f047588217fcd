"""How users name a registered version."""

import pytest

from entrypoint.inputs.model_name import ModelName
from entrypoint.inputs.model_reference import ModelReference

NAME = ModelName("dev", "agents", "support")


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("dev.agents.support", ModelReference(NAME)),
        ("models:/dev.agents.support/3", ModelReference(NAME, version="3")),
        ("models:/dev.agents.support/007", ModelReference(NAME, version="7")),
        ("models:/dev.agents.support@champion", ModelReference(NAME, alias="champion")),
    ],
)
def test_is_read(text: str, reference: ModelReference) -> None:
    assert ModelReference.parse(text) == reference
    assert ModelReference.parse(str(reference)) == reference


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
        ModelReference.parse(text)
