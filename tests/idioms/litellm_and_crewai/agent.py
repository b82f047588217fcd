"""LiteLLM's model strings, by themselves and through CrewAI, with a UC toolkit for CrewAI."""

import litellm
import mlflow
from crewai import LLM, Agent, Crew, Task
from litellm import acompletion, completion
from unitycatalog.ai.crewai.toolkit import UCFunctionToolkit

MODEL = "databricks/databricks-claude-3-7-sonnet"

llm = LLM(  # uses: serving_endpoint databricks-meta-llama-3-3-70b-instruct
    model="databricks/databricks-meta-llama-3-3-70b-instruct", temperature=0
)
toolkit = UCFunctionToolkit(  # uses: function hotel.tools.rooms
    function_names=["hotel.tools.rooms"]
)

clerk = Agent(role="clerk", goal="find rooms", backstory="", tools=toolkit.tools, llm=llm)
task = Task(description="Find a room", expected_output="a room", agent=clerk)


async def later(text: str):
    return await acompletion(  # uses: serving_endpoint databricks-claude-3-7-sonnet
        model=MODEL, messages=[{"role": "user", "content": text}]
    )


class HotelModel(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        rooms = Crew(agents=[clerk], tasks=[task]).kickoff()
        reply = completion(  # uses: serving_endpoint databricks-claude-3-7-sonnet
            MODEL, [{"role": "user", "content": str(rooms)}]
        )
        vectors = litellm.embedding(  # uses: serving_endpoint databricks-bge-large-en
            model="databricks/databricks-bge-large-en", input=["a"]
        )
        governed = litellm.completion(  # uses: uc_model_service hotel.models.chat
            model="databricks/hotel.models.chat", messages=[]
        )
        return [reply.choices[0].message.content, vectors, governed]


mlflow.models.set_model(HotelModel())
