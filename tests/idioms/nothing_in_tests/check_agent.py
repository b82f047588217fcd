"""Checks of the agent, run by hand."""

from agent import Upper
from databricks_langchain import ChatDatabricks
from helpers import workspace_with

judge = ChatDatabricks(endpoint="databricks-claude-sonnet-4")


def check_upper():
    assert Upper().predict(None, "a") == "A"
    assert judge.invoke("Is A the upper case of a?")
    assert workspace_with("judge-endpoint")
