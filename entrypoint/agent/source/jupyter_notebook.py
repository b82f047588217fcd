"""Jupyter's notebooks (nbformat 3 and 4), brought into Databricks' source format."""

import json
import json.scanner
import re
from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from json.decoder import scanstring  # type: ignore[attr-defined]  # typeshed leaves it out
from typing import Any

from entrypoint.agent.source.databricks_notebook import (
    CELL,
    HEADER,
    MAGIC,
    name_of,
    takes_whole_cell,
)

# Their cells are Python that runs in the notebook.
_AROUND_PYTHON = frozenset({"%%time", "%%capture", "%python"})

# As much of Python's grammar as is needed to find where a logical line begins: strings, comments,
# brackets and line ends. (A tokenizer stops at magics.)
_LEXEME = re.compile(
    r"""
      \#[^\n]* | \\\n
    | \"{3}(?:[^"\\]|\\.|"(?!""))*+(?:\"{3})? | '{3}(?:[^'\\]|\\.|'(?!''))*+(?:'{3})?
    | "(?:[^"\\\n]|\\.)*+"? | '(?:[^'\\\n]|\\.)*+'?
    | (?P<open>[(\[{]) | (?P<close>[)\]}]) | (?P<end>\n)
    """,
    re.VERBOSE | re.DOTALL,
)
_LINE_MAGIC = re.compile(r"(?P<indent>[ \t]*)(?P<command>[%!](?:[^\\\n]|\\\n|\\.)*+)")


@dataclass(frozen=True)
class Position:
    """Where a line stands: cell and line as the notebook is shown, and the line of its file."""

    cell: int
    line: int
    file_line: int


@dataclass(frozen=True)
class Converted:
    """A notebook in source format, and for each of its lines where it comes from."""

    text: str
    positions: tuple[Position | None, ...]


def convert(text: str) -> Converted:
    """Bring a notebook, the text of its file, into source format.

    Raises:
        ValueError: it is not JSON (then a `json.JSONDecodeError`), or no notebook with Python.
        RecursionError: it nests without end.

    """
    line_ends = [found.end() for found in re.finditer("\n", text)]
    lines, positions = [HEADER], list[Position | None]([None])
    cells = _cells(_Decoder().decode(text))
    for number, cell in enumerate(cells, 1):
        parts = _parts(cell, number)
        source = _in_source_format(cell, "".join(parts))
        if not source:
            continue
        # An empty line below the header too: a cell's `# coding:` would count in the second.
        between = ["", CELL, ""] if len(lines) > 1 else [""]
        lines += between + source
        positions += [None] * len(between)
        positions += [
            Position(number, line, bisect(line_ends, at) + 1)
            for line, at in enumerate(_begins(parts), 1)
        ]
    if not any(cell.get("cell_type") == "code" for cell in cells):
        raise ValueError("it has no code cell")
    converted = "\n".join([*lines, ""])
    converted.encode()  # half of a surrogate pair, which JSON can hold, is a ValueError here
    return Converted(converted, tuple(positions))


class _Placed(str):
    """A JSON string with the position in the file where it begins."""

    __slots__ = ("at",)
    at: int


class _Decoder(json.JSONDecoder):
    """json's own decoder; its scanner in Python lets strings be placed."""

    def __init__(self) -> None:
        super().__init__()
        self.parse_string = _placed
        self.scan_once = json.scanner.py_make_scanner(self)  # type: ignore[attr-defined]


def _placed(text: str, begin: int, strict: bool) -> tuple[_Placed, int]:  # noqa: FBT001  # json's
    value, end = scanstring(text, begin, strict)
    placed = _Placed(value)
    placed.at = begin
    return placed, end


def _cells(notebook: Any) -> list[Any]:
    match notebook:
        case {"metadata": {"language_info": {"name": str(language)}}} if not _python(language):
            raise ValueError(f"its language is {language}")
        case {"metadata": {"kernelspec": {"language": str(language)}}} if not _python(language):
            raise ValueError(f"its language is {language}")
        case {"cells": [*cells]} | {"worksheets": [{"cells": [*cells]}]}:
            return cells
    raise ValueError("it has no `cells`")


def _python(language: str) -> bool:
    return re.match("i?python", language, re.IGNORECASE) is not None


def _parts(cell: Any, number: int) -> list[_Placed]:
    """The strings of which a cell's text is made: its lines, as editors save them."""
    match cell:
        case {"source": str() as part} | {"input": str() as part}:
            parts: list[Any] = [part]
        case {"source": [*parts]} | {"input": [*parts]}:
            pass
        case _:
            parts = [] if isinstance(cell, dict) else [None]
    if not all(isinstance(part, _Placed) for part in parts):
        raise ValueError(f"cell {number} is not a cell")
    return parts


def _begins(parts: Sequence[_Placed]) -> Iterator[int]:
    """For each line of a cell, where the string in which it begins stands in the file."""
    new = True
    for part in parts:
        for line in re.findall(r"[^\n]*\n|[^\n]+", part):
            if new:
                yield part.at
            new = line.endswith("\n")
    if new:
        yield parts[-1].at


def _in_source_format(cell: dict[str, Any], text: str) -> list[str]:
    """A cell's lines, as many as it has; none for an empty cell and one that is neither kind."""
    lines = text.split("\n")
    if not text.strip() or cell.get("cell_type") not in ("code", "markdown"):
        return []
    head = next(number for number, line in enumerate(lines) if line.strip())
    mark, name = name_of(lines[head])
    match cell:
        case {"cell_type": "markdown"}:
            lines[head] = f"%md {lines[head]}"
        case {"language": str(language)} | {
            "metadata": {"vscode": {"languageId": str(language)}}
        } if not _python(language):
            lines[head] = f"%%{language} {lines[head]}"
        case _ if mark + name in _AROUND_PYTHON:
            lines[head] = f"# {lines[head]}"
            return _with_line_magics("\n".join(lines))
        case _ if not takes_whole_cell(mark, name):
            return _with_line_magics(text)
    return [f"{MAGIC}{line}".rstrip() for line in lines]


def _with_line_magics(text: str) -> list[str]:
    """Python whose line magics are made comments, one line for each that it has."""
    pieces: list[str] = []
    copied, begin = 0, 0
    while begin < len(text):
        if magic := _LINE_MAGIC.match(text, begin):
            # A block with nothing but a comment in it would be an error.
            mark = f"{magic['indent']}pass  {MAGIC}" if magic["indent"] else MAGIC
            pieces += [text[copied:begin], mark, magic["command"].replace("\n", f"\n{MAGIC}")]
            begin = copied = magic.end()
        begin = _next_logical_line(text, begin)
    return "".join([*pieces, text[copied:]]).split("\n")


def _next_logical_line(text: str, begin: int) -> int:
    depth = 0
    for lexeme in _LEXEME.finditer(text, begin):
        depth += bool(lexeme["open"]) - bool(lexeme["close"])
        if lexeme["end"] and depth <= 0:
            return lexeme.end()
    return len(text)
