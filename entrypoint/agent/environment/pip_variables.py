"""pip's variables in the step's `env:`, which uv doesn't read.

https://docs.astral.sh/uv/pip/compatibility/#configuration-files-and-environment-variables
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from entrypoint.agent.environment.index_credentials import masked
from entrypoint.runtime.errors import Problem

# What uv reads instead; of two, the first is the newer name.
_OF_UV = {
    "PIP_INDEX_URL": ("UV_DEFAULT_INDEX", "UV_INDEX_URL"),
    "PIP_EXTRA_INDEX_URL": ("UV_INDEX", "UV_EXTRA_INDEX_URL"),
    "PIP_FIND_LINKS": ("UV_FIND_LINKS",),
    "PIP_TRUSTED_HOST": ("UV_INSECURE_HOST",),
    "PIP_NO_INDEX": ("UV_NO_INDEX",),
    "PIP_CERT": ("SSL_CERT_FILE",),
    "PIP_CLIENT_CERT": ("SSL_CLIENT_CERT",),
}
_OF_THE_INPUT = {"PIP_CONSTRAINT": "-c", "PIP_REQUIREMENT": "-r"}
_WITHOUT_LINES = {
    "PIP_CONFIG_FILE": "What the file says of indexes belongs into `UV_INDEX` and"
    " `UV_DEFAULT_INDEX`.",
    "PIP_PRE": "Allow the pre-releases by their names: `package>=1.0rc1`.",
    "PIP_NO_BINARY": "Name the package in the requirements: `--no-binary package`.",
    "PIP_ONLY_BINARY": "Name the package in the requirements: `--only-binary package`.",
}


@dataclass(frozen=True)
class PipVariables:
    """The variables that are set and without effect; `lines` is what to write instead."""

    names: tuple[str, ...]
    lines: str

    @classmethod
    def of(cls, environ: Mapping[str, str], requirements: Iterable[str]) -> "PipVariables":
        """Those of the step whose value neither uv's own name nor a requirement line has."""
        known = (*_OF_UV, *_OF_THE_INPUT, *_WITHOUT_LINES)
        text = "\n".join(requirements)
        names = tuple(
            name
            for name in known
            if environ.get(name, "").strip()
            and f"${{{name}}}" not in text
            and not any(environ.get(other) for other in _OF_UV.get(name, ()))
        )
        return cls(names, _lines({name: environ[name].strip() for name in names}))

    @property
    def reason(self) -> str:
        """For a sentence after why the requirements don't resolve; empty when none is set."""
        if not self.names:
            return ""
        listed = ", ".join(f"`{name}`" for name in self.names)
        is_set = "is set and has" if len(self.names) == 1 else "are set and have"
        return f"{listed} {is_set} no effect: the environment is made by uv, which reads its own."

    @property
    def warning(self) -> Problem | None:
        """None when none is set."""
        return Problem(f"`requirements`: {self.reason}", self.lines) if self.names else None


def _lines(given: Mapping[str, str]) -> str:
    """The lines to paste, without credentials."""
    parts = []
    if of_uv := [name for name in given if name in _OF_UV]:
        entries = (f"      {_OF_UV[name][0]}: {_value(name, given[name])}" for name in of_uv)
        parts.append("Give it to the step by uv's name:\n\n    env:\n" + "\n".join(entries))
    if of_input := [name for name in given if name in _OF_THE_INPUT]:
        entries = (
            f"        {_OF_THE_INPUT[name]} {file}"
            for name in of_input
            for file in given[name].split()
        )
        parts.append(
            "Name the file in the input `requirements`, beside what the agent requires:\n\n"
            "    with:\n      requirements: |\n" + "\n".join(entries)
        )
    parts += [_WITHOUT_LINES[name] for name in given if name in _WITHOUT_LINES]
    return "\n\n".join(parts)


def _value(name: str, value: str) -> str:
    return masked(re.sub(r"[\s,]+", "," if name == "PIP_FIND_LINKS" else " ", value))
