"""Searches the files that are logged for secrets."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from entrypoint.runtime import token_shapes
from entrypoint.runtime.redaction import Secrets

# The marker of detect-secrets for a line with something that only looks like a token.
_ALLOWED = re.compile(rb"pragma: ?(?:allow|white)list[ -]secret")

_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True)
class Finding:
    """Where a secret is, without its value: the file's name, and in a text file the line, from 1.

    `kind`: `the value of DATABRICKS_TOKEN`, or the name of a token's shape.
    """

    file: str
    line: int | None
    kind: str


def find(files: Mapping[str, Path], secrets: Secrets) -> list[Finding]:
    """Search files, by the names under which they are reported, for known values and for tokens.

    Known values are searched in every file, the shapes of tokens only in text files: those without
    a NUL in their first 8 KiB, which is git's rule. A file is read in blocks of 1 MiB.

    Raises:
        OSError: a file can't be read.

    """
    known = [(form.encode(errors="surrogateescape"), name) for form, name in secrets.forms.items()]
    reach = max([token_shapes.REACH, *(len(form) for form, _ in known)])
    findings: dict[Finding, None] = {}
    for name, path in files.items():
        with path.open("rb") as file:
            is_text = b"\0" not in file.read(8192)
            file.seek(0)
            for block in _blocks(file, reach):
                hits = [*_known(block, known), *(_shapes(block) if is_text else ())]
                for position, kind in sorted(hits):
                    line = block.line_of(position) if is_text else None
                    findings[Finding(name, line, kind)] = None
    return list(findings)


def files_of(model: Path) -> dict[str, Path]:
    """Every file of a model directory by its path in it; links, never published, are left out."""
    found = sorted(path for path in model.rglob("*") if path.is_file() and not path.is_symlink())
    return {path.relative_to(model).as_posix(): path for path in found}


@dataclass(frozen=True)
class _Block:
    """A piece of a file. Findings that start in `start:end` are its own; the rest is context."""

    content: bytes
    start: int
    end: int
    lines_before: int

    def owns(self, position: int) -> bool:
        return self.start <= position < self.end

    def line_of(self, position: int) -> int:
        return self.lines_before + self.content.count(b"\n", 0, position) + 1

    def text_of_line(self, position: int) -> bytes:
        end = self.content.find(b"\n", position)
        return self.content[self.content.rfind(b"\n", 0, position) + 1 : end if end >= 0 else None]


def _blocks(file: BinaryIO, reach: int) -> Iterator[_Block]:
    """The file in blocks with `reach` bytes of context on both sides, so that no secret is cut."""
    content, start, lines = b"", 0, 0
    while True:
        more = file.read(_BLOCK_BYTES)
        content += more
        is_last = len(more) < _BLOCK_BYTES
        end = len(content) if is_last else max(start, len(content) - reach)
        yield _Block(content, start, end, lines)
        if is_last:
            return
        cut = max(0, end - reach)
        lines += content.count(b"\n", 0, cut)
        content, start = content[cut:], end - cut


def _known(block: _Block, known: Iterable[tuple[bytes, str]]) -> Iterator[tuple[int, str]]:
    for form, name in known:
        position = block.content.find(form, block.start)
        while 0 <= position < block.end:
            yield position, f"the value of {name}"
            position = block.content.find(form, position + len(form))


def _shapes(block: _Block) -> Iterator[tuple[int, str]]:
    # One character a byte, so that positions are the same; the shapes are all ASCII.
    for token in token_shapes.find(block.content.decode("latin-1")):
        if block.owns(token.start) and not _ALLOWED.search(block.text_of_line(token.start)):
            yield token.start, token.kind
