"""The files that are published: the built model, with the identity that it gets in the store."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import yaml

from entrypoint.agent import manifest as manifests
from entrypoint.agent.manifest import Manifest

_MLMODEL = "MLmodel"


def identify(built: Path, copy: Path, manifest: Manifest, identity: Mapping[str, str]) -> None:
    """Copy the built model to the new folder `copy`, with its manifest and the keys of `identity`.

    The agent is never imported for that: it is only files here, and ours alone.
    """
    shutil.copytree(built, copy, copy_function=_link)
    content = {**yaml.safe_load((copy / _MLMODEL).read_bytes()), **identity}
    for name in (_MLMODEL, manifests.PATH):
        (copy / name).unlink(missing_ok=True)  # else what was built would be written to
    (copy / _MLMODEL).write_text(yaml.safe_dump(content), encoding="utf-8")
    manifest.write(copy)


def _link(file: str, copy: str) -> None:
    """Artifacts have gigabytes: the same bytes under another name, where that can be done."""
    try:
        os.link(file, copy, follow_symlinks=False)
    except OSError:
        shutil.copy2(file, copy, follow_symlinks=False)
