"""The driver script, as the page "Log and register AI agents" of Databricks' documentation has it.

It runs in the agent's folder and environment: `python driver.py '{"tracking": …}'`. What it is
given beside the page's own: the stores' addresses, the names, and the files that are shipped.
https://docs.databricks.com/aws/en/agents/custom-agents/model-serving/log-agent
"""

import json
import sys
from pathlib import Path

import mlflow

given = json.loads(sys.argv[1])
mlflow.set_tracking_uri(given["tracking"])
mlflow.set_registry_uri(given["registry"])
mlflow.set_experiment(given["experiment"])
example = json.loads(Path("input_example.json").read_text(encoding="utf-8"))

with mlflow.start_run():
    if given["flavor"] == "langchain":
        logged = mlflow.langchain.log_model(
            lc_model="agent.py",
            name="agent",
            input_example=example,
            resources="resources.yml",
            **given["more"],
        )
    else:
        logged = mlflow.pyfunc.log_model(
            python_model="agent.py",
            name="agent",
            input_example=example,
            resources="resources.yml",
            **given["more"],
        )

print(mlflow.pyfunc.load_model(logged.model_uri).predict(example))
print(mlflow.register_model(logged.model_uri, given["name"]).version)
