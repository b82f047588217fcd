"""uv's settings in the checkout: those that name folders of packages or leave packages out.

Paths in them are relative to the file: https://docs.astral.sh/uv/reference/settings/
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from entrypoint.agent.environment import toml_file
from entrypoint.agent.environment.requirement_paths import path_of_file_url
from entrypoint.inputs.workspace import Workspace
from entrypoint.runtime.errors import InputFailure, Place, Problem

_INDEXES = ("index-url", "extra-index-url", "find-links")
# Settings that take a required package out of a resolution.
_LEAVING_OUT = ("override-dependencies", "exclude-dependencies", "no-emit-package")


@dataclass(frozen=True)
class UvSettings:
    """The settings in a `uv.toml`, or in the `[tool.uv]` of a `pyproject.toml`."""

    file: Path
    text: str
    table: Any
    """What uv expects to be a table."""

    @property
    def folders(self) -> list[str]:
        """The package indexes that are folders, as paths or URLs as they are written."""
        urls = [index.get("url") for index in toml_file.tables(self.table, "index")]
        for table in self._tables:
            for name in _INDEXES:
                value = toml_file.part(table, name)
                urls += value if isinstance(value, list) else [value]
        return [url for url in urls if isinstance(url, str) and _is_local(url)]

    @property
    def sources(self) -> list[str]:
        """The paths in `sources`."""
        sources = toml_file.part(self.table, "sources")
        each = [
            toml_file.part(one, "path")
            for source in (sources.values() if isinstance(sources, dict) else ())
            for one in (source if isinstance(source, list) else [source])
        ]
        return [path for path in each if isinstance(path, str)]

    def leaving_out(self, package: str) -> tuple[str, str, int] | None:
        """The setting that takes a package out of what is resolved, its entry and its line."""
        for table in self._tables:
            for setting in _LEAVING_OUT:
                entries = toml_file.part(table, setting)
                for entry in entries if isinstance(entries, list) else ():
                    if isinstance(entry, str) and _name_of(entry) == package:
                        return setting, f'"{entry}"', self.line_of(entry, after=setting)
        return None

    def line_of(self, value: str, after: str = "") -> int:
        """The number of the line with a value."""
        at = self.text.find(value, max(self.text.find(after), 0))
        return self.text.count("\n", 0, max(at, 0)) + 1

    @property
    def _tables(self) -> tuple[Any, Any]:
        return self.table, toml_file.part(self.table, "pip")


def found(folder: Path, workspace: Workspace) -> Iterator[UvSettings]:
    """The settings that uv may read when it works in a folder: there and in the folders above.

    Raises:
        InputFailure: a file leads out of the workspace, or can't be read.

    """
    for each in (folder, *folder.parents):
        if not workspace.holds(each):
            return
        for name in ("uv.toml", "pyproject.toml"):
            shown = workspace.relative(each / name)
            if not (each / name).is_file():
                continue
            try:
                file = workspace.file(shown)
            except ValueError as error:
                raise InputFailure(
                    Problem(f"`requirements`: {error}", place=Place(shown))
                ) from error
            text = toml_file.text_of(file, shown)
            content = toml_file.parse(text)
            of_project = name == "pyproject.toml"
            table = toml_file.part(content, "tool", "uv") if of_project else content
            yield UvSettings(file, text, table)


def path_of(url: str) -> str:
    """The path of an index that is a folder; uv takes what stands in a `file:` URL from the root.

    That is so in settings alone.
    """
    if not url.startswith("file:"):
        return url
    return f"/{path_of_file_url(url).lstrip('/')}"


def _is_local(url: str) -> bool:
    return url.startswith("file:") or "://" not in url


def _name_of(requirement: str) -> str:
    try:
        return canonicalize_name(Requirement(requirement).name)
    except InvalidRequirement:
        return ""
