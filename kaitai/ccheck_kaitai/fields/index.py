"""The index of an element of a list."""

from __future__ import annotations

from ccheck_kaitai.expression import Lookup, Steps, Term, Untranslatable
from ccheck_kaitai.fields.target import Lines, Target
from ccheck_kaitai.scope import INDEX, Scope, Taken


class Index:
    """The index of an element of a list, as `_index` in expressions.

    Attributes:
        lines: The line of the number that has it, once an expression names it.
    """

    def __init__(self, taken: Taken | None, names: Target) -> None:
        """taken: The names of the element's fields; None where no expression can have the index."""
        self.lines: Lines = ()
        self._taken = taken
        self._names = names

    def look_up(self, scope: Scope) -> Lookup:
        """What names mean, with `_index`."""

        def found(names: Steps, depth: int) -> Term:
            if names != ("_index",):
                return scope.look_up(names, depth)
            if self._taken is None:
                raise Untranslatable("_index of another list is asked for")
            name = self._taken.free(INDEX)
            self.lines = (f'"{name}" / {self._names.use("Index")},',)
            return Term(f"this.{name}", bits=32)

        return found
