"""The inputs as `action.yml` declares them, which is the one place that does."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

import yaml


@dataclass(frozen=True)
class InputSpec:
    """An input: its name, what it is for, and what it is when it isn't given."""

    name: str
    description: str
    default: str = ""

    @property
    def variable(self) -> str:
        """The variable in which the runner hands the input over (upper case, dashes stay)."""
        return f"INPUT_{self.name.upper()}"


def _declared() -> tuple[InputSpec, ...]:
    """https://docs.github.com/en/actions/reference/workflows-and-actions/metadata-syntax#inputs."""
    # In the package it is a link to the repository's own, and a copy of it in a wheel.
    text = (files("entrypoint") / "action.yml").read_text(encoding="utf-8")
    return tuple(
        InputSpec(name, spec["description"], spec.get("default", ""))
        for name, spec in yaml.load(text, yaml.CSafeLoader)["inputs"].items()
    )


INPUTS = _declared()


def texts_of(environ: Mapping[str, str], flags: Mapping[str, str | None]) -> dict[str, str]:
    """Every input's text by name: the command line's, else the runner's."""
    return {
        declared.name: flags.get(declared.name) or environ.get(declared.variable, "")
        for declared in INPUTS
    }
