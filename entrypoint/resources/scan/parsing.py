"""Code parsed as far as this Python can: that of an agent may be for a newer one.

A line that can't be parsed is left out, with what belongs to it, and the rest is read. Lines keep
their numbers.
"""

import ast
import importlib.util
import io
import re
import tokenize
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

# Of a statement of the module, with all that is in it; one that has more is left out as a whole.
_MAX_TRIES = 50
# What comes after so many is left out too.
_MAX_LEFT_OUT = 200
_MAX_CHARS_OF_ALL_TRIES = 5_000_000
# Python 3.12: `class Agent[T](Base):`, `def ask[T](question: T):`. The names it binds are no use.
_TYPE_PARAMETERS = re.compile(r"((?:class|def)\s+\w+)\[.*?\](?=\s*[(:])")
# What goes on with the statement before it.
_CONTINUED = re.compile(r"(?:elif|else|except|finally)\b")
# What begins a block, with what begins one in its place; for all others a condition does.
_BLOCKS = {"except": "except Exception:", "elif": "elif True:", "case": "case _:"}


@dataclass(frozen=True)
class Lines:
    """From one line to another, both included; counted from 1."""

    first: int
    last: int


@dataclass(frozen=True)
class Parsed:
    """The tree of a text, and the lines that aren't in it."""

    tree: ast.Module
    left_out: tuple[Lines, ...] = ()


def parsed(text: str | bytes) -> Parsed:
    """Parse a module; of one that can't be parsed at all, every line is left out."""
    try:
        code = _decoded(text)
        try:
            return Parsed(_parse(code))
        except SyntaxError:
            return _in_parts(code.split("\n"))
    except (SyntaxError, ValueError, LookupError, RecursionError, MemoryError):
        end = "\n" if isinstance(text, str) else b"\n"
        return Parsed(ast.Module([], []), (Lines(1, text.count(end) + 1),))  # type: ignore[arg-type]


def _decoded(text: str | bytes) -> str:
    if isinstance(text, bytes):
        return importlib.util.decode_source(text)
    return io.StringIO(text.removeprefix("\ufeff"), newline=None).read()


def _in_parts(lines: list[str]) -> Parsed:
    """Parse each of the module's statements by itself, as far as that goes."""
    statements = list(_statements(lines))
    body: list[ast.stmt] = []
    left_out: list[Lines] = []
    for part in _parts(lines, statements):
        if len(left_out) >= _MAX_LEFT_OUT:
            left_out.append(Lines(part.first, len(lines)))
            break
        try:
            tree, without = _as_far_as_possible(lines, part, statements)
        except SyntaxError:
            left_out.append(part)
            continue
        body += ast.increment_lineno(tree, part.first - 1).body
        left_out += without
    return Parsed(ast.Module(body, []), tuple(left_out))


def _as_far_as_possible(
    lines: list[str], part: Lines, statements: list[Lines]
) -> tuple[ast.Module, list[Lines]]:
    """Parse a part of the lines, without those of it that don't parse.

    Raises:
        SyntaxError: there are too many, or the rest can't be parsed without them.

    """
    own = lines[part.first - 1 : part.last]
    left_out: set[Lines] = set()
    tries = min(_MAX_TRIES, _MAX_CHARS_OF_ALL_TRIES // (1 + sum(map(len, own))))
    for _ in range(tries):
        try:
            return _parse("\n".join(own)), sorted(left_out, key=lambda each: each.first)
        except SyntaxError as error:
            at = part.first - 1 + min(error.lineno or 1, len(own))
            if _drop_type_parameters(own, at - part.first):
                continue
            found = (each for each in statements if each.first <= at <= each.last)
            wrong = next(found, Lines(at, at))
            if wrong in left_out:
                raise
            left_out.add(wrong)
            _leave_out(own, wrong.first - part.first, wrong.last - part.first)
    raise SyntaxError(f"too much of line {part.first} can't be parsed")


def _parse(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)


def _drop_type_parameters(lines: list[str], at: int) -> bool:
    """Take the type parameters out of the line at an index; whether it had any."""
    lines[at], dropped = _TYPE_PARAMETERS.subn(r"\1", lines[at])
    return bool(dropped)


def _leave_out(lines: list[str], first: int, last: int) -> None:
    """Put what does nothing in the place of a statement, whose lines have these indices."""
    head = lines[first].lstrip()
    indent = lines[first][: len(lines[first]) - len(head)]
    word = re.match(r"\w*", head)
    block = _BLOCKS.get(word[0] if word else "", "if True:")
    lines[first] = indent + (block if lines[last].rstrip().endswith(":") else "pass")
    lines[first + 1 : last + 1] = [""] * (last - first)


def _statements(lines: list[str]) -> Iterator[Lines]:
    """The logical lines, as far as they can be told."""
    first = None
    source = io.StringIO("\n".join(lines) + "\n")
    try:
        for token in tokenize.generate_tokens(source.readline):
            if token.type == tokenize.NEWLINE:
                yield Lines(first or token.start[0], token.start[0])
                first = None
            elif first is None and token.string.strip() and token.type != tokenize.COMMENT:
                first = token.start[0]
    except (tokenize.TokenError, SyntaxError):
        return


def _parts(lines: list[str], statements: list[Lines]) -> Iterator[Lines]:
    """The statements of the module, with their decorators and all that is indented below them."""
    first, is_decorated = 1, False
    for statement in statements:
        line = lines[statement.first - 1]
        if line[:1].isspace() or _CONTINUED.match(line):
            continue
        if statement.first > first and not is_decorated:
            yield Lines(first, statement.first - 1)
            first = statement.first
        is_decorated = line.startswith("@")
    yield Lines(first, len(lines))
