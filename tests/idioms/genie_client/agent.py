"""The Genie client of databricks-ai-bridge, and the conversation API with its follow-ups."""

import mlflow
from databricks.sdk import WorkspaceClient
from databricks_ai_bridge.genie import Genie

SPACE = "01f0998877665544332211ffeeddccbb"


class GenieModel(mlflow.pyfunc.PythonModel):
    def __init__(self):
        self.w = WorkspaceClient()
        self.genie = Genie(  # uses: genie_space 01f0998877665544332211ffeeddccbb
            SPACE, client=self.w, truncate_results=True
        )

    def follow_up(self, conversation_id: str, question: str):
        waiter = self.w.genie.create_message(  # uses: genie_space 01f0998877665544332211ffeeddccbb
            space_id=SPACE, conversation_id=conversation_id, content=question
        )
        message = waiter.result()
        return self.w.genie.get_message_query_result(  # uses: genie_space 01f0998877665544332211ffeeddccbb
            SPACE, conversation_id, message.id
        )

    def predict(self, context, model_input, params=None):
        answer = self.genie.ask_question(str(model_input))
        return self.follow_up(answer.conversation_id, "And last year?")


mlflow.models.set_model(GenieModel())
