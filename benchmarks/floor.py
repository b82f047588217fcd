"""The floor: a process that only imports MLflow and writes the files, without any store."""

import json
import sys
from pathlib import Path

import mlflow

given = json.loads(sys.argv[1])
example = json.loads(Path("input_example.json").read_text(encoding="utf-8"))
options = {
    "path": given["path"],
    "input_example": example,
    "pip_requirements": "requirements.txt",
}
if given["flavor"] == "langchain":
    mlflow.langchain.save_model(lc_model="agent.py", **options)
else:
    mlflow.pyfunc.save_model(python_model="agent.py", **options)
