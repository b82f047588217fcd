"""Code that this Python can't parse, read as far as it can be."""

import ast
import sys

import pytest

from entrypoint.resources.scan.parsing import Lines, parsed

# Of no Python that there is, so that the tests hold whichever runs them.
NEW = "new syntax here"


@pytest.mark.parametrize(
    ("code", "read", "left_out"),
    [
        (f"a = 1\n{NEW}\nb = 2\n", "a = 1\npass\nb = 2", Lines(2, 2)),
        (f"a = call(\n    1,\n    {NEW},\n)\nb = 2\n", "pass\nb = 2", Lines(1, 4)),
        (
            f"class A:\n\n    def f(self):\n        {NEW}\n        return 1\n",
            "class A:\n\n    def f(self):\n        pass\n        return 1",
            Lines(4, 4),
        ),
        (f"with {NEW} as x:\n    a = 1\n", "if True:\n    a = 1", Lines(1, 1)),
        (
            f"try:\n    a = 1\nexcept {NEW}:\n    b = 2\nelse:\n    c = 3\n",
            "try:\n    a = 1\nexcept Exception:\n    b = 2\nelse:\n    c = 3",
            Lines(3, 3),
        ),
        (f"@d\nclass A({NEW}):\n    a = 1\nb = 2\n", "b = 2", Lines(1, 3)),
        ('a = 1\nb = """never closed\nc = 3\n', "a = 1\npass\nc = 3", Lines(2, 2)),
        ("a = 1\nb = (never closed\nc = 3\n", "a = 1\npass\nc = 3", Lines(2, 2)),
        (f"a = 1\r\n{NEW}\r\nb = 2\r\n", "a = 1\npass\nb = 2", Lines(2, 2)),
    ],
)
def test_what_cant_be_parsed_is_left_out(code: str, read: str, left_out: Lines) -> None:
    for text in (code, b"\xef\xbb\xbf" + code.encode()):
        found = parsed(text)

        assert ast.unparse(found.tree) == read
        assert found.left_out == (left_out,)


def test_lines_keep_their_numbers() -> None:
    (_, last) = parsed(f"{NEW}\n\n\nx = 1\n").tree.body

    assert (last.lineno, last.end_lineno) == (4, 4)


def test_type_parameters_are_no_loss() -> None:
    code = "class A[T: (int, str)](B):\n    def f[U: list[int]](self, x: U) -> U:\n        pass\n"

    found = parsed(code)

    assert found.left_out == ()
    assert [type(each) for each in found.tree.body] == [ast.ClassDef]


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="this Python knows the syntax")
def test_quotes_in_an_f_string_are_newer_than_some_pythons() -> None:
    assert parsed('x = f"{"-".join(names)}"\ny = 2\n').left_out == (Lines(1, 1),)


@pytest.mark.parametrize(
    "text", ["(" * 5_000, "a\0b", b"# coding: rot13\nx", b"\xff\xfe", f"if {NEW}:\n  x\n y\n"]
)
def test_what_is_no_code_is_left_out_as_a_whole(text: str | bytes) -> None:
    found = parsed(text)

    assert found.left_out
    assert found.left_out[0].first == 1


def test_the_work_is_bounded() -> None:
    found = parsed(f"{NEW}\n" * 20_000 + "x = 1\n")

    assert found.left_out[-1].last == 20_002
    assert len(found.left_out) < 300
