"""Databricks' source format: a notebook that is a Python file, its magics being comments.

    # Databricks notebook source
    # MAGIC %pip install databricks-openai

    # COMMAND ----------

    import mlflow

MLflow runs such a file as it is. Every other form of notebook is brought into this one.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

HEADER = "# Databricks notebook source"
CELL = "# COMMAND ----------"
MAGIC = "# MAGIC "

# Magics that take their whole cell: it is not Python. The others end with their line.
_WHOLE_CELL = frozenset({"md", "md-sandbox", "r", "scala", "sql", "sh", "fs", "python"})

_MAGIC_LINE = re.compile(r"(?:\s+pass  )?# MAGIC ?(?P<text>.*)")
_NAME = re.compile(r"\s*(?P<mark>%%?|!+)\s*(?P<name>[\w-]*)")


@dataclass(frozen=True)
class Magic:
    """One command that is not Python: its text, with what belongs to it, and its first line."""

    text: str
    line: int

    @property
    def name(self) -> str:
        """With its mark: `%sql`, `%%writefile`, `!`."""
        mark, name = name_of(self.text)
        return "!" if mark.startswith("!") else f"{mark}{name}"

    @property
    def arguments(self) -> str:
        """The rest of its first line."""
        return _NAME.sub("", self.head, count=1).strip()

    @property
    def head(self) -> str:
        """Its first line."""
        return self.text.partition("\n")[0].strip()


def name_of(line: str) -> tuple[str, str]:
    """A magic's mark and name; empty when the line is none."""
    found = _NAME.match(line)
    return (found["mark"], found["name"]) if found else ("", "")


def magics(text: str) -> Iterator[Magic]:
    """The magics of a notebook in source format."""
    lines: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        found = _MAGIC_LINE.fullmatch(line)
        if lines and (not found or _begins(found["text"], lines)):
            yield Magic("\n".join(lines), number - len(lines))
            lines = []
        if found:
            lines.append(found["text"])
    if lines:  # the file ends with it
        yield Magic("\n".join(lines), number - len(lines) + 1)


def _begins(line: str, lines: list[str]) -> bool:
    """Whether the line begins a magic of its own rather than going on with `lines`."""
    return bool(name_of(line)[0]) and not (
        takes_whole_cell(*name_of(lines[0])) or lines[-1].endswith("\\")
    )


def takes_whole_cell(mark: str, name: str) -> bool:
    """Whether the lines below a magic are its own, whatever they look like."""
    return mark == "%%" or (mark == "%" and name in _WHOLE_CELL)
