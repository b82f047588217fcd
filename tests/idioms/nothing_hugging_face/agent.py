"""Databricks' own models on Hugging Face's hub, and repositories of the same owner."""

import mlflow
from datasets import load_dataset
from github import Github
from huggingface_hub import InferenceClient
from langchain_huggingface import HuggingFacePipeline
from llama_index.llms.huggingface import HuggingFaceLLM
from sentence_transformers import SentenceTransformer
from smolagents import TransformersModel
from transformers import AutoTokenizer, pipeline
from vllm import LLM

tokenizer = AutoTokenizer.from_pretrained("databricks/dolly-v2-3b")
dolly = pipeline("text-generation", model="databricks/dolly-v2-3b")
chain = HuggingFacePipeline.from_model_id(model_id="databricks/dolly-v2-3b", task="text-generation")
index = HuggingFaceLLM(model_name="databricks/dolly-v2-7b", tokenizer_name="databricks/dolly-v2-7b")
embedder = SentenceTransformer("databricks/some-embedder")
small = TransformersModel(model_id="databricks/dbrx-instruct")
local = LLM(model="databricks/dbrx-instruct")
hub = InferenceClient(model="databricks/dbrx-instruct")
data = load_dataset("databricks/databricks-dolly-15k")
repository = Github().get_repo("databricks/mlops-stacks")


class Local(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return [tokenizer, dolly, chain, index, embedder, small, local, hub, data, repository]


mlflow.models.set_model(Local())
