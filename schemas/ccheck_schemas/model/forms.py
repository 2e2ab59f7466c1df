"""Record types and lists that are the same in all files of a schema: each is made once, for comparison."""

from __future__ import annotations

from functools import cache

from ccheck_schemas.layout import tree
from ccheck_schemas.layout.expression import only_path
from ccheck_schemas.model.record_type import Blob, ListForm, RecordType
from ccheck_schemas.model.runs import Run, runs_of


@cache
def chain_form(node: tree.Chain, name: str) -> ListForm:
    """Returns a chain; the offset of the next record is known if it is in the first run of a record."""
    first = next((step for step in runs_of(node.record, f"{name}[]") if isinstance(step, Run)), None)
    number = None if first is None else first.record_type.number(node.next_field)
    return ListForm(name, number, closed=node.last != node.next_field)


@cache
def ending(name: str, size: int) -> RecordType:
    """Returns the record of zeros that ends a list."""
    return RecordType(f"{name} ending", size, blobs=(Blob("ending", 0, size, exact=bytes(size)),))


@cache
def zeros(name: str) -> RecordType:
    """Returns zeros that no record needs."""
    return RecordType(f"{name} zeros", None, blobs=(Blob("zeros", 0, None, exact=b""),))


@cache
def text_to_nul(name: str, encoding: str, full: str) -> RecordType:
    """Returns a text and its NUL."""
    return RecordType(full, None, blobs=(Blob(name, 0, None, encoding, 1, 1),))


@cache
def block(name: str, full: str) -> RecordType:
    """Returns a block of texts, as bytes."""
    return RecordType(full, None, blobs=(Blob(name, 0, None),))


@cache
def envelope(node: tree.WrappedRest, name: str, full: str) -> RecordType:
    """Returns an envelope up to the end of its bytes."""
    blob = Blob(name, 0, None, wrapping=node.wrapping, content=node.content)
    return RecordType(full, None, blobs=(blob,))


@cache
def array_form(
    node: tree.Array | tree.Table | tree.Terminated | tree.UpTo | tree.UpToEnd, name: str
) -> ListForm:
    """Returns an array, or a list that ends with a mark."""
    return ListForm(
        name,
        closed=isinstance(node, tree.UpTo),
        variable=not isinstance(node, tree.Array | tree.Table) or only_path(node.count) is not None,
    )
