"""The lint: every lax node of Construct is refused with its place and a remedy."""

from __future__ import annotations

import operator
import re
from enum import IntEnum
from typing import Any

import construct
import pytest
from construct import Array, Bytes, If, Int8ub, Int16ul, Struct, Switch, this

from ccheck.formats.registry import SCHEMAS
from ccheck_schemas import meaning as m
from ccheck_schemas.layout.lint import layout_of, lint
from ccheck_schemas.layout.refused import REFUSED
from ccheck_schemas.layout.size import sizeof
from ccheck_schemas.schema import Schema, SchemaRefused


class Big(IntEnum):
    """One value that no byte has."""

    ONE = 256


_BYTE = Struct("a" / Int8ub)

LAX: dict[str, Any] = {
    "GreedyRange": construct.GreedyRange(Int8ub),
    "RepeatUntil": construct.RepeatUntil(this == 0, Int8ub),
    "Enum": construct.Enum(Int8ub, one=1),
    "FlagsEnum": construct.FlagsEnum(Int8ub, one=1),
    "Mapping": construct.Mapping(Int8ub, {1: "one"}),
    "Padded": construct.Padded(4, Int8ub),
    "Aligned": construct.Aligned(4, Int8ub),
    "FixedSized": construct.FixedSized(4, Int8ub),
    "NullTerminated": construct.NullTerminated(construct.GreedyBytes),
    "NullStripped": construct.NullStripped(construct.GreedyBytes),
    "Prefixed": construct.Prefixed(Int8ub, construct.GreedyBytes),
    "Pointer": construct.Pointer(-4, Int8ub),
    "Peek": construct.Peek(Int8ub),
    "Seek": construct.Seek(4),
    "Select": construct.Select(Int8ub, Int16ul),
    "Union": construct.Union(0, "a" / Int8ub),
    "Rebuild": construct.Rebuild(Int8ub, 1),
    "Default": construct.Default(Int8ub, 1),
    "Check": construct.Check(this.a),
    "Probe": construct.Probe(),
    "StopIf": construct.StopIf(this.a),
    "LazyBound": construct.LazyBound(lambda: Int8ub),
    "RawCopy": construct.RawCopy(Int8ub),
}


class Odd(m.Bounded):
    """A meaning of a user's own."""

    def complaint(self, value: int) -> str | None:
        """Whether the value is odd."""
        return None if value % 2 else f"{value} is even"


class Longer(Bytes):  # type: ignore[misc]  # Construct has no types
    """Bytes of a user's own."""


@pytest.mark.parametrize(
    ("listed", "reason"),
    [
        (
            m.Terminated(Struct("n" / Int8ub, "x" / Bytes(this.n)), last="n"),
            "Structs of one fixed size",
        ),
        (m.UpTo(Int8ub, "n", 1), "Structs that take bytes"),
        (m.UpTo(Struct("n" / Bytes(2)), "n", 1), "no number"),
        (m.UpToEnd(Struct()), "Structs that take bytes"),
        (m.SharedText("names", 1), "no block is named 'names'"),
        (m.Terminated(Int8ub, last="n"), "Structs of one fixed size"),
        (m.Terminated(Struct("n" / Int8ub), last="m"), "has no number 'm'"),
        (m.Terminated(Struct("n" / Bytes(2)), last="n"), "has no number 'n'"),
    ],
)
def test_a_list_without_a_mark_is_refused(listed: Any, reason: str) -> None:
    """A list that ends with a mark has records of one size, and the mark is a number in them."""
    assert any(reason in complaint for complaint in lint(Struct("x" / listed)))


@pytest.mark.parametrize("name", sorted(LAX))
def test_a_lax_node_is_refused(name: str) -> None:
    """Each node that accepts what a strict validator must not is refused at its place, by its name."""
    complaints = lint(Struct("a" / Int8ub, "x" / LAX[name]))
    assert any(c.startswith(f"x: {name} ") and REFUSED[name] in c for c in complaints), complaints


