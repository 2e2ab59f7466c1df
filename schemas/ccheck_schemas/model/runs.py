"""Divide a Struct into runs of fixed bytes and the nodes between them."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import construct
from construct.expr import BinExpr, UniExpr

from ccheck_schemas import meaning as m
from ccheck_schemas.layout.size import sizeof
from ccheck_schemas.layout.tree import bare
from ccheck_schemas.model.record_type import Blob, Number, PlaceForm, PooledForm, RecordType, Role, Share
from ccheck_schemas.vocabulary.expression import Unresolved, resolve


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """A run of fixed fields of a Struct. first, last: the names of the fields at both ends."""

    record_type: RecordType
    size: int
    first: str
    last: str


@dataclass(frozen=True, slots=True, eq=False)
class Other:
    """A node that is no run of fixed bytes, without its name and meanings."""

    name: str
    node: Any


@dataclass(frozen=True, slots=True, eq=False)
class Leaf:
    """A fixed field: its dotted name, its node without name and meanings, and the meanings."""

    name: str
    node: Any
    meanings: tuple[m.Meaning, ...]


LEAVES = (construct.FormatField, construct.Const, m.Text, construct.Bytes)
"""Nodes that can be a run of their own."""


def variables(expression: Any) -> frozenset[tuple[str, ...]]:
    """Returns the paths of all fields that an expression reads."""
    match expression:
        case BinExpr():
            return variables(expression.lhs) | variables(expression.rhs)
        case UniExpr():
            return variables(expression.operand)
    path = m.field_path(expression)
    return frozenset() if path is None else frozenset([path])


def variable(expression: Any) -> tuple[str, ...] | None:
    """Returns the path of the only field that an expression reads; None if it reads none or several."""
    paths = variables(expression)
    return next(iter(paths)) if len(paths) == 1 else None


class Context(dict[str, Any]):
    """A record in which one field has a value, wherever an expression looks for it."""

    def __missing__(self, name: str) -> Any:
        return self


def slope(expression: Any, path: tuple[str, ...], at: int) -> tuple[int, int, int] | None:
    """Returns how an expression depends on its only field, near the value `at`.

    Args:
        expression: The expression.
        path: The path of the field.
        at: A value of the field.

    Returns:
        base, rise and run: the amount at `at`, and how much it grows over a step of the field. None if no
            small
        step changes it, or if it has no value.
    """

    def amount(value: int) -> int:
        return int(resolve(expression, Context({path[-1]: value})))

    try:
        base = amount(at)
        rises = ((amount(at + run) - base, run) for run in (1, 2, 4, 8))
        rise, run = next((found for found in rises if found[0]), (0, 0))
    except Unresolved:
        return None
    return (base, rise, run) if rise > 0 else None


def choices(node: Any) -> tuple[Any, ...]:
    """Returns the branches of a conditional node."""
    if isinstance(node, construct.IfThenElse):
        return node.thensubcon, node.elsesubcon
    if isinstance(node, construct.Switch):
        return (*node.cases.values(), node.default)
    return ()


def branches(node: Any) -> Iterator[Any]:
    """Yields a node and all nodes in its conditional branches, without descending into records."""
    node = bare(node)[0]
    yield node
    for choice in choices(node):
        yield from branches(choice)


def condition(node: Any) -> Any:
    """Returns the expression by which a conditional node chooses."""
    return node.condfunc if isinstance(node, construct.IfThenElse) else node.keyfunc


def chosen(node: Any, values: Any) -> Any:
    """Returns the branch that the values choose, with its meanings; `construct.Pass` for none.

    Raises:
        Unresolved: The condition has no value.
    """
    inner = bare(node)[0]
    while choices(inner):
        key = resolve(condition(inner), values)
        if isinstance(inner, construct.IfThenElse):
            node = inner.thensubcon if key else inner.elsesubcon
        else:
            node = inner.cases.get(key, inner.default)
        inner = bare(node)[0]
    return node


@cache
def runs_of(node: construct.Construct, name: str = "", table: str = "") -> tuple[Run | Other, ...]:
    """Returns the runs and other nodes of a Struct.

    Args:
        node: The Struct.
        name: The name of its records, for people.
        table: The table whose rows they are.
    """
    node = bare(node)[0]
    steps: list[list[Leaf] | Other] = []
    for sub in node.subcons:
        leaves = _leaves(sub.name or "", sub)
        if leaves is None:
            steps.append(Other(sub.name or "", bare(sub)[0]))
        elif steps and isinstance(steps[-1], list):
            steps[-1] += leaves
        else:
            steps.append(leaves)
    uses = _Uses(node, table)
    return tuple(step if isinstance(step, Other) else _run(step, uses, name) for step in steps if step)


def _leaves(name: str, node: Any) -> list[Leaf] | None:
    """Returns the fixed fields of a node; None if its bytes depend on the file."""
    inner, meanings = bare(node)
    if isinstance(inner, construct.FormatField | construct.Const):
        return [Leaf(name, inner, meanings)]
    if isinstance(inner, m.Text | construct.Bytes):
        return None if callable(inner.length) else [Leaf(name, inner, meanings)]
    if isinstance(inner, construct.Struct):
        found: list[Leaf] = []
        for sub in inner.subcons:
            leaves = _leaves(f"{name}.{sub.name}", sub)
            if leaves is None:
                return None
            found += leaves
        return found
    return None


class _Uses:
    """How the nodes of a Struct that take no bytes use its numbers."""

    def __init__(self, node: Any, table: str) -> None:
        self.table = table
        self.pooled: list[tuple[str, m.Pooled]] = []
        self.conditional: set[tuple[str, ...]] = set()
        self.shares: list[tuple[str, m.Rows]] = []
        self.places: list[Any] = []
        self.heads: set[str] = set()
        self.counts: dict[str, tuple[int, int]] = {}
        self.lengths: set[str] = set()
        for sub in node.subcons:
            for inner in branches(sub):
                self._note(sub.name, inner)
                if choices(inner):
                    self.conditional |= variables(condition(inner))
        self.roles = self._roles()

    def _note(self, name: str, node: Any) -> None:
        match node:
            case m.Pooled():
                self.pooled.append((name, node))
            case m.Rows():
                self.shares.append((name, node))
            case m.At():
                self.places.append(node.offset)
            case m.Chain():
                self.heads.add(m.field_of(node.first) or "")
            case m.Table():
                self.counts[m.field_of(node.count) or ""] = (node.low, node.high)
            case construct.Array() if callable(node.count):
                self.counts[m.field_of(node.count) or ""] = (0, 1 << 16)
            case m.Pool():
                self.lengths.add(m.field_of(node.count) or "")
            case m.Region() | m.Substream() | m.Text() | construct.Bytes():
                self.lengths.add(m.field_of(node.length) or "")

    def role(self, name: str) -> Role | None:
        """Returns what a number is for, by the nodes that use it."""
        return self.roles.get(name)

    def _roles(self) -> dict[str, Role]:
        """Returns what each number is for; later uses in this order win."""
        roles = {path[0]: Role.OFFSET for path in map(variable, self.places) if path and len(path) == 1}
        roles |= dict.fromkeys(self.heads, Role.OFFSET)
        roles |= dict.fromkeys(self.lengths, Role.LENGTH)
        roles |= dict.fromkeys((*self.counts, *(share.count for _, share in self.shares)), Role.COUNT)
        roles |= dict.fromkeys((share.first for _, share in self.shares), Role.INDEX)
        roles |= {m.field_of(pooled.length) or "": Role.LENGTH for _, pooled in self.pooled}
        roles |= {m.field_of(pooled.offset) or "": Role.OFFSET for _, pooled in self.pooled}
        return roles


def _run(leaves: list[Leaf], uses: _Uses, name: str) -> Run:
    numbers: dict[str, Number] = {}
    blobs: list[Blob] = []
    places: list[PlaceForm] = []
    indices: list[tuple[Number, str]] = []
    delta = 0
    for leaf in leaves:
        size = sizeof(leaf.node) or 0
        if isinstance(leaf.node, construct.FormatField):
            number = _number(leaf, delta, uses)
            if number is not None:
                numbers[leaf.name] = number
                targets = [i.table for i in leaf.meanings if isinstance(i, m.IndexInto)]
                indices += [(number, table) for table in targets]
                units = [i.unit for i in leaf.meanings if isinstance(i, m.OffsetInto)]
                if units and leaf.name not in uses.heads:
                    places.append(PlaceForm(number, 0, units[0]))
        else:
            blobs.append(blob_of(leaf.node, leaf.name, delta, size))
        delta += size
    placed = {place.number.name for place in places}
    for expression in uses.places:
        path = variable(expression)
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
        pair = (m.field_of(node.offset) or "", m.field_of(node.length) or "")
        if pair not in seen and pair[0] in numbers and pair[1] in numbers:
            seen.add(pair)
            optional = (pair[1],) in uses.conditional
            yield PooledForm(field, node.region, numbers[pair[0]], numbers[pair[1]], optional)


def _number(leaf: Leaf, delta: int, uses: _Uses) -> Number | None:
    """Returns the description of an integer; None for a floating-point number."""
    form = leaf.node.fmtstr
    if form[-1] not in "bBhHiIlLqQ":
        return None
    packer = struct.Struct(form)
    bits = 8 * packer.size
    least, most = (-(1 << bits - 1), (1 << bits - 1) - 1) if form[-1].islower() else (0, (1 << bits) - 1)
    role, low, high, step = Role.PLAIN, least, most, 1
    values: tuple[int, ...] = ()
    names: tuple[str, ...] = ()
    for meaning in leaf.meanings:
        match meaning:
            case m.Bounded():
                low, high = meaning.low, meaning.high
                role = Role.BOUNDED if role is Role.PLAIN else role
            case m.LengthOf():
                role, low, high, step = Role.LENGTH, meaning.low, min(meaning.high, most), meaning.step
            case m.StrictEnum():
                role, values = Role.ENUM, tuple(sorted(meaning.known))
                names = tuple(meaning.values(value).name.lower() for value in values)
            case m.StrictFlags():
                role, values = Role.FLAGS, tuple(int(bit) for bit in meaning.bits)
                names = tuple(str(bit.name).lower() for bit in meaning.bits)
            case m.Version():
                role, values = Role.VERSION, tuple(meaning.known)
            case m.Reserved():
                role = Role.RESERVED
            case m.CountOf():
                role = Role.COUNT
            case m.RecordSize():
                role = Role.RECORD_SIZE
            case m.FileSize():
                role = Role.FILE_SIZE
            case m.ChecksumOver():
                role, values = Role.CHECKSUM, (meaning.start,)
            case m.IndexInto():
                role = Role.INDEX
            case m.OffsetInto():
                role, step = Role.OFFSET, meaning.align
    used = uses.role(leaf.name)
    if used is not None:
        role = used
        if leaf.name in uses.counts and low == least and high == most:
            low, high = uses.counts[leaf.name]
    return Number(
        leaf.name, delta, packer, role, max(low, least), min(high, most), least, most, values, step, names
    )


def blob_of(node: Any, name: str, delta: int, size: int | None) -> Blob:
    """Returns the description of a text, of bytes or of a constant."""
    if isinstance(node, construct.Const):
        return Blob(name, delta, size, exact=bytes(node.build(None)))
    if isinstance(node, m.Text):
        behind = node.unit if node.terminator == "behind" else 0
        return Blob(name, delta, size, node.encoding, node.unit, behind, node.lists)
    return Blob(name, delta, size)


@cache
def leaf_run(node: Any, name: str, full: str) -> Run:
    """Returns one field as a run of its own; its record type has no size if its length varies."""
    inner, meanings = bare(node)
    if isinstance(inner, m.Text | construct.Bytes) and callable(inner.length):
        return Run(RecordType(full, None, blobs=(blob_of(inner, name, 0, None),)), 0, name, name)
    uses = _Uses(construct.Struct(), "")
    return _run([Leaf(name, inner, meanings)], uses, full)
