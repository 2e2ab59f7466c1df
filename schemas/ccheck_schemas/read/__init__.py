"""Read any bytes by a schema: records with their places, and every fault; never an exception.

Construct's own parser stops at the first error, knows no offsets, and trusts counts and lengths. This reader
follows the layout that its nodes are compiled to. For any bytes:

* It reports all faults. A record that is cut short is one fault; everything after it that has a known place
  is still read.
* Work and memory are proportional to the size of the file. Counts are compared with the bytes at hand before
  anything is created. A chain stops at a record that was read before. All records together may claim at most
  twice the bytes of the file.
* Every byte belongs to one record, or is reported.
"""

from __future__ import annotations

from functools import cache, partial
from typing import assert_never

from ccheck_schemas.layout import tree
from ccheck_schemas.read.handlers import (
    computed,
    envelopes,
    leaves,
    listed,
    nested,
    pointers,
    shared,
    streams,
)
from ccheck_schemas.read.reader import Handler, Reader
from ccheck_schemas.record import Reading


def read(layout: tree.Struct, data: bytes, *, bulk: bool = True) -> Reading:
    """Reads a file by a layout, whatever its bytes are.

    Args:
        layout: The top record of a format, such as `Schema.layout`.
        data: The whole file.
        bulk: Whether to read all rows of a table together and create their records only on access. Without it
            every row is read by itself, which is much slower and has the same result; tests compare the two.

    Returns:
        The records and the faults of the file.
    """
    return Reader(layout, data, _handler, bulk=bulk).run(layout)


@cache
def _handler(node: tree.Node) -> Handler:
    """Returns the function that reads a node."""
    match node:
        case tree.Integer() | tree.Float():
            return partial(leaves.number, node)
        case tree.Digits():
            return partial(leaves.digits, node)
        case tree.Const():
            return partial(leaves.const, node)
        case tree.Nothing():
            return partial(leaves.nothing, node)
        case tree.Bytes():
            return partial(leaves.raw_bytes, node)
        case tree.Text():
            return partial(leaves.text, node)
        case tree.TextToNul():
            return partial(leaves.text_to_nul, node)
        case tree.ZeroPad():
            return partial(leaves.zero_pad, node)
        case tree.AnyPad():
            return partial(leaves.any_pad, node)
        case tree.ZerosTo():
            return partial(listed.zeros_to, node)
        case tree.ZerosToEnd():
            return partial(listed.zeros_to_end, node)
        case tree.Computed():
            return partial(computed.computed, node)
        case tree.PlaceNumber():
            return partial(computed.place_number, node)
        case tree.Struct():
            return partial(nested.nested, node)
        case tree.Array():
            return partial(nested.array, node)
        case tree.Region():
            return partial(nested.region, node)
        case tree.If():
            return partial(nested.if_then_else, node)
        case tree.Switch():
            return partial(nested.switch, node)
        case tree.Table():
            return partial(shared.table, node)
        case tree.Pool():
            return partial(shared.pool, node)
        case tree.Strings():
            return partial(shared.strings, node)
        case tree.SharedText():
            return partial(shared.take_shared, node)
        case tree.Rows():
            return partial(shared.take_rows, node)
        case tree.Pooled():
            return partial(shared.take_pooled, node)
        case tree.Terminated():
            return partial(listed.terminated, node)
        case tree.UpTo():
            return partial(listed.up_to, node)
        case tree.UpToEnd():
            return partial(listed.up_to_end, node)
        case tree.At():
            return partial(pointers.record_at, node)
        case tree.Chain():
            return partial(pointers.chain, node)
        case tree.Opaque():
            return partial(streams.opaque, node)
        case tree.OpaqueRest():
            return partial(streams.opaque_rest, node)
        case tree.Wrapped():
            return partial(envelopes.wrapped, node)
        case tree.WrappedRest():
            return partial(envelopes.wrapped_rest, node)
        case tree.Slot():
            return partial(streams.slot, node)
        case tree.Rest():
            return partial(streams.rest, node)
        case tree.Delimited():
            return partial(streams.delimited, node)
        case tree.Substream():
            return partial(streams.substream, node)
        case tree.SubstreamRest():
            return partial(streams.substream_rest, node)
        case tree.ReadAt():
            return partial(streams.read_at, node)
        case _:
            assert_never(node)
