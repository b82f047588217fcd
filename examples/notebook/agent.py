# Databricks notebook source
# MAGIC %md A shop's opening hours, told by a Databricks notebook in source format, as Git folders
# MAGIC keep it. It is logged as it is: to Python this cell is a comment.

# COMMAND ----------

# MAGIC %pip install -q mlflow==3.17.2
# MAGIC dbutils.library.restartPython()

# COMMAND ----------

from uuid import uuid4

import mlflow
from mlflow.models import ModelConfig
from mlflow.pyfunc import ResponsesAgent
from mlflow.types.responses import ResponsesAgentRequest, ResponsesAgentResponse

config = ModelConfig(development_config="config.yml")

# COMMAND ----------


class OpeningHours(ResponsesAgent):
    def predict(self, request: ResponsesAgentRequest) -> ResponsesAgentResponse:
        question = request.input[-1].content.lower()
        day = next((day for day in config.get("hours") if day in question), None)
        answer = f"{day.title()}: {config.get('hours')[day]}." if day else "Which day?"
        return ResponsesAgentResponse(output=[self.create_text_output_item(answer, str(uuid4()))])


agent = OpeningHours()
mlflow.models.set_model(agent)

# COMMAND ----------

# MAGIC %md What follows is for the notebook only: it isn't run when the agent is logged or loaded.

# COMMAND ----------

if __name__ == "__main__":
    question = {"role": "user", "content": "Are you open on Saturday?"}
    print(agent.predict(ResponsesAgentRequest(input=[question])))
