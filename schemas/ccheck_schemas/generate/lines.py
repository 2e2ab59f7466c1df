"""Lines of Python in the making: indentation, blocks, names that are not taken, packers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ccheck_schemas import meaning as m

_WIDTH = 110


class Lines:
    """The body of one function, line by line, and the `Struct` objects that it uses, by format."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.depth = 1
        self.structs: dict[str, str] = {}
        self.constants: dict[str, str] = {}
        self._used = 0

    def line(self, text: str) -> None:
        """Write a line."""
        self.lines.append("    " * self.depth + text)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """Indent what is written inside; a block without lines gets `pass`."""
        self.line(head)
        self.depth += 1
        before = len(self.lines)
        yield
        if len(self.lines) == before:
            self.line("pass")
        self.depth -= 1

    def refuse(self, *conditions: str) -> None:
        """Give up when any of the conditions holds."""
        head = f"if {' or '.join(conditions)}:"
        if len(head) + 4 * self.depth > _WIDTH and len(conditions) > 1:
            self.line("if (")
            for i, condition in enumerate(conditions):
                self.line(f"    {'or ' if i else ''}{condition}")
            head = "):"
        with self.block(head):
            self.line("return None")

    def fresh(self, name: str) -> str:
        """A name that is not taken."""
        self._used += 1
        return f"{name}_{self._used}"

    def packer(self, form: str) -> str:
        """The name of the `Struct` of a format."""
        return self.structs.setdefault(form, f"S{len(self.structs)}")

    def constant(self, value: str, letter: str) -> str:
        """The name of a constant, which begins with a letter."""
        return self.constants.setdefault(value, f"{letter}{len(self.constants)}")

    def unpack(self, variables: list[str], value: str) -> None:
        """Several variables at once, one to a line where they are many."""
        names = ", ".join(variables) + ("," if len(variables) == 1 else "")
        if len(names) + len(value) + 4 * self.depth + 3 <= _WIDTH:
            self.line(f"{names} = {value}")
            return
        self.line("(")
        for variable in variables:
            self.line(f"    {variable},")
        self.line(f") = {value}")


class Module(Lines):
    """A module in the making: its lines, and what they know of the file.

    tables, pools: those that were met. first: lines before the reading. accounts: the variables that take the
    items of each pool. last: conditions after the reading.
    """

    def __init__(self) -> None:
        super().__init__()
        self.tables: dict[str, m.Table] = {}
        self.pools: list[str] = []
        self.first: list[str] = []
        self.accounts: dict[str, list[str]] = {}
        self.last: list[str] = []
