"""Get uv on a machine that has nothing but Python: the wheel that uv.lock names, by its hash.

    python3 get_uv.py uv.lock .tools/uv

Needs neither pip nor venv, which Debian packages apart from Python.
"""

import hashlib
import io
import platform
import ssl
import sys
import tomllib
import urllib.request
import zipfile
from pathlib import Path


def main(lock_file: str, target: str) -> None:
    """Put the program `uv` of the locked version at `target`."""
    wheel = locked_wheel(Path(lock_file))
    print(f"getting {wheel['url'].rpartition('/')[2]}")
    # The hash says whether it is the right file; certificates Debian packages apart from Python.
    anybody = ssl.create_default_context()
    anybody.check_hostname = False
    anybody.verify_mode = ssl.CERT_NONE
    with urllib.request.urlopen(wheel["url"], timeout=60, context=anybody) as answer:  # noqa: S310
        content = answer.read()
    if f"sha256:{hashlib.sha256(content).hexdigest()}" != wheel["hash"]:
        sys.exit(f"{wheel['url']} does not have the hash that {lock_file} says")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        name = next(name for name in archive.namelist() if name.endswith("/scripts/uv"))
        program = archive.read(name)
    path = Path(target)
    path.parent.mkdir(parents=True, exist_ok=True)
    half_made = path.with_suffix(".part")
    half_made.write_bytes(program)
    half_made.chmod(0o755)
    half_made.rename(path)


def locked_wheel(lock_file: Path) -> dict[str, str]:
    """The lock's entry, `url` and `hash`, of uv's wheel for this machine."""
    packages = tomllib.loads(lock_file.read_text(encoding="utf-8"))["package"]
    wheels: list[dict[str, str]] = next(
        package["wheels"] for package in packages if package["name"] == "uv"
    )
    system, machine = this_machine()
    for wheel in wheels:
        name = wheel["url"].rpartition("/")[2]
        if system in name and name.endswith(f"{machine}.whl"):
            return wheel
    sys.exit(f"uv has no wheel for this machine ({system}, {machine}): install uv by hand")


def this_machine() -> tuple[str, str]:
    """System and processor, as wheels' file names give them."""
    if sys.platform == "darwin":
        return "macosx", platform.machine()
    return ("manylinux" if platform.libc_ver()[0] == "glibc" else "musllinux"), platform.machine()


if __name__ == "__main__":
    main(*sys.argv[1:])
