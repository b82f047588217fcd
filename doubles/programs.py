"""Programs that a double starts."""

import os
import shutil
from pathlib import Path

# Where Debian puts servers that it keeps off PATH.
_ASIDE = "/usr/lib/postgresql/*/bin"


def program(name: str) -> str:
    """The path of a program, empty when it isn't there."""
    aside = sorted(map(str, Path("/").glob(_ASIDE[1:])), reverse=True)
    return shutil.which(name) or shutil.which(name, path=os.pathsep.join(aside)) or ""
