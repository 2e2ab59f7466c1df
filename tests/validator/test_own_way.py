"""The fast path of users' own schemas against the whole way: the same reports, and good files take it."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import construct
import pytest
from construct import (
    Array,
    Bytes,
    Const,
    Float32b,
    If,
    Int8sb,
    Int8ub,
    Int16sl,
    Int16ub,
    Int16ul,
    Int32ub,
    Int32ul,
    Int64ul,
    Struct,
    Switch,
    this,
)

from ccheck.config.user_schema import UserSchema
from ccheck.core.consumers import Consumers, load_consumers
from ccheck.core.subject import CheckContext
from ccheck.formats.check_table import CHECKS, applying
from ccheck.judging import generated_fast_path as own
from ccheck.judging.context import ValidationContext
from ccheck.judging.judge import examine, judge
from ccheck.judging.preparation import prepare
from ccheck_schemas import meaning as m
from ccheck_schemas.build_facts import FactKind
from ccheck_schemas.generate.python import canonical
from ccheck_schemas.layout.lint import layout_of
from ccheck_schemas.model import minimal_file
from ccheck_schemas.schema import Schema
from tests.conftest import ROOT
from tests.edits import edited
from tests.schemas.test_generate import CHECKED, NUMBERS, Bits, Colour
from tests.schemas.test_read import POOLED, TYPED

DAY = date(2026, 11, 1)


def judged_by(root: construct.Construct) -> ValidationContext | None:
    """What files of a tree are judged by, with the fast path; None where there is none."""
    schema = Schema("mine", "made for a test", root, recognise=bool)
    known = builds(schema)
    way = own.made(UserSchema(schema, ()), known, DAY).way
    if way is None:
        return None
    whole = prepare(use_config=False)
    context = CheckContext(DAY, (), known)
    return ValidationContext(
        whole.schemas, CHECKS.joined((), "mine"), schema, context, whole.policy, 1 << 20, fast_path=way
    )


def builds(schema: Schema) -> Consumers | None:
    """One build that supplies four of each count that the schema refers to; None if it refers to none."""
    if not schema.facts:
        return None
    listed = load_consumers(ROOT / "corpus" / "channel" / "consumers.toml")
    counts = {(FactKind.COUNT, fact.name, ""): 4 for fact in schema.facts}
    return replace(listed, builds=(replace(listed.builds[0], formats=None, facts=counts),))


def agree(validation: ValidationContext, data: bytes) -> bool:
    """Whether a file passes the fast path, which is so exactly when the checks find nothing, in the same report."""
    assert validation.fast_path is not None
    subject = examine(data, "f", validation.context, validation.schemas, validation.schema)
    slow = judge(subject, "f", validation.checks, validation.policy)
    fast = validation.fast_path.report(data, "f", "f")
    assert fast in (None, slow), data.hex()
    assert validation.judged(data, "f", "f") == slow
    return fast is not None


def nearly(rng: random.Random, seeds: list[bytes], root: construct.Construct, count: int) -> list[bytes]:
    """Files that are nearly good, some sealed again; and each seed cut short."""
    made = [*seeds, b"", *(seed[: rng.randrange(len(seed))] for seed in seeds if seed)]
    return [*made, *(edited(rng, seeds, root=root, grown=0.1, sealed=0.6) for _ in range(count))]


def fan() -> construct.Construct:
    """The tree of the tutorial's first schema."""
    text = (ROOT / "docs" / "own-format.md").read_text(encoding="utf-8")
    found = re.search(r"cat > fan.py <<'END'\n(.*?)\nEND\n", text, re.DOTALL)
    assert found is not None
    names: dict[str, Any] = {}
    exec(found[1], names)  # noqa: S102 - the tutorial's own code
    return names["FAN"]


