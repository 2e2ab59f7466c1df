"""Turn a schema into plain Python that knows a faultless file when it sees one.

`source(schema)` walks the annotated Construct tree and writes a module with one function, ``spotless(data)``:
neighbouring numbers are unpacked at once, tables are read by `iter_unpack`, ``this`` expressions become local
variables, and all conditions of a record are one ``if``. It gives the file's `Columns` when the reader would
find no fault at all, and None at the first doubt.

The reader (`read`) stays the one that says what is wrong; the generated function only says that nothing is. A
test holds the two against each other. A schema with a node that is not understood here raises `NotGenerated`,
and is then read by the reader alone.
"""

from __future__ import annotations

import hashlib
import operator
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import construct
from construct.expr import BinExpr, Path, UniExpr

from ccheck_schemas import meaning as m
from ccheck_schemas.schema import Schema
from ccheck_schemas.size import sizeof
from ccheck_schemas.tree import bare, nodes

_WIDTH = 110

VERSION = 1
"""Of the generated code; part of the name under which it is cached."""

_SYMBOLS = {
    operator.add: "+", operator.sub: "-", operator.mul: "*", operator.floordiv: "//", operator.mod: "%",
    operator.and_: "&", operator.or_: "|", operator.rshift: ">>", operator.eq: "==", operator.ne: "!=",
    operator.lt: "<", operator.le: "<=", operator.gt: ">", operator.ge: ">=",
}  # fmt: skip


