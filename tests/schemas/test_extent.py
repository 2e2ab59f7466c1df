"""A schema that is too large or too deep to traverse is refused with its place, on the command line too."""

from __future__ import annotations

import subprocess
import sys
from enum import IntEnum
from pathlib import Path
from random import Random
from typing import Any

import pytest
from construct import Array, Bytes, Const, If, Int8ub, Int32ub, Padded, Struct, Switch, this

from ccheck.config.user_schema import UserSchema
from ccheck.formats.check_table import CHECKS
from ccheck.judging import generated_fast_path as own
from ccheck.judging.context import ValidationContext
from ccheck.judging.preparation import prepare
from ccheck_schemas import meaning as m
from ccheck_schemas.layout import extent
from ccheck_schemas.layout.lint import MOST_VALUES, lint
from ccheck_schemas.model import constants, decompose, minimal_file, vocabulary
from ccheck_schemas.schema import Schema
from tests.validator.test_growth import RATIO, calls

BEGINNING = """\
from construct import *
from construct import this

from ccheck_schemas.meaning import *
from ccheck_schemas.schema import Schema

e, node = this.n, Struct("y" / Int8ub)
"""
END = 'SCHEMA = Schema("mine", "Mine", Struct("n" / Int8ub, "x" / node), recognise=lambda data: True)\n'

REFUSED: dict[str, tuple[str, str]] = {
    "a square of a square": (
        "for _ in range(40): e = e * e\nnode = Bytes(e)",
        "x: an expression of more than 4,000 operators and names",
    ),
    "a long sum": (
        "for _ in range(3000): e = e + 1\nnode = Bytes(e)",
        "x: an expression whose operators are nested 3,000 deep",
    ),
    "a long condition": (
        "for _ in range(3000): e = ~e\nnode = If(e, Int8ub)",
        "x: an expression whose operators are nested 3,000 deep",
    ),
    "a long path": (
        "for _ in range(3000): e = e._\nnode = Bytes(e)",
        "x: a path of 3,001 names in an expression",
    ),
    "an index that is a long sum": (
        "for _ in range(3000): e = e + 1\nnode = Bytes(this.a[e])",
        "x: an expression whose operators are nested 3,000 deep",
    ),
    "a name that is an expression": (
        "node = Terminated(Struct('y' / Int8ub), this.y)",
        "x: Terminated takes no expression as last: a name is text, and not this.y",
    ),
    "an expression that holds itself": (
        "e = e + 1\ne.lhs = e\nnode = Bytes(e)",
        "x: an expression of more than 4,000 operators and names",
    ),
    "a number of many digits": ("node = Bytes(e * 10 ** 6000)", "x: an expression with a number of more than 128"),
    "a case of many digits": ("node = Switch(e, {10 ** 6000: Int8ub})", "x: a number of more than 128 bits"),
    "nested records": (
        "for _ in range(600): node = Struct('n' / Int8ub, 'x' / node)",
        "nodes are nested 1,205 deep, with names and meanings; 200 are allowed",
    ),
    "nested conditions": ("for _ in range(600): node = If(e, node)", "x: nodes are nested 605 deep"),
    "nested lists": ("for _ in range(600): node = Array(2, node)", "x: nodes are nested 605 deep"),
    "nested regions": ("for _ in range(600): node = Region(e, node)", "x: nodes are nested 605 deep"),
    "nested meanings": (
        "node = Int8ub\nfor _ in range(3000): node = Bounded(node, 0, 1)",
        "x: nodes are nested 3,003 deep",
    ),
    "nested nodes that are no vocabulary": (
        "for _ in range(3000): node = Padded(4, node)\nnode = Array(2, node)",
        "x: nodes are nested 3,006 deep",
    ),
    "records that share records": (
        "for _ in range(40): node = Struct('a' / node, 'b' / node)",
        "it has more than 1,000,000 nodes, names and operators",
    ),
    "a list that holds itself": (
        "node = Array(2, node)\nnode.subcon = node",
        "x: a node that contains itself lets a file choose the depth of recursion",
    ),
    "a million cases": (
        "node = Switch(e, {i: Int8ub for i in range(10 ** 6)})",
        "x: it has more than 1,000,000 nodes, names and operators",
    ),
    "a name of a megabyte": ("node = Struct('y' * 10 ** 6 / Int8ub)", "a name of 1,000,000 characters; 200 are allowed"),
    "an enumeration of many values": (
        "import enum\nnode = StrictEnum(Int32ub, enum.IntEnum('E', {f'N{i}': i for i in range(70_000)}))",
        "x: an enumeration of 70,000 values; 65,536 are allowed",
    ),
}  # fmt: skip
"""Schemas that are refused, and what is said of each."""

