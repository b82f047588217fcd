# Databricks notebook source
# MAGIC %md
# MAGIC # The agent
# MAGIC `ChatDatabricks(endpoint="only-in-the-text")` is what the text says.

# COMMAND ----------

# MAGIC %pip install -U -qqqq databricks-langchain databricks-vectorsearch mlflow
# MAGIC %restart_python

# COMMAND ----------

import mlflow
from databricks_langchain import ChatDatabricks, DatabricksVectorSearch

dbutils.widgets.text("schema", "agents")

# COMMAND ----------

CATALOG = "main"
schema_name = dbutils.widgets.get("schema")
VS_INDEX = f"{CATALOG}.agents.wiki_index"

# COMMAND ----------

# DBTITLE 1,Model and retriever
llm = ChatDatabricks(  # uses: serving_endpoint databricks-claude-sonnet-4
    endpoint="databricks-claude-sonnet-4"
)
wiki = DatabricksVectorSearch(  # uses: vector_search_index main.agents.wiki_index
    index_name=VS_INDEX
).as_retriever()
mine = DatabricksVectorSearch(  # uses: vector_search_index ?
    index_name=f"main.{schema_name}.mine"
).as_retriever()

# COMMAND ----------

chain = wiki | llm
mlflow.models.set_model(chain)

# COMMAND ----------

# MAGIC %sql
# MAGIC SELECT * FROM main.agents.wiki
