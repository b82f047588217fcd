"""What changes for the agent's callers, by the JSON in which `MLmodel` holds a signature.

https://mlflow.org/docs/latest/ml/model/signatures/ - a call without a required input is an error,
so a new one may break callers. So may whatever they send or read that is gone, or of another type.
"""

from collections.abc import Iterator, Mapping
from itertools import chain, islice
from typing import Any, Literal

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
    # Older MLflows wrote `dtype` of parameters, and `optional` of columns.
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
    if before == after:
        return ()
    try:
        inputs, outputs, params = (
            (_columns(before.get(part)), _columns(after.get(part)))
            for part in ("inputs", "outputs", "params")
        )
    except ValueError:
        return None
    found = chain(_part("input", *inputs), _part("output", *outputs), _params(*params, redact))
    return tuple(islice(found, _MAX_CHANGES))


def _columns(text: str | None) -> Columns | None:
    """Columns by name, those without one by number, of which the first isn't shown."""
    columns = enumerate(_COLUMNS.validate_json(text or "[]"), 1)
    named = {
        str(number if number > 1 else "") if each.name is None else str(each.name): each
        for number, each in columns
    }
    return named or None


def _part(role: Role, old: Columns | None, new: Columns | None) -> Changes:
    is_input = role == "input"
    if old is not None and new is not None:
        yield from _types(role, (), old, new)
    elif old is not None:
        yield SignatureChange(f"The {role}s are not described any more.", breaking=not is_input)
    elif new is not None:
        yield SignatureChange(f"The {role}s are described, and were not.", breaking=is_input)


def _params(old: Columns | None, new: Columns | None, redact: Redact) -> Changes:
    """Every parameter has a default, so none is required."""
    old, new = old or {}, new or {}
    yield from _types("parameter", (), old, new)
    for name in sorted(old.keys() & new.keys()):
        was, now = old[name].default, new[name].default
        if was != now:
            before, after = (
                quoted(shortened(repr(each), _MAX_DEFAULT, redact)) for each in (was, now)
            )
            what = f"{_named('parameter', (name,))} is {after} by default now, and was {before}."
            yield SignatureChange(what, breaking=False)


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
