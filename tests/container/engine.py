"""A Docker engine, and the image that it builds from the repository's Dockerfile."""

import fcntl
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.tools import missing, require

ROOT = Path(__file__).parents[2]

# Where containers can run but no image can be pulled, this tool brings up an engine and a stand-in
# for the base image.
STAND_IN = ROOT.parent / "shared/tools/docker-engine"

_IMAGE = "log-agent:test"
_STAND_IN_BASE = "log-agent-base:3.12"


@dataclass(frozen=True)
class Engine:
    """The engine that the docker CLI talks to in this environment."""

    environ: Mapping[str, str]

    def docker(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a docker command to its end."""
        done = subprocess.run(
            ["docker", *arguments], env=self.environ, capture_output=True, text=True, check=False
        )
        if check and done.returncode:
            raise RuntimeError(f"docker {arguments[0]}: {done.stdout}{done.stderr}")
        return done

    def start(self, log: Path, *arguments: str) -> subprocess.Popen[bytes]:
        """Start `docker run` in the foreground, as the runner does: it ends with the container."""
        with log.open("wb") as output:
            return subprocess.Popen(
                ["docker", "run", *arguments],
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def socket(self) -> Path:
        """The engine's socket, which the runner mounts into every container action."""
        host = self.docker("context", "inspect", "-f", "{{.Endpoints.docker.Host}}").stdout
        return Path(host.strip().removeprefix("unix://"))

    def build(self) -> str:
        """Build the image from the real Dockerfile; its name."""
        self.docker("build", "--tag", _IMAGE, *self._base(), str(ROOT))
        return _IMAGE

    def pull(self, image: str) -> str:
        """Get an image that somebody else has built; its name."""
        self.docker("pull", "--quiet", image)
        return image

    def layers(self, image: str) -> list[int]:
        """The sizes in bytes of the image's layers, uncompressed, the last one first."""
        history = self.docker("history", "--human=false", "--format={{.Size}}", image)
        return [int(size) for size in history.stdout.split()]

    def base(self) -> str:
        """The image that the Dockerfile builds on, or the stand-in for it; its name."""
        pinned = self._pinned()
        if self._has(_STAND_IN_BASE):
            return _STAND_IN_BASE
        if self._has(pinned) or self._pull(pinned):
            return pinned
        subprocess.run([STAND_IN, "base", self.socket.parent, _STAND_IN_BASE], check=True)
        return _STAND_IN_BASE

    def _base(self) -> list[str]:
        """Nothing where the pinned base can be had, else the option that puts a stand-in there."""
        pinned, base = self._pinned(), self.base()
        return [] if base == pinned else [f"--build-context={pinned}=docker-image://{base}"]

    def _pinned(self) -> str:
        dockerfile = (ROOT / "Dockerfile").read_text()
        (pinned,) = set(re.findall(r"^FROM (\S+@sha256:\S+)", dockerfile, re.MULTILINE))
        return str(pinned)

    def _has(self, image: str) -> bool:
        return self.docker("image", "inspect", image, check=False).returncode == 0

    def _pull(self, image: str) -> bool:
        pulled = self.docker("pull", "--quiet", image, check=not STAND_IN.exists())
        return pulled.returncode == 0


@contextmanager
def opened(folder: Path) -> Iterator[Engine]:
    """Give the engine that answers, else one that lives as long as it is used."""
    if missing("docker") and STAND_IN.exists() and os.getuid() == 0:
        with _stand_in(folder) as engine:
            yield engine
    else:
        require("docker")
        yield Engine(os.environ)


@contextmanager
def _stand_in(folder: Path) -> Iterator[Engine]:
    """Bring up an engine with all its state under the folder, one for all that ask for it."""
    users = folder / "users"
    with locked(folder):
        others = int(users.read_text()) if users.exists() else 0
        if not others:
            started = subprocess.run(
                [STAND_IN, "start", folder / "engine"], check=True, stdout=subprocess.PIPE
            )
            (folder / "host").write_bytes(started.stdout.split()[-1])
        users.write_text(str(others + 1))
    try:
        yield Engine({**os.environ, "DOCKER_HOST": (folder / "host").read_text()})
    finally:
        with locked(folder):
            others = int(users.read_text()) - 1
            users.write_text(str(others))
            if not others:
                subprocess.run([STAND_IN, "stop", folder / "engine"], check=True)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep the other workers of the test session out."""
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
