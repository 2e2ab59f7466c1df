"""What waits until all tables and pools are known: indexes, runs of rows, items of pools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import construct

from ccheck_schemas import meaning as m
from ccheck_schemas.generate.names import behind, count_of, pool_of, start_of
from ccheck_schemas.generate.scope import NotGenerated, Scope, expression, variable
from ccheck_schemas.tree import bare

if TYPE_CHECKING:
    from ccheck_schemas.generate.writer import Writer


def second_pass(writer: Writer) -> None:
    """Once all tables and pools are known: indexes, runs of rows, items of pools."""
    taken: dict[str, str] = {}
    for name, (node, _) in writer.tables.items():
        row = bare(node.subcon)[0]
        waiting = [sub for sub in row.subcons if _waits(sub)]
        if waiting:
            with writer.block(f"if {start_of(name)} >= 0:"):
                _rows(writer, name, row, waiting, taken)
    for table, expected in taken.items():
        writer.refuse(f"{start_of(table)} >= 0 and {expected} != {count_of(table)}")
    for pool in writer.pools:
        start = pool_of(pool)
        accounts = "".join(
            f"({items}, {other}, {align}), " for items, other, align in writer.accounts.get(pool, ())
        )
        with writer.block(f"if {start} >= 0:"):
            writer.refuse(f"not shared_out(data, {start}, {start}_end, ({accounts}))")


def _rows(writer: Writer, name: str, row: Any, waiting: list[Any], taken: dict[str, str]) -> None:
    nothing = Scope(None, None)  # what stands outside the row may have changed since the row was read
    scope = Scope(nothing, nothing)
    variables, conditions, packer = writer.row(row, scope)
    for sub in waiting:
        leaf, _ = bare(sub)
        if isinstance(leaf, m.Rows):
            if leaf.table in taken:
                raise NotGenerated(f"the rows of {leaf.table} are taken by two tables")
            taken[leaf.table] = writer.fresh("taken")
            writer.first.append(f"{taken[leaf.table]} = 0")
    start, count = start_of(name), count_of(name)
    rows = f"view[{start}:{start} + {count} * {packer}.size]"
    with writer.block(f"for {variables} in {packer}.iter_unpack({rows}):"):
        if conditions:
            writer.refuse(*conditions)
        for sub in waiting:
            leaf, meanings = bare(sub)
            for meaning in meanings:
                if isinstance(meaning, m.IndexInto):
                    index = scope.names[sub.name]
                    writer.refuse(f"{start_of(meaning.table)} >= 0 and {index} >= {count_of(meaning.table)}")
            if isinstance(leaf, m.Rows):
                first, number = (variable((key,), scope) for key in (leaf.first, leaf.count))
                expected = taken[leaf.table]
                writer.refuse(f"{first} != {expected}")
                writer.line(f"{expected} += {number}")
            else:
                _field(writer, leaf, sub.name, scope)


def _field(writer: Writer, leaf: Any, name: str, scope: Scope) -> None:
    """A field of a row that names an item of a pool, perhaps under conditions."""
    match leaf:
        case m.Pooled():
            _pooled(writer, leaf, scope)
        case construct.IfThenElse():
            then, other = bare(leaf.thensubcon)[0], bare(leaf.elsesubcon)[0]
            with writer.block(f"if {expression(leaf.condfunc, scope)}:"):
                _field(writer, then, name, scope)
            if other is not construct.Pass:
                with writer.block("else:"):
                    _field(writer, other, name, scope)
        case construct.FormatField() | construct.Const():
            return
        case _ if leaf is construct.Pass:
            return
        case _:
            raise NotGenerated(f"a row of a table has {type(leaf).__name__} {name}")


def _pooled(writer: Writer, node: m.Pooled, scope: Scope) -> None:
    """An item of a pool. Each kind of item keeps its own account, so that an item is judged once."""
    if node.region not in writer.pools:
        raise NotGenerated(f"the pool {node.region} comes after what names its items")
    pool = pool_of(node.region)
    offset, length = expression(node.offset, scope), expression(node.length, scope)
    item, _ = bare(node.subcon)
    nul = behind(item)
    stop = writer.fresh("stop")
    items, other, last, key = (writer.fresh(word) for word in ("items", "other", "last", "key"))
    writer.first += [f'{items} = array("Q")', f"{other}: set[int] = set()", f"{last} = -1"]
    writer.accounts.setdefault(node.region, []).append((items, other, node.align))
    writer.line(f"{stop} = {offset} + {length}" + (f" + {nul}" if nul else ""))
    aligned = [f"{offset} % {node.align}"] if node.align > 1 else []
    inside = f"not {pool} <= {offset} <= {stop}{f' - {nul}' if nul else ''}"
    writer.refuse(inside, f"{stop} > {pool}_end", *aligned)
    writer.line(f"{key} = {offset} << 32 | {stop}")
    with writer.block(f"if {key} > {last} or not ({key} in {other} or held({items}, {key})):"):
        if isinstance(item, m.Text):
            writer.text(item, offset, f"{stop} - {nul}" if nul else stop)
        with writer.block(f"if {key} > {last}:"):
            writer.line(f"{items}.append({key})")
            writer.line(f"{last} = {key}")
        with writer.block("else:"):
            writer.line(f"{other}.add({key})")


def waits(row: Any) -> bool:
    """Whether the rows of a table are judged in the second pass: then their numbers are judged there too."""
    return any(map(_waits, row.subcons))


def _waits(sub: Any) -> bool:
    leaf, meanings = bare(sub)
    return any(isinstance(x, m.IndexInto) for x in meanings) or not isinstance(
        leaf, construct.FormatField | construct.Const
    )
