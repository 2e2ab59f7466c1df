"""Read any bytes by a schema: records with their places, and every fault; never an exception.

Construct's own parser stops at the first error, knows no offsets, and trusts counts and lengths. This reader
follows the same tree of nodes (`meaning`). For any bytes:

* It reports all faults. A record that is cut short is one fault; everything after it that has a known place
  is still read.
* Work and memory are proportional to the size of the file. Counts are compared with the bytes at hand before
  anything is created. A chain stops at a record that was read before. All records together may claim at most
  twice the bytes of the file.
* Every byte belongs to one record, or is reported.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

import construct

from ccheck_schemas import meaning as m
from ccheck_schemas.read.handlers import leaves, listed, nested, pointers, shared, streams
from ccheck_schemas.read.reader import Handler, Reader
from ccheck_schemas.record import Reading


def read(root: construct.Construct, data: bytes, *, bulk: bool = True) -> Reading:
    """Reads a file by a schema, whatever its bytes are.

    Args:
        root: The schema: a Struct that `lint` accepts.
        data: The whole file.
        bulk: Whether to read all rows of a table together and create their records only on access. Without it
            every row is read by itself, which is much slower and has the same result; tests compare the two.

    Returns:
        The records and the faults of the file.
    """
    return Reader(root, data, _handler, bulk=bulk).run(root)


HANDLERS: Mapping[type, Handler[Any]] = MappingProxyType(
    {
        construct.Const: leaves.const,
        construct.Bytes: leaves.raw_bytes,
        construct.Struct: nested.nested,
        construct.Array: nested.array,
        construct.IfThenElse: nested.if_then_else,
        construct.Switch: nested.switch,
        m.Text: leaves.text,
        m.TextToNul: leaves.text_to_nul,
        m.ZeroPad: leaves.zero_pad,
        m.AnyPad: leaves.any_pad,
        m.Region: nested.region,
        m.Table: shared.table,
        m.Pool: shared.pool,
        m.Strings: shared.strings,
        m.SharedText: shared.take_shared,
        m.Rows: shared.take_rows,
        m.Pooled: shared.take_pooled,
        m.Terminated: listed.terminated,
        m.UpTo: listed.up_to,
        m.UpToEnd: listed.up_to_end,
        m.ZerosTo: listed.zeros_to,
        m.ZerosToEnd: listed.zeros_to_end,
        m.At: pointers.record_at,
        m.Chain: pointers.chain,
        m.Opaque: streams.opaque,
        m.OpaqueRest: streams.opaque_rest,
        m.Slot: streams.slot,
        m.Rest: streams.rest,
        m.Delimited: streams.delimited,
        m.Substream: streams.substream,
        m.SubstreamRest: streams.substream_rest,
        m.ReadAt: streams.read_at,
    }
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
    if type(node) in HANDLERS:
        return HANDLERS[type(node)], node
    raise TypeError(
        f"the reader does not know {type(node).__name__}; ccheck_schemas.layout.lint names what it knows"
    )
