"""What was resolved, and what of it is recorded in the model."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from packaging.version import Version

from entrypoint.agent.environment.index_credentials import without_credentials
from entrypoint.agent.environment.package_folder import FoundPackage
from entrypoint.agent.environment.requirement_paths import local_path, path_of_file_url

PYPI = "https://pypi.org/simple"


@dataclass(frozen=True)
class Lock:
    """What was resolved: index options as the requirements give them, then one exact pin a line."""

    options: tuple[str, ...]
    pins: tuple[str, ...]

    @property
    def lines(self) -> list[str]:
        """The lock as requirement lines, as they are recorded in the model."""
        return [*self.options, *self.pins]

    @property
    def names(self) -> set[str]:
        """The packages' names, as uv normalises them."""
        return {re.split(r"[^a-z0-9-]", pin, maxsplit=1)[0] for pin in self.pins}

    @property
    def mlflow(self) -> Version | None:
        """The MLflow that loads the agent; None when it isn't there, or is no release."""
        pins = (re.match(r"mlflow(?:-skinny)?==(\S+)", pin) for pin in self.pins)
        return min((Version(pin[1]) for pin in pins if pin), default=None)


@dataclass(frozen=True)
class Pin:
    """One resolved requirement, and the index that has it (none for a URL or a path)."""

    text: str
    index: str = ""


@dataclass(frozen=True)
class Resolution:
    """What uv resolved, as it printed it: options may still have credentials in them."""

    options: tuple[str, ...]
    pins: tuple[Pin, ...]

    @classmethod
    def parse(cls, text: str) -> "Resolution":
        """Read uv's requirements format, with `# from <index>` under a pin."""
        options: list[str] = []
        pins: list[Pin] = []
        for line in (line.strip() for line in text.splitlines()):
            if line.startswith("# from "):
                pins[-1] = Pin(pins[-1].text, line.removeprefix("# from "))
            elif line.startswith("--"):
                options.append(line)
            elif line and not line.startswith("#"):
                pins.append(Pin(line))
        return cls(tuple(options), tuple(pins))

    @property
    def local(self) -> tuple[str, ...]:
        """The paths of the packages that come from the checkout."""
        return tuple(path for pin in self.pins if (path := local_path(pin.text)))

    @property
    def remote(self) -> tuple[str, ...]:
        """The pins that can be installed anywhere."""
        return tuple(pin.text for pin in self.pins if not local_path(pin.text))

    @property
    def found(self) -> tuple[FoundPackage, ...]:
        """The packages that come from folders which serve as indexes."""
        return tuple(
            FoundPackage(pin.text, Path(path_of_file_url(pin.index)))
            for pin in self.pins
            if pin.index.startswith("file:")
        )

    @property
    def index_options(self) -> tuple[str, ...]:
        """Options for all indexes, with which uv finds every pin, from wherever it works.

        Of folders the pins have the absolute paths; the options have them as they were written.
        """
        return (
            *(option for option in self.options if not _is_of_folder(option)),
            *(f"--extra-index-url {url}" for url in self.indexes),
            *dict.fromkeys(package.option for package in self.found),
        )

    @property
    def indexes(self) -> tuple[str, ...]:
        """Indexes that have pins and that no option names: the explicit ones of a pyproject."""
        named = {_address(option.partition(" ")[2]) for option in self.options}
        used = dict.fromkeys(_address(pin.index) for pin in self.pins if _is_remote(pin.index))
        return tuple(url for url in used if url not in named)

    def lock(self, sent: Iterable[str]) -> Lock:
        """What can be recorded: nothing of this machine, no credentials.

        PyPI needs no option, and `sent` are the indexes that come with the step's own variables.
        """
        left_out = {PYPI, *map(_address, sent)}
        options = (
            without_credentials(option)
            for option in self.index_options
            if not _is_of_folder(option) and _address(option.partition(" ")[2]) not in left_out
        )
        return Lock(tuple(options), tuple(map(without_credentials, self.remote)))


def _address(url: str) -> str:
    """An index's URL in a form in which equal ones are equal texts."""
    return without_credentials(url).rstrip("/")


def _is_of_folder(option: str) -> bool:
    url = option.partition(" ")[2]
    return bool(url) and not _is_remote(url)


def _is_remote(url: str) -> bool:
    return url.startswith(("https://", "http://"))
