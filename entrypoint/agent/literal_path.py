"""Paths that code writes out: read from its expressions, without running it."""

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import PurePosixPath

_MAX_LEVELS = 50
# Functions and methods that give back the path they are given, in another form.
_SAME = ("abspath", "as_posix", "absolute", "fspath", "normpath", "realpath", "resolve", "str")


def names_of(tree: ast.Module) -> dict[str, ast.expr]:
    """What each name of a module stands for, if it is assigned once."""
    assigned: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Assign([ast.Name(name)], value):
                assigned.setdefault(name, []).append(value)
            case ast.AnnAssign(ast.Name(name), value=ast.expr() as value):
                assigned.setdefault(name, []).append(value)
    return {name: values[0] for name, values in assigned.items() if len(values) == 1}


def literal_path(
    node: ast.expr, names: Mapping[str, ast.expr], file: PurePosixPath, level: int = 0
) -> PurePosixPath | None:
    """The path that an expression gives; None for what isn't written out.

    A relative one is as it is written, one made of `__file__` begins with `file`.
    """
    if level > _MAX_LEVELS:
        return None

    def path(of: ast.expr) -> PurePosixPath | None:
        return literal_path(of, names, file, level + 1)

    match node:
        case ast.Constant(str() as text):
            return PurePosixPath(text)
        case ast.Name("__file__"):
            return file
        case ast.Name(name) if name in names:
            return path(names[name])
    return _derived(node, path)


def _derived(
    node: ast.expr, path: Callable[[ast.expr], PurePosixPath | None]
) -> PurePosixPath | None:
    """What is made of other paths, which `path` tells."""
    match node:
        case ast.Attribute(of, "parent"):
            return (found := path(of)) and found.parent
        case ast.BinOp(of, ast.Div(), other):
            return _joined([path(of), path(other)])
        case ast.Subscript(ast.Attribute(of, "parents"), ast.Constant(int() as up)):
            found = path(of)
            return found.parents[up] if found and 0 <= up < len(found.parents) else None
        case ast.Call(ast.Attribute(of, name), arguments):
            # A function of a module, `os.path.join(...)`, or a method, `path.joinpath(...)`.
            return _called(name, [path(each) for each in arguments], path(of))
        case ast.Call(ast.Name(name), arguments):
            return _called(name, [path(each) for each in arguments], None)
    return None


def _called(
    name: str, given: Sequence[PurePosixPath | None], of: PurePosixPath | None
) -> PurePosixPath | None:
    """What a function or a method gives; `of` is the path whose method it may be."""
    first = given[0] if given else of
    match name:
        case "cwd" | "getcwd":
            return PurePosixPath()
        case "join" | "Path" | "PurePath" | "PosixPath" | "PurePosixPath":
            return _joined(given)
        case "joinpath":
            return _joined([of, *given])
        case "with_name" if of and of.name and first and first.name == str(first):
            return of.with_name(first.name)
        case "dirname":
            return first and first.parent
    return first if name in _SAME else None


def _joined(parts: Iterable[PurePosixPath | None]) -> PurePosixPath | None:
    known = list(parts)
    return PurePosixPath(*filter(None, known)) if known and None not in known else None
