"""The layout of a format: its Construct tree, compiled into frozen, typed nodes.

Everything that follows a schema works on these nodes: the reader, the generator, the file model, recipes and
lint. Each consumer matches over `Node` and ends in `assert_never`, so that the type checker names every place
that a new kind of node must be added to. `ccheck_schemas.vocabulary` describes what each kind means.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import field
from enum import Enum, unique
from typing import TypeAlias, assert_never

from ccheck_schemas.digits import DigitForm
from ccheck_schemas.frozen import frozen_by_identity
from ccheck_schemas.layout.expression import Expression, Path
from ccheck_schemas.layout.meanings import ComparedWithFact, Meaning, Restriction
from ccheck_schemas.vocabulary.content import content_end
from ccheck_schemas.vocabulary.gaps import Gaps, OpaqueGaps
from ccheck_schemas.wrapping import ContentSchema, Wrapping

LARGEST = 1 << 128
"""A number that is computed of fields is less than this, so that no file makes numbers without bound."""


@frozen_by_identity
class Integer:
    """An integer of 1, 2, 4 or 8 bytes.

    Attributes:
        packer: Packs the number.
        order: ``<``, ``>``, or ``=`` for the order of the machine.
        letter: Its letter for `struct`; a small letter is signed.
        meanings: What it means, outermost first.
    """

    packer: struct.Struct
    order: str
    letter: str
    meanings: tuple[Meaning, ...] = ()

    @property
    def size(self) -> int:
        """Its bytes."""
        return self.packer.size

    @property
    def signed(self) -> bool:
        """Whether it may be negative."""
        return self.letter.islower()

    @property
    def range(self) -> tuple[int, int]:
        """The least and the greatest number that its bytes can hold."""
        bits = 8 * self.packer.size
        return (-(1 << bits - 1), (1 << bits - 1) - 1) if self.signed else (0, (1 << bits) - 1)


@frozen_by_identity
class Digits:
    """A number in ASCII digits; as in `vocabulary.numbers.digits`.

    Attributes:
        packer: Reads and writes the number.
        meanings: What it means, outermost first.
    """

    packer: DigitForm
    meanings: tuple[Meaning, ...] = ()

    @property
    def size(self) -> int:
        """Its bytes."""
        return self.packer.length

    @property
    def signed(self) -> bool:
        """Whether it may be negative."""
        return False

    @property
    def range(self) -> tuple[int, int]:
        """The least and the greatest number that its bytes can hold."""
        return 0, self.packer.greatest


@frozen_by_identity
class Float:
    """A floating-point number.

    Attributes:
        packer: Packs the number.
        order: ``<``, ``>``, or ``=`` for the order of the machine.
        letter: Its letter for `struct`.
    """

    packer: struct.Struct
    order: str
    letter: str

    @property
    def size(self) -> int:
        """Its bytes."""
        return self.packer.size


@frozen_by_identity
class Const:
    """Bytes that are always the same.

    Attributes:
        number: Their value, if they are an integer.
    """

    expected: bytes
    number: int | None


@frozen_by_identity
class Nothing:
    """No bytes: the branch that is not there."""


@frozen_by_identity
class Computed:
    """No bytes: a number that follows from fields read before; as in `vocabulary.numbers.computed`.

    Attributes:
        value: Its expression.
        meanings: What it means, outermost first: only such as a number breaks by itself.
    """

    value: Expression
    meanings: tuple[Restriction | ComparedWithFact, ...] = ()

    @property
    def range(self) -> tuple[int, int]:
        """The least and the greatest number that it may be."""
        return 1 - LARGEST, LARGEST - 1


@unique
class Place(Enum):
    """What a number without bytes says of its place."""

    POSITION = "the position in the stream in which positions count"
    SIZE = "the size of that stream"
    INDEX = "the index of the record in its list"
    UP_TO = "the number of bytes in front of a terminator"


@frozen_by_identity
class PlaceNumber:
    """No bytes: a number of the place of the field.

    Attributes:
        of: Which one.
        terminator: The bytes that end what is counted.
        to_end: Whether the end of the bytes at hand ends it too.
    """

    of: Place
    terminator: bytes = b""
    to_end: bool = False

    def up_to(self, data: bytes, at: int, limit: int) -> int | None:
        """Returns the bytes from `at` to the terminator; None if it is not in front of `limit`."""
        found = data.find(self.terminator, at, limit)
        if found < 0:
            return limit - at if self.to_end else None
        return found - at


@frozen_by_identity
class Bytes:
    """Bytes without a structure.

    Attributes:
        length: Their number.
        names: The names of the only constants that they may be; empty for any bytes.
    """

    length: Expression
    names: Mapping[bytes, str] = field(default_factory=dict)


@frozen_by_identity
class Opaque:
    """Bytes that the schema does not look into; as in `vocabulary.streams.Opaque`."""

    length: Expression
    reason: str
    dropped: str


@frozen_by_identity
class OpaqueRest:
    """Bytes up to the end of the bytes at hand that the schema does not look into."""

    reason: str
    dropped: str


@frozen_by_identity
class Wrapped:
    """`length` bytes that are content of another format, wrapped; as in `vocabulary.envelopes.Wrapped`."""

    length: Expression
    wrapping: Wrapping
    content: ContentSchema


@frozen_by_identity
class WrappedRest:
    """Bytes up to the end of the bytes at hand that are content of another format, wrapped."""

    wrapping: Wrapping
    content: ContentSchema


@frozen_by_identity
class Content:
    """How content ends inside the bytes of a field; as in `vocabulary.streams.Slot`.

    Attributes:
        terminator: The bytes that end it.
        include: Whether they are part of it.
        pad: A byte that is stripped from the end first; None for none.
        encoding: A codec of Python; None for bytes.
        unit: Bytes of one code unit.
    """

    terminator: bytes
    include: bool
    pad: int | None
    encoding: str | None
    unit: int

    def extent(self, raw: bytes) -> int:
        """Returns how many of the field's bytes are its content."""
        return content_end(raw, self.terminator, self.pad, self.unit, include=self.include)