MIXED = Struct(
    "magic" / Const(b"MX"),
    "colour" / m.StrictEnum(Int8ub, Colour),
    "bits" / m.StrictFlags(Int8sb, Bits),
    "length" / m.LengthOf(Int8ub, of="text", high=9),
    "text" / m.Text(this.length, terminator="behind"),
    "wide" / m.Text(4, "utf-16-le", terminator="inside"),
    m.ZeroPad(4),
    "count" / m.CountOf(Int8ub, of="list"),
    "list" / Array(this.count, Struct("a" / Int8ub, "b" / If(this.a == Colour.RED, Bytes(1)))),
    "kind" / m.StrictEnum(Int8ub, Colour),
    "size" / Int8ub,
    "body"
    / m.Region(
        this.size,
        Switch(
            this.kind,
            {
                Colour.RED: Struct("x" / Int16sl, "y" / Bytes(this.x & 3)),
                Colour.BLUE: m.Table(
                    "rows", this._root.count, Struct("v" / m.Reserved(Int8ub), "w" / Int64ul)
                ),
            },
        ),
    ),
)
"""Much of the vocabulary at once, with members of an enumeration where numbers stand."""

TREES: dict[str, Callable[[], construct.Construct]] = {
    "fan": fan,
    "mixed": lambda: MIXED,
    "numbers": lambda: NUMBERS,
    "checked": lambda: CHECKED,
    "pooled": lambda: POOLED,
    "typed": lambda: TYPED,
}


@pytest.mark.parametrize("name", TREES)
def test_the_fast_path_agrees_with_the_checks(name: str, more: int) -> None:
    """Over thousands of files, one passes the fast path only with the report of all checks.

    They are good files, edited ones and cut ones; good files take the fast path.
    """
    root = TREES[name]()
    validation = judged_by(root)
    assert validation is not None
    rng = random.Random(name)
    seeds = [minimal_file(layout_of(root), random.Random(i)) for i in range(20)]
    passed = Counter(agree(validation, data) for data in nearly(rng, seeds, root, 1500 * more))
    assert passed[True] > 20
    assert passed[False] > 200


def number(rng: random.Random) -> construct.Construct:
    """A number, perhaps with a meaning."""
    leaf = rng.choice([Int8ub, Int8sb, Int16ub, Int16ul, Int16sl, Int32ub, Int32ul])
    return rng.choice(
        [
            leaf,
            m.Bounded(leaf, rng.randint(-3, 2), rng.choice([3, 90, 300])),
            m.StrictEnum(leaf, Colour),
            m.StrictFlags(leaf, Bits),
            m.Reserved(leaf),
            m.Version(leaf, known=(1, 2)),
        ]
    )


def tree(rng: random.Random) -> construct.Construct:
    """A tree out of much of the vocabulary, also of what generated code does not know, or must not trust."""
    fields: list[Any] = [
        "n" / m.CountOf(Int8ub, of="list") if rng.random() < 0.5 else "n" / m.Bounded(Int8ub, 0, 3),
        "k" / m.StrictEnum(Int8ub, Colour),
        "inner" / Struct("a" / m.Bounded(Int8ub, 0, 4), "b" / number(rng)),
        "maybe" / If(this.k == 1, Struct("x" / m.Bounded(Int8ub, 0, 3))),
    ]
    amount = rng.choice([this.n, this.inner.a, this.n, this.maybe.x, this.n & this.inner.a, this.n % 3, 2])
    row = [f"v{i}" / number(rng) for i in range(rng.randint(1, 3))]
    element = Struct("e" / m.Bounded(Int8ub, 0, 2), *row, "t" / If(this.e > 0, Bytes(this.e)))
    choices: list[Any] = [
        "list" / Array(amount, element),
        "list" / m.Table("list", amount, Struct(*row), low=0, high=3),
        "list" / If(this.k == 3, m.Table("list", this.n, Struct(*row))),
    ]
    fields.append(rng.choice(choices))
    rest: list[Any] = [
        "text" / m.Text(amount, rng.choice(["utf-8", "ascii"]), rng.choice(["none", "inside", "behind"])),
        "raw" / Bytes(this.inner.a),
        m.ZeroPad(rng.choice([2, 4, 8])),
        "kinds" / Switch(this.k, {1: Struct("p" / number(rng)), 3: Bytes(2)}),
        "region" / m.Region(this.inner.a, Struct("r" / Bytes(this._.inner.a))),
        "index" / m.Table("index", this.n, Struct("i" / m.IndexInto(Int8ub, "list"))),
        "size" / m.FileSize(Int16ub),
        "sum" / m.ChecksumOver(Int32ub, start=4),
        "more" / number(rng),
        "float" / Float32b,
    ]
    picked = rng.sample(rest, rng.randint(1, 4))
    if not any(isinstance(one, construct.Renamed) and isinstance(one.subcon, m.Table) for one in fields):
        picked = [one for one in picked if one.name != "index"]
    return Struct(*fields, *picked)


