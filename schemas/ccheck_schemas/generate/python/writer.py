"""Write the module of a schema: one pass over its tree, one function."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import assert_never

from ccheck_schemas.checksum import ALGORITHMS, Checksum
from ccheck_schemas.generate.python.columns import numbers_of, write_tables
from ccheck_schemas.generate.python.lines import Module
from ccheck_schemas.generate.python.names import count_of, pool_of, start_of
from ccheck_schemas.generate.python.number import conditions as broken
from ccheck_schemas.generate.python.number import order
from ccheck_schemas.generate.python.variables import VariableScope, expression
from ccheck_schemas.generate.refused import NotGenerated
from ccheck_schemas.layout import meanings, tree
from ccheck_schemas.layout.expression import Expression, Path
from ccheck_schemas.layout.outer import outer_paths
from ccheck_schemas.layout.size import sizeof
from ccheck_schemas.schema import Schema
from ccheck_schemas.vocabulary.gaps import Gaps

_RUNTIME = (
    "ROWS", "Columns", "Items", "TableExtent", "chosen", "column", "others", "shared_out", "tiled",
    "tiled_with_gaps", "well_formed",
)  # fmt: skip
"""What generated modules take from `ccheck_schemas.generate.python.runtime`."""

_Run = list[tuple[str, tree.Stored | tree.Float | tree.Const]]
"""Neighbouring numbers: their names and nodes."""

_CHECKSUMS = "from ccheck_schemas.checksum import Adler32, ByteSum, Checksum, Crc, Sum  # noqa: F401"
_DIGITS = "from ccheck_schemas.digits import DigitForm, RowPacker  # noqa: F401"

MOST_CASES = 256
"""Cases of one choice, at most: to Python each lies inside the one before."""


class Writer(Module):
    """The module of one schema while it is written."""

    def __init__(self, schema: Schema) -> None:
        super().__init__()
        self.schema = schema
        self.memos: dict[int, str] = {}
        self.imports: list[str] = []
        self.placed: list[str] = []

    # -- the module

    def module(self) -> str:
        """Returns the text of the module."""
        root = VariableScope(None, None)
        if any(isinstance(node, tree.Digits) for node in tree.nodes(self.schema.layout)):
            self.imports.append(_DIGITS)
        for table in _tables(self.schema.layout):
            self.line(f"{start_of(table)} = -1")
            self.line(f"{count_of(table)} = 0")
        for pool in _pools(self.schema.layout):
            self.line(f"{pool_of(pool)} = {pool_of(pool)}_end = -1")
        self.line("at = 0")
        self.struct(self.schema.layout, root, "at", "size")
        self.claim("0", "at")
        write_tables(self)
        for condition in self.last:
            self.refuse(condition)
        body = self.lines
        tables = _mapping(self._table_extents())  # which names packers, and so comes before the head
        head = [
            f'"""Accepts valid {self.schema.name} files. Generated from the schema; do not edit."""',
            "",
            "from __future__ import annotations",
            "",
            "from itertools import accumulate  # noqa: F401",
            "from struct import Struct",
            "from zlib import crc32",
            "",
            *dict.fromkeys(self.imports),
            "from ccheck_schemas.generate.python.runtime import (  # noqa: F401",
            *(f"    {name}," for name in _RUNTIME),
            ")",
            "",
            *(f"{name} = Struct({form!r})" for form, name in self.structs.items()),
            *(f"{name} = {value}" for value, name in self.constants.items()),
            "",
            "",
            "def accept(data: bytes) -> Columns | None:",
            f'    """Returns the columns of a valid {self.schema.name} file; None for any other file."""',
            "    try:",
            "        return _accept(data)",
            "    except (ArithmeticError, ValueError):  # such as text that cannot be decoded",
            "        return None",
            "",
            "",
            "def _accept(data: bytes) -> Columns | None:",
            "    size = len(data)",
            "    if size > 0xFFFFFFFF:",
            "        return None",
            "    view = memoryview(data)",
            "    claims: list[tuple[int, int]] = []",
            "    claimed = 0",
            *(f"    {first}" for first in self.first),
        ]
        tail = [
            f"    if not {self._tiled()}:",
            "        return None",
            "    return Columns(",
            "        data,",
            *_mapping(self._numbers(root)),
            *tables,
            *_mapping(f"{name!r}: ({pool_of(name)}, {pool_of(name)}_end)" for name in self.pools),
            "    )",
            "",
        ]
        return "\n".join([*head, *body, *tail])

    def _tiled(self) -> str:
        """Returns the condition that no byte is unread but padding: opaque gaps are the reader's."""
        gaps = self.schema.layout.gaps
        if isinstance(gaps, Gaps):
            return f"tiled_with_gaps(claims, data, {gaps.align}, {gaps.zero!r})"
        return "tiled(claims, size)"

    def _numbers(self, root: VariableScope) -> Iterator[str]:
        for name, value in root.names.items():
            if isinstance(value, str):
                yield f"{name!r}: {value}"
            else:
                yield from (f"'{name}.{n}': {v}" for n, v in value.names.items() if isinstance(v, str))

    def _table_extents(self) -> Iterator[str]:
        for name, node in self.tables.items():
            numbers = numbers_of(node.record)
            places = self.constant(repr({n.name: n.place for n in numbers}), "P")
            packer = self.struct_of(node.record)
            yield f"{name!r}: TableExtent({start_of(name)}, {count_of(name)}, {packer}, {places})"

    # -- writing lines

    def struct(self, node: tree.Struct, scope: VariableScope, at: str, limit: str) -> None:
        """Reads a record from `at` on; `at` is the offset after it then."""
        run: _Run = []
        for field in node.fields:
            leaf = field.node
            if isinstance(leaf, tree.Stored | tree.Float | tree.Const):
                if run and order(run[-1][1]) != order(leaf):
                    self.fixed(run, scope, at, limit)
                    run = []
                run.append((field.name, leaf))
                continue
            self.fixed(run, scope, at, limit)
            run = []
            self.node(leaf, field.name, scope, at, limit)
        self.fixed(run, scope, at, limit)
        before: set[str] = set()
        for field in node.fields:
            for meaning in tree.meanings_of(field.node):
                if isinstance(meaning, meanings.CountOf):
                    self.counted(node, field.name, meaning.of, scope)
                elif isinstance(meaning, meanings.RecordSize) and meaning.of in before:
                    raise NotGenerated(f"{field.name} is not the record size of a table behind it")
            before.add(field.name)

    def counted(self, node: tree.Struct, name: str, of: str, scope: VariableScope) -> None:
        """Compares a count with its list.

        Raises:
            NotGenerated: The generated code has no number for the length of the list.
        """
        counter = scope.names.get(f"# {of}")
        if counter is not None:
            self.refuse(f"{scope.names[name]} != {counter}")
            return
        for leaf in tree.leaves_of(next(field.node for field in node.fields if field.name == of)):
            by_other = isinstance(leaf, tree.Array | tree.Table) and leaf.count != Path((name,))
            if isinstance(leaf, tree.Chain) or by_other:
                raise NotGenerated(f"{name} counts {of}, which is as long as something else says")

    def fixed(self, run: _Run, scope: VariableScope, at: str, limit: str) -> None:
        """Reads neighbouring numbers: one extent test, one unpacking, one condition."""
        if not run:
            return
        form, variables, conditions = self.fields(run, scope)
        packer = self.packer(form)
        widths = accumulate((sizeof(leaf) or 0 for _, leaf in run), initial=0)
        for variable, width in zip(variables, widths, strict=False):
            if variable in self.placed:
                self.line(f"{variable}_at = {at} + {width}")
        end = self.fresh("end")
        self.line(f"{end} = {at} + {packer}.size")
        self.refuse(f"{end} > {limit}")
        self.unpack(variables, f"{packer}.unpack_from(data, {at})")
        for variable, (_, leaf) in zip(variables, run, strict=True):
            if isinstance(leaf, tree.Digits):  # raises ValueError for one that is malformed
                self.line(f"{variable} = {self.digits(leaf)}.number({variable})")
        if conditions:
            self.refuse(*conditions)
        self.line(f"{at} = {end}")

    def digits(self, leaf: tree.Digits) -> str:
        """Returns the name of the form of a number in digits."""
        return self.constant(repr(leaf.packer), "D")

    def fields(self, run: _Run, scope: VariableScope) -> tuple[str, list[str], list[str]]:
        """Returns format, variables and conditions of neighbouring numbers."""
        form, variables, conditions = "", [], []
        order = "<"
        for name, leaf in run:
            variable = self.fresh(name)
            variables.append(variable)
            if isinstance(leaf, tree.Const):
                if leaf.number is None:
                    scope.names[name] = variable
                form += f"{len(leaf.expected)}s"
                conditions.append(f"{variable} != {leaf.expected!r}")
                continue
            scope.names[name] = variable
            if isinstance(leaf, tree.Digits):
                form += f"{leaf.size}s"
            else:
                order = leaf.order if leaf.order == ">" else order
                form += leaf.letter
            if isinstance(leaf, tree.Stored):
                for meaning in leaf.meanings:
                    conditions += self.conditions(meaning, variable, leaf, scope)
        return order + form, variables, conditions

    def conditions(
        self, meaning: meanings.Meaning, v: str, leaf: tree.Stored, scope: VariableScope
    ) -> list[str]:
        """Returns the conditions that refuse a number; some are deferred."""
        if not isinstance(meaning, meanings.ByOthers):
            return broken(meaning, v, leaf)
        match meaning:
            case meanings.CountOf():
                return []
            case meanings.RecordSize():
                scope.sized[meaning.of] = v
                return []
            case meanings.ChecksumOver() if meaning.bounds is not None:
                name = v.rsplit("_", 1)[0]
                raise NotGenerated(f"the bytes that {name} is a checksum of depend on the file")
            case meanings.ChecksumOver() if self.depth == 1:
                self.last += self.checksum(meaning.checksum, v)
                return []
            case meanings.ChecksumOver() | meanings.IndexInto():
                name = v.rsplit("_", 1)[0]
                raise NotGenerated(f"{type(meaning).__name__} of {name} stands where it is not understood")
            case _:
                assert_never(meaning)

    def checksum(self, checksum: Checksum, v: str) -> Iterator[str]:
        """Yields the conditions that refuse a checksum, when the whole file is read."""
        if checksum.end is not None:
            yield f"size < {checksum.end}"
        if checksum.algorithm is ALGORITHMS["crc-32"] and checksum.own is None:
            yield f"{v} != crc32(memoryview(data)[{checksum.start}:{checksum.end or ''}])"
            return
        self.imports.append(_CHECKSUMS)
        self.placed.append(v)
        yield f"{v} != {checksum!r}.over(data, {v}_at)"

    # -- nodes

    def node(self, node: tree.Node, name: str, scope: VariableScope, at: str, limit: str) -> None:
        """Reads one node that is no number."""
        match node:
            case tree.Opaque():
                self.line("return None")  # what is not looked into is counted by the reader
            case tree.Computed():
                self.computed(node, name, scope)
            case tree.Struct():
                inner = VariableScope(scope, scope.root)
                scope.names[name] = inner
                self.struct(node, inner, at, limit)
            case tree.ZeroPad():
                end = self.fresh("end")
                self.line(f"{end} = {at} + -{at} % {node.align}")
                self.refuse(f"{end} > {limit} or any(data[{at}:{end}])")
                self.line(f"{at} = {end}")
            case tree.Bytes():
                end = self.extent(node.length, 0, scope, at, limit)
                if node.names:
                    self.refuse(
                        f"data[{at}:{end}] not in {self.constant(f'frozenset({sorted(node.names)!r})', 'K')}"
                    )
                self.line(f"{at} = {end}")
            case tree.Text():
                end = self.extent(node.length, node.behind, scope, at, limit)
                self.text(node, at, f"{end} - {node.behind}" if node.behind else end)
                self.line(f"{at} = {end}")
            case tree.Table():
                self.table(node, name, scope, at, limit)
            case tree.Pool():
                self.pool(node, name, scope, at, limit)
            case tree.Region() | tree.Substream():
                stop = self.extent(node.length, 0, scope, at, limit)
                self.node(node.inner, name, scope, at, stop)
                self.refuse(f"{at} != {stop}")
            case tree.If():
                self.branches(node, name, scope, at, limit)
            case tree.Switch():
                self.switch(node, name, scope, at, limit)
            case tree.Array():
                self.array(node, name, scope, at, limit)
            case tree.Chain():
                self.chain(node, name, scope)
            case tree.At():
                if name in scope.sized:
                    raise NotGenerated(f"{name} leads to a table, and has a record size")
                self.record_at(node, scope)
            case tree.Rows() | tree.Pooled():
                raise NotGenerated(f"{type(node).__name__} {name} stands outside a table")
            case tree.Nothing():
                return
            case (
                tree.Integer()
                | tree.Digits()
                | tree.Float()
                | tree.Const()
                | tree.TextToNul()
                | tree.AnyPad()
            ):
                raise _not_understood(node, name)
            case tree.PlaceNumber():
                raise _not_understood(node, name)
            case (
                tree.Slot()
                | tree.OpaqueRest()
                | tree.Wrapped()
                | tree.WrappedRest()
                | tree.Rest()
                | tree.Delimited()
                | tree.SubstreamRest()
            ):
                raise _not_understood(node, name)
            case tree.ReadAt() | tree.Terminated() | tree.UpTo() | tree.UpToEnd() | tree.Strings():
                raise _not_understood(node, name)
            case tree.SharedText() | tree.ZerosTo() | tree.ZerosToEnd():
                raise _not_understood(node, name)
            case _:
                assert_never(node)

    def computed(self, node: tree.Computed, name: str, scope: VariableScope) -> None:
        """Computes a number that takes no bytes."""
        found = scope.names[name] = self.fresh(name)
        self.line(f"{found} = {expression(node.value, scope)}")
        low, high = node.range
        wrong = [condition for meaning in node.meanings for condition in broken(meaning, found, node)]
        self.refuse(f"not {low} <= {found} <= {high}", *wrong)

    def extent(self, length: Expression, behind: int, scope: VariableScope, at: str, limit: str) -> str:
        """Returns the variable of the end of some bytes, which is tested against the limit."""
        end = self.fresh("end")
        amount = expression(length, scope)
        self.line(f"{end} = {at} + {amount}" + (f" + {behind}" if behind else ""))
        self.refuse(f"not {at} <= {end} <= {limit}")
        return end

    def text(self, node: tree.Text, at: str, end: str) -> None:
        """Refuses malformed text between two expressions."""
        unit = node.unit
        if unit > 1 or node.terminator == "inside" or node.encoding != "utf-8":
            kind = f"{node.encoding!r}, {unit}, {node.terminator!r}, {node.lists!r}"
            self.refuse(f"not well_formed(data, {at}, {end}, {kind})")
            return
        if node.terminator == "behind" and not node.lists:
            # The first NUL is the one after the text: two conditions in one search.
            self.refuse(f"data.find(0, {at}, {end} + 1) != {end}")
        elif node.terminator == "behind":
            self.refuse(f"data[{end}]")
        raw = self.fresh("text")
        self.line(f"{raw} = data[{at}:{end}]")
        with self.block(f"if not {raw}.isascii():"):
            self.line(f"{raw}.decode()")

    def branches(self, node: tree.If, name: str, scope: VariableScope, at: str, limit: str) -> None:
        """Reads one of two branches."""
        condition = expression(node.condition, scope)
        for leaf, text in ((node.then, f"if {condition}:"), (node.otherwise, "else:")):
            if isinstance(leaf, tree.Nothing) and text == "else:":
                continue
            with self.block(text):
                self.choice(leaf, name, scope, at, limit)
        self.forget(name, scope)

    def switch(self, node: tree.Switch, name: str, scope: VariableScope, at: str, limit: str) -> None:
        """Reads the branch of a key; a key without a branch is refused."""
        if len(node.cases) > MOST_CASES:
            raise NotGenerated(f"{name} has {len(node.cases):,} cases; {MOST_CASES} are understood")
        key = expression(node.key, scope)
        word = "if"
        for case, leaf in node.cases.items():
            if not isinstance(case, int):
                raise NotGenerated(f"a kind of {name} is {case!r}, which is no number")
            with self.block(f"{word} {key} == {int(case)}:"):
                self.choice(leaf, name, scope, at, limit)
            word = "elif"
        with self.block("else:"):
            if isinstance(node.default, tree.Nothing):
                self.line("return None")
            else:
                self.choice(node.default, name, scope, at, limit)
        self.forget(name, scope)

    def forget(self, name: str, scope: VariableScope) -> None:
        """Removes a conditional field from a scope: its numbers exist in one branch only."""
        scope.names.pop(name, None)
        scope.names.pop(f"# {name}", None)

    def choice(self, leaf: tree.Node, name: str, scope: VariableScope, at: str, limit: str) -> None:
        """Reads a branch; a number in one is a record of one field."""
        if isinstance(leaf, tree.Stored | tree.Float):
            raise NotGenerated(f"the number {name} stands in one branch alone")
        if name in scope.sized and not isinstance(leaf, tree.Nothing | tree.Table | tree.Pool):
            raise NotGenerated(f"a branch of {name} is no table or pool, and has a record size")
        self.node(leaf, name, scope, at, limit)

    def array(self, node: tree.Array, name: str, scope: VariableScope, at: str, limit: str) -> None:
        """Reads a list of records with a count."""
        if not isinstance(node.element, tree.Struct):
            raise NotGenerated(f"the elements of {name} are no records")
        count = expression(node.count, scope)
        self.refuse(f"not 0 <= {count} <= {limit} - {at}")
        with self.block(f"for _ in range({count}):"):
            self.struct(node.element, VariableScope(scope, scope.root), at, limit)

    def table(self, node: tree.Table, name: str, scope: VariableScope, at: str, limit: str) -> None:
        """Stores the place of a table; its rows are tested once all tables are known."""
        if node.table in self.tables:
            raise NotGenerated(f"the table {node.table} is read in two places")
        size = sizeof(node.record)
        count, start = count_of(node.table), start_of(node.table)
        self.refuse(f"{start} >= 0")
        self.line(f"{count} = {expression(node.count, scope)}")
        self.refuse(f"not {node.low} <= {count} <= {node.high} or {count} * {size} > {limit} - {at}")
        if name in scope.sized:
            self.refuse(f"{scope.sized[name]} != {size}")
        self.tables[node.table] = node
        self.line(f"{start} = {at}")
        self.line(f"{at} += {count} * {size}")

    def struct_of(self, row: tree.Struct) -> str:
        """Returns the packer of a table's row.

        Raises:
            NotGenerated: The row has more than numbers.
        """
        numbers = numbers_of(row)
        big = any(order(number.leaf) == ">" for number in numbers)
        packer = self.packer((">" if big else "<") + "".join(number.form[1:] for number in numbers))
        digits = tuple(
            (i, number.leaf.packer)
            for i, number in enumerate(numbers)
            if isinstance(number.leaf, tree.Digits)
        )
        return self.constant(f"RowPacker({packer}, {digits!r})", "R") if digits else packer

    def pool(self, node: tree.Pool, name: str, scope: VariableScope, at: str, limit: str) -> None:
        """Stores the place of a pool."""
        if node.region in self.pools:
            raise NotGenerated(f"the pool {node.region} is read in two places")
        self.pools.append(node.region)
        start = pool_of(node.region)
        count = expression(node.count, scope)
        room = f"{count} > {limit} - {at}"
        self.refuse(f"{start} >= 0", f"not {node.low} <= {count} <= {node.high}", room)
        if name in scope.sized:
            self.refuse(f"{scope.sized[name]} != 1")
        self.line(f"{start} = {at}")
        self.line(f"{at} += {count}")
        self.line(f"{start}_end = {at}")

    def chain(self, node: tree.Chain, name: str, scope: VariableScope) -> None:
        """Follows a chain forward; each record claims its bytes."""
        record = node.record
        offset, counter = self.fresh("next"), self.fresh("links")
        self.line(f"{offset} = {expression(node.first, scope)}")
        self.line(f"{counter} = 0")
        inner = VariableScope(scope, scope.root)
        with self.block(f"while {offset}:"):
            start = self.fresh("start")
            self.line(f"{start} = at_{start} = {offset}")
            aligned = f" or {offset} % {node.align}" if node.align > 1 else ""
            self.refuse(f"not 0 < {offset} < size{aligned}")
            self.struct(record, inner, f"at_{start}", "size")
            self.claim(start, f"at_{start}")
            self.line(f"{counter} += 1")
            following, last = inner.names.get(node.next_field), inner.names.get(node.last)
            if not isinstance(following, str) or not isinstance(last, str):
                raise NotGenerated(f"the chain {name} goes on by something that is no number")
            if last != following:
                self.refuse(f"({last} == 0) != ({following} == 0)")
            self.refuse(f"0 != {following} < at_{start}")
            self.line(f"{offset} = {following}")
        scope.names[f"# {name}"] = counter

    def record_at(self, node: tree.At, scope: VariableScope) -> None:
        """Reads a record at an offset, unless it was read before; it claims its bytes."""
        record = node.record
        offset = expression(node.offset, scope)
        if outer_paths(node.record):
            raise NotGenerated("a record at an offset reads fields of the one that names it")
        memo = self.memos.get(id(node.record))
        if memo is None:
            memo = self.memos[id(node.record)] = self.fresh("seen")
            self.first.append(f"{memo}: set[int] = set()")
        with self.block(f"if {offset} and {offset} not in {memo}:"):
            start = self.fresh("start")
            self.line(f"{start} = at_{start} = {offset}")
            self.refuse(f"not 0 < {start} < size")
            self.line(f"{memo}.add({start})")
            self.struct(record, VariableScope(scope, scope.root), f"at_{start}", "size")
            self.claim(start, f"at_{start}")

    def claim(self, start: str, end: str) -> None:
        """Claims the bytes of a record; records that claim more than the file has are refused."""
        self.line(f"claims.append(({start}, {end}))")
        self.line(f"claimed += {end} - {start}")
        self.refuse("claimed > size")

    # -- what takes the whole file


def _not_understood(node: tree.Node, name: str) -> NotGenerated:
    return NotGenerated(f"{type(node).__name__} {name} is not understood")


def _mapping(pairs: Iterable[str]) -> list[str]:
    """Returns the lines of a mapping as an argument, one pair to a line."""
    lines = [f"            {pair}," for pair in pairs]
    return ["        {", *lines, "        },"] if lines else ["        {},"]


def _tables(layout: tree.Struct) -> list[str]:
    return [found.table for found in tree.nodes(layout) if isinstance(found, tree.Table)]


def _pools(layout: tree.Struct) -> list[str]:
    return [found.region for found in tree.nodes(layout) if isinstance(found, tree.Pool)]