class NotGenerated(Exception):
    """A schema that the generator does not understand. reason: which node, and where."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class _Scope:
    """The fields of one record by name: the variable of a number, or the scope of a nested record."""

    def __init__(self, parent: _Scope | None, root: _Scope | None) -> None:
        self.parent = parent or self
        self.root = root or self
        self.names: dict[str, str | _Scope] = {}
        self.counted: dict[str, str] = {}
        self.sized: dict[str, str] = {}


def source(schema: Schema) -> str:
    """The module of a schema. Raises NotGenerated."""
    return _Writer(schema).module()


def fingerprint(schema: Schema) -> str:
    """A hash of the generated code, hence of the schema and the version of the generator."""
    return hashlib.sha256(source(schema).encode()).hexdigest()


class _Writer:
    """One module in the making."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.lines: list[str] = []
        self.depth = 1
        self.structs: dict[str, str] = {}
        self.used = 0
        self.tables: dict[str, tuple[m.Table, _Scope]] = {}
        self.pools: list[str] = []
        self.first: list[str] = []
        self.last: list[str] = []
        self.memos: dict[int, str] = {}

    # -- the module

    def module(self) -> str:
        root = _Scope(None, None)
        for table in _tables(self.schema.root):
            self.line(f"{_start(table)} = -1")
            self.line(f"{_count(table)} = 0")
        for pool in _pools(self.schema.root):
            self.line(f"{_pool(pool)} = {_pool(pool)}_end = -1")
        self.line("at = 0")
        self.struct(self.schema.root, root, "at", "size")
        self.claim("0", "at")
        self.second_pass()
        for condition in self.last:
            self.refuse(condition)
        body = self.lines
        head = [
            f'"""Knows a faultless {self.schema.name} file. Generated from its schema; do not edit."""',
            "",
            "from __future__ import annotations",
            "",
            "from struct import Struct",
            "from zlib import crc32",
            "",
            "from ccheck_schemas.runtime import Columns, shared_out, tiled, well_formed  # noqa: F401",
            "",
            *(f"{name} = Struct({form!r})" for form, name in self.structs.items()),
            "",
            "",
            "def spotless(data: bytes) -> Columns | None:",
            f'    """The columns of a {self.schema.name} file without any fault; None at the first doubt."""',
            "    try:",
            "        return _spotless(data)",
            "    except UnicodeDecodeError:",
            "        return None",
            "",
            "",
            "def _spotless(data: bytes) -> Columns | None:",
            "    size = len(data)",
            "    claims: list[tuple[int, int]] = []",
            "    claimed = 0",
            *(f"    {first}" for first in self.first),
        ]
        tail = [
            "    if not tiled(claims, size):",
            "        return None",
            "    return Columns(",
            "        data,",
            *_mapping(self._numbers(root)),
            *_mapping(self._table_extents()),
            *_mapping(f"{name!r}: ({_pool(name)}, {_pool(name)}_end)" for name in self.pools),
            "    )",
            "",
        ]
        return "\n".join([*head, *body, *tail])

    def _numbers(self, root: _Scope) -> Iterator[str]:
        for name, value in root.names.items():
            if isinstance(value, str):
                yield f"{name!r}: {value}"
            else:
                yield from (f"'{name}.{n}': {v}" for n, v in value.names.items() if isinstance(v, str))

    def _table_extents(self) -> Iterator[str]:
        for name, (node, _) in self.tables.items():
            yield f"{name!r}: ({self.struct_of(node.subcon)}, {_start(name)}, {_count(name)})"

    # -- writing lines

    def line(self, text: str) -> None:
        self.lines.append("    " * self.depth + text)

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
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
        self.used += 1
        return f"{name}_{self.used}"

    def packer(self, form: str) -> str:
        return self.structs.setdefault(form, f"S{len(self.structs)}")

    def expression(self, value: m.Expression, scope: _Scope) -> str:
        match value:
            case bool() | int():
                return repr(value)
            case Path():
                return self.variable(m.field_path(value) or (), scope)
            case BinExpr():
                left, right = self.expression(value.lhs, scope), self.expression(value.rhs, scope)
                return f"({left} {_SYMBOLS[value.op]} {right})"
            case UniExpr() if value.op is operator.neg:
                return f"(-{self.expression(value.operand, scope)})"
            case UniExpr() if value.op is operator.not_:
                return f"(not {self.expression(value.operand, scope)})"
        raise NotGenerated(f"the expression {value!r} is not understood")

    def variable(self, path: tuple[str, ...], scope: _Scope) -> str:
        found: str | _Scope = scope
        for name in path:
            if isinstance(found, str):
                raise NotGenerated(f"{'.'.join(path)} goes into a number")
            if name == "_":
                found = found.parent
            elif name == "_root":
                found = found.root
            elif name in found.names:
                found = found.names[name]
            else:
                raise NotGenerated(f"{'.'.join(path)} is not a number that was read before")
        if not isinstance(found, str):
            raise NotGenerated(f"{'.'.join(path)} is not a number")
        return found

    # -- structs

    def struct(self, node: Any, scope: _Scope, at: str, limit: str) -> None:
        """Read a record from `at` on, and leave `at` behind it."""
        run: list[tuple[str, Any, tuple[m.Meaning, ...]]] = []
        for sub in node.subcons:
            leaf, meanings = bare(sub)
            if isinstance(leaf, construct.FormatField) or (
                isinstance(leaf, construct.Const) and not meanings
            ):
                if run and _order(run[-1][1]) != _order(leaf):
                    self.fixed(run, scope, at, limit)
                    run = []
                run.append((sub.name, leaf, meanings))
                continue
            self.fixed(run, scope, at, limit)
            run = []
            self.node(leaf, sub.name, scope, at, limit)
        self.fixed(run, scope, at, limit)
        for of, variable in scope.counted.items():
            counter = scope.names.get(f"# {of}")
            if counter is not None:
                self.refuse(f"{variable} != {counter}")

    def fixed(
        self, run: list[tuple[str, Any, tuple[m.Meaning, ...]]], scope: _Scope, at: str, limit: str
    ) -> None:
        """Neighbouring numbers: one extent test, one unpacking, one condition."""
        if not run:
            return
        form, variables, conditions = self.fields(run, scope, in_table=False)
        packer = self.packer(form)
        end = self.fresh("end")
        self.line(f"{end} = {at} + {packer}.size")
        self.refuse(f"{end} > {limit}")
        self.unpack(variables, f"{packer}.unpack_from(data, {at})")
        if conditions:
            self.refuse(*conditions)
        self.line(f"{at} = {end}")

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

    def fields(
        self, run: list[tuple[str, Any, tuple[m.Meaning, ...]]], scope: _Scope, *, in_table: bool
    ) -> tuple[str, list[str], list[str]]:
        """Format, variables and conditions of neighbouring numbers."""
        form, variables, conditions = "", [], []
        order = "<"
        for name, leaf, meanings in run:
            variable = self.fresh(name)
            variables.append(variable)
            scope.names[name] = variable
            if isinstance(leaf, construct.Const):
                expected = leaf.build(None)
                form += f"{len(expected)}s"
                conditions.append(f"{variable} != {expected!r}")
                continue
            order = leaf.fmtstr[0] if leaf.fmtstr[0] == ">" else order
            form += leaf.fmtstr[1:]
            for meaning in meanings:
                conditions += self.judged(meaning, variable, leaf, scope, in_table=in_table)
        return order + form, variables, conditions

    def judged(self, meaning: m.Meaning, v: str, leaf: Any, scope: _Scope, *, in_table: bool) -> list[str]:
        """The conditions under which a number breaks its meaning."""
        low, high = _range(leaf)
        match meaning:
            case m.Version():
                return [f"{v} not in {tuple(meaning.known)!r}"]
            case m.StrictEnum():
                return [_outside(v, meaning.known, low, high)]
            case m.StrictFlags():
                return [f"{v} & {~meaning.mask & high}"]
            case m.Reserved():
                return [v]
            case m.OffsetInto():
                return [f"{v} % {meaning.align}"] if meaning.align > 1 else []
            case m.Bounded():
                return _bounds(v, meaning.low, meaning.high, low, high)
            case m.LengthOf():
                step = [f"{v} % {meaning.step}"] if meaning.step > 1 else []
                return _bounds(v, meaning.low, meaning.high, low, high) + step
            case m.FileSize():
                return [f"{v} != size"]
            case m.CountOf() if not in_table:
                scope.counted[meaning.of] = v
                return []
            case m.RecordSize() if not in_table:
                scope.sized[meaning.of] = v
                return []
            case m.ChecksumOver() if not in_table and self.depth == 1:
                self.last.append(f"{v} != crc32(memoryview(data)[{meaning.start}:])")
                return []
            case m.IndexInto() if in_table:
                return []
        raise NotGenerated(
            f"{type(meaning).__name__} of {v.rsplit('_', 1)[0]} stands where it is not understood"
        )

    # -- nodes

    def node(self, node: Any, name: str | None, scope: _Scope, at: str, limit: str) -> None:
        match node:
            case construct.Struct():
                inner = _Scope(scope, scope.root)
                scope.names[name or ""] = inner
                self.struct(node, inner, at, limit)
            case m.ZeroPad():
                end = self.fresh("end")
                self.line(f"{end} = {at} + -{at} % {node.align}")
                self.refuse(f"{end} > {limit} or any(data[{at}:{end}])")
                self.line(f"{at} = {end}")
            case construct.Bytes():
                end = self.extent(node.length, 0, scope, at, limit)
                self.line(f"{at} = {end}")
            case m.Text():
                end = self.extent(node.length, _behind(node), scope, at, limit)
                self.text(node, at, f"{end} - {_behind(node)}" if _behind(node) else end)
                self.line(f"{at} = {end}")
            case m.Table():
                self.table(node, name, scope, at, limit)
            case m.Pool():
                self.pool(node, name, scope, at, limit)
            case m.Region():
                stop = self.extent(node.length, 0, scope, at, limit)
                inner, _ = bare(node.subcon)
                self.node(inner, name, scope, at, stop)
                self.refuse(f"{at} != {stop}")
            case construct.IfThenElse():
                self.branches(node, name, scope, at, limit)
            case construct.Switch():
                self.switch(node, name, scope, at, limit)
            case construct.Array():
                self.array(node, name, scope, at, limit)
            case m.Chain():
                self.chain(node, name, scope)
            case m.At():
                self.elsewhere(node, scope)
            case m.Rows() | m.Pooled():
                raise NotGenerated(f"{type(node).__name__} {name} stands outside a table")
            case _ if node is construct.Pass:
                return
            case _:
                raise NotGenerated(f"{type(node).__name__} {name} is not understood")

    def extent(self, length: m.Expression, behind: int, scope: _Scope, at: str, limit: str) -> str:
        """The variable that holds the end of so many bytes, which are inside the limit."""
        end = self.fresh("end")
        amount = self.expression(length, scope)
        self.line(f"{end} = {at} + {amount}" + (f" + {behind}" if behind else ""))
        self.refuse(f"not {at} <= {end} <= {limit}")
        return end

    def text(self, node: m.Text, at: str, end: str) -> None:
        """Refuse text that is not well-formed, between two expressions."""
        unit = node.unit
        if unit > 1 or node.terminator == "inside" or node.encoding != "utf-8":
            kind = f"{node.encoding!r}, {unit}, {node.terminator!r}, {node.lists!r}"
            self.refuse(f"not well_formed(data, {at}, {end}, {kind})")
            return
        raw = self.fresh("text")
        self.line(f"{raw} = data[{at}:{end}]")
        conditions = []
        if node.terminator == "behind":
            conditions.append(f"data[{end}]")
            if not node.lists:
                conditions.append(f"b'\\0' in {raw}")
        if conditions:
            self.refuse(*conditions)
        with self.block(f"if not {raw}.isascii():"):
            self.line(f"{raw}.decode()")

    def branches(self, node: Any, name: str | None, scope: _Scope, at: str, limit: str) -> None:
        then, _ = bare(node.thensubcon)
        other, _ = bare(node.elsesubcon)
        condition = self.expression(node.condfunc, scope)
        for leaf, text in ((then, f"if {condition}:"), (other, "else:")):
            if leaf is construct.Pass and text == "else:":
                continue
            with self.block(text):
                self.choice(leaf, name, scope, at, limit)

    def switch(self, node: Any, name: str | None, scope: _Scope, at: str, limit: str) -> None:
        key = self.expression(node.keyfunc, scope)
        word = "if"
        for case, sub in node.cases.items():
            leaf, _ = bare(sub)
            with self.block(f"{word} {key} == {case!r}:"):
                self.choice(leaf, name, scope, at, limit)
            word = "elif"
        leaf, _ = bare(node.default)
        with self.block("else:"):
            if leaf is construct.Pass:
                self.line("return None")
            else:
                self.choice(leaf, name, scope, at, limit)

    def choice(self, leaf: Any, name: str | None, scope: _Scope, at: str, limit: str) -> None:
        """A branch; a number in one is a record of one field."""
        if isinstance(leaf, construct.FormatField):
            raise NotGenerated(f"the number {name} stands in one branch alone")
        self.node(leaf, name, scope, at, limit)

    def array(self, node: Any, name: str | None, scope: _Scope, at: str, limit: str) -> None:
        leaf, _ = bare(node.subcon)
        if not isinstance(leaf, construct.Struct):
            raise NotGenerated(f"the elements of {name} are no records")
        count = self.expression(node.count, scope)
        self.refuse(f"not 0 <= {count} <= {limit} - {at}")
        with self.block(f"for _ in range({count}):"):
            self.struct(leaf, _Scope(scope, scope.root), at, limit)

    def table(self, node: m.Table, name: str | None, scope: _Scope, at: str, limit: str) -> None:
        """Note where the rows are, and judge each by itself."""
        if node.table in self.tables:
            raise NotGenerated(f"the table {node.table} is read in two places")
        row, size = bare(node.subcon)[0], sizeof(node.subcon)
        count, start = _count(node.table), _start(node.table)
        self.refuse(f"{start} >= 0")
        self.line(f"{count} = {self.expression(node.count, scope)}")
        self.refuse(f"not {node.low} <= {count} <= {node.high} or {count} * {size} > {limit} - {at}")
        if name in scope.sized:
            self.refuse(f"{scope.sized[name]} != {size}")
        inner = _Scope(scope, scope.root)
        variables, conditions, packer = self.row(row, inner)
        self.tables[node.table] = (node, inner)
        self.line(f"{start} = {at}")
        self.line(f"{at} += {count} * {size}")
        if conditions:
            with self.block(f"for {variables} in {packer}.iter_unpack(data[{start}:{at}]):"):
                self.refuse(*conditions)

    def row(self, row: Any, scope: _Scope) -> tuple[str, list[str], str]:
        """The variables, conditions and packer of a table's row; what takes no bytes waits for the second
        pass.
        """
        run = []
        for sub in row.subcons:
            leaf, meanings = bare(sub)
            if isinstance(leaf, construct.FormatField) or (
                isinstance(leaf, construct.Const) and not meanings
            ):
                run.append((sub.name, leaf, meanings))
            elif sizeof(leaf) != 0:
                raise NotGenerated(f"a row of a table holds {type(leaf).__name__} {sub.name}")
        if len({_order(leaf) for _, leaf, _ in run} - {None}) > 1:
            raise NotGenerated("a row of a table has two byte orders")
        form, variables, conditions = self.fields(run, scope, in_table=True)
        return ", ".join(variables) + ("," if len(variables) == 1 else ""), conditions, self.packer(form)

    def struct_of(self, row: Any) -> str:
        return self.row(bare(row)[0], _Scope(None, None))[2]

    def pool(self, node: m.Pool, name: str | None, scope: _Scope, at: str, limit: str) -> None:
        if node.region in self.pools:
            raise NotGenerated(f"the pool {node.region} is read in two places")
        self.pools.append(node.region)
        start = _pool(node.region)
        count = self.expression(node.count, scope)
        room = f"{count} > {limit} - {at}"
        self.refuse(f"{start} >= 0", f"not {node.low} <= {count} <= {node.high}", room)
        if name in scope.sized:
            self.refuse(f"{scope.sized[name]} != 1")
        self.line(f"{start} = {at}")
        self.line(f"{at} += {count}")
        self.line(f"{start}_end = {at}")

    def chain(self, node: m.Chain, name: str | None, scope: _Scope) -> None:
        """Follow a chain forward; each record claims its bytes."""
        record = bare(node.subcon)[0]
        offset, counter = self.fresh("next"), self.fresh("links")
        self.line(f"{offset} = {self.expression(node.first, scope)}")
        self.line(f"{counter} = 0")
        inner = _Scope(scope, scope.root)
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

    def elsewhere(self, node: m.At, scope: _Scope) -> None:
        """Read a record at an offset, unless it was read before; it claims its bytes."""
        record = bare(node.subcon)[0]
        offset = self.expression(node.offset, scope)
        memo = self.memos.get(id(node.subcon))
        if memo is None:
            memo = self.memos[id(node.subcon)] = self.fresh("seen")
            self.first.append(f"{memo}: set[int] = set()")
        with self.block(f"if {offset} and {offset} not in {memo}:"):
            start = self.fresh("start")
            self.line(f"{start} = at_{start} = {offset}")
            self.refuse(f"not 0 < {start} < size")
            self.line(f"{memo}.add({start})")
            self.struct(record, _Scope(scope, scope.root), f"at_{start}", "size")
            self.claim(start, f"at_{start}")

    def claim(self, start: str, end: str) -> None:
        """Note the bytes of a record; records that claim more than the file has would make endless work."""
        self.line(f"claims.append(({start}, {end}))")
        self.line(f"claimed += {end} - {start}")
        self.refuse("claimed > size")

    # -- what takes the whole file

    def second_pass(self) -> None:
        """Once all tables and pools are known: indexes, runs of rows, items of pools."""
        for pool in self.pools:
            self.line(f"{_pool(pool)}_items: dict[int, int] = {{}}")
            self.line(f"{_pool(pool)}_aligned: dict[int, int] = {{}}")
        taken: dict[str, str] = {}
        for name, (node, _) in self.tables.items():
            row = bare(node.subcon)[0]
            waiting = [sub for sub in row.subcons if _waits(sub)]
            if waiting:
                with self.block(f"if {_start(name)} >= 0:"):
                    self.waiting_rows(name, row, waiting, taken)
        for table, expected in taken.items():
            self.refuse(f"{_start(table)} >= 0 and {expected} != {_count(table)}")
        for pool in self.pools:
            start = _pool(pool)
            with self.block(f"if {start} >= 0:"):
                self.refuse(f"not shared_out(data, {start}, {start}_end, {start}_items, {start}_aligned)")

    def waiting_rows(self, name: str, row: Any, waiting: list[Any], taken: dict[str, str]) -> None:
        scope = _Scope(None, None)
        variables, _, packer = self.row(row, scope)
        for sub in waiting:
            leaf, _ = bare(sub)
            if isinstance(leaf, m.Rows):
                if leaf.table in taken:
                    raise NotGenerated(f"the rows of {leaf.table} are taken by two tables")
                taken[leaf.table] = self.fresh("taken")
                self.first.append(f"{taken[leaf.table]} = 0")
        start, count = _start(name), _count(name)
        rows = f"data[{start}:{start} + {count} * {packer}.size]"
        with self.block(f"for {variables} in {packer}.iter_unpack({rows}):"):
            for sub in waiting:
                leaf, meanings = bare(sub)
                for meaning in meanings:
                    if isinstance(meaning, m.IndexInto):
                        index = scope.names[sub.name]
                        self.refuse(f"{_start(meaning.table)} >= 0 and {index} >= {_count(meaning.table)}")
                if isinstance(leaf, m.Rows):
                    first, number = (self.variable((key,), scope) for key in (leaf.first, leaf.count))
                    expected = taken[leaf.table]
                    self.refuse(f"{first} != {expected}")
                    self.line(f"{expected} += {number}")
                else:
                    self.waiting(leaf, sub.name, scope)

    def waiting(self, leaf: Any, name: str, scope: _Scope) -> None:
        """A field of a row that names an item of a pool, perhaps under conditions."""
        match leaf:
            case m.Pooled():
                self.pooled(leaf, scope)
            case construct.IfThenElse():
                then, other = bare(leaf.thensubcon)[0], bare(leaf.elsesubcon)[0]
                with self.block(f"if {self.expression(leaf.condfunc, scope)}:"):
                    self.waiting(then, name, scope)
                if other is not construct.Pass:
                    with self.block("else:"):
                        self.waiting(other, name, scope)
            case construct.FormatField() | construct.Const():
                return
            case _ if leaf is construct.Pass:
                return
            case _:
                raise NotGenerated(f"a row of a table has {type(leaf).__name__} {name}")

    def pooled(self, node: m.Pooled, scope: _Scope) -> None:
        if node.region not in self.pools:
            raise NotGenerated(f"the pool {node.region} comes after what names its items")
        pool = _pool(node.region)
        offset, length = self.expression(node.offset, scope), self.expression(node.length, scope)
        item, _ = bare(node.subcon)
        behind = _behind(item)
        stop = self.fresh("stop")
        seen = self.fresh("seen")
        self.first.append(f"{seen}: set[tuple[int, int]] = set()")
        with self.block(f"if ({offset}, {length}) not in {seen}:"):
            self.line(f"{seen}.add(({offset}, {length}))")
            self.line(f"{stop} = {offset} + {length}" + (f" + {behind}" if behind else ""))
            aligned = [f"{offset} % {node.align}"] if node.align > 1 else []
            self.refuse(
                f"{pool} < 0",
                f"not {pool} <= {offset} <= {stop} <= {pool}_end",
                *aligned,
                f"{pool}_items.setdefault({offset}, {stop}) != {stop}",
            )
            if node.align > 1:
                self.line(f"{pool}_aligned[{offset}] = {node.align}")
            if isinstance(item, m.Text):
                self.text(item, offset, f"{stop} - {behind}" if behind else stop)


