"""The model config as a whole: to_dict, keyword arguments of a section, a list of tools."""

from databricks_langchain import ChatDatabricks, UCFunctionToolkit
from databricks_langchain.genie import GenieAgent
from langgraph.prebuilt import create_react_agent
from mlflow.models import ModelConfig, set_model

CONFIG_FILE = "config.yml"
config = ModelConfig(development_config=CONFIG_FILE)
settings = config.to_dict()

llm = ChatDatabricks(**settings["llm"])  # uses: serving_endpoint databricks-claude-opus-4-1

names = [entry["function"] for entry in settings["tools"]]
toolkit = UCFunctionToolkit(  # uses: function farm.tools.weather; function farm.tools.soil
    function_names=names
)

genie = GenieAgent(  # uses: genie_space 01efcafe0123456789abcdef01234567
    config.get("genie")["space_id"]
)

set_model(create_react_agent(llm, toolkit.tools))
