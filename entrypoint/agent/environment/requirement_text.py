"""The text of a requirement file: its encoding, its line ends and its comments, as uv reads them.

https://pip.pypa.io/en/stable/reference/requirements-file-format/
"""

import codecs
import re
from collections.abc import Iterator

# Not Python's `splitlines`, which knows others: what uv reads as one line is one here.
LINE_END = re.compile(r"\r\n|\n|\r")

_COMMENT = re.compile(r"(?:^|(?<=[ \t\f]))#.*", re.DOTALL)
_BLANKS = " \t\f"
_ENCODINGS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


def decoded(content: bytes) -> str:
    """The text of a file: UTF-8, unless it begins with another encoding's byte order mark.

    Raises:
        UnicodeDecodeError: it isn't that.

    """
    marks = (mark for mark in _ENCODINGS if content.startswith(mark))
    return content.decode(_ENCODINGS.get(next(marks, b""), "utf-8"))


def logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines that aren't empty, with their numbers: continued ones are one, without comments.

    A comment ends a continued line, and is not continued itself.
    """
    begun: list[str] = []
    number = 0
    for count, line in enumerate(LINE_END.split(text), start=1):
        number = number if begun else count
        content = without_comment(line)
        if content == line and line.endswith("\\"):
            begun.append(line[:-1])
            continue
        logical, begun = "".join([*begun, content]).strip(_BLANKS), []
        if logical:
            yield number, logical
    if logical := "".join(begun).strip(_BLANKS):  # the file ends in a continued line
        yield number, logical


def without_comment(line: str) -> str:
    """A line of a requirement file without its comment: `#` begins one after a blank."""
    return _COMMENT.sub("", line, count=1)
