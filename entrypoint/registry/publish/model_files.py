"""The files that are published: the built model, with its ids in the store."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import yaml

from entrypoint.agent import manifest as manifests
from entrypoint.agent.manifest import Manifest

_MLMODEL = "MLmodel"


def copy_with_ids(built: Path, copy: Path, manifest: Manifest, identity: Mapping[str, str]) -> None:
    """Copy the built model to the new folder `copy`, with its manifest and the keys of `identity`.

    The agent's code isn't imported: the copy is made of files alone.
    """
    shutil.copytree(built, copy, copy_function=_link)
    content = {**yaml.safe_load((copy / _MLMODEL).read_bytes()), **identity}
    for name in (_MLMODEL, manifests.PATH):
        (copy / name).unlink(missing_ok=True)  # it is a hard link to the built one
    (copy / _MLMODEL).write_text(yaml.safe_dump(content), encoding="utf-8")
    manifest.write(copy)


def _link(file: str, copy: str) -> None:
    """Link a file, since artifacts can have gigabytes; copy it where that can't be done."""
    try:
        os.link(file, copy, follow_symlinks=False)
    except OSError:
        shutil.copy2(file, copy, follow_symlinks=False)
