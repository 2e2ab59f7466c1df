"""Random schemas out of the whole vocabulary: the reader, Construct's own parser and generated code agree.

`pytest --more 20` tries twenty times as many trees.
"""

from __future__ import annotations

import contextlib
import io
import math
import random
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from types import FrameType
from typing import Any

import construct
from hypothesis import given, settings
from hypothesis import strategies as st

from ccheck.config.user_schema import UserSchema
from ccheck.formats.check_table import CHECKS
from ccheck.judging import generated_fast_path as own
from ccheck.judging.context import ValidationContext
from ccheck.judging.preparation import prepare
from ccheck_schemas import meaning as m
from ccheck_schemas.build_facts import FactKind
from ccheck_schemas.fault import FaultName
from ccheck_schemas.generate.refused import NotGenerated
from ccheck_schemas.layout import lint as linting
from ccheck_schemas.layout import tree
from ccheck_schemas.layout.expression import Element, ElementCount, parts_of
from ccheck_schemas.layout.lint import lint
from ccheck_schemas.layout.meanings import ComparedWithFact
from ccheck_schemas.layout.tree import nodes
from ccheck_schemas.model import decompose, minimal_file
from ccheck_schemas.record import Reading, Record
from ccheck_schemas.schema import Schema
from ccheck_schemas.vocabulary.numbers.digits import RawNumber
from tests.schemas.same_reading import read_both
from tests.schemas.test_generate import compiled
from tests.schemas.trees import Choose, Trees, content

layout_of = lru_cache(maxsize=4)(linting.layout_of)

TREES = 2000
FILES = 6
BUDGET = 4000
"""Calls of Python functions that a reading may cost for each node of the tree and byte of the file, at most."""


def made(choose: Choose) -> construct.Struct | None:
    """A tree that lint accepts; None where it made none."""
    root = Trees(choose).root()
    return None if lint(root) else root


def test_paths_of_expressions_go_through_whatever_holds_a_record() -> None:
    """Expressions of the trees that lint accepts name fields in records, in branches, in regions and behind pointers."""
    led: Counter[str] = Counter()
    for seed in range(600):
        trees = Trees(random.Random(seed).randrange)
        if not lint(trees.root()):
            led.update(trees.led)
    wanted = {"Struct", "IfThenElse", "Switch", "Region", "At", "ReadAt", "Substream", "SubstreamRest"}
    assert set(led) == wanted, led
    assert min(led.values()) > 2, led


def files(root: construct.Struct, seed: int) -> list[bytes]:
    """Small files for a tree: random ones, those that its layout alone makes, and edits of these."""
    rng = random.Random(seed)
    found = [content(rng.randrange) for _ in range(FILES)]
    for _ in range(FILES):
        good = minimal_file(layout_of(root), random.Random(rng.random()))
        found.append(good)
        if good:
            edited = bytearray(good)
            edited[rng.randrange(len(edited))] = rng.choice((0, 1, 2, 3, *b" 01"))
            found.append(bytes(edited))
    return [data for data in found if len(data) < 2000]


def by_construct(root: construct.Struct, data: bytes) -> Any:
    """What Construct's own parser reads; None where it raises, or works without end."""
    with contextlib.suppress(construct.ConstructError, LookupError, TypeError, ValueError, ArithmeticError):
        return root.parse_stream(BoundedStream(data))
    return None


class BoundedStream(io.BytesIO):
    """A stream that can be read so often and no more: Construct reads a billion elements without bytes."""

    reads = 100_000

    def read(self, size: int | None = -1, /) -> bytes:
        """Returns the next bytes."""
        self.reads -= 1
        if self.reads < 0:
            raise construct.StreamError("this file is read without end")
        return super().read(size)