@frozen_by_identity
class Slot:
    """A field of `length` bytes, which its content need not fill."""

    length: Expression
    content: Content


@frozen_by_identity
class Rest:
    """A field of all bytes up to the end of the bytes at hand, which its content need not fill."""

    content: Content


@frozen_by_identity
class Delimited:
    """Content up to the first terminator; as in `vocabulary.streams.Delimited`."""

    terminator: bytes
    include: bool
    consume: bool
    to_end: bool
    encoding: str | None
    unit: int


@frozen_by_identity
class Text:
    """Text of `length` bytes; as in `vocabulary.shape.Text`.

    Attributes:
        length: Its bytes.
        encoding: A codec of Python.
        terminator: ``none``, ``inside`` or ``behind``.
        lists: Whether NULs separate the texts of a list.
        unit: Bytes of one code unit, and of the NUL.
    """

    length: Expression
    encoding: str
    terminator: str
    lists: bool
    unit: int

    @property
    def behind(self) -> int:
        """The bytes of the NUL that the length does not count."""
        return self.unit if self.terminator == "behind" else 0


@frozen_by_identity
class TextToNul:
    """Text up to the first NUL."""

    encoding: str


@frozen_by_identity
class ZeroPad:
    """Zeros up to a multiple of `align` from the start of the file."""

    align: int


@frozen_by_identity
class AnyPad:
    """Any bytes up to a multiple of `align` from the start of the file."""

    align: int


@frozen_by_identity
class ZerosTo:
    """Zeros up to an absolute offset."""

    offset: Expression


@frozen_by_identity
class ZerosToEnd:
    """Zeros up to the end of the bytes at hand."""


@frozen_by_identity
class Field:
    """A node of a record.

    Attributes:
        name: Its name; empty for padding.
    """

    name: str
    node: Node


@frozen_by_identity
class Struct:
    """A record.

    Attributes:
        fields: Its fields.
        gaps: Of the top record: what bytes may be that no field reads; None for a fault.
    """

    fields: tuple[Field, ...]
    gaps: Gaps | OpaqueGaps | None = None


@frozen_by_identity
class Array:
    """`count` elements one after another."""

    count: Expression
    element: Node


