"""Loops: over a list, a tuple of pairs, a dictionary, in a comprehension, with enumerate."""

import mlflow
from databricks_langchain import ChatDatabricks, VectorSearchRetrieverTool
from databricks_langchain.genie import GenieAgent
from databricks_mcp import DatabricksMCPClient

INDEXES = ["city.open.parks", "city.open.schools"]
SPACES = {
    "Budget": "01f0a1b2c3d4e5f60718293a4b5c6d7e",
    "Traffic": "01f0998877665544332211ffeeddccbb",
}
EXTERNAL = (("weather", "meteo_mcp"), ("maps", "maps_mcp"))
WORKERS = ["draft", "review"]

tools = []
for name in INDEXES:
    tools.append(
        VectorSearchRetrieverTool(  # uses: vector_search_index city.open.parks; vector_search_index city.open.schools
            index_name=name
        )
    )

genies = {
    title: GenieAgent(  # uses: genie_space 01f0a1b2c3d4e5f60718293a4b5c6d7e; genie_space 01f0998877665544332211ffeeddccbb
        genie_space_id=space, genie_agent_name=title
    )
    for title, space in SPACES.items()
}

servers = []
for label, connection in EXTERNAL:
    client = DatabricksMCPClient(  # uses: uc_connection meteo_mcp; uc_connection maps_mcp
        server_url=f"https://city.cloud.databricks.com/api/2.0/mcp/external/{connection}"
    )
    servers.append((label, client))

llms = [
    ChatDatabricks(  # uses: serving_endpoint city-draft; serving_endpoint city-review
        endpoint=f"city-{worker}", temperature=i / 10
    )
    for i, worker in enumerate(WORKERS)
]

mlflow.models.set_model(llms[0] | llms[1])
