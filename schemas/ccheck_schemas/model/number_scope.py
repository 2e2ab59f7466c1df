"""The numbers that the expressions of one record can name, and the pieces that have them."""

from __future__ import annotations

from dataclasses import dataclass, field

from ccheck_schemas.model.record_type import Number, Piece


@dataclass(slots=True)
class NumberScope:
    """The numbers of one record that expressions can name, with the pieces that have them."""

    above: NumberScope | None
    numbers: dict[str, tuple[Piece, Number]] = field(default_factory=dict)
    inner: dict[str, NumberScope] = field(default_factory=dict)
    lists: dict[str, int] = field(default_factory=dict)
    extents: dict[str, tuple[int, int, int]] = field(default_factory=dict)

    def find(self, path: tuple[str, ...]) -> tuple[Piece, Number] | None:
        """Returns the number at the end of a path like ``_.header.count``."""
        scope: NumberScope | None = self
        for i, name in enumerate(path):
            if scope is None:
                return None
            if ".".join(path[i:]) in scope.numbers:
                return scope.numbers[".".join(path[i:])]
            if name == "_root":
                while scope.above is not None:
                    scope = scope.above
            else:
                scope = scope.above if name == "_" else scope.inner.get(name)
        return None
