"""API scopes that Model Serving refuses."""

import pytest

from tests.integration.conftest import Checkout
from tests.integration.test_resources import DECLARED, EXAMPLE, OBO_AGENT, SCOPES

pytestmark = pytest.mark.exhaustive


def test_a_scope_of_databricks_apps_is_a_warning_at_its_line(checkout: Checkout) -> None:
    scopes = SCOPES.replace("vector-search", "ai-search") + "    - files\n"
    path = checkout.write("resources.yml", DECLARED + scopes)

    step = checkout.run(OBO_AGENT, input_example=EXAMPLE)

    assert step.status == 0, step.log
    search, files, _bridge = step.commands("warning")
    lines = (DECLARED + scopes).splitlines()
    assert f"file={path},line={lines.index('    - ai-search') + 1}," in search
    assert "Model Serving refuses the API scope `ai-search`" in search
    assert "%0A    - vector-search" in search
    assert f"file={path},line={lines.index('    - files') + 1}," in files
    assert "Databricks Apps" in files