def _mapping(pairs: Iterable[str]) -> list[str]:
    """A mapping as an argument, one pair to a line."""
    lines = [f"            {pair}," for pair in pairs]
    return ["        {", *lines, "        },"] if lines else ["        {},"]


def _waits(sub: Any) -> bool:
    leaf, meanings = bare(sub)
    return any(isinstance(x, m.IndexInto) for x in meanings) or not isinstance(
        leaf, construct.FormatField | construct.Const
    )


def _order(leaf: Any) -> str | None:
    """The byte order of a number; None where it has none."""
    if isinstance(leaf, construct.Const) or leaf.length == 1:
        return None
    return str(leaf.fmtstr[0]).replace("=", "<")


def _range(leaf: Any) -> tuple[int, int]:
    """The least and greatest number that a field can hold."""
    bits = 8 * leaf.length
    return (-(1 << bits - 1), (1 << bits - 1) - 1) if leaf.fmtstr[-1].islower() else (0, (1 << bits) - 1)


def _bounds(v: str, low: int, high: int, least: int, greatest: int) -> list[str]:
    """A number outside its bounds; a bound that the field cannot pass needs no test."""
    if low <= least and high >= greatest:
        return []
    if high >= greatest:
        return [f"{v} < {low}"]
    if low <= least:
        return [f"{v} > {high}"]
    return [f"not {low} <= {v} <= {high}"]


def _outside(v: str, known: frozenset[int], least: int, greatest: int) -> str:
    values = sorted(known)
    if values == list(range(values[0], values[-1] + 1)) and len(values) > 1:
        return "".join(_bounds(v, values[0], values[-1], least, greatest)) or "False"
    return f"{v} not in {tuple(values)!r}" if len(values) > 1 else f"{v} != {values[0]}"


def _behind(item: Any) -> int:
    return item.unit if isinstance(item, m.Text) and item.terminator == "behind" else 0


def _start(table: str) -> str:
    return f"t_{table}"


def _count(table: str) -> str:
    return f"n_{table}"


def _pool(region: str) -> str:
    return f"p_{region}"


def _tables(node: Any) -> list[str]:
    return [found.table for found in nodes(node) if isinstance(found, m.Table)]


def _pools(node: Any) -> list[str]:
    return [found.region for found in nodes(node) if isinstance(found, m.Pool)]
