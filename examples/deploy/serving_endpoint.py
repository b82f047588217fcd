# /// script
# requires-python = ">=3.10"
# dependencies = ["databricks-sdk>=0.50,<1"]
# ///
"""Let a serving endpoint serve a registered version; the endpoint is made if it isn't there.

MODEL_NAME=prod.agents.support MODEL_VERSION=7 uv run --script serving_endpoint.py support
"""

import os
import sys

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import NotFound
from databricks.sdk.service.serving import EndpointCoreConfigInput, ServedEntityInput


def deploy(workspace: WorkspaceClient, endpoint: str, name: str, version: str) -> None:
    """Serve version `version` of the model `name`, and wait until it is served."""
    served = ServedEntityInput(
        entity_name=name,
        entity_version=version,
        workload_size="Small",
        scale_to_zero_enabled=True,
    )
    try:
        workspace.serving_endpoints.get(endpoint)
    except NotFound:
        config = EndpointCoreConfigInput(name=endpoint, served_entities=[served])
        workspace.serving_endpoints.create_and_wait(endpoint, config=config)
    else:
        workspace.serving_endpoints.update_config_and_wait(endpoint, served_entities=[served])
    print(f"{endpoint} serves {name} version {version}")


if __name__ == "__main__":
    deploy(WorkspaceClient(), sys.argv[1], os.environ["MODEL_NAME"], os.environ["MODEL_VERSION"])
