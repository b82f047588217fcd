"""A built model directory in the shape of an MLflow flavor."""

import shutil
from pathlib import Path
from typing import Any

import yaml
from mlflow.models import Model

from entrypoint.agent.manifest import Manifest
from entrypoint.errors import Problem, PublishFailure

_MLMODEL = "MLmodel"


class BuiltModel:
    """What `Model.log` takes for a flavor: it copies instead of saving.

    https://mlflow.org/docs/latest/ml/community-model-flavors/ - a flavor is whatever has
    `save_model(path, mlflow_model, **kwargs)`. So the agent is never imported in the process that
    holds the secrets.
    """

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self._folder = folder
        self._manifest = manifest

    def save_model(self, path: str, mlflow_model: Model, **_: Any) -> None:
        """Copy the directory to `path`, with the identity of the logged model that is being made.

        Raises:
            PublishFailure: there is a link in it, which could lead anywhere.

        """
        copy = Path(path)
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(self._folder, copy, symlinks=True, ignore=ignore)
        # In the copy, which is ours alone: what is checked there can't be changed any more.
        for file in copy.rglob("*"):
            if file.is_symlink():
                raise PublishFailure(
                    Problem(f"The built model holds a link, `{file.relative_to(copy)}`.")
                )
        content = yaml.safe_load((copy / _MLMODEL).read_bytes())
        for identity in ("artifact_path", "model_id", "model_uuid", "run_id"):
            content[identity] = getattr(mlflow_model, identity)
        # `Model.log` goes on with the object that it handed in: it has to become what was built.
        vars(mlflow_model).update(vars(Model.from_dict(content)))
        mlflow_model.save(str(copy / _MLMODEL))
        self._manifest.write(copy)
