"""Divide a Struct into runs of fixed bytes and the nodes between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias, assert_never

from ccheck_schemas.checksum import Checksum
from ccheck_schemas.layout import meanings, tree
from ccheck_schemas.layout.expression import (
    Expression,
    Unresolved,
    Values,
    field_of,
    integers_in,
    only_path,
    paths_in,
    resolve,
    stated,
)
from ccheck_schemas.layout.size import sizeof
from ccheck_schemas.model.record_type import Blob, Number, PlaceForm, PooledForm, RecordType, Role, Share

Fixed: TypeAlias = (
    tree.Stored | tree.Float | tree.Const | tree.Text | tree.Bytes | tree.Opaque | tree.Wrapped | tree.Slot
)
"""A node that can be a run of its own, if its length does not depend on the file."""

Sized: TypeAlias = tree.Text | tree.Bytes | tree.Opaque | tree.Wrapped | tree.Slot
"""Text or bytes with a length."""


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """A run of fixed fields of a Struct.

    Attributes:
        first: The name of the first field.
        last: The name of the last field.
    """

    record_type: RecordType
    size: int
    first: str
    last: str


@dataclass(frozen=True, slots=True, eq=False)
class Other:
    """A node that is no run of fixed bytes, and its name."""

    name: str
    node: tree.Node


@dataclass(frozen=True, slots=True, eq=False)
class Leaf:
    """A fixed field: its dotted name, and its node."""

    name: str
    node: Fixed


class Context(dict[str, Any]):
    """A record in which one field has a value, wherever an expression looks for it."""

    def __missing__(self, name: str) -> Any:
        return self


LONGEST_STEP = 4096
"""The greatest step of a field for which the change of an expression is tried."""


def slope(expression: Expression, path: tuple[str, ...], at: int) -> tuple[int, int, int] | None:
    """Returns how an expression depends on its only field, near the value `at`.

    Args:
        expression: The expression.
        path: The path of the field.
        at: A value of the field.

    Returns:
        base, rise and run: the amount at `at`, and how much it grows over a step of the field. None if no
        small step changes it, or if it has no value.
    """

    def amount(value: int) -> int:
        found = resolve(expression, Context({path[-1]: value}))
        return found if isinstance(found, int) else 0

    # A number of the expression may be what it divides by.
    steps = (1, *(step for step in integers_in(expression) if 1 < step <= LONGEST_STEP), 2, 4, 8)
    first = (0, 0)
    try:
        base = amount(at)
        for run in dict.fromkeys(steps):
            rise = amount(at + run) - base
            first = first if first[0] else (rise, run)
            if rise and amount(at + 2 * run) - base == 2 * rise:
                first = rise, run
                break
    except Unresolved:
        if not first[0]:
            return None
    rise, run = first
    return (base, rise, run) if rise > 0 else None


def branches(node: tree.Node) -> Iterator[tree.Node]:
    """Yields a node and all nodes in its conditional branches, without descending into records."""
    yield node
    if isinstance(node, tree.If | tree.Switch):
        for branch in tree.branches_of(node):
            yield from branches(branch)


def condition(node: tree.Choice) -> Expression:
    """Returns the expression by which a conditional node chooses."""
    return node.condition if isinstance(node, tree.If) else node.key


def chosen(node: tree.Node, values: Values) -> tree.Node:
    """Returns the branch that the values choose; `Nothing` for none.

    Raises:
        Unresolved: The condition has no value.
    """
    while isinstance(node, tree.If | tree.Switch):
        key = resolve(condition(node), values)
        node = (node.then if key else node.otherwise) if isinstance(node, tree.If) else branch_of(node, key)
    return node


def branch_of(node: tree.Switch, key: object) -> tree.Node:
    """Returns the branch of a key, or the default."""
    return node.cases.get(key, node.default) if isinstance(key, int | str | bytes) else node.default


@cache
def runs_of(record: tree.Struct, name: str = "", table: str = "") -> tuple[Run | Other, ...]:
    """Returns the runs and other nodes of a record.

    Args:
        record: The record.
        name: The name of its records, for people.
        table: The table whose rows they are.
    """
    steps: list[list[Leaf] | Other] = []
    for field in record.fields:
        leaves = _leaves(field.name, field.node)
        if leaves is None:
            steps.append(Other(field.name, field.node))
        elif steps and isinstance(steps[-1], list):
            steps[-1] += leaves
        else:
            steps.append(leaves)
    uses = _Uses(record, table)
    return tuple(step if isinstance(step, Other) else _run(step, uses, name) for step in steps if step)


def _leaves(name: str, node: tree.Node) -> list[Leaf] | None:
    """Returns the fixed fields of a node; None if its bytes depend on the file."""
    match node:
        case tree.Integer() | tree.Digits() | tree.Float() | tree.Const():
            return [Leaf(name, node)]
        case tree.Text() | tree.Bytes() | tree.Opaque() | tree.Wrapped() | tree.Slot():
            return None if stated(node.length) is None else [Leaf(name, node)]
        case tree.Struct():
            found: list[Leaf] = []
            for field in node.fields:
                leaves = _leaves(f"{name}.{field.name}", field.node)
                if leaves is None:
                    return None
                found += leaves
            return found
        case tree.Computed() | tree.PlaceNumber():
            return []
        case tree.Nothing() | tree.If() | tree.Switch() | tree.Array() | tree.Table() | tree.Terminated():
            return None
        case tree.UpTo() | tree.UpToEnd() | tree.Pool() | tree.Strings() | tree.Region() | tree.Substream():
            return None
        case (
            tree.SubstreamRest()
            | tree.OpaqueRest()
            | tree.WrappedRest()
            | tree.Rest()
            | tree.Delimited()
            | tree.TextToNul()
        ):
            return None
        case tree.ZeroPad() | tree.AnyPad() | tree.ZerosTo() | tree.ZerosToEnd():
            return None
        case tree.At() | tree.Chain() | tree.ReadAt() | tree.Pooled() | tree.SharedText() | tree.Rows():
            return None
        case _:
            assert_never(node)


class _Uses:
    """How the nodes of a Struct that take no bytes use its numbers."""

    def __init__(self, record: tree.Struct, table: str) -> None:
        self.table = table
        self.pooled: list[tuple[str, tree.Pooled]] = []
        self.conditional: set[tuple[str, ...]] = set()
        self.shares: list[tuple[str, tree.Rows]] = []
        self.places: list[Expression] = []
        self.heads: set[str] = set()
        self.counts: dict[str, tuple[int, int]] = {}
        self.lengths: set[str] = set()
        for field in record.fields:
            for inner in branches(field.node):
                self._note(field.name, inner)
                if isinstance(inner, tree.If | tree.Switch):
                    self.conditional |= frozenset(paths_in(condition(inner)))
        self.roles = self._roles()

    def _note(self, name: str, node: tree.Node) -> None:
        match node:
            case tree.Pooled():
                self.pooled.append((name, node))
            case tree.Rows():
                self.shares.append((name, node))
            case tree.At():
                self.places.append(node.offset)
            case tree.Chain():
                self.heads.add(field_of(node.first) or "")
            case tree.Table():
                self.counts[field_of(node.count) or ""] = (node.low, node.high)
            case tree.Array() if stated(node.count) is None:
                self.counts[field_of(node.count) or ""] = (0, 1 << 16)
            case tree.Pool():
                self.lengths.add(field_of(node.count) or "")
            case (
                tree.Region()
                | tree.Substream()
                | tree.Text()
                | tree.Bytes()
                | tree.Opaque()
                | tree.Wrapped()
                | tree.Slot()
            ):
                self.lengths.add(field_of(node.length) or "")
            case (
                tree.Integer()
                | tree.Digits()
                | tree.Float()
                | tree.Const()
                | tree.Nothing()
                | tree.Computed()
                | tree.PlaceNumber()
                | tree.Struct()
                | tree.Array()
            ):
                return
            case tree.If() | tree.Switch() | tree.Terminated() | tree.UpTo() | tree.UpToEnd():
                return
            case tree.Strings() | tree.SharedText() | tree.ReadAt() | tree.SubstreamRest():
                return
            case tree.OpaqueRest() | tree.WrappedRest() | tree.Rest() | tree.Delimited() | tree.TextToNul():
                return
            case tree.ZeroPad() | tree.AnyPad() | tree.ZerosTo() | tree.ZerosToEnd():
                return
            case _:
                assert_never(node)

    def role(self, name: str) -> Role | None:
        """Returns what a number is for, by the nodes that use it."""
        return self.roles.get(name)

    def _roles(self) -> dict[str, Role]:
        """Returns what each number is for; later uses in this order win."""
        roles = {path[0]: Role.OFFSET for path in map(only_path, self.places) if path and len(path) == 1}
        roles |= dict.fromkeys(self.heads, Role.OFFSET)
        roles |= dict.fromkeys(self.lengths, Role.LENGTH)
        roles |= dict.fromkeys((*self.counts, *(share.count for _, share in self.shares)), Role.COUNT)
        roles |= dict.fromkeys((share.first for _, share in self.shares), Role.INDEX)
        roles |= {field_of(pooled.length) or "": Role.LENGTH for _, pooled in self.pooled}
        roles |= {field_of(pooled.offset) or "": Role.OFFSET for _, pooled in self.pooled}
        return roles


def _run(leaves: list[Leaf], uses: _Uses, name: str) -> Run:
    numbers: dict[str, Number] = {}
    blobs: list[Blob] = []
    places: list[PlaceForm] = []
    indices: list[tuple[Number, str]] = []
    delta = 0
    for leaf in leaves:
        size = sizeof(leaf.node) or 0
        if isinstance(leaf.node, tree.Stored):
            number = numbers[leaf.name] = _number(leaf.name, leaf.node, delta, uses)
            kinds = leaf.node.meanings
            indices += [(number, kind.table) for kind in kinds if isinstance(kind, meanings.IndexInto)]
            units = [kind.unit for kind in kinds if isinstance(kind, meanings.OffsetInto)]
            if units and leaf.name not in uses.heads:
                places.append(PlaceForm(number, 0, units[0]))
        elif not isinstance(leaf.node, tree.Float):
            blobs.append(blob_of(leaf.node, leaf.name, delta, size))
        delta += size
    placed = {place.number.name for place in places}
    for expression in uses.places:
        path = only_path(expression)
        if path is None or path[-1] not in numbers or len(path) > 1 or path[-1] in placed:
            continue
        line = slope(expression, path, 0)
        if line is not None and line[2] == 1:
            places.append(PlaceForm(numbers[path[0]], line[0], line[1]))
            placed.add(path[0])
    record_type = RecordType(
        name=uses.table or name,
        size=delta,
        numbers=tuple(numbers.values()),
        blobs=tuple(blobs),
        pooled=tuple(_pooled(uses, numbers)),
        places=tuple(places),
        shares=tuple(
            Share(field, rows.table, numbers[rows.first], numbers[rows.count])
            for field, rows in uses.shares
            if rows.first in numbers and rows.count in numbers
        ),
        indices=tuple(indices),
    )
    return Run(record_type, delta, leaves[0].name.split(".")[0], leaves[-1].name.split(".")[0])


def _pooled(uses: _Uses, numbers: dict[str, Number]) -> Iterator[PooledForm]:
    """Yields each pair of numbers that names an item, once for all branches."""
    seen: set[tuple[str, str]] = set()
    for field, node in uses.pooled:
        pair = (field_of(node.offset) or "", field_of(node.length) or "")
        if pair not in seen and pair[0] in numbers and pair[1] in numbers:
            seen.add(pair)
            optional = (pair[1],) in uses.conditional
            yield PooledForm(field, node.region, numbers[pair[0]], numbers[pair[1]], optional)


def _number(name: str, node: tree.Stored, delta: int, uses: _Uses) -> Number:
    """Returns the description of an integer."""
    least, most = node.range
    role, low, high, step = Role.PLAIN, least, most, 1
    values: tuple[int, ...] = ()
    names: tuple[str, ...] = ()
    checksum: Checksum | None = None
    moves = False
    for meaning in node.meanings:
        match meaning:
            case meanings.Bounded():
                low, high = meaning.low, meaning.high
                role = Role.BOUNDED if role is Role.PLAIN else role
            case meanings.LengthOf():
                role, low, high, step = Role.LENGTH, meaning.low, min(meaning.high, most), meaning.step
            case meanings.StrictEnum():
                role, values = Role.ENUM, tuple(sorted(meaning.known))
                names = tuple(meaning.values(value).name.lower() for value in values)
            case meanings.StrictFlags():
                role, values = Role.FLAGS, tuple(int(bit) for bit in meaning.bits)
                names = tuple(str(bit.name).lower() for bit in meaning.bits)
            case meanings.Version():
                role, values = Role.VERSION, tuple(meaning.known)
            case meanings.Reserved():
                role = Role.RESERVED
            case meanings.CountOf():
                role = Role.COUNT
            case meanings.RecordSize():
                role = Role.RECORD_SIZE
            case meanings.FileSize():
                role = Role.FILE_SIZE
            case meanings.ChecksumOver():
                role, checksum, moves = Role.CHECKSUM, meaning.checksum, meaning.bounds is not None
            case meanings.IndexInto():
                role = Role.INDEX
            case meanings.OffsetInto():
                role, step = Role.OFFSET, meaning.align
            case meanings.ComparedWithFact():  # a driver build limits it, and not the schema
                pass
            case _:
                assert_never(meaning)
    used = uses.role(name)
    if used is not None:
        role = used
        if name in uses.counts and low == least and high == most:
            low, high = uses.counts[name]
    facts = tuple(str(one.fact) for one in node.meanings if isinstance(one, meanings.ComparedWithFact))
    low, high = max(low, least), min(high, most)
    return Number(
        name, delta, node.packer, role, low, high, least, most, values, step, names, facts, checksum, moves
    )


def blob_of(node: tree.Const | Sized, name: str, delta: int, size: int | None) -> Blob:
    """Returns the description of a text, of bytes or of a constant."""
    if isinstance(node, tree.Const):
        return Blob(name, delta, size, exact=node.expected)
    if isinstance(node, tree.Text):
        return Blob(name, delta, size, node.encoding, node.unit, node.behind, node.lists)
    if isinstance(node, tree.Wrapped):
        return Blob(name, delta, size, wrapping=node.wrapping, content=node.content)
    return Blob(name, delta, size)


@cache
def leaf_run(node: Fixed, name: str, full: str) -> Run:
    """Returns one field as a run of its own; its record type has no size if its length varies."""
    if isinstance(node, Sized) and stated(node.length) is None:
        return Run(RecordType(full, None, blobs=(blob_of(node, name, 0, None),)), 0, name, name)
    return _run([Leaf(name, node)], _Uses(tree.Struct(()), ""), full)