@frozen_by_identity
class Table:
    """From `low` to `high` records of one fixed size, which `IndexInto` and `Rows` name."""

    table: str
    count: Expression
    record: Struct
    low: int
    high: int


@frozen_by_identity
class Terminated:
    """Records of one fixed size, up to a record of zeros, which is recognised by its number `last`."""

    record: Struct
    last: str


@frozen_by_identity
class UpTo:
    """Records up to and including the one whose field `field` is `value`."""

    record: Struct
    field: str
    value: int


@frozen_by_identity
class UpToEnd:
    """Records up to the end of the bytes at hand."""

    record: Struct


@frozen_by_identity
class Pool:
    """From `low` to `high` bytes that the items of `Pooled` fields own."""

    region: str
    count: Expression
    low: int
    high: int


@frozen_by_identity
class Strings:
    """Texts that each end in a NUL, which `SharedText` fields own."""

    block: str
    length: Expression


@frozen_by_identity
class Region:
    """`length` bytes that the inner node fills exactly."""

    length: Expression
    inner: Node


@frozen_by_identity
class Substream:
    """`length` bytes in which positions count, and which the inner node need not fill."""

    length: Expression
    inner: Node


@frozen_by_identity
class SubstreamRest:
    """A `Substream` of all bytes up to the end of the bytes at hand."""

    inner: Node


@frozen_by_identity
class ReadAt:
    """A node at a position of a stream, whose bytes another field may own too.

    Attributes:
        position: The position.
        whole_file: Whether it counts in the file, not in the stream of the record.
        inside: The record in whose stream it counts; None for none but its own.
        inner: The node.
    """

    position: Expression
    whole_file: bool
    inside: Path | None
    inner: Node


@frozen_by_identity
class If:
    """One of two branches."""

    condition: Expression
    then: Node
    otherwise: Node


@frozen_by_identity
class Switch:
    """The branch of a key.

    Attributes:
        default: The branch of an unknown key; `Nothing` if an unknown key is a fault.
    """

    key: Expression
    cases: Mapping[int | str | bytes, Node]
    default: Node


@frozen_by_identity
class At:
    """A record at an absolute offset; none if the offset is 0."""

    offset: Expression
    record: Struct


@frozen_by_identity
class Chain:
    """Records of which each names the offset of the next; as in `vocabulary.pointers.Chain`."""

    first: Expression
    record: Struct
    next_field: str
    last: str
    align: int


@frozen_by_identity
class Pooled:
    """An item of a pool: text or bytes of `length` bytes at the absolute offset `offset`."""

    region: str
    offset: Expression
    length: Expression
    item: Text | Bytes
    align: int

    @property
    def behind(self) -> int:
        """The bytes of the NUL after the item that the length does not count."""
        return self.item.behind if isinstance(self.item, Text) else 0


@frozen_by_identity
class SharedText:
    """A text of a block, at an offset in the block."""

    block: str
    offset: Expression
    encoding: str


@frozen_by_identity
class Rows:
    """Rows of a table: the fields of the same record that have the index of the first, and their number."""

    table: str
    first: str
    count: str


def meanings_of(node: Node) -> tuple[Meaning, ...]:
    """Returns what a field means; nothing for one that is no integer."""
    return node.meanings if isinstance(node, Integer | Digits | Computed) else ()


Node: TypeAlias = (
    Integer | Digits | Float | Const | Nothing | Computed | PlaceNumber | Bytes | Opaque | OpaqueRest
    | Wrapped | WrappedRest | Slot | Rest
    | Delimited | Text | TextToNul | ZeroPad | AnyPad | ZerosTo | ZerosToEnd | Struct | Array | Table
    | Terminated | UpTo | UpToEnd | Pool | Strings | Region | Substream | SubstreamRest | ReadAt | If | Switch
    | At | Chain | Pooled | SharedText | Rows
)  # fmt: skip
"""Any node of a layout."""

Number: TypeAlias = Integer | Float

Stored: TypeAlias = Integer | Digits
"""A whole number that has bytes of its own."""

Pointer: TypeAlias = At | Chain | Pooled | SharedText | Rows | ReadAt
"""A node that takes no bytes in its record."""

Choice: TypeAlias = If | Switch

Envelope: TypeAlias = Wrapped | WrappedRest
"""A node whose bytes are content of another format."""


