"""YAML as MLflow writes it, read from files that others may have written."""

import os
import stat
from io import BufferedReader
from pathlib import Path
from typing import Any

import yaml

_MAX_BYTES = 5_000_000
_MAX_DEPTH = 100
# Values, aliases written out; every 64 characters of a text count as one more.
_MAX_VALUES = 200_000
# Python reads longer numbers neither; YAML's base 60 would get round that.
_MAX_DIGITS = 4_300


class _Loader(yaml.CSafeLoader):
    """Takes what `yaml.safe_dump` writes and no more: no key twice, no `<<`, no endless number."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
        content = super().construct_mapping(node, deep)
        if len(content) != len(node.value):
            raise yaml.constructor.ConstructorError(
                None, None, "a key is given twice", node.start_mark
            )
        return content

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        if any(key.tag == "tag:yaml.org,2002:merge" for key, _ in node.value):
            raise yaml.constructor.ConstructorError(
                None, None, "`<<` is nothing that MLflow writes", node.start_mark
            )

    def construct_number(self, node: yaml.ScalarNode) -> Any:
        if len(node.value) > _MAX_DIGITS:
            raise yaml.constructor.ConstructorError(
                None, None, "a number is too long", node.start_mark
            )
        is_integer = node.tag.endswith(":int")
        return self.construct_yaml_int(node) if is_integer else self.construct_yaml_float(node)


for _tag in ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float"):
    _Loader.add_constructor(_tag, _Loader.construct_number)


def read_mapping(path: Path) -> dict[Any, Any]:
    """A YAML file that holds a mapping.

    Raises:
        ValueError: it doesn't, or MLflow writes no such YAML; the message finishes "the file".

    """
    text = read_text(path)
    try:
        _Size().check(text)
        content = yaml.load(text, _Loader)  # noqa: S506 - it is a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f" in line {mark.line + 1}" if mark else ""
        raise ValueError(f"is not YAML as MLflow writes it{line}: {error.problem}") from error
    # A date that is none, a key that can't be one, characters that aren't allowed.
    except (yaml.YAMLError, ValueError, TypeError, OverflowError) as error:
        raise ValueError(f"is not YAML as MLflow writes it: {error}") from error
    if not isinstance(content, dict):
        raise ValueError("does not hold keys and values")  # noqa: TRY004 - it is a file's content
    return content


def read_text(path: Path) -> str:
    """The text of a regular file of bounded size, in UTF-8.

    Raises:
        ValueError: it is something else; the message finishes "the file".

    """
    try:
        with open_regular(path) as file:
            content = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise ValueError(f"can't be read: {error.strerror or error}") from error
    if len(content) > _MAX_BYTES:
        raise ValueError(f"has more than {_MAX_BYTES:,} bytes")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise ValueError("is not in UTF-8") from error


def open_regular(path: Path) -> BufferedReader:
    """Open a regular file to read it; nothing else is waited for or followed.

    Raises:
        OSError: it is not a regular file, or can't be read.

    """
    # Not blocking: nobody may ever write to what could be a pipe.
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError("it is not a regular file")
    return os.fdopen(descriptor, "rb")


class _Size:
    """Counts what YAML would make, before it is made: aliases can make a small file a huge one."""

    def __init__(self) -> None:
        self._total = 0
        self._anchored: dict[str, int] = {}
        self._open: list[tuple[str | None, int]] = []

    def check(self, text: str) -> None:
        """Refuse what is too large or nested too deep.

        Raises:
            ValueError: it is, or it has no end.
            yaml.YAMLError: it is not YAML.

        """
        for event in yaml.parse(text, yaml.CSafeLoader):
            self._add(event)
            if self._total > _MAX_VALUES:
                raise ValueError(f"it holds more than {_MAX_VALUES:,} values")
            if len(self._open) > _MAX_DEPTH:
                raise ValueError(f"it is nested more than {_MAX_DEPTH} deep")

    def _add(self, event: yaml.Event) -> None:
        before = self._total
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._anchored:
                raise ValueError("a value holds itself")
            self._total += self._anchored[event.anchor]
        elif isinstance(event, yaml.CollectionStartEvent):
            self._total += 1
            self._open.append((event.anchor, before))
        elif isinstance(event, yaml.ScalarEvent):
            self._total += 1 + len(event.value) // 64
            self._note(event.anchor, before)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._note(*self._open.pop())

    def _note(self, anchor: str | None, before: int) -> None:
        if anchor:
            self._anchored[anchor] = self._total - before
