"""Wheels unpacked as code that travels with the model.

Not by `uv pip install --target`: it writes over files that another wheel has too, skips files that
lead out of the wheel without a word, and has no bound on what it unpacks.
"""

import os
import re
import shutil
import stat
import zipfile
from pathlib import Path, PurePosixPath

from entrypoint.runtime import untrusted_file

_MAX_BYTES = 1 << 30
_MAX_FILES = 50_000
_MAX_FOLDER_DEPTH = 50
_COMPILED = (".so", ".pyd", ".dylib", ".dll")
# Of a `.dist-info`: they describe an installation, or the program that packed the wheel.
_NOT_CODE = {"RECORD", "WHEEL", "INSTALLER", "REQUESTED", "direct_url.json", "RECORD.jws"}


class WheelRefused(ValueError):
    """A wheel can't travel as code, and why: one sentence about it."""


def unpack(wheel: Path, folder: Path) -> None:
    """Unpack a pure wheel into a folder, in which other wheels may be unpacked already.

    Raises:
        WheelRefused: it has compiled parts, or it is not what it should be.

    """
    if not wheel.name.endswith("-none-any.whl"):
        raise WheelRefused(f"has compiled parts (`{wheel.name}`)")
    try:
        with (
            os.fdopen(untrusted_file.opened(wheel), "rb") as file,
            zipfile.ZipFile(file) as archive,
        ):
            members = [info for info in archive.infolist() if not info.is_dir()]
            if sum(info.file_size for info in members) > _MAX_BYTES:
                raise WheelRefused("is larger than 1 GiB")
            if len(members) > _MAX_FILES:
                raise WheelRefused(f"has more than {_MAX_FILES} files")
            for info in members:
                target = _target(info)
                if target:
                    _extract(archive, info, folder / target)
    # zipfile raises RuntimeError for an encrypted member and an unknown compression.
    except (RuntimeError, zipfile.BadZipFile, OSError, untrusted_file.Unreadable) as error:
        raise WheelRefused(f"is no wheel ({error})") from error


def _target(info: zipfile.ZipInfo) -> PurePosixPath | None:
    """The path to unpack a member to; None for scripts, headers, data and installation records."""
    path = PurePosixPath(info.filename)
    if len(path.parts) > _MAX_FOLDER_DEPTH:
        raise WheelRefused(f"has folders nested more than {_MAX_FOLDER_DEPTH} deep")
    if path.is_absolute() or ".." in path.parts or re.search(r"[\\:\0]", info.filename):
        raise WheelRefused(f"has a file outside of itself (`{info.filename[:80]}`)")
    if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
        raise WheelRefused(f"has a link (`{info.filename[:80]}`)")
    if path.suffix in _COMPILED:
        raise WheelRefused(f"has compiled parts (`{path}`)")
    top = path.parts[0]
    if top.endswith(".dist-info") and path.name in _NOT_CODE:
        return None
    if top.endswith(".data"):
        kind, *rest = path.parts[1:]
        return PurePosixPath(*rest) if kind in ("purelib", "platlib") and rest else None
    return path


def _extract(archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists() and target.read_bytes() == archive.read(info):
            return
        with archive.open(info) as source, target.open("xb") as file:
            shutil.copyfileobj(source, file)
    except OSError as error:
        raise WheelRefused(
            f"has a file that another local package has too (`{info.filename}`)"
        ) from error