def branches_of(node: Choice) -> tuple[Node, ...]:
    """Returns the branches of a conditional node."""
    match node:
        case If():
            return node.then, node.otherwise
        case Switch():
            return (*node.cases.values(), node.default)
        case _:
            assert_never(node)


def leaves_of(node: Node) -> Iterator[Node]:
    """Yields what a field may be, inside branches and regions."""
    match node:
        case Region():
            yield from leaves_of(node.inner)
        case If() | Switch():
            for branch in branches_of(node):
                yield from leaves_of(branch)
        case (
            Integer()
            | Digits()
            | Float()
            | Const()
            | Nothing()
            | Computed()
            | PlaceNumber()
            | Bytes()
            | Opaque()
            | Wrapped()
        ):
            yield node
        case OpaqueRest() | WrappedRest() | Slot() | Rest():
            yield node
        case Delimited() | Text() | TextToNul() | ZeroPad() | AnyPad() | ZerosTo() | ZerosToEnd() | Struct():
            yield node
        case Array() | Table() | Terminated() | UpTo() | UpToEnd() | Pool() | Strings():
            yield node
        case Substream() | SubstreamRest() | ReadAt() | At() | Chain() | Pooled() | SharedText() | Rows():
            yield node
        case _:
            assert_never(node)


def inner_nodes(node: Node) -> tuple[Node, ...]:
    """Returns the nodes inside a node; an item of a pool is part of its `Pooled`."""
    match node:
        case Struct():
            return tuple(field.node for field in node.fields)
        case If() | Switch():
            return branches_of(node)
        case Array():
            return (node.element,)
        case Table() | Terminated() | UpTo() | UpToEnd() | At() | Chain():
            return (node.record,)
        case Region() | Substream() | SubstreamRest() | ReadAt():
            return (node.inner,)
        case (
            Integer()
            | Digits()
            | Float()
            | Const()
            | Nothing()
            | Computed()
            | PlaceNumber()
            | Bytes()
            | Opaque()
            | Wrapped()
        ):
            return ()
        case OpaqueRest() | WrappedRest() | Slot() | Rest():
            return ()
        case Delimited() | Text() | TextToNul() | ZeroPad() | AnyPad() | ZerosTo() | ZerosToEnd():
            return ()
        case Pool() | Strings() | Pooled() | SharedText() | Rows():
            return ()
        case _:
            assert_never(node)


def nodes(node: Node) -> Iterator[Node]:
    """Yields a node and all nodes inside it, each in every place."""
    yield node
    for inner in inner_nodes(node):
        yield from nodes(inner)


def envelopes(layout: Struct) -> Iterator[Envelope]:
    """Yields the envelopes of a layout, each in every place, and not those inside their content."""
    return (node for node in nodes(layout) if isinstance(node, Wrapped | WrappedRest))


def depth_of(node: Envelope) -> int:
    """Returns how many envelopes are inside each other here."""
    return 1 + max(map(depth_of, envelopes(node.content.layout)), default=0)


def expressions_of(node: Node) -> tuple[Expression, ...]:
    """Returns the expressions of a node itself."""
    match node:
        case Bytes() | Opaque() | Wrapped() | Slot() | Text() | Strings() | Region() | Substream():
            return (node.length,)
        case Array() | Table() | Pool():
            return (node.count,)
        case ZerosTo() | At() | SharedText():
            return (node.offset,)
        case ReadAt():
            return (node.position,) if node.inside is None else (node.position, node.inside)
        case If():
            return (node.condition,)
        case Switch():
            return (node.key,)
        case Chain():
            return (node.first,)
        case Pooled():
            return node.length, node.offset
        case Computed():
            return (node.value,)
        case (
            Integer()
            | Digits()
            | Float()
            | Const()
            | Nothing()
            | OpaqueRest()
            | WrappedRest()
            | Rest()
            | Delimited()
            | TextToNul()
        ):
            return ()
        case ZeroPad() | AnyPad() | ZerosToEnd() | Struct() | Terminated() | UpTo() | UpToEnd():
            return ()
        case SubstreamRest() | Rows() | PlaceNumber():
            return ()
        case _:
            assert_never(node)
