"""The npm packages of the tests, as the lock file beside this names them."""

import fcntl
import subprocess
from pathlib import Path

from doubles.programs import program

_HERE = Path(__file__).parent
_LOCK = _HERE / "package-lock.json"
_MODULES = _HERE / "node_modules"
# npm keeps a folder's state in hidden files of this kind.
_INSTALLED = _MODULES / ".installed-lock.json"


def packages() -> Path:
    """The folder of the packages, installed on first use; npm must be there."""
    with (_HERE / "package.json").open() as guard:
        # Of the processes that run tests, one installs and the others wait.
        fcntl.flock(guard, fcntl.LOCK_EX)
        if not _INSTALLED.exists() or _INSTALLED.read_bytes() != _LOCK.read_bytes():
            _install()
            _INSTALLED.write_bytes(_LOCK.read_bytes())
    return _MODULES


def _install() -> None:
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(
        [program("npm"), "ci", *options], cwd=_HERE, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
