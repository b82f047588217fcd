"""Indexes of other vector databases."""

import chromadb
import faiss
import mlflow
from langchain_community.vectorstores import FAISS, Chroma
from opensearchpy import OpenSearch
from pinecone import Pinecone
from redisvl.index import SearchIndex

pinecone = Pinecone(api_key="x")
index = pinecone.Index("quickstart")
described = pinecone.describe_index("main.agents.docs")
collection = chromadb.Client().get_collection(name="docs")
search = OpenSearch(hosts=["localhost"])
flat = faiss.IndexFlatL2(64)


class Search(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        redis = SearchIndex.from_existing(name="main.agents.docs")
        store = FAISS.load_local("faiss_index", None)
        chroma = Chroma(collection_name="docs")
        return [
            index.query(vector=[0.1], top_k=3),
            search.search(index="main.agents.docs", body={}),
            collection.query(query_texts=["a"]),
            redis.query("a"),
            store.similarity_search("a"),
            chroma.similarity_search("a"),
        ]


mlflow.models.set_model(Search())
