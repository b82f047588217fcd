"""What a statement of SQL uses: tables, functions, and what Databricks' functions ask."""

import logging
import re
from collections.abc import Iterator
from dataclasses import replace

import sqlglot
from sqlglot import exp

from entrypoint.resources.addresses import SQL, Reference, asked_for

_MAX_CHARS = 20_000
# Python's own markers of parameters, which are no SQL.
_PARAMETER = re.compile(r"%(?:\(\w+\))?s")
_UNKNOWN_NAME = "__unknown__"
# Databricks' functions that ask something, and their parameter with its name.
_ASKS = {
    "ai_query": ("serving_endpoint", "endpoint"),
    "ask_index": ("vector_search_index", "index"),
    "http_request": ("uc_connection", "conn"),
}
# To the parser it is another database's function of the same name.
_VECTOR_SEARCH = re.compile(r"\bvector_search(?=\s*\()", re.IGNORECASE)
_LEVELS = 3
# https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-information-schema
_READ_BY_ALL = "information_schema"


def references(statement: str, unknown: str) -> Iterator[Reference]:
    """What the statement uses, as far as it names three levels or holds a part that is `unknown`.

    Nothing of a text that isn't Databricks' SQL.
    """
    if len(statement) > _MAX_CHARS:
        return
    logging.getLogger("sqlglot").disabled = True  # it tells of commands that it doesn't read
    text = _PARAMETER.sub(":p", statement.replace(unknown, _UNKNOWN_NAME))
    text = _VECTOR_SEARCH.sub("ask_index", text)
    try:
        parsed = [each for each in sqlglot.parse(text, read="databricks") if each]
    except (sqlglot.errors.SqlglotError, RecursionError):
        return
    for each in parsed:
        for node in each.walk():
            match node:
                case exp.Table(this=exp.Identifier()):
                    yield from _named("table", [part.name for part in node.parts])
                case exp.Table(this=exp.Anonymous()):
                    yield from _named("function", [part.name for part in node.parts])
                case exp.Dot(expression=exp.Anonymous(name=name)):
                    levels = [part.name for part in node.this.find_all(exp.Identifier)]
                    yield from _named("function", [*levels, name])
                case exp.Anonymous(name=name) if known := _ASKS.get(name.lower()):
                    yield _asked(node, *known)


def _named(kind: str, levels: list[str]) -> Iterator[Reference]:
    """What has a name of three levels; nothing of a shorter one, which the session completes."""
    is_known = _UNKNOWN_NAME not in ".".join(levels)
    if not is_known:
        yield Reference(kind, None, by=SQL)
    elif len(levels) == _LEVELS and levels[1].lower() != _READ_BY_ALL:
        yield Reference(kind, ".".join(levels), by=SQL)


def _asked(function: exp.Anonymous, kind: str, parameter: str) -> Reference:
    """What a function is given by name, `index => '...'`, or first."""
    given = function.expressions
    named = {each.name.lower(): each.expression for each in given if isinstance(each, exp.Kwarg)}
    name = named.get(parameter) or next(iter(given), None)
    if isinstance(name, exp.Literal) and name.is_string and _UNKNOWN_NAME not in name.name:
        return replace(asked_for(kind, name.name), by=SQL)
    return Reference(kind, None, by=SQL)
