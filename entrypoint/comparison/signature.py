"""What changes for the agent's callers, by MLflow's own classes and rules.

Inputs are held against the signature by `_enforce_schema` and `_enforce_params_schema` in
`mlflow/models/utils.py`: columns and parameters too many are left out with a warning, a missing
required column is an error, and a property too many in an object is one, too. Outputs are enforced
by nobody; callers read what the signature promised them.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal

from entrypoint.comparison.changes import SignatureChange
from entrypoint.comparison.excerpt import Redact, excerpt, quoted

if TYPE_CHECKING:  # it takes seconds to import
    from mlflow.types.schema import ParamSchema, ParamSpec, Schema, TensorSpec

Role = Literal["input", "output"]
Texts = Mapping[str, str | None]
Changes = Iterator[SignatureChange]

_MOST = 50
_LONGEST_DEFAULT = 80
# What `_enforce_mlflow_datatype` takes for a wider type, whatever the value is.
_WIDER = {"integer": {"long", "double"}, "float": {"double"}}
# What `_enforce_param_datatype` does.
_WIDER_PARAM = {
    "integer": {"long", "float", "double"},
    "long": {"float", "double"},
    "float": {"double"},
}


def changes(
    before: Texts | None, after: Texts | None, redact: Redact
) -> tuple[SignatureChange, ...] | None:
    """The differences between two signatures as `MLmodel` holds them, empty where there is none.

    None when the one of before can't be read, or either isn't known.
    """
    if before is None or after is None:
        return None
    if before == after:
        return ()
    try:
        old, new = _Signature.read(before), _Signature.read(after)
        return tuple(islice(_changes(old, new, redact), _MOST))
    except Exception:  # noqa: BLE001 - what anybody wrote, in MLflow's parser: it raises anything
        return None


@dataclass(frozen=True)
class _Signature:
    inputs: "Schema | None" = None
    outputs: "Schema | None" = None
    params: "ParamSchema | None" = None

    @classmethod
    def read(cls, texts: Texts) -> "_Signature":
        from mlflow.models import ModelSignature  # noqa: PLC0415

        if not any(texts.values()):
            return cls()
        signature: ModelSignature = ModelSignature.from_dict(dict(texts))
        return cls(signature.inputs, signature.outputs, signature.params)


@dataclass(frozen=True)
class _Field:
    """A column, or a property of an object."""

    type: Any
    required: bool


def _changes(old: _Signature, new: _Signature, redact: Redact) -> Changes:
    yield from _schemas("input", old.inputs, new.inputs)
    yield from _params(old.params, new.params, redact)
    yield from _schemas("output", old.outputs, new.outputs)


def _schemas(role: Role, old: "Schema | None", new: "Schema | None") -> Changes:
    is_input = role == "input"
    if old is None or new is None:
        if old is not None:
            yield SignatureChange(f"The {role}s are not described any more.", not is_input)
        elif new is not None:
            yield SignatureChange(f"The {role}s are described, and were not.", is_input)
    elif old.is_tensor_spec() != new.is_tensor_spec():
        words = ("columns", "tensors")
        now, was = words[new.is_tensor_spec()], words[old.is_tensor_spec()]
        yield SignatureChange(f"The {role}s are {now} now, and were {was}.", breaking=True)
    elif old.has_input_names() != new.has_input_names():
        words = ("have no names", "have names")
        now = words[new.has_input_names()]
        yield SignatureChange(f"The {role}s {now} now.", breaking=True)
    elif not old.has_input_names() and not is_input and len(old.inputs) != len(new.inputs):
        what = f"There are {len(new.inputs)} outputs now, and were {len(old.inputs)}."
        yield SignatureChange(what, breaking=True)
    else:
        single = len(old.inputs) == len(new.inputs) == 1
        before, after = _columns(old, single=single), _columns(new, single=single)
        yield from _fields(role, "", before, after, gone_breaks=not is_input)


def _columns(schema: "Schema", *, single: bool) -> dict[str, _Field]:
    """By name; without names by number, a single one by nothing."""
    inputs = schema.inputs
    return {
        (str(each.name) if each.name is not None else "" if single else str(number)): _Field(
            each if schema.is_tensor_spec() else each.type, bool(each.required)
        )
        for number, each in enumerate(inputs, 1)
    }


def _fields(
    role: Role,
    above: str,
    old: Mapping[str, _Field],
    new: Mapping[str, _Field],
    *,
    gone_breaks: bool,
) -> Changes:
    is_input = role == "input"
    for name in {**old, **new}:
        path = f"{above}.{name}" if above else name
        the = f"The {role} {quoted(path)}" if path else f"The {role}"
        was, now = old.get(name), new.get(name)
        if was is None and now:
            kind = "required" if now.required else "optional"
            what = f"{the} is new, and {kind}." if is_input else f"{the} is new."
            yield SignatureChange(what, breaking=is_input and now.required)
        elif now is None:
            left_out = is_input and not gone_breaks
            why = ": MLflow leaves it out of what callers send" if left_out else ""
            yield SignatureChange(f"{the} is gone{why}.", breaking=gone_breaks)
        elif was:
            if was.required != now.required:
                kind = "required" if now.required else "optional"
                yield SignatureChange(f"{the} is {kind} now.", breaking=now.required == is_input)
            yield from _types(role, path, was.type, now.type)


def _types(role: Role, path: str, old: Any, new: Any) -> Changes:
    from mlflow.types.schema import Array, Map, Object, TensorSpec  # noqa: PLC0415

    if old == new:
        return
    if type(old) is type(new) is Object:
        was, now = _properties(old), _properties(new)
        yield from _fields(role, path, was, now, gone_breaks=True)
    elif type(old) is type(new) is Array:
        yield from _types(role, f"{path}[]", old.dtype, new.dtype)
    elif type(old) is type(new) is Map:
        yield from _types(role, f"{path}{{}}", old.value_type, new.value_type)
    else:
        if isinstance(old, TensorSpec):
            fits = _tensor_fits(old, new) if role == "input" else _tensor_fits(new, old)
        else:
            fits = _fits(old, new) if role == "input" else _is_any(old)
        the = f"The {role} {quoted(path)}" if path else f"The {role}"
        yield SignatureChange(f"{the} is {_shown(new)} now, and was {_shown(old)}.", not fits)


def _properties(object_type: Any) -> dict[str, _Field]:
    return {each.name: _Field(each.dtype, bool(each.required)) for each in object_type.properties}


def _fits(sent: Any, expected: Any) -> bool:
    """Whether what is sent by one type is taken for another, whatever the value is."""
    return _is_any(expected) or _word(expected) in _WIDER.get(_word(sent), ())


def _tensor_fits(sent: "TensorSpec", expected: "TensorSpec") -> bool:
    """As `_enforce_tensor_spec`: -1 is any length, and a list of objects is anything."""
    if expected.shape == (-1,) and expected.type.hasobject:
        return True
    return (
        sent.type == expected.type
        and len(sent.shape) == len(expected.shape)
        and all(one in (-1, other) for one, other in zip(expected.shape, sent.shape, strict=True))
    )


def _params(old: "ParamSchema | None", new: "ParamSchema | None", redact: Redact) -> Changes:
    """Every parameter has a default, and one that isn't known is left out."""
    was = {each.name: each for each in (old.params if old else [])}
    now = {each.name: each for each in (new.params if new else [])}
    for name in {**was, **now}:
        the = f"The parameter {quoted(name)}"
        if name not in was:
            yield SignatureChange(f"{the} is new.", breaking=False)
        elif name not in now:
            what = f"{the} is gone: MLflow leaves it out of what callers send."
            yield SignatureChange(what, breaking=False)
        else:
            yield from _param(the, was[name], now[name], lambda value: _default(value, redact))


