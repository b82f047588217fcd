"""What changes for the agent's callers, by the JSON in which `MLmodel` holds a signature.

https://mlflow.org/docs/latest/ml/model/signatures/ - a call without a required input is an error,
so a new one may break callers. So may whatever they send or read that is gone, or of another type.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal, Self

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, TypeAdapter

from entrypoint.comparison.changes import SignatureChange
from entrypoint.comparison.shown_text import Redact, quoted, shortened

Role = Literal["input", "output", "parameter"]
Texts = Mapping[str, str | None]
Changes = Iterator[SignatureChange]
Path = tuple[str, ...]
"""Where a type stands: the column's name, then `.name` of a property, `[]` or `{}`."""

_MAX_CHANGES = 50
_MAX_DEFAULT = 80


class _Tensor(BaseModel):
    model_config = ConfigDict(strict=True)
    dtype: str
    shape: list[int]


class _Type(BaseModel):
    """A column, a property, an item or a parameter; of those, each has only some of the fields."""

    model_config = ConfigDict(strict=True)
    # Parameters had `dtype`, and columns `optional`, before MLflow 2.10.
    type: str = Field(validation_alias=AliasChoices("type", "dtype"))
    name: str | int | None = None
    required: bool | None = None
    optional: bool = False
    properties: dict[str, "_Type"] | None = None
    items: "_Type | None" = None
    values: "_Type | None" = None
    tensor: _Tensor | None = Field(None, alias="tensor-spec")
    shape: list[int] | None = None
    default: Any = None

    @property
    def is_required(self) -> bool:
        return not self.optional if self.required is None else self.required

    @property
    def shown(self) -> str:
        """The type alone, without what is inside of it."""
        tensor = f" {self.tensor.dtype} {self.tensor.shape}" if self.tensor else ""
        return quoted(f"{self.type}{tensor}{f' {self.shape}' if self.shape else ''}")

    @property
    def inner(self) -> "Columns":
        """The types of its properties, items or values."""
        below = {f".{name}": each for name, each in (self.properties or {}).items()}
        several = {"[]": self.items, "{}": self.values}
        return below | {name: each for name, each in several.items() if each}


Columns = Mapping[str, _Type]
_COLUMNS = TypeAdapter(list[_Type])


def changes(
    before: Texts | None, after: Texts | None, redact: Redact
) -> tuple[SignatureChange, ...] | None:
    """The differences between two signatures as `MLmodel` holds them, empty where there is none.

    None when one of them can't be read, or isn't known.
    """
    if before is None or after is None:
        return None
    try:
        was, now = (_Signature.read(each) for each in (before, after))
    except ValueError:
        return None
    return tuple(islice(_changes(was, now, redact), _MAX_CHANGES))


@dataclass(frozen=True)
class _Signature:
    """The parts of a signature, each by the columns' names; None where it isn't described."""

    inputs: Columns | None
    outputs: Columns | None
    params: Columns | None

    @classmethod
    def read(cls, texts: Texts) -> Self:
        return cls(*(_columns(texts.get(part)) for part in ("inputs", "outputs", "params")))


def _columns(text: str | None) -> Columns | None:
    """Columns by name, those without one by number, of which the first isn't shown."""
    columns = enumerate(_COLUMNS.validate_json(text or "[]"), 1)
    named = {
        str(number if number > 1 else "") if each.name is None else str(each.name): each
        for number, each in columns
    }
    return named or None


def _changes(was: _Signature, now: _Signature, redact: Redact) -> Changes:
    yield from _part("input", was.inputs, now.inputs)
    yield from _part("output", was.outputs, now.outputs)
    old, new = was.params or {}, now.params or {}
    yield from _types("parameter", (), old, new)
    for name in sorted(old.keys() & new.keys()):
        defaults = [old[name].default, new[name].default]
        if defaults[0] != defaults[1]:
            before, after = (
                quoted(shortened(repr(each), _MAX_DEFAULT, redact)) for each in defaults
            )
            what = f"{_named('parameter', (name,))} is {after} by default now, and was {before}."
            yield SignatureChange(what, breaking=False)


def _part(role: Role, old: Columns | None, new: Columns | None) -> Changes:
    is_input = role == "input"
    if old is not None and new is not None:
        yield from _types(role, (), old, new)
    elif old is not None:
        yield SignatureChange(f"The {role}s are not described any more.", breaking=not is_input)
    elif new is not None:
        yield SignatureChange(f"The {role}s are described, and were not.", breaking=is_input)


def _types(role: Role, above: Path, old: Columns, new: Columns) -> Changes:
    for name in {**old, **new}:
        path = (*above, name)
        was, now = old.get(name), new.get(name)
        if was and now:
            yield from _type(role, path, was, now)
        elif now:
            is_needed = role == "input" and now.is_required
            needed = ", and required" if is_needed else ""
            yield SignatureChange(f"{_named(role, path)} is new{needed}.", breaking=is_needed)
        else:
            yield SignatureChange(f"{_named(role, path)} is gone.", breaking=True)


def _type(role: Role, path: Path, old: _Type, new: _Type) -> Changes:
    if old.is_required != new.is_required:
        what = f"{_named(role, path)} is {'required' if new.is_required else 'optional'} now."
        yield SignatureChange(what, breaking=new.is_required == (role == "input"))
    if old.shown != new.shown:
        what = f"{_named(role, path)} is {new.shown} now, and was {old.shown}."
        yield SignatureChange(what, breaking=True)
    else:
        yield from _types(role, path, old.inner, new.inner)


def _named(role: Role, path: Path) -> str:
    name = "".join(path).removeprefix(".")
    return f"The {role} {quoted(name)}" if name else f"The {role}"
