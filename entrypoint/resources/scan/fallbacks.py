"""Expressions without whose value the code goes on."""

import ast
from collections.abc import Iterable

# What catches the error of a key that isn't there.
_CATCHES_KEY_ERROR = {"KeyError", "LookupError", "Exception", "BaseException"}
_ENDS = {"exit", "_exit", "abort"}


class Fallbacks:
    """Knows the expressions whose missing value, or whose error, the code handles."""

    def __init__(self, trees: Iterable[ast.AST]) -> None:
        self._decides: set[ast.AST] = set()
        self._may_be_none: set[ast.AST] = set()
        self._may_fail: set[ast.AST] = set()
        self._must_hold: set[ast.AST] = set()
        self._set_to: dict[ast.expr, ast.expr] = {}
        for tree in trees:
            for node in ast.walk(tree):
                self._read(node)

    def may_be_none(self, node: ast.expr) -> bool:
        """Whether the code goes on where the expression is None or false."""
        return node in self._may_be_none or node in self._may_fail or node in self._decides

    def decides(self, node: ast.expr) -> bool:
        """Whether the code takes one way or another by what it sees in the expression."""
        return node in self._decides

    def may_fail(self, node: ast.expr) -> bool:
        """Whether the code goes on where the expression raises a KeyError."""
        return node in self._may_fail

    def must_hold(self, node: ast.expr) -> bool:
        """Whether the code gives up by what it sees in the expression."""
        return node in self._must_hold

    def mentions(self, target: ast.expr, text: str) -> bool:
        """Whether the text stands in what is assigned to the target."""
        value = self._set_to.get(target)
        return value is not None and any(
            isinstance(node, ast.Constant) and node.value == text for node in ast.walk(value)
        )

    def _read(self, node: ast.AST) -> None:
        match node:
            case ast.BoolOp(ast.Or(), values):
                # The last one too is an alternative to the others.
                self._may_be_none.update(values)
            case ast.Assert(test):
                self._must_hold.update(ast.walk(test))
            case ast.If(test, body, orelse):
                gives_up = _ends(body) or _ends(orelse)
                (self._must_hold if gives_up else self._decides).update(ast.walk(test))
            case ast.IfExp(test):
                self._decides.update(ast.walk(test))
            case ast.comprehension(ifs=[ast.Compare(ops=[ast.NotIn()]) as missing]):
                self._must_hold.add(missing)
            case ast.Call(ast.Name("bool"), [value]):
                self._may_be_none.add(value)
            case ast.Compare(left, [ast.Eq() | ast.NotEq()], [right]):
                self._may_be_none |= {left, right}
            case ast.Try(body, handlers) if any(map(_handles_key_error, handlers)):
                self._may_fail.update(inner for each in body for inner in ast.walk(each))
            case ast.With([ast.withitem(ast.Call(func, kinds))], body) if _is_named(
                func, "suppress"
            ):
                if _name_key_error(kinds):
                    self._may_fail.update(inner for each in body for inner in ast.walk(each))
            case ast.Assign(targets, value):
                self._set_to.update(dict.fromkeys(targets, value))


def _handles_key_error(handler: ast.ExceptHandler) -> bool:
    match handler.type:
        case None:
            is_caught = True
        case ast.Tuple(kinds):
            is_caught = _name_key_error(kinds)
        case kind:
            is_caught = _name_key_error([kind])
    return is_caught and not _ends(handler.body)


def _name_key_error(kinds: Iterable[ast.expr]) -> bool:
    return any(_is_named(kind, *_CATCHES_KEY_ERROR) for kind in kinds)


def _is_named(node: ast.expr, *names: str) -> bool:
    return getattr(node, "id", getattr(node, "attr", "")) in names


def _ends(body: list[ast.stmt]) -> bool:
    """Whether the statements themselves end the program, or give up what they are part of."""
    return any(
        isinstance(each, ast.Raise)
        or (
            isinstance(each, ast.Expr)
            and isinstance(each.value, ast.Call)
            and _is_named(each.value.func, *_ENDS)
        )
        for each in body
    )
