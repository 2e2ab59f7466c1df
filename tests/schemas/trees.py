"""Random schemas out of the whole vocabulary, nested in every way, and random bytes for them.

`Trees` asks a `choose` function for each decision, so that Hypothesis can make them small, and a seeded
generator can make many.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, IntFlag
from typing import Any, TypeVar

import construct
from construct import Array, Bytes, Const, IfThenElse, Pass, Struct, Switch, len_, this

from ccheck_schemas import meaning as m
from ccheck_schemas.schema import Schema

T = TypeVar("T")
Choose = Callable[[int], int]
"""n → a number from 0 to n - 1."""


class Kind(IntEnum):
    """Values close together."""

    A = 0
    B = 1
    C = 2


class Far(IntEnum):
    """Values with large distances."""

    NONE = 0
    ONE = 1
    ALL = 0xFF


class Flag(IntFlag):
    """Two bits, and both under one name."""

    A = 1
    B = 2
    AB = 3


INTEGERS = (
    construct.Int8ub,
    construct.Int8ub,
    construct.Int8ub,
    construct.Int8sb,
    construct.Int16ub,
    construct.Int16ul,
    construct.Int16sl,
    construct.Int32ub,
)


CONTENTS = tuple(
    Schema(name, "the content of an envelope", Struct(*fields), recognise=bool)
    for name, fields in (
        ("numbers", ["all" / m.UpToEnd(Struct("number" / construct.Int8ub))]),
        ("pair", ["kind" / m.StrictEnum(construct.Int8ub, Kind), "rest" / m.Rest()]),
    )
)
CONTENTS += (
    Schema("nested", "an envelope", Struct("in" / m.WrappedRest(m.Xor(2), CONTENTS[0])), recognise=bool),
)

DIGITS = (
    m.Digits(1),
    m.Digits(2),
    m.Digits(2, 16),
    m.Digits(2, 16, case="lower", lead=" "),
    m.Digits(3, 8, lead="0 ", end=(b"\0", b" ", b"\0 ")),
    m.Digits(2, lead="", end=b" ", blank=b" "),
    m.Digits(3, 2, lead=" 0", end=(b"\0", b""), blank=b"\0 "),
)


@dataclass(slots=True)
class Names:
    """The fields of one record so far: paths from the record itself.

    lists: paths to lists, each with the numbers of an element; one that is a number has the path ().
    records: paths to records, whose streams others may be read in.
    """

    above: Names | None
    numbers: list[tuple[str, ...]] = field(default_factory=list)
    texts: list[tuple[tuple[str, ...], object]] = field(default_factory=list)
    lists: list[tuple[tuple[str, ...], list[tuple[str, ...]]]] = field(default_factory=list)
    records: list[tuple[str, ...]] = field(default_factory=list)

    def through(self, name: str, inner: Names) -> None:
        """Let paths lead to the fields of a record in the field `name`."""
        self.numbers += [(name, *path) for path in inner.numbers]
        self.texts += [((name, *path), value) for path, value in inner.texts]
        self.lists += [((name, *path), numbers) for path, numbers in inner.lists]
        self.records += [(name, *path) for path in inner.records]

    def reached(self) -> list[tuple[tuple[str, ...], Names]]:
        """This record and those around it, each with the path to it."""
        found: list[tuple[tuple[str, ...], Names]] = [((), self)]
        while (above := found[-1][1].above) is not None:
            found.append(((*found[-1][0], "_"), above))
        return [*found, (("_root",), found[-1][1])]


class Trees:
    """Makes one schema. Every node kind of the vocabulary can come out, and most ways of nesting them.

    around: the kind of the node of each field that holds others. led: the kinds that paths of expressions go through.
    """

    def __init__(self, choose: Choose) -> None:
        self.choose = choose
        self.names = 0
        self.tables: list[str] = []
        self.pools: list[str] = []
        self.blocks: list[str] = []
        self.around: dict[str, str] = {}
        self.led: set[str] = set()
        self.inner: dict[int, Names] = {}

    def pick(self, items: Sequence[T]) -> T:
        """One of several things."""
        return items[self.choose(len(items))]

    def integer(self, usual: construct.Construct | None = None) -> construct.Construct:
        """A number of some bytes, now and then in digits; `usual`: what it is otherwise."""
        if not self.choose(6):
            return self.pick(DIGITS)
        return self.pick(INTEGERS) if usual is None else usual

    def name(self) -> str:
        """A name that no other field has."""
        self.names += 1
        return f"f{self.names}"

    def root(self) -> construct.Struct:
        """A whole schema."""
        names = Names(None)
        fields = self.fields(names, depth=3, most=4)
        if not self.choose(4):
            fields += ["size" / m.FileSize(self.integer(construct.Int8ub))]
        if not self.choose(6):
            fields += self.checksum()
        for pool in self.pools:
            width = "width" / m.RecordSize(self.integer(construct.Int8ub), of=pool)
            size = f"{pool}_size" / self.integer(construct.Int8ub)
            fields += [width, size, pool / m.Pool(pool, this[f"{pool}_size"])]
        for block in self.blocks:
            fields += [f"{block}_size" / construct.Int8ub, block / m.Strings(block, this[f"{block}_size"])]
        if not self.choose(4):
            fields += self.for_builds(names)
        return Struct(*fields)

    def checksum(self) -> list[Any]:
        """One checksum, or two of which one may cover the other."""
        if self.choose(2):
            return ["sum" / m.ChecksumOver(construct.Int32ub, start=self.choose(8))]
        choices: tuple[tuple[str | m.Crc, construct.Construct], ...] = (
            ("crc-32c", construct.Int32ul),
            ("crc-16/xmodem", construct.Int16ub),
            ("sum-16-le", construct.Int16ul),
            ("zero-sum-8", construct.Int8ub),
            ("byte-sum-16", m.Digits(6, 8, end=(b"\0 ", b"\0"))),
            ("sum-8", m.Digits(3, lead=" ")),
            (m.Crc(12, 0x80F, reflect_out=True), construct.Int16ub),
        )
        name, leaf = self.pick(choices)
        start = self.choose(4)
        end = self.pick((None, start + 1 + self.choose(4)))
        counts: bool | bytes = (False, True, b" ")[self.choose(3)]
        found = ["sum" / m.ChecksumOver(leaf, start, name, end=end, zeroed=counts)]
        if not self.choose(3):
            found.append("outer" / m.ChecksumOver(construct.Int8ub, self.choose(8), "sum-8", zeroed=True))
        return found

    def part_checksum(self, names: Names, first: str) -> list[Any]:
        """A checksum of a part of its record or of the file, which depends on the file."""
        name, of = self.name(), self.name()
        names.numbers.append((name,))
        algorithm, leaf = self.pick((("sum-8", construct.Int8ub), ("crc-16/arc", construct.Int16ul)))
        start = self.pick((0, first, of, at(self.path(names)) & 3))
        end = self.pick((None, of, of, at(self.path(names))))
        zeroed, within = bool(self.choose(4)), self.pick(("record", "record", "file"))
        over = m.ChecksumOver(leaf, start, algorithm, end=end, zeroed=zeroed, within=within)
        amount = self.amount(names)
        content = self.pick(
            (Bytes(amount), m.Text(amount, "latin-1", "behind"), m.Substream(amount, Bytes(1)))
        )
        return [name / over, of / content]

    def fields(self, names: Names, depth: int, most: int) -> list[Any]:
        """The fields of a record; the first is a number, for others to name."""
        found = self.number(names)
        if not self.choose(16):
            found += self.part_checksum(names, found[0].name)
        for _ in range(1 + self.choose(most)):
            shape = self.choose(5)
            if shape < 2:
                found += self.number(names)
            else:
                found += self.plain(names) if shape == 2 else self.nested(names, depth)
        return found

    def struct(
        self, names: Names, depth: int, most: int = 2, field: str = "", *, listed: bool = False
    ) -> construct.Struct:
        """A record inside another. field: the name of the field that is this record; paths may go through it."""
        inner = Names(names)
        index: list[Any] = []
        if listed and not self.choose(4):
            index = [self.name() / construct.Index]
            inner.numbers.append((index[0].name,))
        found = Struct(*index, *self.fields(inner, depth - 1, most))
        self.inner[id(found)] = inner
        if field:
            names.through(field, inner)
        return found

    # -- expressions

    def path(self, names: Names) -> tuple[str, ...]:
        """The path to a number: of this record, of one around it, or of the top record."""
        ups: list[tuple[str, ...]] = list(names.numbers)
        prefix: tuple[str, ...] = ()
        around = names
        while around.above is not None:
            around = around.above
            prefix = (*prefix, "_")
            ups += [(*prefix, *path) for path in around.numbers]
        ups += [("_root", *path) for path in around.numbers]
        inner = [path for path in ups if not self.around.keys().isdisjoint(path[:-1])]
        found = self.pick(inner if inner and self.choose(2) else ups)
        self.led.update(self.around[name] for name in found[:-1] if name in self.around)
        return found

    def value(self, names: Names) -> Any:
        """A number: a field, a field of an element of a list, or the number of its elements."""
        lists = [((*up, *path), inner) for up, one in names.reached() for path, inner in one.lists]
        if not lists or self.choose(3):
            return at(self.path(names))
        path, inner = self.pick(lists)
        if not inner or not self.choose(3):
            return len_(at(path))
        constant = bool(self.choose(2))
        index = self.choose(2) if constant else at(self.path(names))
        found: Any = at(path)[index] if constant and self.choose(2) else m.element(at(path), index)
        for name in self.pick(inner):
            found = found[name]
        return found

    def amount(self, names: Names) -> Any:
        """A count, a length or an offset, mostly small."""
        shape = self.choose(8)
        if shape == 0:
            return self.choose(4)
        number = self.value(names)
        if shape == 1:
            other = self.value(names)
            return self.pick((number + other, number & other, number * 2, number - 1, number >> 1))
        return self.pick((number % 4, number & 3, number // 2)) if shape == 2 else number

    def condition(self, names: Names) -> Any:
        """What chooses a branch."""
        number = self.value(names)
        if names.texts and not self.choose(4):
            path, value = self.pick(names.texts)
            return self.pick((at(path) == value, at(path) != value))
        return self.pick(
            (number, number == 1, number != 0, number > 1, number < 2, ~number, (number == 1) | (number == 2))
        )

    def record(self, names: Names) -> Any:
        """A record that was read before, or one around this."""
        reached = names.reached()
        around = [up for up, _ in reached if up]
        inner = [(*up, *path) for up, one in reached for path in one.records]
        return at(self.pick(inner if inner and self.choose(3) else around))

    # -- fields that hold no others

    def number(self, names: Names) -> list[Any]:
        """A number, perhaps with a meaning."""
        name, leaf = self.name(), self.integer()
        names.numbers.append((name,))
        meaning = self.choose(12)
        if meaning >= 6:
            return [name / leaf]
        wrapped = (
            m.Bounded(leaf, 0, 3),
            m.StrictEnum(leaf, self.pick((Kind, Far))),
            m.StrictFlags(leaf, Flag),
            m.Version(leaf, known=(0, 1, 2)),
            m.Reserved(leaf),
            m.Bounded(m.OffsetInto(leaf, of=name), 0, 40),
        )[meaning]
        if self.tables and not self.choose(3):
            wrapped = m.IndexInto(leaf, self.pick(self.tables))
        elif meaning == 5:
            # Lint refuses an offset that nothing reads.
            return [name / wrapped, self.name() / m.ReadAt(construct.this[name], construct.Int8ub)]
        return [name / wrapped]

    def for_builds(self, names: Names) -> list[Any]:
        """Numbers of a record and of the rows of a table that are compared with facts of each driver build."""
        name, count, rows = self.name(), self.name(), self.name()
        fields = [name / self.compared(names), count / self.integer(construct.Int8ub)]
        names.numbers += [(name,), (count,)]
        inner = Names(names, [(f"{rows}0",)])
        row = Struct(f"{rows}0" / self.integer(construct.Int8ub), "compared" / self.compared(inner))
        self.tables.append(rows)
        return [*fields, rows / m.Table(rows, at((count,)), row, high=9)]

    def compared(self, names: Names) -> construct.Construct:
        """A number that is compared with a fact of each driver build."""
        leaf = self.integer()
        number = m.StrictEnum(leaf, Kind) if not self.choose(4) else leaf
        harmless = None if self.choose(3) else self.condition(names)
        key: Any = ()
        if self.choose(2):
            key = self.pick((2, "b", at(self.path(names))))
        if self.tables and self.choose(2):
            table = self.pick(self.tables)
            key = (m.RowField(table, at(self.path(names)), f"{table}0"), *(() if key == () else (key,)))
        keyed = "keyed" if key != () else "plain"  # a fact has keys or none, whoever refers to it
        match self.choose(3):
            case 0:
                return m.BelowCount(number, f"{keyed}_counts", key, harmless)
            case 1:
                return m.Understood(number, f"{keyed}_sets", key, harmless)
            case _:
                amount = self.pick((None, at(self.path(names)) * 2))
                return m.WithinLimit(number, f"{keyed}_limits", key, harmless, amount)

    def plain(self, names: Names) -> list[Any]:
        """A field that is no number and holds no other field."""
        kind = self.choose(17)
        name = self.name()
        match kind:
            case 14:
                return [name / self.computed(names, name)]
            case 12:
                mark = self.pick((b"\0", b"\1", b"\0\0"))
                encoding = self.pick((None, "ascii", "utf-16-le"))
                include = not self.choose(3)
                if self.choose(2):
                    return [
                        name
                        / m.Slot(
                            self.amount(names),
                            terminator=mark,
                            pad=self.pick((None, 0)),
                            include=include,
                            encoding=encoding,
                        )
                    ]
                return [
                    name
                    / m.Delimited(
                        mark,
                        consume=bool(self.choose(3)),
                        to_end=bool(self.choose(2)),
                        include=include,
                        encoding=encoding,
                    )
                ]
            case 15:
                return [name / m.Wrapped(self.amount(names), self.step(), self.pick(CONTENTS))]
            case 16:
                if self.choose(3):  # what follows it has no bytes
                    return [name / m.Wrapped(self.amount(names), self.step(), self.pick(CONTENTS))]
                return [name / m.WrappedRest(self.step(), self.pick(CONTENTS))]
            case 13:
                return [name / m.Opaque(self.amount(names), "not described")]
            case 0:
                return [name / Const(self.pick((b"\0", b"\1", b"ab")))]
            case 1:
                names.numbers.append((name,))
                return [name / Const(self.choose(3), self.pick((construct.Int8ub, construct.Int16ul)))]
            case 2 | 3:
                names.texts.append(((name,), b"\1"))
                if not self.choose(4):
                    return [name / m.OneOf(Bytes(1), {"none": b"\0", "one": b"\1", "two": b"\2"})]
                return [name / Bytes(self.amount(names))]
            case 4 | 5:
                encoding = self.pick(("utf-8", "ascii", "latin-1", "utf-16-le", "utf-32-be", "SHIFT_JIS"))
                names.texts.append(((name,), "\1"))
                return [name / m.Text(self.amount(names), encoding, self.pick(("none", "inside", "behind")))]
            case 6:
                names.texts.append(((name,), "a"))
                return [name / m.TextToNul(self.pick(("ascii", "utf-8")))]
            case 7:
                return [m.ZeroPad(self.pick((1, 2, 4)))]
            case 8:
                return [name / m.AnyPad(self.pick((2, 4)))]
            case 9:
                length = f"{name}_length"
                names.numbers.append((length,))
                text = name / m.Text(at((length,)), "ascii")
                bounded = length / m.LengthOf(self.integer(construct.Int8ub), of=name, high=9)
                ends: tuple[list[Any], ...] = (
                    [m.ZerosTo(self.amount(names))],
                    [m.ZerosToEnd()],
                    [name / Pass],
                )
                return self.pick((*ends, [bounded, text]))
            case 10:
                if not self.blocks:
                    self.blocks.append(self.name())
                return [name / m.SharedText(self.blocks[0], self.amount(names))]
            case _:
                if not self.pools:
                    self.pools.append(self.name())
                length = self.amount(names)
                item = self.pick((Bytes(length), m.Text(length)))
                return [name / m.Pooled(self.pools[0], self.amount(names), length, item)]

    def step(self) -> Any:
        """How an envelope is unwrapped."""
        return self.pick(
            (m.Stored(), m.Xor(1), m.Xor(b"\1\0\3"), (m.Stored(), m.Rotate(3)), m.Inflate("raw", limit=64))
        )

    def computed(self, names: Names, name: str) -> construct.Construct:
        """A number without bytes, perhaps with a meaning."""
        names.numbers.append((name,))
        shape = self.choose(6)
        if shape < 2:
            mark = m.BytesTo(self.pick((b"\0", b"\1")), to_end=bool(self.choose(2)))
            return self.pick((m.Position(), m.StreamSize(), mark))
        number, other = self.value(names), self.value(names)
        chosen = m.choose(self.condition(names), number, self.pick((other, 1)))
        expressions = (
            number >> 1,
            number & 3,
            number << 2,
            1 << (number & 3),
            number // other,
            number % other,
        )
        made = construct.Computed(self.pick((*expressions, chosen, chosen, self.condition(names) == 1)))
        return (made, made, made, m.Bounded(made, 0, 3), m.StrictEnum(made, Far), m.Reserved(made))[shape]

    # -- fields that hold others

    def nested(self, names: Names, depth: int) -> list[Any]:
        """A field that holds others; a number where it would be too deep."""
        if depth <= 0:
            return self.number(names)
        name = self.name()
        if not self.choose(9):
            return self.counted(names, name)
        node = self.node(names, depth, name)
        self.around[name] = type(node).__name__
        listed = (
            node.subcon if isinstance(node, Array | m.Terminated | m.UpTo | m.UpToEnd | m.Chain) else None
        )
        if isinstance(listed, Struct) and id(listed) in self.inner:
            names.lists.append(((name,), self.inner[id(listed)].numbers))
        elif isinstance(listed, construct.FormatField):
            names.lists.append(((name,), [()]))
        elif listed is not None:
            names.lists.append(((name,), []))
        stream = node
        while isinstance(stream, m.Substream | m.SubstreamRest | m.ReadAt | m.Region | m.At):
            stream = stream.subcon
        if isinstance(stream, Struct):
            names.records.append((name,))
        return [name / node, *(self.plain(names) if self.choose(2) else ())]

    def counted(self, names: Names, name: str) -> list[Any]:
        """A table with its count, and perhaps a record that takes its rows."""
        count = f"{name}_n"
        names.numbers.append((count,))
        self.tables.append(name)
        row = Struct(*(f"{name}{i}" / self.integer() for i in range(1 + self.choose(2))))
        names.lists.append(((name,), [(one.name,) for one in row.subcons]))
        if not self.choose(3):
            row = Struct(*row.subcons, f"{name}_union" / self.union(f"{name}0"))
        fields = [
            count / m.CountOf(self.integer(construct.Int8ub), of=name),
            name / m.Table(name, at((count,)), row, high=9),
        ]
        if self.choose(3):
            return fields
        taker = Struct(
            "first" / self.integer(construct.Int8ub),
            "n" / self.integer(construct.Int8ub),
            "rows" / m.Rows(name, "first", "n"),
        )
        return [*fields, f"{name}_taker" / taker]

    def union(self, tag: str) -> construct.Construct:
        """One of several things of one size, by a tag."""
        cases = {
            0: construct.Int16ul,
            1: Struct("a" / construct.Int8ub, "b" / m.Bounded(construct.Int8ub, 0, 9)),
            2: Bytes(2),
        }
        return Switch(at((tag,)), cases, self.pick((Pass, Pass, Bytes(2))))

    def element(self, names: Names, depth: int, *, listed: bool = False) -> Any:
        """What an array is of: a record, or any node that takes bytes."""
        shape = self.choose(4)
        if shape == 0:
            return self.integer()
        if shape == 1:
            return self.pick(
                (Bytes(self.amount(names)), m.Text(self.amount(names), "latin-1"), m.TextToNul())
            )
        return (
            self.node(names, depth - 1, "")
            if shape == 2 and depth > 1
            else self.struct(names, depth, listed=listed)
        )

    def content(self, names: Names, depth: int, name: str) -> Any:
        """What the field `name` is around: a record that paths may go through, or an element."""
        if self.choose(2):
            return self.struct(names, depth, field=name)
        return self.element(names, depth)

    def node(self, names: Names, depth: int, name: str) -> Any:
        """A node that holds others. name: of the field; its own expressions name nothing inside it."""
        match self.choose(14):
            case 12:
                length = self.amount(names)
                if not self.choose(3):
                    return m.SubstreamRest(self.struct(names, depth, field=name))
                if self.choose(3):
                    return m.Substream(length, self.struct(names, depth, field=name))
                return m.Substream(
                    length, self.pick((m.Rest(terminator=b"\0"), m.OpaqueRest("not described")))
                )
            case 13:
                position, shape = self.amount(names), self.choose(3)
                inside = self.record(names) if shape == 2 else None
                content = self.content(names, depth, name)
                return m.ReadAt(position, content, whole_file=shape == 1, inside=inside)
            case 0 | 1:
                return self.struct(names, depth, field=name)
            case 2 | 3:
                return Array(self.amount(names), self.element(names, depth, listed=True))
            case 4:
                length = self.amount(names)
                return m.Region(length, self.content(names, depth, name))
            case 5:
                holds, other = self.condition(names), self.pick((Pass, construct.Int8ub))
                return IfThenElse(holds, self.struct(names, depth, field=name), other)
            case 6:
                if names.texts and not self.choose(3):
                    path, value = self.pick(names.texts)
                    only = {value: self.struct(names, depth, field=name)}
                    return Switch(at(path), only, construct.Int8ub)
                key = at(self.path(names))
                cases = {0: self.element(names, depth), 1: self.struct(names, depth, field=name)}
                return Switch(key, cases, self.pick((Pass, construct.Int8ub)))
            case 7:
                offset = self.amount(names)
                return m.At(offset, self.struct(names, depth, field=name))
            case 8:
                link = Struct(
                    "next" / self.integer(construct.Int8ub), *self.fields(Names(names), depth - 1, 1)
                )
                return m.Chain(self.amount(names), link, next_field="next", last="next")
            case 9:
                row = Struct("end" / construct.Int8ub, "more" / self.integer())
                return m.Terminated(row, last="end")
            case 10:
                return m.UpToEnd(self.struct(names, depth, listed=True))
            case _:
                return m.UpTo(
                    Struct("mark" / self.integer(construct.Int8ub), *self.fields(Names(names), depth - 1, 1)),
                    "mark",
                    1,
                )


def at(path: Sequence[str]) -> Any:
    """The `this` expression of a path."""
    expression: Any = this
    for name in path:
        expression = expression[name]
    return expression


def content(choose: Choose, most: int = 40) -> bytes:
    """Bytes of which most are small numbers, and some digits."""
    return bytes(byte(choose) for _ in range(choose(most)))


def byte(choose: Choose) -> int:
    """One of them."""
    shape = choose(16)
    return choose(256) if shape < 2 else b" 0012aF"[choose(7)] if shape < 5 else choose(5)
