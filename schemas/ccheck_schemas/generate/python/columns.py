"""The rows of a table, column by column, once all tables and pools are known.

Conditions on every row test a whole column together, at the speed of C. A row is examined further only if it
names an item of a pool. Some thousand rows are processed together, which bounds the memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from ccheck_schemas.digits import DigitForm
from ccheck_schemas.generate.python.byte_values import byte_values, unrestricted
from ccheck_schemas.generate.python.names import count_of, pool_of, start_of
from ccheck_schemas.generate.python.number import conditions, order
from ccheck_schemas.generate.python.variables import VariableScope, expression
from ccheck_schemas.generate.refused import NotGenerated
from ccheck_schemas.layout import meanings, tree
from ccheck_schemas.layout.expression import Binary, Expression, Literal, Operator, Path, paths_in
from ccheck_schemas.layout.size import sizeof

if TYPE_CHECKING:
    from ccheck_schemas.generate.python.lines import Module


@dataclass(frozen=True)
class Number:
    """A number of a row: its name and node, its place in the row, and its format for `struct`.

    Digits are bytes to `struct`; `place` has their form.
    """

    name: str
    leaf: tree.Stored | tree.Float | tree.Const
    at: int
    form: str

    @property
    def place(self) -> tuple[int, str | DigitForm]:
        """Its place in the row, and how it is read there."""
        return self.at, self.leaf.packer if isinstance(self.leaf, tree.Digits) else self.form


def numbers_of(row: tree.Struct) -> list[Number]:
    """Returns the numbers of a table's row.

    Raises:
        NotGenerated: Something else in the row takes bytes.
    """
    found: list[Number] = []
    at = 0
    for field in row.fields:
        leaf = field.node
        size = sizeof(leaf)
        if isinstance(leaf, tree.Digits):
            found.append(Number(field.name, leaf, at, f"<{size}s"))
        elif isinstance(leaf, tree.Integer | tree.Float):
            found.append(Number(field.name, leaf, at, f"{order(leaf) or '<'}{leaf.letter}"))
        elif isinstance(leaf, tree.Const):
            found.append(Number(field.name, leaf, at, f"<{size}s"))
        elif size != 0:
            raise NotGenerated(f"a row of a table holds {type(leaf).__name__} {field.name}")
        at += size or 0
    if len({order(number.leaf) for number in found} - {None}) > 1:
        raise NotGenerated("a row of a table has two byte orders")
    return found


def write_tables(writer: Module) -> None:
    """Writes the conditions on the rows of all tables, and on what they share."""
    taken: dict[str, str] = {}
    for name, node in writer.tables.items():
        with writer.block(f"if {start_of(name)} >= 0:"):
            _Rows(writer, name, node.record, taken).write()
    for table, expected in taken.items():
        writer.refuse(f"{expected} != {count_of(table)}")
    for pool in writer.pools:
        start, kinds = pool_of(pool), ", ".join(writer.accounts.get(pool, ()))
        with writer.block(f"if {start} >= 0:"):
            writer.refuse(f"not shared_out(data, {start}, {start}_end, {kinds})")


class _Rows:
    """The rows of one table."""

    def __init__(self, writer: Module, name: str, row: tree.Struct, taken: dict[str, str]) -> None:
        self.writer = writer
        self.name = name
        self.fields = [field for field in row.fields if _waits(field.node)]
        self.numbers = {number.name: number for number in numbers_of(row)}
        self.width = sizeof(row) or 0
        self.taken = taken
        self.at, self.to = writer.fresh("at"), writer.fresh("to")
        self.rows = writer.fresh("rows")
        self.columns: dict[str, str] = {}

    def write(self) -> None:
        """Writes a loop over some thousand rows at a time."""
        for field in self.fields:
            leaf = field.node
            if isinstance(leaf, tree.Rows):
                if leaf.table in self.taken:
                    raise NotGenerated(f"the rows of {leaf.table} are taken by two tables")
                self.taken[leaf.table] = self.writer.fresh("taken")
                self.writer.first.append(f"{self.taken[leaf.table]} = 0")
        if not self.width:
            return
        writer, start, end = self.writer, start_of(self.name), self.writer.fresh("end")
        writer.line(f"{end} = {start} + {count_of(self.name)} * {self.width}")
        with writer.block(f"for {self.at} in range({start}, {end}, {self.width} * ROWS):"):
            writer.line(f"{self.to} = min({self.at} + {self.width} * ROWS, {end})")
            writer.line(f"{self.rows} = view[{self.at}:{self.to}]")
            self.by_themselves()
            for field in self.fields:
                self.field(field.node, field.name, {name: self.column(name) for name in _used(field.node)})

    def by_themselves(self) -> None:
        """Writes the conditions on single numbers, those on bytes first: they test whole columns."""
        refused: list[str] = []
        left: list[tuple[Number, meanings.Meaning]] = []
        for number in self.numbers.values():
            may, others = byte_values(number.leaf)
            left += [(number, meaning) for meaning in others]
            for i, values in enumerate(may):
                if not unrestricted(values):
                    known = self.writer.constant(_known(bytes(sorted(values))), "B")
                    place = f"{self.at} + {number.at + i}:{self.to}:{self.width}"
                    refused.append(f"data[{place}].translate(None, {known})")
        if refused:
            self.writer.refuse(*refused)
        for number in self.numbers.values():
            if isinstance(number.leaf, tree.Digits):
                self.column(number.name)  # raises ValueError for one that is malformed
        slower = [condition for number, meaning in left for condition in self.meaning(number, meaning)]
        if slower:
            self.writer.refuse(*slower)

    def meaning(self, number: Number, meaning: meanings.Meaning) -> Iterator[str]:
        """Yields the conditions for a column with a number that breaks a meaning."""
        if isinstance(meaning, meanings.IndexInto):
            yield f"max({self.column(number.name)}) >= {count_of(meaning.table)}"
            return
        leaf = number.leaf
        if isinstance(meaning, meanings.ByOthers):
            raise NotGenerated(f"{type(meaning).__name__} of {number.name} stands where it is not understood")
        found = conditions(meaning, "n", leaf) if isinstance(leaf, tree.Stored) else []
        if not found:
            return
        column = self.column(number.name)
        if isinstance(meaning, meanings.Bounded | meanings.LengthOf):
            if any("<" in condition for condition in found):
                yield f"min({column}) < {meaning.low}"
            if any("<= n <= " in condition or ">" in condition for condition in found):
                yield f"max({column}) > {meaning.high}"
            found = [condition for condition in found if "%" in condition]
        if found:
            yield f"any({' or '.join(found)} for n in {column})"

    def column(self, name: str) -> str:
        """Returns the variable that has a number of all rows.

        Raises:
            NotGenerated: It is no whole number of the row.
        """
        if name not in self.columns:
            number = self.numbers.get(name)
            if number is None or not isinstance(number.leaf, tree.Stored):
                raise NotGenerated(f"{name} is not a whole number of the row")
            self.columns[name] = self.writer.fresh(name)
            place = f"{self.width}, {number.at}, {number.place[1]!r}"
            found = f"{self.writer.constant(f'column({place})', 'C')}({self.rows})"
            if _one_byte(number):
                found = f"data[{self.at} + {number.at}:{self.to}:{self.width}]"
            self.writer.line(f"{self.columns[name]} = {found}")
        return self.columns[name]

    def field(self, leaf: tree.Node, name: str, columns: dict[str, str]) -> None:
        """Writes a field that names rows or an item of a pool, perhaps under conditions.

        Args:
            leaf: The node of the field.
            name: Its name.
            columns: The columns of the rows that have it.
        """
        match leaf:
            case tree.Rows():
                self.run(leaf, columns)
            case tree.Pooled():
                self.item(leaf, columns)
            case tree.If():
                self.branches(leaf, name, columns)
            case tree.Nothing() | tree.Integer() | tree.Digits() | tree.Float() | tree.Const():
                return
            case (
                tree.Bytes()
                | tree.Opaque()
                | tree.Wrapped()
                | tree.OpaqueRest()
                | tree.WrappedRest()
                | tree.Slot()
                | tree.Rest()
            ):
                raise _not_in_a_row(leaf, name)
            case tree.Computed() | tree.PlaceNumber():
                raise _not_in_a_row(leaf, name)
            case tree.Delimited() | tree.Text() | tree.TextToNul() | tree.ZeroPad() | tree.AnyPad():
                raise _not_in_a_row(leaf, name)
            case tree.ZerosTo() | tree.ZerosToEnd() | tree.Struct() | tree.Array() | tree.Table():
                raise _not_in_a_row(leaf, name)
            case tree.Terminated() | tree.UpTo() | tree.UpToEnd() | tree.Pool() | tree.Strings():
                raise _not_in_a_row(leaf, name)
            case tree.Region() | tree.Substream() | tree.SubstreamRest() | tree.ReadAt() | tree.Switch():
                raise _not_in_a_row(leaf, name)
            case tree.At() | tree.Chain() | tree.SharedText():
                raise _not_in_a_row(leaf, name)
            case _:
                assert_never(leaf)

    def run(self, leaf: tree.Rows, columns: dict[str, str]) -> None:
        """Writes the condition that each row takes the rows after those of the row before."""
        firsts, counts = columns[leaf.first], columns[leaf.count]
        expected, run = self.taken[leaf.table], self.writer.fresh("run")
        self.writer.line(f"{run} = list(accumulate({counts}, initial={expected}))")
        self.writer.line(f"{expected} = {run}.pop()")
        self.writer.refuse(f"{run} != list({firsts})")

    def branches(self, leaf: tree.If, name: str, columns: dict[str, str]) -> None:
        """Writes the rows for which a condition is true, then the others."""
        writer = self.writer
        pick = self.value(leaf.condition, columns, truth=True)
        for inner, head, of in ((leaf.then, "any", "chosen"), (leaf.otherwise, "not all", "others")):
            needed = [key for key in columns if key in set(_used(inner))]
            if isinstance(inner, tree.Nothing) or not needed:
                continue
            with writer.block(f"if {head}({pick}):"):
                own = {key: writer.fresh(key) for key in needed}
                writer.unpack(list(own.values()), f"{of}({', '.join([pick, *(columns[n] for n in needed)])})")
                self.field(inner, name, own)

    def item(self, node: tree.Pooled, columns: dict[str, str]) -> None:
        """Writes the items of a pool. Each kind of item has its account, so that an item is tested once."""
        if node.region not in self.writer.pools:
            raise NotGenerated(f"the pool {node.region} comes after what names its items")
        items, pool = self.writer.fresh("items"), pool_of(node.region)
        item = node.item
        text = None
        if isinstance(item, tree.Text):
            text = (item.encoding, item.unit, item.terminator, item.lists)
        self.writer.first.append(f"{items}: Items | None = None")
        self.writer.accounts.setdefault(node.region, []).append(items)
        offsets, lengths = self.value(node.offset, columns), self.value(node.length, columns)
        self.writer.line(f"{items} = {items} or Items({node.align}, {text!r})")
        self.writer.refuse(f"not {items}.take(data, {pool}, {pool}_end, {offsets}, {lengths})")

    def value(self, value: Expression, columns: dict[str, str], *, truth: bool = False) -> str:
        """Returns the variable that has an expression for all rows; `truth`: only zero or not matters."""
        match value:
            case Path((name,)) if name in columns:
                return columns[name]
            case Binary(Operator.GREATER, Path((name,)), Literal(0)) if (
                truth and self.numbers[name].form[-1].isupper()
            ):
                return columns[name]
        nothing = VariableScope(
            None, None
        )  # what stands outside the row may have changed since the row was read
        scope = VariableScope(nothing, nothing)
        scope.names.update({name: name for name in columns})
        text = expression(value, scope)
        used = [name for name in columns if name in set(_row_names(value))]
        found = self.writer.fresh("pick" if truth else "value")
        if not used:
            raise NotGenerated(f"an item or a condition of a row is by {text}, which is no number of the row")
        over = columns[used[0]] if len(used) == 1 else f"zip({', '.join(columns[n] for n in used)})"
        self.writer.line(f"{found} = [{text} for {', '.join(used)} in {over}]")
        return found


def _not_in_a_row(leaf: tree.Node, name: str) -> NotGenerated:
    return NotGenerated(f"a row of a table has {type(leaf).__name__} {name}")


def _known(values: bytes) -> str:
    """Returns the allowed values of a byte, as an expression for `bytes.translate`."""
    first, last = values[0], values[-1]
    if len(values) > 3 and values == bytes(range(first, last + 1)):
        return f"bytes(range({first}, {last + 1}))"
    return repr(values) if len(values) <= 24 else f"bytes({list(values)!r})"


def _one_byte(number: Number) -> bool:
    """Returns whether a number equals its first byte, because the others are known to be zero."""
    if isinstance(number.leaf, tree.Digits):
        return False
    may, _ = byte_values(number.leaf)
    return number.form[0] == "<" and number.form[-1].isupper() and all(v == {0} for v in may[1:])


def _used(node: tree.Node) -> Iterator[str]:
    """Yields the numbers of its row that a field uses, in order, each once."""
    yield from dict.fromkeys(_uses(node))


def _uses(node: tree.Node) -> Iterator[str]:
    match node:
        case tree.Rows():
            yield from (node.first, node.count)
        case tree.Pooled():
            yield from _row_names(node.offset)
            yield from _row_names(node.length)
        case tree.If():
            yield from _row_names(node.condition)
            yield from _uses(node.then)
            yield from _uses(node.otherwise)
        case tree.Nothing() | tree.Integer() | tree.Digits() | tree.Float() | tree.Const():
            return
        # `field` raises for the others, which no row has.
        case (
            tree.Bytes()
            | tree.Opaque()
            | tree.Wrapped()
            | tree.OpaqueRest()
            | tree.WrappedRest()
            | tree.Slot()
            | tree.Rest()
            | tree.Delimited()
        ):
            return
        case tree.Text() | tree.TextToNul() | tree.ZeroPad() | tree.AnyPad() | tree.ZerosTo():
            return
        case tree.ZerosToEnd() | tree.Struct() | tree.Array() | tree.Table() | tree.Terminated():
            return
        case tree.UpTo() | tree.UpToEnd() | tree.Pool() | tree.Strings() | tree.Region() | tree.Substream():
            return
        case tree.SubstreamRest() | tree.ReadAt() | tree.Switch() | tree.At() | tree.Chain():
            return
        case tree.SharedText() | tree.Computed() | tree.PlaceNumber():
            return
        case _:
            assert_never(node)


def _row_names(value: Expression) -> Iterator[str]:
    """Yields the numbers of its row that an expression names."""
    return (path[0] for path in paths_in(value) if len(path) == 1)


def _waits(node: tree.Node) -> bool:
    return not isinstance(node, tree.Stored | tree.Float | tree.Const)
