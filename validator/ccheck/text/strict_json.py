"""JSON that every reader reads alike: in UTF-8, each key of an object once, all numbers finite."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn


def loads(data: bytes | str) -> Any:
    """Returns the value of a JSON text.

    Raises:
        ValueError: it is not JSON in UTF-8, an object has a key twice, or a number is not finite.
        RecursionError: its values are nested too deeply.
    """
    text = data.decode("utf-8") if isinstance(data, bytes) else data
    return json.loads(text, object_pairs_hook=_object, parse_constant=_refuse_constant, parse_float=_finite)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys are there once, so that no two readers can take different ones."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {key!r} is there twice")
        found[key] = value
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text} is more than a number can be")
    return number