ALLOWED: dict[str, str] = {
    "the deepest records": "for _ in range(97): node = Struct('n' / Int8ub, 'x' / node)",
    "the deepest conditions": "for _ in range(195): node = If(e, node)",
    "the deepest regions": "for _ in range(195): node = Region(e, node)",
    "the deepest lists": "for _ in range(195): node = Array(e, node)",
    "the largest lists": "for _ in range(8): node = Array(4000, node)",
    "the deepest lists to the end": "for _ in range(65): node = UpToEnd(Struct('n' / Int8ub, 'x' / node))",
    "the deepest lists to a mark": "for _ in range(65): node = UpTo(Struct('n' / Int8ub, 'x' / node), 'n', 0)",
    "the deepest chains": (
        "for _ in range(65): node = Chain(this.n, Struct('n' / Int8ub, 'x' / node), 'n', 'n')"
    ),
    "the deepest pointers": "for _ in range(65): node = Struct('n' / Int8ub, 'x' / At(this.n, node))",
    "the deepest positions": "for _ in range(195): node = ReadAt(e, node)",
    "the deepest choices": "for _ in range(195): node = Switch(e, {1: node}, Pass)",
    "the deepest expression in the deepest record": (
        "for _ in range(50): e = (e + this.n) % 7\nnode = Struct('n' / Int8ub, 'y' / Bytes(e))\n"
        "for _ in range(97): node = Struct('n' / Int8ub, 'x' / node)"
    ),
    "more cases than code is made of": "node = Switch(e, {i: Struct('y' / Int8ub) for i in range(5000)}, Pass)",
}
"""Schemas that are just accepted."""

FILES = (b"\0" * 40, b"\1" * 300, b"\2" * 300)


