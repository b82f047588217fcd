"""The package indexes in the step's `env:`, and the credentials for them.

A credential is sent only to the address that the step itself gives for its index, never to one that
the checkout gives: a pull request could give the index's name to any address. uv gets it in a file
that only uv reads. It is not in a variable, for uv expands `${NAME}` in the requirements that it
resolves, and a build backend gets neither.
https://docs.astral.sh/uv/concepts/indexes/
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import quote, urlsplit, urlunsplit

from entrypoint.agent.environment.index_credentials import without_credentials
from entrypoint.agent.environment.requirement_lines import RequirementLine
from entrypoint.runtime.errors import InputFailure, Place, Problem

_OF_UV = ("UV_INDEX", "UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS")
_OF_PIP = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS")
# Credentials for more than an index too, such as `UV_PUBLISH_TOKEN`.
_SECRET = re.compile(r"_(?:USERNAME|PASSWORD|TOKEN|SECRET|KEY)\b")
_CREDENTIAL = re.compile(r"UV_INDEX_(?P<index>\w+)_(?P<part>USERNAME|PASSWORD)")
_ENTRY = re.compile(r"(?:(?P<name>[\w.-]+)=)?(?P<url>[a-z]+://\S+)")

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_FOR_AN_INDEX = re.compile(r"(?:UV_INDEX|PIP)_\w+")
# A word, with or without a name in front, that is neither a URL nor an absolute path.
_RELATIVE = re.compile(r"(?:(?<=[\s,=])|^)(?![a-z]+:|/|[\w.-]+=)[^\s,]+")
# Variables are filled in only in URLs of this form, in which every parser finds the same host.
_URL = re.compile(
    r"(?P<scheme>https?)://(?:[\w.~%${}:+-]*@)?(?P<host>[A-Za-z0-9.-]+(?::\d+)?)(?:/\S*)?"
)


@dataclass(frozen=True)
class Indexes:
    """Addresses without credentials, and the same addresses with them."""

    environ: Mapping[str, str]
    """uv's variables, without credentials."""
    sent: frozenset[str]
    """The addresses in the step's variables, which are not recorded in the model."""
    signed: tuple[str, ...] = field(repr=False)
    """The addresses with their credentials."""
    unused_warning: Problem | None
    """Names the variables with credentials for an index whose address the step doesn't give."""
    _values: Mapping[str, str] = field(repr=False)

    @classmethod
    def of(cls, environ: Mapping[str, str], workspace: Path) -> Self:
        """Read the step's variables; folders in them are below the workspace, as for every step."""
        entries = [(name, url) for variable in _OF_UV for name, url in _entries(environ, variable)]
        credentials = {
            name: _CREDENTIAL.fullmatch(name) for name, value in environ.items() if value
        }
        known = {_in_variables(name) for name, _ in entries if name}
        return cls(
            environ={
                name: _anchored(without_credentials(value), workspace) if name in _OF_UV else value
                for name, value in environ.items()
                if name.startswith("UV_") and not _SECRET.search(name)
            },
            sent=frozenset(
                without_credentials(url)
                for variable in (*_OF_UV, *_OF_PIP)
                for _, url in _entries(environ, variable)
            ),
            signed=tuple(dict.fromkeys(_signed(environ, entries))),
            unused_warning=_unused_warning(
                [
                    name
                    for name, found in credentials.items()
                    if found and found["index"] not in known
                ]
            ),
            _values={
                name: value for name, value in environ.items() if _FOR_AN_INDEX.fullmatch(name)
            },
        )

    def expanded(self, line: RequirementLine, place: Place | None) -> str:
        """A requirement line with the variables that are named for an index filled in.

        Raises:
            InputFailure: another variable is in it, or it goes to a host that the step doesn't
                name.

        """
        names = sorted(set(_VARIABLE.findall(line.text)))
        if not names:
            return line.text
        if others := [name for name in names if not _FOR_AN_INDEX.fullmatch(name)]:
            raise _refused(
                f"`${{{others[0]}}}` is not filled in: only variables that are named for a package"
                " index are, `UV_INDEX_<NAME>_PASSWORD` or `PIP_…`",
                place,
            )
        if not all(self._goes_to_an_index(text) for text in line.text.split()):
            raise _refused(
                f"`${{{names[0]}}}` would be sent to an address that no variable of the step names",
                place,
            )
        return _VARIABLE.sub(lambda found: self._values.get(found[1], found[0]), line.text)

    def _goes_to_an_index(self, text: str) -> bool:
        """Whether the variables in a word are sent to an index of the step, if there are any."""
        if not _VARIABLE.search(text):
            return True
        url = _URL.fullmatch(text.partition("=")[2] if text.startswith("--") else text)
        return url is not None and f"{url['scheme']}://{url['host']}" in self._origins

    @property
    def _origins(self) -> set[str]:
        parts = [urlsplit(url) for url in self.sent]
        return {f"{part.scheme}://{part.netloc}" for part in parts}


def _entries(environ: Mapping[str, str], variable: str) -> Iterator[tuple[str, str]]:
    """The indexes of a variable, as name (mostly empty) and URL."""
    for text in re.split(r"[\s,]+", environ.get(variable, "")):
        if entry := _ENTRY.fullmatch(text):
            yield entry["name"] or "", entry["url"]


def _signed(environ: Mapping[str, str], entries: list[tuple[str, str]]) -> Iterator[str]:
    for name, url in entries:
        user, password = (
            environ.get(f"UV_INDEX_{_in_variables(name)}_{part}", "")
            for part in ("USERNAME", "PASSWORD")
        )
        parts = urlsplit(url)
        if "@" in parts.netloc:
            yield url
        elif name and (user or password):
            login = f"{quote(user, safe='')}:{quote(password, safe='')}"
            yield urlunsplit(parts._replace(netloc=f"{login}@{parts.netloc}"))


def _in_variables(name: str) -> str:
    """An index's name as uv writes it in the names of variables."""
    return re.sub(r"[^A-Za-z0-9]", "_", name).upper()


def _anchored(value: str, folder: Path) -> str:
    return _RELATIVE.sub(lambda path: (folder / path[0]).as_uri(), value)


def _unused_warning(variables: list[str]) -> Problem | None:
    if not variables:
        return None
    name = variables[0].removeprefix("UV_INDEX_").rpartition("_")[0].lower()
    listed = ", ".join(f"`{variable}`" for variable in variables)
    return Problem(
        f"{listed}: the step says no address for the index `{name}`, so this is sent nowhere. An"
        " address that only the checkout gives could be anybody's.",
        f"Give it in the step:\n\n    env:\n      UV_INDEX: {name}=https://<its address>",
    )


def _refused(why: str, place: Place | None) -> InputFailure:
    return InputFailure(
        Problem(
            f"`requirements`: {why}.",
            "Give the step the index itself, and take its credentials out of the requirements:\n\n"
            "    env:\n"
            "      UV_INDEX: private=https://index.example.com/simple\n"
            "      UV_INDEX_PRIVATE_USERNAME: reader\n"
            "      UV_INDEX_PRIVATE_PASSWORD: ${{ secrets.INDEX_PASSWORD }}",
            place,
        )
    )
