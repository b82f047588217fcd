"""Addresses and names that are written, shown and taken apart, and that nothing asks."""

import logging
import os
from urllib.parse import urljoin, urlparse

import mlflow
from pydantic import BaseModel, Field

log = logging.getLogger(__name__)
GENIE = "https://acme.cloud.databricks.com/api/2.0/mcp/genie/01f0998877665544332211ffeeddccbb"


class Settings(BaseModel):
    """What could be asked."""

    url: str = Field("https://acme.cloud.databricks.com/api/2.0/mcp/sql", description="the server")
    model: str = Field(default="databricks/databricks-gpt-5")


class Told(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        log.info("asking %s", GENIE)
        print(GENIE)
        mlflow.set_tag("server", GENIE)
        urls = [GENIE]
        urls.append("https://acme.cloud.databricks.com/api/2.0/mcp/functions/a/b/c")
        path = urlparse(GENIE).path
        is_sql = path.startswith("/api/2.0/mcp/sql")
        whole = urljoin(os.environ["HOST"], "/api/2.0/mcp/sql")
        says = f"See {GENIE} for figures"
        return [urls, is_sql, whole, says, os.path.join("/serving-endpoints", "a", "invocations")]


mlflow.models.set_model(Told())
