"""Puts the agent together."""

from databricks_langchain import ChatDatabricks, UCFunctionToolkit
from databricks_langchain.genie import GenieAgent
from langgraph.prebuilt import create_react_agent

from . import constants
from .constants import FUNCTIONS


def create_agent(llm_endpoint: str = constants.LLM):
    llm = ChatDatabricks(  # uses: serving_endpoint databricks-claude-haiku-4-5
        endpoint=llm_endpoint
    )
    toolkit = UCFunctionToolkit(  # uses: function trips.tools.flights; function trips.tools.hotels
        function_names=list(FUNCTIONS)
    )
    genie = GenieAgent(constants.SPACE)  # uses: genie_space 01f0998877665544332211ffeeddccbb
    return create_react_agent(llm, [*toolkit.tools, genie.as_tool(name="figures")])
