"""How a model is made."""

from databricks_langchain import ChatDatabricks


def make_llm(endpoint: str, temperature: float = 0.0) -> ChatDatabricks:
    return ChatDatabricks(  # uses: serving_endpoint acme-chat; serving_endpoint acme-judge
        endpoint=endpoint, temperature=temperature
    )
