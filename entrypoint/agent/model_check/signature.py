"""A model's signature, in one form for all that mean the same to MLflow."""

import json
from typing import Any

_PARTS = ("inputs", "outputs", "params")
# NumPy's names for them.
_TYPES = {"float": "float64", "int": "int64"}


def normalised(signature: Any) -> dict[str, Any] | None:
    """The parts of a signature, parsed; None if it isn't one.

    MLflow writes out what a column or a property is by default, and leaves to its reader what is
    said in an older way: https://mlflow.org/docs/latest/ml/model/signatures/
    """
    if not isinstance(signature, dict) or not set(signature) <= set(_PARTS):
        return None
    try:
        return {
            part: _normalised(json.loads(text))
            for part, text in signature.items()
            if text not in (None, "", "[]")
        }
    except (TypeError, ValueError, RecursionError):
        return None


def _normalised(value: Any) -> Any:
    if isinstance(value, list):
        return [_normalised(each) for each in value]
    if not isinstance(value, dict):
        return value
    found = {key: _normalised(each) for key, each in value.items() if each is not None}
    if "optional" in found and "required" not in found:
        found["required"] = not found.pop("optional")
    if "dtype" in found and "type" not in found and "default" in value:
        found["type"] = found.pop("dtype")
    if isinstance(dtype := found.get("dtype"), str):
        found["dtype"] = _TYPES.get(dtype, dtype)
    if found.get("required") is True:
        del found["required"]
    return found
