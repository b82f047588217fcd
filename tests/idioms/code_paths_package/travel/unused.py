"""Nobody imports this one."""

from databricks_langchain import ChatDatabricks

old = ChatDatabricks(endpoint="retired-endpoint")
