"""The files that are published: the built model, with the identity that it gets in the store."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import yaml

from entrypoint.agent.manifest import Manifest
from entrypoint.errors import Problem, PublishFailure

_MLMODEL = "MLmodel"


def identify(built: Path, copy: Path, manifest: Manifest, identity: Mapping[str, str]) -> None:
    """Copy the built model to the new folder `copy`, with its manifest and the keys of `identity`.

    The agent is never imported for that: it is only files here.

    Raises:
        PublishFailure: there is a link in it, which could lead anywhere.

    """
    shutil.copytree(built, copy, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    # In the copy, which is ours alone: what is checked there can't be changed any more.
    for file in copy.rglob("*"):
        if file.is_symlink():
            raise PublishFailure(
                Problem(f"The built model holds a link, `{file.relative_to(copy)}`.")
            )
    content = {**yaml.safe_load((copy / _MLMODEL).read_bytes()), **identity}
    (copy / _MLMODEL).write_text(yaml.safe_dump(content), encoding="utf-8")
    manifest.write(copy)
