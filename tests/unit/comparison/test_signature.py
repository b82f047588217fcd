"""What changes for callers; MLflow's own enforcement says whether a call would fail."""

import json
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import pytest
from mlflow.exceptions import MlflowException
from mlflow.models import ModelSignature
from mlflow.models.utils import _enforce_params_schema, _enforce_schema

from entrypoint.comparison.changes import SignatureChange
from entrypoint.comparison.signature import changes

STRING, LONG, ANY = {"type": "string"}, {"type": "long"}, {"type": "any"}


def listed(kind: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": kind}


def mapped(kind: dict[str, Any]) -> dict[str, Any]:
    return {"type": "map", "values": kind}


def structured(**properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def optional(kind: dict[str, Any]) -> dict[str, Any]:
    return {**kind, "required": False}


def columns(**kinds: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"required": True, **kind, "name": name} for name, kind in kinds.items()]


def tensor(dtype: str, *shape: int, name: str = "") -> dict[str, Any]:
    named = {"name": name} if name else {}
    return {"type": "tensor", "tensor-spec": {"dtype": dtype, "shape": shape}, **named}


def texts(**parts: list[dict[str, Any]] | None) -> dict[str, str | None]:
    return {part: json.dumps(value) if value else None for part, value in parts.items()}


def changed(before: dict[str, str | None], after: dict[str, str | None]) -> tuple[Any, ...]:
    found = changes(before, after, lambda text: text.replace("s3cret", "***"))
    assert found is not None
    return found


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        # Of MLflow's: integer columns, which can't have missing values.
        warnings.simplefilter("ignore")
        yield


# What was described, what is now, whether it breaks, the sentence.
INPUTS: dict[str, tuple[Any, Any, bool, str]] = {
    "required": (
        columns(a=STRING),
        columns(a=STRING, b=LONG),
        True,
        "The input `b` is new, and required.",
    ),
    "optional": (
        columns(a=STRING),
        columns(a=STRING, b=optional(LONG)),
        False,
        "The input `b` is new, and optional.",
    ),
    "removed": (
        columns(a=STRING, b=LONG),
        columns(a=STRING),
        False,
        "The input `b` is gone: MLflow leaves it out of what callers send.",
    ),
    "required now": (
        columns(a=STRING, b=optional(LONG)),
        columns(a=STRING, b=LONG),
        True,
        "The input `b` is required now.",
    ),
    "optional now": (
        columns(a=STRING, b=LONG),
        columns(a=STRING, b=optional(LONG)),
        False,
        "The input `b` is optional now.",
    ),
    "integer to long": (
        columns(a={"type": "integer"}),
        columns(a=LONG),
        False,
        "The input `a` is `long` now, and was `integer`.",
    ),
    "long to integer": (
        columns(a=LONG),
        columns(a={"type": "integer"}),
        True,
        "The input `a` is `integer` now, and was `long`.",
    ),
    "integer to double": (
        columns(a={"type": "integer"}),
        columns(a={"type": "double"}),
        False,
        "The input `a` is `double` now, and was `integer`.",
    ),
    "long to double": (
        columns(a=LONG),
        columns(a={"type": "double"}),
        True,
        "The input `a` is `double` now, and was `long`.",
    ),
    "float to double": (
        columns(a={"type": "float"}),
        columns(a={"type": "double"}),
        False,
        "The input `a` is `double` now, and was `float`.",
    ),
    "string to list": (
        columns(a=STRING),
        columns(a=listed(STRING)),
        True,
        "The input `a` is a list of `string` now, and was `string`.",
    ),
    "anything now": (
        columns(a=listed(STRING)),
        columns(a=ANY),
        False,
        "The input `a` is `any` now, and was a list of `string`.",
    ),
    "a string now": (
        columns(a=ANY),
        columns(a=STRING),
        True,
        "The input `a` is `string` now, and was `any`.",
    ),
    "property added": (
        columns(a=listed(structured(x=STRING))),
        columns(a=listed(structured(x=STRING, y=LONG))),
        True,
        "The input `a[].y` is new, and required.",
    ),
    "optional property added": (
        columns(a=structured(x=STRING)),
        columns(a=structured(x=STRING, y=optional(LONG))),
        False,
        "The input `a.y` is new, and optional.",
    ),
    "property removed": (
        columns(a=structured(x=STRING, y=LONG)),
        columns(a=structured(x=STRING)),
        True,
        "The input `a.y` is gone.",
    ),
    "value of a map": (
        columns(a=mapped({"type": "integer"})),
        columns(a=mapped(LONG)),
        False,
        "The input `a{}` is `long` now, and was `integer`.",
    ),
    "map to object": (
        columns(a=mapped(STRING)),
        columns(a=structured(x=STRING)),
        True,
        "The input `a` is an object now, and was a map of `string`.",
    ),
    "names": (
        [{"type": "long", "required": True}],
        columns(a=LONG),
        True,
        "The inputs have names now.",
    ),
    "second unnamed": (
        [LONG],
        [LONG, STRING],
        True,
        "The input `2` is new, and required.",
    ),
    "tensors": (
        columns(a=LONG),
        [tensor("int64", -1)],
        True,
        "The inputs are tensors now, and were columns.",
    ),
    "longer tensor": (
        [tensor("float64", -1, 3)],
        [tensor("float64", -1, -1)],
        False,
        "The input is a tensor `float64 (-1, -1)` now, and was a tensor `float64 (-1, 3)`.",
    ),
    "shorter tensor": (
        [tensor("float64", -1, -1)],
        [tensor("float64", -1, 3)],
        True,
        "The input is a tensor `float64 (-1, 3)` now, and was a tensor `float64 (-1, -1)`.",
    ),
    "wider tensor": (
        [tensor("float32", -1)],
        [tensor("float64", -1)],
        True,
        "The input is a tensor `float64 (-1,)` now, and was a tensor `float32 (-1,)`.",
    ),
    "tensor added": (
        [tensor("int64", -1, name="a")],
        [tensor("int64", -1, name="a"), tensor("int64", -1, name="b")],
        True,
        "The input `b` is new, and required.",
    ),
    "described": (None, columns(a=LONG), True, "The inputs are described, and were not."),
    "not described": (columns(a=LONG), None, False, "The inputs are not described any more."),
}


@pytest.mark.parametrize(("before", "after", "breaking", "what"), INPUTS.values(), ids=INPUTS)
def test_an_input(before: Any, after: Any, breaking: bool, what: str) -> None:  # noqa: FBT001
    rest = {"outputs": columns(out=STRING)}

    found = changed(texts(inputs=before, **rest), texts(inputs=after, **rest))

    assert found[0] == SignatureChange(what, breaking)
    assert not any(each.breaking for each in found[1:])


def example(kind: dict[str, Any]) -> Any:
    """A value of a type that is as awkward as its type allows."""
    match kind["type"]:
        case "array":
            return [example(kind["items"])]
        case "map":
            return {"key": example(kind["values"])}
        case "object":
            return {name: example(each) for name, each in kind["properties"].items()}
        case "integer":
            return np.int32(7)
        case "float":
            return np.float32(7.5)
        case word:
            return {"string": "s", "long": 2**40, "double": 7.5, "any": {"odd": [1]}}[word]


def call(spec: list[dict[str, Any]]) -> Any:
    """What a caller sends who has read a signature: every column of it."""
    if spec[0]["type"] == "tensor":
        arrays = {
            each.get("name", ""): np.zeros(
                [5 if n == -1 else n for n in each["tensor-spec"]["shape"]],
                each["tensor-spec"]["dtype"],
            )
            for each in spec
        }
        return arrays.get("", arrays)
    names = [each.get("name", number) for number, each in enumerate(spec)]
    return pd.DataFrame({n: pd.Series([example(k)]) for n, k in zip(names, spec, strict=True)})


CALLS = {
    name: row
    for name, row in INPUTS.items()
    # Who left out what was optional, or sent names of their own; and what may fit, and may not.
    if row[0] and row[1] and name not in ("required now", "names", "a string now", "tensors")
}


@pytest.mark.parametrize(("before", "after", "breaking", "_"), CALLS.values(), ids=CALLS)
def test_mlflow_takes_what_is_compatible(
    before: Any,
    after: Any,
    breaking: bool,  # noqa: FBT001
    _: str,
) -> None:
    schema = ModelSignature.from_dict(texts(inputs=after, outputs=columns(out=STRING))).inputs

    if not breaking:
        _enforce_schema(call(before), schema)
        return
    with pytest.raises(MlflowException):
        _enforce_schema(call(before), schema)


OUTPUTS: dict[str, tuple[Any, Any, bool, str]] = {
    "added": (columns(a=STRING), columns(a=STRING, b=LONG), False, "The output `b` is new."),
    "removed": (columns(a=STRING, b=LONG), columns(a=STRING), True, "The output `b` is gone."),
    "wider": (
        columns(a={"type": "integer"}),
        columns(a=LONG),
        True,
        "The output `a` is `long` now, and was `integer`.",
    ),
    "optional now": (
        columns(a=STRING),
        columns(a=optional(STRING)),
        True,
        "The output `a` is optional now.",
    ),
    "required now": (
        columns(a=optional(STRING)),
        columns(a=STRING),
        False,
        "The output `a` is required now.",
    ),
    "a string now": (
        columns(a=ANY),
        columns(a=STRING),
        False,
        "The output `a` is `string` now, and was `any`.",
    ),
    "anything now": (
        columns(a=STRING),
        columns(a=ANY),
        True,
        "The output `a` is `any` now, and was `string`.",
    ),
    "property added": (
        [structured(x=STRING)],
        [structured(x=STRING, y=LONG)],
        False,
        "The output `y` is new.",
    ),
    "property removed": (
        [structured(x=STRING, y=listed(structured(z=LONG, w=LONG)))],
        [structured(x=STRING, y=listed(structured(w=LONG)))],
        True,
        "The output `y[].z` is gone.",
    ),
    "another unnamed": ([STRING], [STRING, LONG], True, "There are 2 outputs now, and were 1."),
    "longer tensor": (
        [tensor("int64", -1, 3)],
        [tensor("int64", -1, -1)],
        True,
        "The output is a tensor `int64 (-1, -1)` now, and was a tensor `int64 (-1, 3)`.",
    ),
    "shorter tensor": (
        [tensor("int64", -1, -1)],
        [tensor("int64", -1, 3)],
        False,
        "The output is a tensor `int64 (-1, 3)` now, and was a tensor `int64 (-1, -1)`.",
    ),
    "described": (None, columns(a=LONG), False, "The outputs are described, and were not."),
    "not described": (columns(a=LONG), None, True, "The outputs are not described any more."),
}


@pytest.mark.parametrize(("before", "after", "breaking", "what"), OUTPUTS.values(), ids=OUTPUTS)
def test_an_output(before: Any, after: Any, breaking: bool, what: str) -> None:  # noqa: FBT001
    rest = {"inputs": columns(question=STRING)}

    found = changed(texts(outputs=before, **rest), texts(outputs=after, **rest))

    assert found == (SignatureChange(what, breaking),)


def param(kind: str, default: Any, shape: tuple[int, ...] | None = None) -> list[dict[str, Any]]:
    return [{"name": "k", "type": kind, "default": default, "shape": shape}]


PARAMS: dict[str, tuple[Any, Any, Any, list[tuple[str, bool]]]] = {
    "added": (None, param("long", 3), None, [("The parameter `k` is new.", False)]),
    "removed": (
        param("long", 3),
        None,
        7,
        [("The parameter `k` is gone: MLflow leaves it out of what callers send.", False)],
    ),
    "wider": (
        param("long", 3),
        param("double", 3),
        7,
        [
            ("The parameter `k` is `double` now, and was `long`.", False),
        ],
    ),
    "another type": (
        param("string", "a"),
        param("long", 3),
        "b",
        [
            ("The parameter `k` is `long` now, and was `string`.", True),
            ("The parameter `k` is `3` by default now, and was `'a'`.", False),
        ],
    ),
    "a list": (
        param("long", 3),
        param("long", [3], (-1,)),
        7,
        [
            ("The parameter `k` is a list of `long` now, and was `long`.", True),
            ("The parameter `k` is `[3]` by default now, and was `3`.", False),
        ],
    ),
    "another default": (
        param("string", "s3cret"),
        param("string", "b"),
        "c",
        [("The parameter `k` is `'b'` by default now, and was `'***'`.", False)],
    ),
}


@pytest.mark.parametrize(("before", "after", "value", "wanted"), PARAMS.values(), ids=PARAMS)
def test_a_parameter(before: Any, after: Any, value: Any, wanted: list[tuple[str, bool]]) -> None:
    rest = {"inputs": columns(question=STRING)}
    new = texts(params=after, **rest)

    found = changed(texts(params=before, **rest), new)

    assert [(each.what, each.breaking) for each in found] == wanted
    schema = ModelSignature.from_dict(new).params
    sent = {} if value is None else {"k": value}
    if any(breaking for _, breaking in wanted):
        with pytest.raises(MlflowException):
            _enforce_params_schema(sent, schema)
    else:
        _enforce_params_schema(sent, schema)


def test_the_same_signature_in_other_words() -> None:
    before = texts(inputs=columns(a=STRING), outputs=columns(b=STRING), params=None)
    after = {**before, "inputs": json.dumps(columns(a=STRING), indent=2)}

    assert changed(before, after) == ()
    assert changed({}, {"inputs": None}) == ()


@pytest.mark.parametrize(
    "inputs", ["", "[", "{}", "[1]", '[{"type": "of tomorrow"}]', '"text"', "[" * 100_000]
)
def test_what_is_no_signature_is_not_compared(inputs: str) -> None:
    good = texts(inputs=columns(a=STRING), outputs=columns(b=STRING))
    bad = {"inputs": inputs, "outputs": inputs}

    found = changes(bad, good, str)

    assert found is None or not inputs
    assert changes(None, good, str) is None
    assert changes(good, None, str) is None


def test_names_are_shown_on_one_line_and_bounded() -> None:
    before = texts(inputs=columns(a=STRING), outputs=columns(b=STRING))
    after = texts(inputs=columns(**{"a": STRING, "`x`\n::error::" + "y" * 500: STRING}))

    (_, gone), what = changed(before, after)[::-1], changed(before, after)[0].what

    assert what.startswith("The input `'x' ::error::yyy")
    assert len(what) < 200
    assert gone.breaking


def test_very_many_changes_are_not_all_told() -> None:
    after = texts(inputs=columns(**{f"c{number}": STRING for number in range(1000)}))

    assert len(changed(texts(inputs=columns(a=STRING)), after)) == 50