@pytest.mark.parametrize(
    ("node", "complaint"),
    [
        ("x" / Bytes(lambda ctx: 1), "is a function"),
        ("x" / Bytes(this.later), "later is no field of this record before it"),
        ("x" / Bytes(this.a**this.a), "can make numbers without bound"),
        ("x" / Bytes(this.a // 0), "divides by a number that is not positive"),
        ("x" / Bytes(this.a << -1), "shifts by a negative number"),
        ("x" / Bytes(construct.this.a**2), "the operator of"),
        ("x" / construct.Computed(lambda context: 1), "is a function"),
        ("x" / construct.Computed("a"), "'a' is text, where an integer belongs"),
        ("x" / construct.Computed(this.y), "y is no field of this record before it"),
        ("x" / m.FileSize(construct.Computed(this.a)), "FileSize: one of them is about bytes"),
        ("x" / m.CountOf(construct.Computed(this.a), of="a"), "CountOf: one of them is about bytes"),
        ("x" / construct.Index, "x: Index is a field of a record that is the element of a list"),
        (
            "x" / Array(2, Struct("y" / Array(2, Int8ub), "z" / construct.Index)),
            "x[].z: Index is a field of a record that is the element of a list",
        ),
        ("x" / Bytes(m.choose(this.a, this.y, 1)), "y is no field of this record before it"),
        ("x" / Bytes(m.choose(this.a, "b", 1)), "'b' is text, where an integer belongs"),
        ("x" / If(this.a == (lambda ctx: 1), Int8ub), "is a function"),
        ("x" / Bytes(this._.a), "this._.a goes above the top record"),
        ("x" / Bytes(this._root), "this._root is not a field"),
        ("x" / Bytes(this), "this is not a field"),
        ("x" / Bytes(this._index), "_index is a variable of Construct's parser"),
        ("x" / Array(this.a, Struct("b" / Bytes(this._index))), "x[].b: this._index: _index is a variable"),
        ("x" / Array(this.a, Struct("b" / Bytes(this.a))), "a is no field of this record before it"),
        ("x" / Struct("b" / Bytes(this._._.a)), "this._._.a goes above the top record"),
        ("x" / Struct("b" / Bytes(this._.x.c), "c" / Int8ub), "x is no field of this record before it"),
        ("x" / Bytes(this.a.b), "b is no field of a"),
        ("x" / Array(this.a[0], Int8ub), "x: this.a is an integer, and has no elements: name a list"),
        ("x" / Bytes(-1), "-1 is negative"),
        ("x" / Bytes("a"), "'a' is text, where an integer belongs"),
        ("x" / Bytes(this.a >> -1), "shifts by a negative number"),
        ("x" / If(this.a == "one", Int8ub), "compares an integer with text"),
        ("x" / Switch(this.a, {"one": Int8ub}), "the case 'one' is not an integer"),
        ("x" / Switch(this.a + 1, {None: Int8ub}), "the case None is not an integer"),
        ("x" / Array(this.a, Bytes(0)), "elements without bytes"),
        (
            "x" / Array(2, Switch(this.a, {1: m.Pooled("p", this.a, 1, Bytes(1)), 2: Int8ub})),
            "an element of an Array cannot be a pointer",
        ),
        (
            "x" / Struct("y" / m.CountOf(Int8ub, of="a")),
            "CountOf names 'a', which is no sibling",
        ),
        ("x" / m.CountOf(Int8ub, of="a"), "CountOf names 'a', which is no list"),
        ("x" / m.LengthOf(Int8ub, of="a"), "LengthOf names 'a', whose length does not depend on it"),
        ("x" / m.RecordSize(Int8ub, of="a"), "RecordSize names 'a', which is no Table or Pool"),
        ("x" / m.Rows("rows", first="a", count="x"), "Rows names 'x'"),
        ("x" / construct.Const(1, construct.Int24ul), "Const is of bytes"),
        ("x" / construct.Const(1.0, construct.Float32b), "Const of a floating-point number"),
        ("x" / construct.Int24ul, "x: Int24ul has three bytes"),
        ("x" / construct.PaddedString(4, "ascii"), "x: PaddedString drops"),
        ("x" / construct.BitStruct("a" / construct.Nibble), "x: BitStruct reads bits"),
        ("x" / construct.Terminated, "Terminated of Construct"),
        ("x" / m.Table("rows", this.a, Struct("b" / Bytes(this._.a))), "Structs of one fixed size"),
        ("x" / m.IndexInto(Int8ub, "rows"), "no table is named 'rows'"),
        ("x" / m.Pooled("pool", this.a, this.a, Bytes(this.a)), "no pool is named 'pool'"),
        ("x" / m.Rows("rows", first="a", count="b"), "Rows names 'b'"),
        ("x" / m.Rows("rows", first=this.a, count="a"), "Rows names this.a: give the name of a number"),
        ("x" / m.CountOf(Int8ub, of="y"), "CountOf names 'y'"),
        ("x" / m.OffsetInto(Int8ub, of="y"), "no field is named 'y'"),
        ("x" / m.OffsetInto(Int8ub, of="a"), "x: OffsetInto is the offset of 'a', and nothing reads it"),
        ("x" / m.Chain(this.a, _BYTE, next_field="next", last="a"), "no field 'next'"),
        ("x" / m.Chain(this.a, Int8ub, next_field="next", last="a"), "Chain reads a Struct"),
        ("x" / m.Bounded(Bytes(2), 0, 1), "wraps Bytes"),
        ("x" / m.Bounded(construct.Float32b, 0, 1), "not an integer"),
        ("x" / construct.VarInt, "VarInt has several spellings"),
        ("a" / Int8ub, "'a' is the name of a field in front of it, too: rename one of the two"),
        ("a b" / Int8ub, "a new identifier"),
        ("_x" / Int8ub, "does not begin with an underscore"),
        (Int8ub, "has no name"),
        ("x" / m.Terminated(_BYTE, this.a), "x: Terminated takes no expression as last: a name is text"),
        ("x" / m.UpTo(_BYTE, this.a, 1), "x: UpTo takes no expression as field: a name is text"),
        ("x" / m.UpTo(_BYTE, "a", this.a), "x: UpTo takes no expression as value: "),
        ("x" / m.Version(Int8ub, (this.a,)), "x: Version takes no expression as known: a number is stated"),
        ("x" / m.Version(Int8ub, (1,), mask=this.a + 1), "x: Version takes no expression as mask: a number"),
        ("x" / m.CountOf(Int8ub, of=this.a), "x: CountOf takes no expression as of: a name is text"),
        ("x" / m.IndexInto(Int8ub, this.a), "x: IndexInto takes no expression as table: "),
        ("x" / m.Table(this.a, 1, _BYTE), "x: Table takes no expression as table: "),
        ("x" / m.Pool(this.a, 1), "x: Pool takes no expression as region: "),
        ("x" / m.Chain(this.a, _BYTE, this.a, "a"), "x: Chain takes no expression as next_field: "),
        ("x" / m.SharedText(this.a, 0), "x: SharedText takes no expression as block: "),
        ("x" / Bytes(construct.expr.UniExpr(operator.invert, this.a)), "is a function"),
        ("x" / Odd(Int8ub, 0, 9), "x: Odd is a meaning that the reader does not know"),
        ("x" / Longer(2), "x: Longer is not in the vocabulary"),
        ("x" / (Int8ub * (lambda obj, context: None)), "x: it calls a function when Construct parses it"),
        ("x" / construct.FormatField("<", "?"), "x: a number of format '<?' reads every byte but 0 as true"),
    ],
)
def test_a_schema_that_a_program_cannot_trust_is_refused(node: Any, complaint: str) -> None:
    """Functions, forward references, unbounded numbers and dangling names are each refused with the reason."""
    complaints = lint(Struct("a" / Int8ub, node))
    assert any(complaint in c for c in complaints), complaints


def test_a_struct_that_holds_itself_is_refused() -> None:
    """A recursive struct, whose depth a file would choose, is refused."""
    inner = Struct("a" / Int8ub)
    outer = Struct("a" / Int8ub, "inner" / m.At(this.a, inner))
    inner.subcons.append("back" / m.At(this.a, outer))
    assert any("contains itself" in c for c in lint(outer))


def test_a_schema_is_linted_when_it_is_made() -> None:
    """A refused schema cannot be made at all, and says every reason."""
    root = Struct("x" / construct.GreedyBytes, "y" / construct.Optional(Int8ub))
    with pytest.raises(SchemaRefused) as refused:
        Schema("lax", "lax", root, recognise=lambda data: True)
    assert len(refused.value.complaints) == 2


@pytest.mark.parametrize(
    ("element", "size"),
    [
        (construct.IfThenElse(this.n, Int16ul, Bytes(2)), 6),
        (Switch(this.n, {1: Int16ul, 2: Bytes(2)}, Array(2, Int8ub)), 6),
        (Array(2, construct.IfThenElse(this.n, Int16ul, Bytes(2))), 12),
        (Struct("y" / construct.IfThenElse(this._.n, Int16ul, Bytes(2))), 6),
        (m.Bounded(Int8ub, 0, 9), 3),
        (If(this.n, Int8ub), None),
        (Switch(this.n, {1: Int8ub}, Int16ul), None),
        (Bytes(this.n), None),
    ],
)
def test_an_array_of_conditional_elements_has_a_size_where_its_branches_agree(
    element: Any, size: int | None
) -> None:
    """The size of a choice is that of its branches, in lists too, and nothing asks for its condition."""
    listed = Array(3, element)
    layout = layout_of(Struct("n" / Int8ub, "x" / listed))
    assert sizeof(layout.fields[1].node) == size
    row = Struct("n" / Int8ub, "x" / listed)
    complaints = lint(Struct("rows" / m.Table("rows", 2, row)))
    refused = ("rows: the records of a Table are Structs of one fixed size; use Array for others",)
    assert complaints == (() if size is not None else refused)


def test_as_many_versions_are_known_as_are_allowed() -> None:
    """4,096 versions may be known and no more; a range is not written out before that is known."""
    known = range(4096)
    assert m.Version(Int16ul, known=known).known == tuple(known)  # type: ignore[arg-type]  # what people write
    for most in (4097, 1 << 40):
        with pytest.raises(ValueError, match=f"^{most:,} versions are too many to name; 4,096 are allowed$"):
            m.Version(Int16ul, known=range(most))  # type: ignore[arg-type]  # what people write


def test_a_good_schema_has_no_complaints() -> None:
    """Nodes of the vocabulary, nested, pass."""
    case = {1: m.Table("rows", this.count, _BYTE), 2: m.Pool("pool", this.count)}
    body = Struct("kind" / Int8ub, "count" / Int8ub, "rows" / Switch(this.kind, case))
    good = Struct("size" / Int8ub, "body" / m.Region(this.size, body), "row" / m.IndexInto(Int8ub, "rows"))
    assert lint(good) == ()
    assert lint(Int8ub) == ('schema: the top node is not a Struct; put it into one: Struct("name" / …)',)


def test_the_built_in_schemas_pass_their_own_lint() -> None:
    """Every format that ccheck brings along is accepted."""
    assert SCHEMAS
    for schema in SCHEMAS:
        assert lint(schema.root) == ()


@pytest.mark.parametrize(
    "reading",
    [
        ["y" / m.At(this.x, _BYTE)],
        ["y" / m.ReadAt(this.x, Bytes(2))],
        [m.ZerosTo(this.x), "y" / Bytes(2)],
        ["y" / m.Chain(this.x, Struct("next" / Int8ub, "last" / Int8ub), next_field="next", last="last")],
        ["inner" / Struct("z" / m.ReadAt(this._.x + 4, Bytes(2))), "y" / Bytes(2)],
    ],
)
def test_an_offset_that_something_reads_is_accepted(reading: list[Any]) -> None:
    """An offset is compared where a node is read at it, or where what stands there begins at it."""
    assert lint(Struct("x" / m.OffsetInto(Int8ub, of="y"), *reading)) == ()


def test_the_link_of_a_chain_is_an_offset_that_is_read() -> None:
    """The offset of the next record of a chain is read by the chain, though no expression names it."""
    link = Struct("next" / m.OffsetInto(Int8ub, of="y"), "last" / Int8ub)
    chain = m.Chain(this.x, link, next_field="next", last="last")
    assert lint(Struct("x" / Int8ub, "y" / chain)) == ()


def test_the_count_of_a_list_elsewhere_is_compared() -> None:
    """A count may be that of a list which is read at an offset, as a schema of a real format has it."""
    at = "at" / m.OffsetInto(Int8ub, of="rows")
    count = "count" / m.CountOf(Int8ub, of="rows")
    assert lint(Struct(at, count, "rows" / m.ReadAt(this.at, construct.Array(this.count, _BYTE)))) == ()
    assert lint(Struct(at, count, "rows" / m.ReadAt(this.at, construct.Array(2, _BYTE))))


ROWS = m.Table("rows", this.n, _BYTE)


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        (["n" / Int8ub, "size" / m.RecordSize(Int8ub, of="sections")], "size: RecordSize names 'sections', which is no sibling: it is about a field of its own record; known are n"),
        (["n" / Int8ub, "size" / m.RecordSize(Int8ub, of="rowss"), "rows" / ROWS], "size: RecordSize names 'rowss', which is no sibling: it is about a field of its own record; known are n, rows; did you mean 'rows'?"),
        (["size" / m.RecordSize(Int8ub, of="rows"), "body" / Struct("n" / Int8ub, "rows" / ROWS)], "size: RecordSize names 'rows', which is no sibling: it is about a field of its own record; 'rows' is a field of body: put the number there, or leave RecordSize out and write a check"),
        (["size" / m.RecordSize(Int8ub, of="x"), "x" / Bytes(2)], "size: RecordSize names 'x', which is no Table or Pool: read 'x' by one, or write a check"),
        (["size" / m.LengthOf(Int8ub, of="x"), "x" / Bytes(2)], "size: LengthOf names 'x', whose length does not depend on it: nothing compares them; let it, as in Bytes(this.size)"),
        (["n" / m.CountOf(Int8ub, of="x"), "x" / Bytes(2)], "n: CountOf names 'x', which is no list: the count would never be compared; name a list, or let the length of 'x' use this.n"),
        (["x" / Bytes(this.n), "n" / Int8ub], "x: this.n: n is no field of this record before it: it is read after it; put 'n' in front"),
        (["lengt" / Int8ub, "x" / Bytes(this.length)], "x: this.length: length is no field of this record before it; known are lengt; did you mean 'lengt'?"),
        (["n" / Int8ub, "x" / Struct("y" / Bytes(this.n))], "x.y: this.n: n is no field of this record before it; did you mean this._.n?"),
        (["n" / Int8ub, "x" / Array(2, Bytes(this._.n))], "x[]: this._.n goes above the top record; did you mean this.n?; an Array makes no record of its own"),
        (["h" / Struct("n" / Int8ub), "x" / Bytes(this.n)], "x: this.n: n is no field of this record before it; did you mean this.h.n?"),
        (["h" / Struct("n" / Int8ub), "x" / Bytes(this.h.m)], "x: this.h.m: m is no field of h; known are n"),
        (["h" / Struct("n" / Int8ub), "x" / Bytes(this.h)], "x: this.h is a record, where an integer belongs: name one of its fields"),
        (["n" / Int8ub, "l" / Array(this.n, Int8ub), "x" / Bytes(this.l)], "x: this.l is a list, where an integer belongs: name the field that has its count, or len_ of the list"),
        (["l" / Array(2, Int8ub), "x" / Bytes(this.l[-1])], "x: this.l has no element -1: an index is 0 or more"),
        (["l" / Array(2, _BYTE), "x" / Bytes(this.l[0])], "x: element(this.l, 0) is a record, where an integer belongs: name one of its fields"),
        (["l" / Array(2, _BYTE), "x" / Bytes(m.element(this.l, 1).b)], "x: element(this.l, 1).b: b is no field of the elements; known are a"),
        (["l" / Array(2, _BYTE), "x" / Bytes(m.element(this.k, 0).a)], "x: this.k: k is no field of this record before it; known are l"),
        (["l" / Array(2, _BYTE), "s" / Bytes(1), "x" / Bytes(m.element(this.l, this.s).a)], "x: this.s is bytes, where an integer belongs: compare it with bytes"),
        (["l" / Array(2, _BYTE), "x" / Bytes(m.element(1, 0))], "x: 1 is no list: give a `this` expression that leads to one"),
        (["n" / Int8ub, "x" / Bytes(construct.len_(this.n))], "x: len_(this.n) counts the elements of an integer: name a list"),
        (["l" / Array(2, Int8ub), "x" / Bytes(construct.max_(this.l))], "x: max_(this.l) is a function; use an int or a `this` expression"),
        (["n" / Int8ub, "x" / m.ReadAt(0, Int8ub, inside=this.n)], "x: this.n is an integer, where a record belongs"),
        (["x" / m.ReadAt(0, Int8ub, inside=this._)], "x: this._ goes above the top record"),
        (["n" / Int8ub, "x" / m.ReadAt(0, Int8ub, inside=this.n + 1)], "x: inside=(this.n + 1) is no record: give a `this` expression of one"),
        (["f" / construct.Float32b, "x" / Bytes(this.f)], "x: this.f is a floating-point number, where an integer belongs: write a check"),
        (["n" / Int8ub, "x" / If(this.n == "a", Int8ub)], "x: (this.n == 'a') compares an integer with text: compare with a constant of the same type"),
        (["n" / Int8ub, "x" / Bytes(this.n + this.m + 1)], "x: this.m: m is no field of this record before it; known are n"),
        (["n" / Int8ub, "x" / Bytes(this.n * 2 - this.n[0])], "x: this.n is an integer, and has no elements: name a list"),
        (["x" / m.IndexInto(Int8ub, "row"), "n" / Int8ub, "rows" / ROWS], "x: no table is named 'row': Table('row', …) would name one; known are rows; did you mean 'rows'?"),
        (["x" / m.OffsetInto(Int8ub, of="boddy"), "body" / m.At(this.x, _BYTE)], "x: no field is named 'boddy'; known are a, body, x; did you mean 'body'?"),
        (["a" / Int8ub, "x" / m.Chain(this.a, Struct("next" / Int8ub), next_field="nxt", last="next")], "x: the chained record has no field 'nxt'; known are next; did you mean 'next'?"),
        (["x" / m.Terminated(Struct("n" / Int8ub), last="m")], "x: the listed record has no number 'm'; known are n"),
        (["n" / Int8ub, "t" / m.Rows("rows", "first", "n"), "first" / Int8ub, "rows" / ROWS], "t: Rows names 'first', which is no field of this record before it: it is read after it; put 'first' in front"),
        (["x" / m.StrictEnum(Int8ub, Big)], "x: StrictEnum refuses every number from 0 to 255, which are those of the field; use a wider integer, or other values"),
        (["x" / m.Bounded(Bytes(2), 0, 1)], "x: Bounded wraps Bytes, not an integer; put it around one, such as Int16ul"),
        (["x" / Array(-1, Int8ub)], "x: -1 is negative; a count, a length or an offset is 0 or more"),
        (["n" / Int8ub, "x" / Array(this.n, Bytes(0))], "x: elements without bytes let a count ask for endless work; give them a field"),
        (["n" / Int8ub, "x" / Bytes(this.n ** 2)], "x: the operator of (this.n ** 2) can make numbers without bound; use + - * // % & | >> << == != < <= > >="),
        ([Int8ub], 'schema: Int8ub has no name; write "name" / Int8ub'),
    ],
    ids=lambda one: one.partition(":")[2][:60] if isinstance(one, str) else "",
)  # fmt: skip
def test_a_complaint_says_what_the_author_can_do(fields: list[Any], complaint: str) -> None:
    """Each complaint has the place, what is wrong there, and what to write: the name that is meant, or the node."""
    assert lint(Struct(*fields)) == (complaint,)


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda: m.ZeroPad(0), "align=0 is less than 1, the least that it can be"),
        (lambda: m.OffsetInto(Int8ub, of="x", unit=0), "unit=0 is less than 1, the least that it can be"),
        (lambda: m.LengthOf(Int8ub, of="x", step=-1), "step=-1 is less than 1, the least that it can be"),
        (lambda: m.ChecksumOver(Int8ub, start=-1), "start=-1 is less than 0, the least that it can be"),
        (lambda: m.Version(Int8ub, (1,), minor_bits=65), "minor_bits=65 is more than 64, the most that it can be"),
        (lambda: m.Bounded(Int8ub, 3, 2), "the bounds 3..2 contain no number: low is at most high"),
        (lambda: m.Text(2, "utf8x"), "'utf8x' is no encoding that Python knows; write one such as 'utf-8' or 'utf-16-le'"),
        (lambda: m.Slot(2, pad=300), "pad=300 is no byte: give a number from 0 to 255"),
        (lambda: m.Delimited(b""), "the terminator is empty: give its bytes, or use Rest"),
    ],
    ids=lambda one: one[:40] if isinstance(one, str) else "",
)  # fmt: skip
def test_a_node_that_cannot_be_made_names_its_argument(make: Any, complaint: str) -> None:
    """An argument that no node can have is refused by its name, with what it may be."""
    with pytest.raises(ValueError, match=f"^{re.escape(complaint)}$"):
        make()


def test_many_complaints_take_little() -> None:
    """Only the first complaints search for the name that is meant: the others say what is wrong all the same."""
    fields = ["a" / Int8ub, *(f"x{i}" / Bytes(this.b) for i in range(60))]
    complaints = lint(Struct(*fields))
    assert len(complaints) == 60
    assert sum("did you mean" in one for one in complaints) < 51
    assert all("b is no field of this record before it" in one for one in complaints)
