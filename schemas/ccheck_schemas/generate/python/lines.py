"""Lines of generated Python: indentation, blocks, unused names, packers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ccheck_schemas.layout import tree

_WIDTH = 110


class Lines:
    """The lines of one function, and the `Struct` objects that it uses, by format."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.depth = 1
        self.structs: dict[str, str] = {}
        self.constants: dict[str, str] = {}
        self._used = 0

    def line(self, text: str) -> None:
        """Adds a line."""
        self.lines.append("    " * self.depth + text)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """Indents the lines inside; a block without lines gets `pass`."""
        self.line(head)
        self.depth += 1
        before = len(self.lines)
        yield
        if len(self.lines) == before:
            self.line("pass")
        self.depth -= 1

    def refuse(self, *conditions: str) -> None:
        """Adds a return of None under any of the conditions."""
        head = f"if {' or '.join(conditions)}:"
        if len(head) + 4 * self.depth > _WIDTH and len(conditions) > 1:
            self.line("if (")
            for i, condition in enumerate(conditions):
                self.line(f"    {'or ' if i else ''}{condition}")
            head = "):"
        with self.block(head):
            self.line("return None")

    def fresh(self, name: str) -> str:
        """Returns an unused name."""
        self._used += 1
        return f"{name}_{self._used}"

    def packer(self, form: str) -> str:
        """Returns the name of the `Struct` of a format."""
        return self.structs.setdefault(form, f"S{len(self.structs)}")

    def constant(self, value: str, letter: str) -> str:
        """Returns the name of a constant, which begins with a letter."""
        return self.constants.setdefault(value, f"{letter}{len(self.constants)}")

    def unpack(self, variables: list[str], value: str) -> None:
        """Assigns several variables together, one to a line if they are many."""
        names = ", ".join(variables) + ("," if len(variables) == 1 else "")
        if len(names) + len(value) + 4 * self.depth + 3 <= _WIDTH:
            self.line(f"{names} = {value}")
            return
        self.line("(")
        for variable in variables:
            self.line(f"    {variable},")
        self.line(f") = {value}")


class Module(Lines):
    """The lines of a module, and what they know of the file.

    Attributes:
        tables: The tables so far, by name.
        pools: The pools so far.
        first: Lines before the reading.
        accounts: The variables that collect the items of each pool.
        last: Conditions after the reading.
    """

    def __init__(self) -> None:
        super().__init__()
        self.tables: dict[str, tree.Table] = {}
        self.pools: list[str] = []
        self.first: list[str] = []
        self.accounts: dict[str, list[str]] = {}
        self.last: list[str] = []
