"""The package indexes that the step's `env:` names, and what opens them.

A name alone opens nothing: an index of a pull request could have it. A credential goes to the
address that the step itself gives for it, in a file that only uv reads. It is in no variable, for
uv expands `${NAME}` in the requirements that it resolves, and in nothing that a build backend sees.
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
# Also what opens more than an index, such as `UV_PUBLISH_TOKEN`.
_SECRET = re.compile(r"_(?:USERNAME|PASSWORD|TOKEN|SECRET|KEY)\b")
_CREDENTIAL = re.compile(r"UV_INDEX_(?P<index>\w+)_(?P<part>USERNAME|PASSWORD)")
_ENTRY = re.compile(r"(?:(?P<name>[\w.-]+)=)?(?P<url>[a-z]+://\S+)")

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_FOR_AN_INDEX = re.compile(r"(?:UV_INDEX|PIP)_\w+")
# A word, or what is behind a name, that is neither a URL nor a path from the root.
_RELATIVE = re.compile(r"(?:(?<=[\s,=])|^)(?![a-z]+:|/|[\w.-]+=)[^\s,]+")
# The only form in which a variable is filled in: every reader of URLs finds the same host in it.
_URL = re.compile(
    r"(?P<scheme>https?)://(?:[\w.~%${}:+-]*@)?(?P<host>[A-Za-z0-9.-]+(?::\d+)?)(?:/\S*)?"
)


@dataclass(frozen=True)
class Indexes:
    """Addresses without credentials, and the same addresses with them."""

    environ: Mapping[str, str]
    """uv's variables, without anything that opens an index."""
    sent: frozenset[str]
    """The addresses that come with the step's variables: uv is told of them, the model is not."""
    signed: tuple[str, ...] = field(repr=False)
    """The addresses with their credentials."""
    unused: tuple[str, ...]
    """Variables with credentials for an index whose address the step doesn't give."""
    _values: Mapping[str, str] = field(repr=False)

    @classmethod
    def of(cls, environ: Mapping[str, str], workspace: Path) -> Self:
        """Read the step's variables; folders in them are below the workspace, as for every step."""
        entries = [(name, url) for variable in _OF_UV for name, url in _entries(environ, variable)]
        credentials = {
            name: _CREDENTIAL.fullmatch(name) for name, value in environ.items() if value
        }
        known = {_spelt(name) for name, _ in entries if name}
        return cls(
            environ={
                name: _anchored(_without(value), workspace) if name in _OF_UV else value
                for name, value in environ.items()
                if name.startswith("UV_") and not _SECRET.search(name)
            },
            sent=frozenset(
                without_credentials(url)
                for variable in (*_OF_UV, *_OF_PIP)
                for _, url in _entries(environ, variable)
            ),
            signed=tuple(dict.fromkeys(_signed(environ, entries))),
            unused=tuple(
                name for name, found in credentials.items() if found and found["index"] not in known
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
            environ.get(f"UV_INDEX_{_spelt(name)}_{part}", "") for part in ("USERNAME", "PASSWORD")
        )
        parts = urlsplit(url)
        if "@" in parts.netloc:
            yield url
        elif name and (user or password):
            login = f"{quote(user, safe='')}:{quote(password, safe='')}"
            yield urlunsplit(parts._replace(netloc=f"{login}@{parts.netloc}"))


def _spelt(name: str) -> str:
    """An index's name as it is in the names of variables."""
    return re.sub(r"[^A-Za-z0-9]", "_", name).upper()


def _without(value: str) -> str:
    return re.sub(r"[a-z]+://[^\s,]+", lambda url: without_credentials(url[0]), value)


def _anchored(value: str, folder: Path) -> str:
    return _RELATIVE.sub(lambda path: (folder / path[0]).as_uri(), value)


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