def differences(node: Any, ours: Any, theirs: Any, whole: bool, path: str) -> list[str]:
    """Where a value that the reader has is not Construct's. whole: the reader found no fault."""
    while isinstance(node, construct.Renamed | m.Meaning):
        node = node.subcon
    match node:
        case construct.Struct():
            if not isinstance(ours, Record):
                return [f"{path}: {ours!r} is no record"] if whole or ours is not None else []
            return [
                found
                for sub in node.subcons
                if sub.name and (whole or sub.name in ours.values)
                for found in differences(
                    sub,
                    ours.values.get(sub.name, "absent"),
                    theirs.get(sub.name, "absent"),
                    whole,
                    f"{path}.{sub.name}",
                )
            ]
        case construct.Array() | m.Table() | m.Terminated() | m.UpTo() | m.UpToEnd() | m.Chain():
            if (
                not isinstance(ours, Sequence)
                or isinstance(ours, str | bytes)
                or (whole and len(ours) != len(theirs))
            ):
                return [f"{path}: {ours!r} for {theirs!r}"]
            return [
                found
                for i, (item, other) in enumerate(zip(ours, theirs, strict=False))
                for found in differences(node.subcon, item, other, whole, f"{path}[{i}]")
            ]
        case m.Region() | m.At() | m.Substream() | m.SubstreamRest() | m.ReadAt():
            if theirs is None or ours is None:
                return [f"{path}: {ours!r} for {theirs!r}"] if whole and ours is not theirs else []
            return differences(node.subcon, ours, theirs, whole, path)
        case construct.IfThenElse() | construct.Switch():
            return branch_differences(node, ours, theirs, whole, path)
        case m.Rows() | m.SharedText():
            return []  # Construct gives None for what another place holds
    if ours is None and not whole:
        return []
    same = ours == theirs or (isinstance(ours, float) and math.isnan(ours) and math.isnan(theirs))
    alike = type(ours) is type(theirs) or isinstance(
        theirs, str | bytes | RawNumber
    )  # which may know its bytes
    return [] if same and alike else [f"{path}: {ours!r} for {theirs!r}"]


def branch_differences(node: Any, ours: Any, theirs: Any, whole: bool, path: str) -> list[str]:
    """The same for a conditional field, whose branch the values tell."""
    branches = (
        (node.thensubcon, node.elsesubcon)
        if isinstance(node, construct.IfThenElse)
        else (*node.cases.values(), node.default)
    )
    if ours is None or theirs is None:
        return [f"{path}: {ours!r} for {theirs!r}"] if whole and ours is not theirs else []
    found = [
        differences(branch, ours, theirs, whole, path) for branch in branches if branch is not construct.Pass
    ]
    return [] if any(not each for each in found) else found[0]


def compare(root: construct.Struct, data: bytes) -> Reading:
    """Both readings of a file. A value that both have is the same; a file without faults is Construct's, whole."""
    reading = read_both(root, data)
    assert reading.complete or reading.counts, data.hex()
    # Construct makes every element of a list, also a billion that take no bytes.
    endless = reading.counts[FaultName.ELEMENT_WITHOUT_BYTES]
    theirs = None if endless else by_construct(root, data)
    whole = reading.complete and not reading.counts
    assert not (whole and theirs is None), ("Construct refuses what the reader accepts", data.hex())
    if theirs is not None:
        assert not (found := differences(root, reading.root, theirs, whole, "this")), (found, data.hex())
    return reading


@settings(max_examples=200)
@given(st.data())
def test_a_small_tree_is_read_as_construct_reads_it(data: st.DataObject) -> None:
    """Hypothesis makes trees and bytes, and makes what fails small."""

    def choose(most: int) -> int:
        return data.draw(st.integers(0, most - 1))

    root = made(choose)
    if root is not None:
        compare(root, content(choose))


def test_thousands_of_trees_are_read_as_construct_reads_them(more: int) -> None:
    """Over thousands of trees with files that fit, nearly fit and do not fit, all readers agree.

    Values are Construct's if it reads them, generated code accepts exactly the files without faults, and
    decomposing ends.
    """
    met: Counter[str] = Counter()
    faults: Counter[FaultName] = Counter()
    for seed in range(TREES * more):
        root = made(random.Random(seed).randrange)
        if root is None:
            met["refused"] += 1
            continue
        met.update({name for node in nodes(layout_of(root)) for name in names_of(node)})
        # What is not looked into must be counted, so that generated code leaves such files to the reader.
        declines = any(isinstance(node, tree.Opaque | tree.Substream) for node in nodes(layout_of(root)))
        try:
            accept = compiled(root)
            met["generated"] += 1
        except NotGenerated:
            accept = None
        for data in files(root, seed):
            try:
                reading = compare(root, data)
                decompose(layout_of(root), data)
            except Exception as raised:
                raise AssertionError(f"tree {seed}, {data.hex()}") from raised
            whole = reading.complete and not reading.counts
            met["whole" if whole else "faulty"] += 1
            faults.update(set(reading.counts))
            if accept is not None:
                accepted = accepts(accept, data)
                assert whole or not accepted, (seed, data.hex())
                assert accepted or declines or not whole, (seed, data.hex())
    assert met["refused"] < TREES * more // 4
    assert met["whole"] > TREES * more // 4, met
    assert met["generated"] > TREES * more // 40
    kinds = {name for name in m.__all__ if isinstance(getattr(m, name), type)}
    kinds |= {"Struct", "Array", "If", "Switch", "Bytes", "Const", "Computed", "Index"}
    elsewhere = {
        "Crc",
        "Expression",
        "FieldError",
        "Meaning",
        "Gaps",
        "OpaqueGaps",
        *("Inflate", "Rotate", "Stored", "Xor", "Xz"),
    }  # gaps: validator/test_gaps.py
    missing = sorted(kinds - elsewhere - set(met))
    assert not missing, (
        f"no random tree has {', '.join(missing)}: let `Trees` of tests/schemas/trees.py make them"
    )
    assert len(faults) > 21, faults
    assert min(met[name] for name in ("element", "len_", "inside")) > 20, met


