"""Classes of pydantic-settings, whose fields are read from the environment's variables.

https://docs.pydantic.dev/latest/concepts/pydantic_settings/#environment-variable-names
"""

import ast
from collections.abc import Iterator
from types import EllipsisType

from entrypoint.resources.scan.call_sites import Argument
from entrypoint.resources.scan.evaluator import Evaluator
from entrypoint.resources.scan.scopes import Assigned, Defined, LexicalScope
from entrypoint.resources.scan.values import Symbol, Text
from entrypoint.resources.variables import VariableRead

_MODULES = ("pydantic_settings", "pydantic", "pydantic.v1")
_BASES = {Symbol(f"{module}.BaseSettings") for module in _MODULES}
_ALIASES = ("validation_alias", "alias")
_DEFAULTS = ("default", "default_factory")


class SettingsClasses:
    """Reads the fields of each class that `BaseSettings` is a base of."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator

    def reads(self, scope: LexicalScope) -> Iterator[VariableRead]:
        """The variables of the fields that a class declares; none of another scope."""
        lineage = self._lineage(scope, ())
        if not lineage or not isinstance(scope.node, ast.ClassDef):
            return
        prefix = next(filter(None, map(self._prefix, lineage)), "")
        for field in scope.node.body:
            match field:
                case ast.AnnAssign(ast.Name(name) as target, annotation, value) if (
                    name != "model_config" and "ClassVar" not in ast.unparse(annotation)
                ):
                    variable = _alias(value) or f"{prefix}{name}".upper()
                    place = scope.module.place_of(target)
                    yield VariableRead(variable, place, has_default=_has_default(value))

    def _lineage(
        self, scope: LexicalScope, below: tuple[LexicalScope, ...]
    ) -> tuple[LexicalScope, ...]:
        """The class and those between it and `BaseSettings`; nothing of another class."""
        for base in getattr(scope.node, "bases", ()) if scope not in below else ():
            for value in self._evaluator.values(base, scope.parent or scope):
                if value in _BASES:
                    return (*below, scope)
                if isinstance(value, Defined) and (
                    lineage := self._lineage(value.scope, (*below, scope))
                ):
                    return lineage
        return ()

    def _prefix(self, scope: LexicalScope) -> str:
        """The `env_prefix` of `model_config`, or of the inner class `Config`."""
        for binding in scope.names.get("model_config", ()):
            if isinstance(binding, Assigned) and isinstance(binding.node, ast.Call):
                argument = Argument(("env_prefix",))
                found = self._evaluator.call_sites.argument(argument, binding.node, scope)
                return _text(found)
        for binding in scope.names.get("Config", ()):
            if isinstance(binding, Defined):
                return _text(self._evaluator.attribute(binding, "env_prefix"))
        return ""


def _text(values: tuple[object, ...]) -> str:
    return next((each.text for each in values if isinstance(each, Text)), "")


def _alias(value: ast.expr | None) -> str | None:
    """The name that `Field(validation_alias=...)` gives, the first of `AliasChoices`."""
    for keyword in getattr(value, "keywords", ()):
        if keyword.arg in _ALIASES:
            match keyword.value:
                case ast.Constant(str() as name) | ast.Call(args=[ast.Constant(str() as name), *_]):
                    return name
    return None


def _has_default(value: ast.expr | None) -> bool:
    match value:
        case None | ast.Constant(value=EllipsisType()):
            return False
        case ast.Call(ast.Name("Field") | ast.Attribute(attr="Field"), arguments, keywords):
            is_given = any(keyword.arg in _DEFAULTS for keyword in keywords)
            return is_given or any(map(_has_default, arguments))
    return True
