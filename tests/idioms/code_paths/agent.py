"""The agent imports its constants, tools and model from modules beside it."""

import mlflow
from helpers import make_llm
from helpers.search import DocumentSearch
from langgraph.prebuilt import create_react_agent
from settings import CHAT_ENDPOINT, INDEXES
from settings import Settings as AgentSettings
from tools import TOOLS, lookup

llm = make_llm(CHAT_ENDPOINT)
judge = make_llm(endpoint=AgentSettings.JUDGE)
search = DocumentSearch(INDEXES["docs"])

mlflow.models.set_model(create_react_agent(llm, [*TOOLS, lookup, search.as_tool()]))