FACTS = {FactKind.COUNT: "BelowCount", FactKind.SET: "Understood", FactKind.LIMIT: "WithinLimit"}
"""The meaning that compares a number with each kind of fact."""


PLACES = {
    tree.Place.POSITION: "Position",
    tree.Place.SIZE: "StreamSize",
    tree.Place.INDEX: "Index",
    tree.Place.UP_TO: "BytesTo",
}
"""The node for each number of a place."""


def names_of(node: tree.Node) -> Iterator[str]:
    """The names that a node and its meanings have in the vocabulary."""
    yield PLACES[node.of] if isinstance(node, tree.PlaceNumber) else type(node).__name__
    if isinstance(node, tree.ReadAt) and node.inside is not None:
        yield "inside"
    for part in (part for one in tree.expressions_of(node) for part in parts_of(one)):
        yield from {Element: ("element",), ElementCount: ("len_",)}.get(type(part), ())
    if isinstance(node, tree.Bytes) and node.names:
        yield "OneOf"
    for meaning in tree.meanings_of(node):
        if isinstance(meaning, ComparedWithFact):
            yield FACTS[meaning.fact.kind]
            yield from (type(part).__name__ for part in meaning.key)
        else:
            yield type(meaning).__name__


def accepts(accept: Any, data: bytes) -> bool:
    """Whether generated code finds a file without faults."""
    try:
        return accept(data) is not None
    except UnicodeDecodeError:
        return False


def test_any_tree_is_judged_without_an_exception(more: int) -> None:
    """Every file of every tree gets a verdict: no check raises, and the fast path passes what the checks pass."""
    whole = prepare(use_config=False)
    passed: Counter[str] = Counter()
    for seed in range(300 * more):
        root = made(random.Random(seed).randrange)
        if root is None:
            continue
        schema = Schema("mine", "made for a test", root, recognise=bool)
        checks = CHECKS.joined((), "mine")
        validation = ValidationContext(whole.schemas, checks, schema, whole.context, whole.policy, 1 << 20)
        way = own.made(UserSchema(schema, ())).way
        for data in files(root, seed):
            try:
                report = validation.judged(data, "f", "f")
            except Exception as raised:
                raise AssertionError(f"tree {seed}, {data.hex()}") from raised
            passed[report.verdict] += 1
            if way is not None and way.passes(data, "f"):
                assert report.verdict == "pass", (seed, data.hex())
    assert passed["pass"] > 50 * more
    assert passed["fail"] > 500 * more


def calls(root: construct.Struct, data: bytes, most: int) -> int:
    """How many Python functions a reading calls; it is ended where it calls more than `most`."""
    count = 0

    class TooMany(Exception):
        pass

    def profile(frame: FrameType, event: str, arg: object) -> None:
        nonlocal count
        count += event == "call"
        if count > most:
            raise TooMany

    sys.setprofile(profile)
    try:
        read_both(root, data)
    except TooMany:
        return count
    finally:
        sys.setprofile(None)
    return count


def test_no_tree_and_no_bytes_make_a_reading_long(more: int) -> None:
    """Every loop of the reader advances or ends in a finding: calls are counted, not seconds."""
    longest = 0.0
    for seed in range(300 * more):
        root = made(random.Random(seed).randrange)
        if root is None:
            continue
        size = sum(1 for _ in nodes(layout_of(root)))
        for data in files(root, seed)[:8]:
            most = BUDGET * (size + len(data))
            count = calls(root, data, most)
            longest = max(longest, count / most)
            assert count <= most, (seed, data.hex())
    assert longest > 0


def test_text_of_any_length_is_read_as_construct_reads_it() -> None:
    """Texts of every unit and terminator, in fields that hold no whole number of characters too."""
    rng = random.Random(291)
    whole = 0
    for encoding in ("latin-1", "utf-8", "utf-16-le", "utf-16-be", "utf-32-be", "shift_jis"):
        for terminator in ("none", "inside", "behind"):
            for length in range(10):
                root = construct.Struct("text" / m.Text(length, encoding, terminator))
                for _ in range(40):
                    room = length + 4
                    data = bytes(rng.choice(b"\0\0\0A\x81") for _ in range(room))
                    reading = compare(root, data[: len(data) - 4 + (root.sizeof() - length)])
                    whole += not reading.counts
    assert whole > 1000
