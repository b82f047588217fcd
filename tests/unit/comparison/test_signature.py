"""What changes for callers, by the signatures that MLflow writes."""

import json
from typing import Any

import pytest
from mlflow.models import ModelSignature

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
        "The input `b` is new.",
    ),
    "removed": (columns(a=STRING, b=LONG), columns(a=STRING), True, "The input `b` is gone."),
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
    "another type": (
        columns(a={"type": "integer"}),
        columns(a=LONG),
        True,
        "The input `a` is `long` now, and was `integer`.",
    ),
    "string to list": (
        columns(a=STRING),
        columns(a=listed(STRING)),
        True,
        "The input `a` is `array` now, and was `string`.",
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
        "The input `a.y` is new.",
    ),
    "property removed": (
        columns(a=structured(x=STRING, y=LONG)),
        columns(a=structured(x=STRING)),
        True,
        "The input `a.y` is gone.",
    ),
    "properties with odd names": (
        columns(a=structured(optional=STRING, dtype=STRING)),
        columns(a=structured(optional=STRING, dtype=LONG)),
        True,
        "The input `a.dtype` is `long` now, and was `string`.",
    ),
    "value of a map": (
        columns(a=mapped({"type": "integer"})),
        columns(a=mapped(LONG)),
        True,
        "The input `a{}` is `long` now, and was `integer`.",
    ),
    "second unnamed": ([LONG], [LONG, STRING], True, "The input `2` is new, and required."),
    "unnamed": ([LONG], [STRING], True, "The input is `string` now, and was `long`."),
    "tensor": (
        [tensor("float64", -1, 3)],
        [tensor("float64", -1, 4)],
        True,
        "The input is `tensor float64 [-1, 4]` now, and was `tensor float64 [-1, 3]`.",
    ),
    "described": (None, columns(a=LONG), True, "The inputs are described, and were not."),
    "not described": (columns(a=LONG), None, False, "The inputs are not described any more."),
}


@pytest.mark.parametrize(("before", "after", "breaking", "what"), INPUTS.values(), ids=INPUTS)
def test_an_input(before: Any, after: Any, breaking: bool, what: str) -> None:  # noqa: FBT001
    rest = {"outputs": columns(out=STRING)}

    found = changed(texts(inputs=before, **rest), texts(inputs=after, **rest))

    assert found == (SignatureChange(what, breaking),)


def test_an_input_with_another_name() -> None:
    found = changed(texts(inputs=[LONG]), texts(inputs=columns(a=LONG)))

    assert found == (
        SignatureChange("The input is gone.", breaking=True),
        SignatureChange("The input `a` is new, and required.", breaking=True),
    )


OUTPUTS: dict[str, tuple[Any, Any, bool, str]] = {
    "added": (columns(a=STRING), columns(a=STRING, b=LONG), False, "The output `b` is new."),
    "removed": (columns(a=STRING, b=LONG), columns(a=STRING), True, "The output `b` is gone."),
    "another type": (
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


PARAMS: dict[str, tuple[Any, Any, list[tuple[str, bool]]]] = {
    "added": (None, param("long", 3), [("The parameter `k` is new.", False)]),
    "removed": (param("long", 3), None, [("The parameter `k` is gone.", True)]),
    "another type": (
        param("string", "a"),
        param("long", 3),
        [
            ("The parameter `k` is `long` now, and was `string`.", True),
            ("The parameter `k` is `3` by default now, and was `'a'`.", False),
        ],
    ),
    "a list": (
        param("long", 3),
        param("long", [3], (-1,)),
        [
            ("The parameter `k` is `long [-1]` now, and was `long`.", True),
            ("The parameter `k` is `[3]` by default now, and was `3`.", False),
        ],
    ),
    "another default": (
        param("string", "s3cret"),
        param("string", "b"),
        [("The parameter `k` is `'b'` by default now, and was `'***'`.", False)],
    ),
}


@pytest.mark.parametrize(("before", "after", "wanted"), PARAMS.values(), ids=PARAMS)
def test_a_parameter(before: Any, after: Any, wanted: list[tuple[str, bool]]) -> None:
    rest = {"inputs": columns(question=STRING)}

    found = changed(texts(params=before, **rest), texts(params=after, **rest))

    assert [(each.what, each.breaking) for each in found] == wanted


@pytest.mark.parametrize("row", INPUTS.values(), ids=INPUTS)
def test_what_mlflow_writes_is_the_same_signature(row: tuple[Any, Any, bool, str]) -> None:
    given = texts(inputs=row[0] or row[1], outputs=columns(a=STRING), params=param("long", 1))

    written = ModelSignature.from_dict(given).to_dict()

    assert changed(given, written) == ()


def test_the_same_signature_in_other_words() -> None:
    before = texts(inputs=columns(a=STRING, b=optional(LONG)), params=param("long", 1))
    after: dict[str, str | None] = {
        "inputs": json.dumps([{**STRING, "name": "a"}, {**LONG, "name": "b", "optional": True}]),
        "params": json.dumps([{"name": "k", "dtype": "long", "default": 1}]),
        "outputs": "",
    }

    assert changed(before, after) == ()
    assert changed({}, {"inputs": None}) == ()


@pytest.mark.parametrize("inputs", ["[", "{}", "[1]", '[{"name": "a"}]', '"text"', "[" * 100_000])
def test_what_is_no_signature_is_not_compared(inputs: str) -> None:
    good = texts(inputs=columns(a=STRING), outputs=columns(b=STRING))

    assert changes({"inputs": inputs}, good, str) is None
    assert changes(None, good, str) is None
    assert changes(good, None, str) is None


def test_names_are_shown_on_one_line_and_bounded() -> None:
    before = texts(inputs=columns(a=STRING), outputs=columns(b=STRING))
    after = texts(inputs=columns(**{"a": STRING, "`x`\n::error::" + "y" * 500: STRING}))

    new, gone = changed(before, after)

    assert new.what.startswith("The input `'x' ::error::yyy")
    assert len(new.what) < 200
    assert gone.breaking


def test_of_very_many_changes_only_some_are_shown() -> None:
    after = texts(inputs=columns(**{f"c{number}": STRING for number in range(1000)}))

    assert len(changed(texts(inputs=columns(a=STRING)), after)) == 50
