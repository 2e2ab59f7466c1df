"""The matrix of what was evaluated: field × criterion kind, out of the names of features."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping

Place = tuple[str, int, int]
"""Template type, its version, and the index of a field."""


def matrix(features: Iterable[str]) -> Mapping[Place, Mapping[int, set[bool]]]:
    """For each field and criterion kind whether it matched, and failed; empty without a matrix."""
    found: dict[Place, dict[int, set[bool]]] = defaultdict(lambda: defaultdict(set))
    for name in features:
        if name.startswith("line "):
            continue
        read = json.loads(name)
        if (
            isinstance(read, list)
            and len(read) == 5
            and isinstance(read[4], bool)
            and isinstance(read[0], str)
        ):
            type_name, version, field, kind, matched = read
            found[type_name, version, field][kind].add(matched)
    return found


def cells(features: Iterable[str]) -> int:
    """Returns how many cells of the matrix were reached."""
    return sum(len(row) for row in matrix(features).values())
