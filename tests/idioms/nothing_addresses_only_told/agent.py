"""Addresses and names that are written, shown and taken apart, and that nothing asks."""

import logging
import os
from urllib.parse import urljoin, urlparse

import mlflow
from langchain_core.documents import Document
from langchain_core.messages import AIMessage, SystemMessage
from langchain_core.prompts import PromptTemplate
from langchain_core.tools import StructuredTool
from opentelemetry import trace
from pydantic import BaseModel, Field

log = logging.getLogger(__name__)
tracer = trace.get_tracer(__name__)
GENIE = "https://acme.cloud.databricks.com/api/2.0/mcp/genie/01f0998877665544332211ffeeddccbb"


class Settings(BaseModel):
    """What could be asked."""

    url: str = Field("https://acme.cloud.databricks.com/api/2.0/mcp/sql", description="the server")
    model: str = Field(default="databricks/databricks-gpt-5")


class Told(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        params["logger"].info(GENIE)
        log.info("asking %s", GENIE)
        print(GENIE)
        mlflow.set_tag("server", GENIE)
        urls = [GENIE]
        urls.append("https://acme.cloud.databricks.com/api/2.0/mcp/functions/a/b/c")
        path = urlparse(GENIE).path
        is_sql = path.startswith("/api/2.0/mcp/sql")
        whole = urljoin(os.environ["HOST"], "/api/2.0/mcp/sql")
        says = f"See {GENIE} for figures"
        tracer.start_span("ask").set_attribute("server", GENIE)
        found = Document(page_content="a", metadata={"source": "/Volumes/prod/docs/files/a.pdf"})
        prompt = PromptTemplate.from_template(GENIE)
        told = [SystemMessage(GENIE), AIMessage(content="SELECT * FROM prod.sales.orders")]
        tool = StructuredTool(name="clerk", description="https://clerk-1.aws.databricksapps.com")
        urls += [found, prompt, told, tool]
        return [urls, is_sql, whole, says, os.path.join("/serving-endpoints", "a", "invocations")]


mlflow.models.set_model(Told())