def test_trees_of_any_kind_agree(more: int) -> None:
    """Hundreds of random trees either have no fast path, for a reason, or one that agrees with the checks."""
    rng = random.Random(5)
    passed: Counter[bool] = Counter()
    quick = 0
    for _ in range(150 * more):
        root = tree(rng)
        validation = judged_by(root)
        if validation is None:
            continue
        quick += 1
        seeds = [minimal_file(layout_of(root), random.Random(i)) for i in range(4)]
        passed.update(agree(validation, data) for data in nearly(rng, seeds, root, 60))
    assert quick > 40 * more
    assert passed[True] > 100 * more
    assert passed[False] > 1000 * more


def test_as_many_checks_are_counted_as_are_made() -> None:
    """A report of the fast path counts the checks of a format without checks of its own.

    It does so also if the format has the name of an installed one.
    """
    for name in ("mine", "channel"):
        schema = Schema(name, "made for a test", Struct("v" / Int8ub), recognise=bool)
        way = own.made(UserSchema(schema, ())).way
        assert way is not None
        report = way.report(b"\x01", "f", "f")
        assert report is not None
        assert report.checks_run == len(tuple(applying(CHECKS.joined((), name), name)))


ROW = Struct("v" / Int8ub)
LACKING: dict[str, list[Any]] = {
    "f is a number whose bytes this machine might write otherwise": ["f" / Float32b],
    "n is a number whose bytes this machine might write otherwise": ["n" / construct.Int16un],
    "the text t may have two spellings in shift-jis": ["t" / m.Text(4, "shift_jis")],
    "At a is not known to be written again as it was": ["n" / Int8ub, "a" / m.At(this.n, ROW)],
    "AnyPad p is not known to be written again as it was": ["p" / m.AnyPad(4)],
    "an element of l may have no bytes": ["n" / Int8ub, "l" / Array(this.n, Struct("b" / Bytes(this._.n)))],
    "n counts l, which is as long as something else says": [
        "n" / m.CountOf(Int8ub, of="l"), "k" / Int8ub, "l" / If(this.k, m.Table("l", this.k, ROW)),
    ],
    "s is not the record size of a table behind it": [
        "n" / Int8ub, "l" / m.Table("l", this.n, ROW), "s" / m.RecordSize(Int8ub, of="l"),
    ],
    "'l_1' is no name that generated code can have for a table or a pool": ["l" / m.Table("l_1", 2, ROW)],
}  # fmt: skip


@pytest.mark.parametrize("reason", LACKING)
def test_what_must_be_read_is_named_with_its_reason(reason: str) -> None:
    """A schema whose valid files are not known to be canonical has no fast path, and the reason is said."""
    root = Struct(*LACKING[reason])
    schema = Schema("mine", "made for a test", root, recognise=bool)
    assert canonical.why_not_canonical(schema) in (reason, None)  # None: the generator itself refuses it
    assert own.made(UserSchema(schema, ())).problem == reason


def test_a_schema_with_functions_of_its_own_has_no_fast_path() -> None:
    """What a user's own function may say of a file, generated code does not know."""
    root = Struct("n" / Int8ub)

    class Mine(Schema):
        """A schema of one's own kind."""

    reasons = [
        canonical.why_not_canonical(schema)
        for schema in (
            Schema("mine", "", root, bool, compose=lambda recipe: b"", describe=lambda content: {}),
            Schema("mine", "", root, bool, assemble=lambda reading: 1),
            Schema('"""', "", root, bool),
            Mine("mine", "", root, bool),
            Schema("mine", "", root, bool),
        )
    ]
    assert reasons == [
        "its recipes say what the canonical form is, and they need the content",
        "its content is put together by a function of its own",
        "its name cannot stand in generated code",
        "it is a Mine, which may be built in a way of its own",
        None,
    ]
