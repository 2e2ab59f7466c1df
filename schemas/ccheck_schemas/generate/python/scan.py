"""Functions over all rows of a table: which of them break a meaning, which pool items they name.

They test whether rows are right, and return the numbers of the other rows. The reader creates records of
those only, and reports what is wrong with each. Rows without a fault cost one test, and no record.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from struct import Struct
from typing import Any, assert_never

from ccheck_schemas.digits import RowPacker
from ccheck_schemas.generate.python.lines import Lines
from ccheck_schemas.generate.python.number import conditions
from ccheck_schemas.generate.python.runtime import Account, contains, sound_text
from ccheck_schemas.generate.python.variables import VariableScope, expression
from ccheck_schemas.generate.refused import NotGenerated
from ccheck_schemas.layout import tree
from ccheck_schemas.layout.meanings import ByOthers, Meaning

Broken = Callable[[memoryview, int], list[int]]
"""Rows and the size of the file → the numbers of the rows that break a meaning."""


@dataclass(frozen=True)
class PoolScan:
    """How all rows of a table name items of one pool.

    Attributes:
        region: The name of the pool.
        aligns: The alignment of each kind of item.
        suspects: Takes the file, the rows, start and end of the pool, one account for each kind of item, and
            the greatest number of bytes to test. Returns the numbers of the rows that need a second look;
            None if there are too many bytes.
        find: Takes the file, the rows, start and end of the pool, and the wanted keys. Returns row number and
            key of each item that is wanted.
    """

    region: str
    aligns: tuple[int, ...]
    suspects: Callable[[bytes, memoryview, int, int, Sequence[Account], int], list[int] | None]
    find: Callable[[bytes, memoryview, int, int, frozenset[int]], list[tuple[int, int]]]


def broken_rows(
    numbers: Sequence[tuple[str, tree.Stored | tree.Float, Sequence[Meaning]]], packer: Struct | RowPacker
) -> Broken:
    """Returns a function that finds rows whose numbers break a meaning by themselves.

    Args:
        numbers: Name, node and meanings of each number.
        packer: Unpacks a row.
    """
    refused: list[str] = []
    variables = [f"v{i}" for i in range(len(numbers))]
    for variable, (_, leaf, kinds) in zip(variables, numbers, strict=True):
        if isinstance(leaf, tree.Digits):
            refused.append(f"{variable} is None")  # malformed
        if isinstance(leaf, tree.Stored):
            for meaning in kinds:
                if not isinstance(meaning, ByOthers):
                    refused += conditions(meaning, variable, leaf)
    if not refused:
        return lambda rows, size: []
    text = (
        "def broken(rows, size):\n"
        f"    return [i for i, ({', '.join(variables)},) in enumerate(unpack(rows))\n"
        f"            if {' or '.join(refused)}]\n"
    )
    function: Broken = _function("broken", text, unpack=packer.iter_unpack)
    return function


def pool_scan(
    numbers: Sequence[str], waiting: Sequence[tuple[str, tree.Node]], packer: Struct | RowPacker
) -> PoolScan | None:
    """Returns how the rows of a table name pool items; None if none does.

    Args:
        numbers: The names of a row's numbers.
        waiting: Name and node of each field that may name an item.
        packer: Unpacks a row.

    Raises:
        NotGenerated: The rows name items of two pools, or have another field.
    """
    nothing = VariableScope(None, None)
    scope = VariableScope(nothing, nothing)
    scope.names = {name: f"v{i}" for i, name in enumerate(numbers)}
    suspects, find = _Scan(scope, wanted=False), _Scan(scope, wanted=True)
    for scan in (suspects, find):
        scan.write([node for _, node in waiting])
    if not suspects.regions:
        return None
    if len(suspects.regions) > 1:
        raise NotGenerated("the rows of a table name items of two pools")
    names = {"unpack": packer.iter_unpack, "contains": contains, "sound_text": sound_text}
    return PoolScan(
        suspects.regions.pop(),
        tuple(align for align, _ in suspects.kinds),
        _function("scan", suspects.text(), **names),
        _function("scan", find.text(), **names),
    )


class _Scan(Lines):
    """One function while it is written."""

    def __init__(self, scope: VariableScope, *, wanted: bool) -> None:
        super().__init__()
        self.scope = scope
        self.wanted = wanted
        self.kinds: list[tuple[int, int]] = []
        self.regions: set[str] = set()

    def write(self, fields: Sequence[tree.Node]) -> None:
        """Writes the loop over all rows."""
        variables = ", ".join(str(variable) for variable in self.scope.names.values())
        with self.block(f"for i, ({variables},) in enumerate(unpack(rows)):"):
            for field in fields:
                self.field(field)

    def text(self) -> str:
        """Returns the whole function."""
        kinds = range(len(self.kinds))
        head = [
            f"def scan(data, rows, start, end, {'wanted' if self.wanted else 'accounts, limit'}):",
            "    found = []",
            *([] if self.wanted else ["    work = 0"]),
            *(f"    edge{n} = end - {n}" for n in sorted({nul for _, nul in self.kinds})),
        ]
        if not self.wanted:
            head += [f"    a{k} = accounts[{k}]; o{k} = set(); last{k} = -1" for k in kinds]
        tail = [] if self.wanted else [f"    merge(a{k}, o{k})" for k in kinds]
        return "\n".join([*head, *self.lines, *tail, "    return found", ""])

    def field(self, node: tree.Node) -> None:
        """Writes a field that names an item, perhaps under conditions."""
        match node:
            case tree.Pooled():
                self.item(node)
            case tree.If():
                with self.block(f"if {expression(node.condition, self.scope)}:"):
                    self.field(node.then)
                with self.block("else:"):
                    self.field(node.otherwise)
            case tree.Nothing():
                return
            case (
                tree.Integer()
                | tree.Digits()
                | tree.Float()
                | tree.Const()
                | tree.Computed()
                | tree.PlaceNumber()
            ):
                raise _not_in_a_row(node)
            case (
                tree.Bytes()
                | tree.Opaque()
                | tree.Wrapped()
                | tree.OpaqueRest()
                | tree.WrappedRest()
                | tree.Slot()
                | tree.Rest()
            ):
                raise _not_in_a_row(node)
            case tree.Delimited() | tree.Text() | tree.TextToNul() | tree.ZeroPad() | tree.AnyPad():
                raise _not_in_a_row(node)
            case tree.ZerosTo() | tree.ZerosToEnd() | tree.Struct() | tree.Array() | tree.Table():
                raise _not_in_a_row(node)
            case tree.Terminated() | tree.UpTo() | tree.UpToEnd() | tree.Pool() | tree.Strings():
                raise _not_in_a_row(node)
            case tree.Region() | tree.Substream() | tree.SubstreamRest() | tree.ReadAt() | tree.Switch():
                raise _not_in_a_row(node)
            case tree.At() | tree.Chain() | tree.SharedText() | tree.Rows():
                raise _not_in_a_row(node)
            case _:
                assert_never(node)

    def item(self, node: tree.Pooled) -> None:
        """Writes the conditions on an item: inside its pool, aligned, and well-formed if it is text."""
        kind = len(self.kinds)
        nul = node.behind
        self.kinds.append((node.align, nul))
        self.regions.add(node.region)
        self.line(f"at = {expression(node.offset, self.scope)}")
        self.line(f"to = at + {expression(node.length, self.scope)}")
        wrong = [f"not start <= at <= to <= edge{nul}"]
        if node.align > 1:
            wrong.append(f"at % {node.align}")
        if self.wanted:
            with self.block(f"if not ({' or '.join(wrong)}) and (at << 32 | to + {nul}) in wanted:"):
                self.line(f"found.append((i, at << 32 | to + {nul}))")
            return
        with self.block(f"if {' or '.join(wrong)}:"):
            self.line("found.append(i)")
        with self.block("else:"):
            self.line(f"key = at << 32 | to{f' + {nul}' if nul else ''}")
            with self.block(f"if key > last{kind} or not (key in o{kind} or contains(a{kind}, key)):"):
                self.line("work += to - at")
                self.refuse("work > limit")
                with self.block(f"if {_malformed(node.item)}:"):
                    self.line("found.append(i)")
                with self.block(f"elif key > last{kind}:"):
                    self.line(f"a{kind}.append(key)")
                    self.line(f"last{kind} = key")
                with self.block("else:"):
                    self.line(f"o{kind}.add(key)")


def merge(account: Account, others: set[int]) -> None:
    """Adds the items that came out of order to an account."""
    if others:
        account[:] = array("Q", sorted((*account, *others)))


def _not_in_a_row(node: tree.Node) -> NotGenerated:
    return NotGenerated(f"a row of a table has {type(node).__name__}")


def _malformed(item: tree.Text | tree.Bytes) -> str:
    """Returns the condition that refuses an item between `at` and `to`."""
    if not isinstance(item, tree.Text):
        return "False"
    kind = f"{item.encoding!r}, {item.unit}, {item.terminator!r}, {item.lists!r}"
    if item.encoding == "utf-8" and item.terminator == "behind":
        nul = "data[to]" if item.lists else "data.find(0, at, to + 1) != to"
        return f"{nul} or not (data[at:to].isascii() or sound_text(data, at, to, {kind}))"
    return f"not sound_text(data, at, to, {kind})"


def _function(name: str, text: str, **names: Any) -> Any:
    namespace: dict[str, Any] = {
        "__builtins__": {"enumerate": enumerate, "set": set},
        "merge": merge,
        **names,
    }
    exec(compile(text, f"<{name} of a table>", "exec"), namespace)  # noqa: S102 - our own text, of a schema
    return namespace[name]