def _param(the: str, old: "ParamSpec", new: "ParamSpec", shown: Callable[[Any], str]) -> Changes:
    if (old.dtype, old.shape) != (new.dtype, new.shape):
        fits = old.shape == new.shape and _word(new.dtype) in _WIDER_PARAM.get(_word(old.dtype), ())
        kinds = (f"{'a list of ' if each.shape else ''}{_shown(each.dtype)}" for each in (new, old))
        yield SignatureChange(f"{the} is {' now, and was '.join(kinds)}.", breaking=not fits)
    if old.default != new.default:
        what = f"{the} is {shown(new.default)} by default now, and was {shown(old.default)}."
        yield SignatureChange(what, breaking=False)


def _default(value: Any, redact: Redact) -> str:
    return quoted(excerpt(repr(value), _LONGEST_DEFAULT, redact))


def _is_any(kind: Any) -> bool:
    from mlflow.types.schema import AnyType  # noqa: PLC0415

    return isinstance(kind, AnyType)


def _word(kind: Any) -> str:
    """The name of a plain type; empty for others."""
    from mlflow.types.schema import DataType  # noqa: PLC0415

    return kind.name if isinstance(kind, DataType) else ""


def _shown(kind: Any) -> str:
    from mlflow.types.schema import Array, Map, Object, TensorSpec  # noqa: PLC0415

    if isinstance(kind, TensorSpec):
        return f"a tensor {quoted(f'{kind.type.name} {kind.shape}')}"
    if type(kind) is Array:
        return f"a list of {_shown(kind.dtype)}"
    if isinstance(kind, Map):
        return f"a map of {_shown(kind.value_type)}"
    if isinstance(kind, Object):
        return "an object"
    return f"`{_word(kind) or str(kind).lower()}`"
