"""Read any bytes by a schema: records with their places, and every fault, never an exception.

Construct's own parser stops at the first error, knows no offsets and trusts counts and lengths. This reader
follows the same tree of nodes (`meaning`) and keeps these promises for any bytes:

* it reports all faults; a record that is cut short is one fault, and all that can still be read is read
* its work and memory are proportional to the file: counts are compared with the bytes at hand before anything
  is made, a chain stops at a record that was read before, and records may not claim more bytes than the file
  has, twice over
* every byte belongs to one record, or is reported
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, TypeVar

import construct

from ccheck_schemas import meaning as m
from ccheck_schemas.read.handlers import leaves, listed, nested, pointers, shared, streams
from ccheck_schemas.read.reader import Handler, Reader
from ccheck_schemas.record import Reading

NodeT = TypeVar("NodeT")


def read(root: construct.Construct, data: bytes, *, bulk: bool = True) -> Reading:
    """Read `data` by the schema `root`, a Struct that `lint` accepts. Raises nothing on any bytes.

    bulk: look at all rows of a table at once, and make records only of those that are asked for. Without
    it every row is read by itself, which takes far longer and gives the same: tests hold the two together.
    """
    return Reader(root, data, _handler, bulk=bulk).run(root)


def _handles(kind: type[NodeT], handler: Handler[NodeT]) -> tuple[type, Handler[Any]]:
    """Returns a row of the table, whose handler must take nodes of its kind."""
    return kind, handler


_HANDLERS: Mapping[type, Handler[Any]] = MappingProxyType(
    dict(
        (
            _handles(construct.Const, leaves.const),
            _handles(construct.Bytes, leaves.raw_bytes),
            _handles(construct.Struct, nested.nested),
            _handles(construct.Array, nested.array),
            _handles(construct.IfThenElse, nested.if_then_else),
            _handles(construct.Switch, nested.switch),
            _handles(m.Text, leaves.text),
            _handles(m.TextToNul, leaves.text_to_nul),
            _handles(m.ZeroPad, leaves.zero_pad),
            _handles(m.AnyPad, leaves.any_pad),
            _handles(m.Region, nested.region),
            _handles(m.Table, shared.table),
            _handles(m.Pool, shared.pool),
            _handles(m.Strings, shared.strings),
            _handles(m.SharedText, shared.take_shared),
            _handles(m.Rows, shared.take_rows),
            _handles(m.Pooled, shared.take_pooled),
            _handles(m.Terminated, listed.terminated),
            _handles(m.UpTo, listed.up_to),
            _handles(m.UpToEnd, listed.up_to_end),
            _handles(m.ZerosTo, listed.zeros_to),
            _handles(m.ZerosToEnd, listed.zeros_to_end),
            _handles(m.At, pointers.record_at),
            _handles(m.Chain, pointers.chain),
            _handles(m.Opaque, streams.opaque),
            _handles(m.OpaqueRest, streams.opaque_rest),
            _handles(m.Slot, streams.slot),
            _handles(m.Rest, streams.rest),
            _handles(m.Delimited, streams.delimited),
            _handles(m.Substream, streams.substream),
            _handles(m.SubstreamRest, streams.substream_rest),
            _handles(m.ReadAt, streams.read_at),
        )
    )
)
"""The handler of each kind of node."""


@cache
def _handler(node: construct.Construct) -> tuple[Handler[Any], Any]:
    """Returns the handler of a node, and the node without its name."""
    while isinstance(node, construct.Renamed):
        node = node.subcon
    inner = node
    meanings = []
    while isinstance(inner, (m.Meaning, construct.Renamed)):
        if isinstance(inner, m.Meaning):
            meanings.append(inner)
        inner = inner.subcon
    if isinstance(inner, construct.FormatField):
        return leaves.integer, leaves.Integer(struct.Struct(inner.fmtstr), tuple(meanings))
    if node is construct.Pass:
        return leaves.nothing, node
    if type(node) in _HANDLERS:
        return _HANDLERS[type(node)], node
    raise TypeError(
        f"the reader does not know {type(node).__name__}; ccheck_schemas.layout.lint names what it knows"
    )
