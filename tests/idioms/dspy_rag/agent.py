"""DSPy: the model by its LiteLLM name, an index by DatabricksRM."""

import dspy
import mlflow
from dspy.retrievers.databricks_rm import DatabricksRM
from mlflow.pyfunc import ChatAgent
from mlflow.types.agent import ChatAgentMessage, ChatAgentResponse

LLM_ENDPOINT_NAME = "databricks/databricks-claude-sonnet-4"
FAST_ENDPOINT = "databricks-meta-llama-3-1-8b-instruct"

lm = dspy.LM(model=LLM_ENDPOINT_NAME)  # uses: serving_endpoint databricks-claude-sonnet-4
fast = dspy.LM(  # uses: serving_endpoint databricks-meta-llama-3-1-8b-instruct
    f"databricks/{FAST_ENDPOINT}"
)
embed = dspy.Embedder(  # uses: serving_endpoint databricks-gte-large-en
    "databricks/databricks-gte-large-en"
)
dspy.settings.configure(lm=lm)


class Rag(dspy.Module):
    def __init__(self, index: str, k: int = 3):
        super().__init__()
        self.retrieve = DatabricksRM(  # uses: vector_search_index research.papers.abstracts
            databricks_index_name=index,
            text_column_name="abstract",
            docs_id_column_name="id",
            k=k,
            use_with_databricks_agent_framework=True,
        )
        self.rewrite = dspy.Predict("question -> search_query")
        self.answer = dspy.ChainOfThought("context, question -> answer")

    def forward(self, question: str):
        with dspy.context(lm=fast):
            search_query = self.rewrite(question=question).search_query
        return self.answer(context=self.retrieve(search_query), question=question)


class DspyAgent(ChatAgent):
    def __init__(self):
        self.rag = Rag("research.papers.abstracts", k=5)

    def predict(self, messages, context=None, custom_inputs=None) -> ChatAgentResponse:
        answer = self.rag(question=messages[-1].content).answer
        return ChatAgentResponse(
            messages=[ChatAgentMessage(role="assistant", content=answer, id="1")]
        )


mlflow.models.set_model(DspyAgent())
