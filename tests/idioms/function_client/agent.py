"""UC functions without a toolkit: the default client, a warehouse, functions by name."""

import mlflow
from databricks.sdk import WorkspaceClient
from databricks_langchain import ChatDatabricks, UCFunctionToolkit, set_uc_function_client
from langgraph.prebuilt import create_react_agent
from unitycatalog.ai.core.databricks import DatabricksFunctionClient

functions = DatabricksFunctionClient(  # uses: sql_warehouse 9f8e7d6c5b4a3928
    warehouse_id="9f8e7d6c5b4a3928"
)
set_uc_function_client(functions)

PREFIX = "weather.tools."
FUNCTIONS = {"forecast": PREFIX + "forecast", "history": PREFIX + "history"}


def forecast(city: str) -> str:
    """The forecast of a city."""
    result = functions.execute_function(  # uses: function weather.tools.forecast
        FUNCTIONS["forecast"], {"city": city}
    )
    return result.value


def history(city: str) -> str:
    """The past of a city."""
    result = functions.execute_function(  # uses: function weather.tools.history
        function_name=FUNCTIONS["history"], parameters={"city": city}
    )
    comment = (
        WorkspaceClient()  # uses: function weather.tools.history
        .functions.get(FUNCTIONS["history"])
        .comment
    )
    return f"{result.value} ({comment})"


everything = UCFunctionToolkit(  # uses: function weather.public.*
    function_names=["weather.public.*"]
)
llm = ChatDatabricks(  # uses: serving_endpoint databricks-gpt-oss-20b
    model="databricks-gpt-oss-20b"
)
mlflow.models.set_model(create_react_agent(llm, [forecast, history, *everything.tools]))
