"""What an import that failed lacks: a package, or another version of one that is there."""

from __future__ import annotations

import importlib.util
import os
import re
import sys
import traceback
from importlib import metadata
from typing import Any

_CANNOT_IMPORT = re.compile(r"cannot import name '([^']+)'")
_MAX_PACKAGES = 50


def describe(error: BaseException) -> dict[str, Any] | None:
    """What couldn't be imported, None for any other error.

    `module` and, of `from module import name`, `name`; whether it is a package of the environment
    that imports it; then the package that has the rest of the module, its version, and all that
    require it by any number of steps.
    """
    # A module that is being imported already lacks nothing: a circular import.
    if not isinstance(error, ImportError) or not error.name or "circular import" in str(error):
        return None
    name = _CANNOT_IMPORT.match(str(error))
    found = {
        "module": error.name,
        "name": name[1] if name else None,
        "by_package": _importing_file(error).startswith(sys.prefix),
    }
    package = _package_of(error.name)
    if not package:
        return found
    return {
        **found,
        "package": package.metadata["Name"],
        "version": package.version,
        "required_by": sorted(_dependents(_normalized(package.metadata["Name"])))[:_MAX_PACKAGES],
    }


def _importing_file(error: ImportError) -> str:
    files = [frame.filename for frame in traceback.extract_tb(error.__traceback__)]
    return next((file for file in reversed(files) if not file.startswith("<frozen")), "")


def _package_of(module: str) -> metadata.Distribution | None:
    """The installed package that has a module, or what there is of it."""
    file = _longest_part(module)
    if not file or not file.startswith(sys.prefix):
        return None
    for distribution in metadata.distributions():
        # The environment may be reached by a link.
        for each in distribution.files or ():
            if file.endswith(f"{os.sep}{each}") and str(distribution.locate_file(each)) == file:
                return distribution
    return None


def _longest_part(module: str) -> str | None:
    """The file of the longest part of a dotted name that is there and is no namespace."""
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        try:
            spec = importlib.util.find_spec(".".join(parts[:length]))
        except Exception:  # noqa: BLE001, S112 - the modules above it are imported, and may fail
            continue
        if spec:
            is_namespace = not spec.origin or (length < len(parts) and _is_shared(spec.origin))
            return None if is_namespace else spec.origin
    return None


def _is_shared(file: str) -> bool:
    """Whether several packages put modules into a package: `pkgutil.extend_path` says so."""
    try:
        with open(file, encoding="utf-8") as source:
            return "extend_path" in source.read(10_000)
    except (OSError, UnicodeDecodeError):
        return False


def _dependents(package: str) -> set[str]:
    """The installed packages that require a package, by any number of steps."""
    required_by: dict[str, set[str]] = {}
    for distribution in metadata.distributions():
        for line in distribution.requires or ():
            if "extra ==" not in line:
                name = _normalized(re.split(r"[^\w.-]", line, maxsplit=1)[0])
                required_by.setdefault(name, set()).add(_normalized(distribution.metadata["Name"]))
    found: set[str] = set()
    todo = [package]
    while todo:
        for each in required_by.get(todo.pop(), set()) - found:
            found.add(each)
            todo.append(each)
    return found


def _normalized(name: str) -> str:
    """https://packaging.python.org/en/latest/specifications/name-normalization/."""
    return re.sub(r"[-_.]+", "-", name).lower()