def ccheck(*arguments: object) -> subprocess.CompletedProcess[str]:
    """The command line, in a process of its own."""
    command = [sys.executable, "-m", "ccheck", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("name", REFUSED)
def test_a_schema_that_is_too_large_is_refused_at_its_place(tmp_path: Path, name: str) -> None:
    """`schemas` and `validate` name the place and what is too large, and never show a traceback."""
    made, complaint = REFUSED[name]
    path = tmp_path / "mine.py"
    path.write_text(f"{BEGINNING}{made}\n{END}")
    file = tmp_path / "file.bin"
    file.write_bytes(b"\1\2\3")
    for arguments in (("schemas", "--schema", path), ("validate", "--schema", path, file)):
        run = ccheck(*arguments)
        assert run.returncode == 2, run.stderr
        assert complaint in run.stderr
        assert "schema 'mine' is refused" in run.stderr
        assert "Traceback" not in run.stderr


@pytest.mark.parametrize("name", ALLOWED)
def test_whatever_is_accepted_is_walked_to_its_end(tmp_path: Path, name: str) -> None:
    """The deepest schemas that are accepted judge files, on the command line and by all that traverses a schema."""
    path = tmp_path / "mine.py"
    path.write_text(f"{BEGINNING}{ALLOWED[name]}\n{END}")
    files = [tmp_path / f"{i}.bin" for i in range(len(FILES))]
    for file, data in zip(files, FILES, strict=True):
        file.write_bytes(data)
    assert ccheck("schemas", "--schema", path).returncode == 0
    run = ccheck("validate", "--schema", path, *files)
    assert run.returncode in (0, 1), run.stderr
    assert "3 files examined" in run.stdout
    assert "examination-crashed" not in run.stdout
    names: dict[str, Any] = {}
    exec(path.read_text(), names)  # noqa: S102 - the test's own text
    layout = names["SCHEMA"].layout
    constants(layout)
    for data in (*FILES, minimal_file(layout, Random(1))):
        decompose(layout, data)
        vocabulary(layout, data)


def test_a_shared_record_is_counted_wherever_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    """The size of a schema is that of its tree; that of an expression belongs to it."""
    # A name and a node for each field, the record, and three of the expression with its `this`.
    shared = Struct("a" / Int8ub, "b" / Bytes(this.a + 1))
    root = Struct("x" / shared, "y" / shared)
    monkeypatch.setattr(extent, "MOST", 19)
    assert lint(root) == ()
    monkeypatch.setattr(extent, "MOST", 18)
    assert lint(root) == (
        "schema: it has more than 18 nodes, names and operators, each counted in every place",
    )
    assert lint(Struct("x" / shared)) == ()


def test_nodes_behind_a_refused_node_are_counted_too() -> None:
    """What Construct itself would traverse is measured, whatever lint says of it."""
    node: Any = Int8ub
    for _ in range(300):
        node = Padded(4, node)
    (complaint,) = lint(Struct("x" / Array(2, node)))
    assert complaint == "x: nodes are nested 304 deep, with names and meanings; 200 are allowed"


def wide(n: int) -> dict[str, Struct]:
    """Schemas of `n` parts each, whose parts refer to each other."""
    cases = {i: Struct("y" / Int8ub, f"z{i}" / Int8ub) for i in range(n)}
    choice = Switch(this.n, cases, Struct())
    values = IntEnum("values", {f"N{i}": i for i in range(n)})  # type: ignore[misc]  # the names follow from n
    row = Struct("at" / Int32ub, *(f"i{i}" / m.IndexInto(Int8ub, "t") for i in range(n)))
    return {
        "fields": Struct("n" / Int8ub, *(f"f{i}" / Bytes(this.n) for i in range(n))),
        "numbers": Struct("n" / Int8ub, *(f"f{i}" / m.Bounded(Int8ub, 0, 200) for i in range(n))),
        "cases": Struct("n" / Int32ub, "x" / choice, "y" / If(this.n == 1, Bytes(this.n))),
        "names of values": Struct("n" / m.StrictEnum(Int32ub, values)),
        "names in a choice": Struct(
            "n" / Int32ub,
            "x" / choice,
            *(f"f{i}" / If(this.n == i, Bytes(this.x[f"z{i}"])) for i in range(n)),
        ),
        "one name in a choice": Struct(
            "n" / Int32ub, "x" / choice, *(f"f{i}" / If(this.n == i, Bytes(this.x.y)) for i in range(n))
        ),
        "counts of one list": Struct(
            *(f"f{i}" / m.CountOf(Int8ub, of="x") for i in range(n)),
            "x" / Switch(this.f0, {i: Array(this[f"f{i}"], Int8ub) for i in range(n)}, Array(0, Int8ub)),
        ),
        "missing names": Struct("n" / Int8ub, *(f"f{i}" / Bytes(this.missing) for i in range(n))),
        "indexes": Struct("n" / Int8ub, "t" / m.Table("t", this.n, row)),
        "items": Struct(
            *(f"o{i}" / Int8ub for i in range(n)),
            *(f"i{i}" / m.Pooled("p", this[f"o{i}"], 1, Bytes(1)) for i in range(n)),
            "p" / m.Pool("p", 9),
        ),
        "constants": Struct(*(f"f{i}" / Const(b"\1") for i in range(n))),
    }


@pytest.mark.parametrize("name", wide(1))
def test_work_grows_with_a_schema_never_with_its_square(name: str) -> None:
    """Linting, generating code, judging, decomposing and growing a file take twice as much for twice the schema."""
    work = []
    whole = prepare(use_config=False)

    def everything(root: Struct) -> None:
        complaints = lint(root)
        sum(map(len, complaints))
        if complaints:
            return
        schema = Schema("mine", "made for a test", root, recognise=bool)
        way = own.made(UserSchema(schema, ())).way
        checks = CHECKS.joined((), "mine")
        validation = ValidationContext(
            whole.schemas, checks, schema, whole.context, whole.policy, 1 << 20, fast_path=way
        )
        for data in (b"\1" * n, minimal_file(schema.layout, Random(1))):
            validation.judged(data, "f", "f")
            decompose(schema.layout, data)
            vocabulary(schema.layout, data)
        constants(schema.layout)

    n = 8
    everything(wide(n)[name])  # what is loaded or made once is not counted
    for n in (40, 80, 160):
        root = wide(n)[name]
        work.append(calls(lambda root=root: everything(root)))  # type: ignore[misc]  # bound at once
    assert work[2] <= RATIO * work[1] <= RATIO * RATIO * work[0], work


def test_an_enumeration_has_as_many_values_as_are_allowed() -> None:
    """The bound of an enumeration is its last allowed number of values."""
    values = IntEnum("values", {f"N{i}": i for i in range(MOST_VALUES)})  # type: ignore[misc]  # made of a number
    assert lint(Struct("n" / m.StrictEnum(Int32ub, values))) == ()
