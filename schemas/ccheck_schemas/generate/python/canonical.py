"""For which schemas a file that the generated code accepts is also in canonical form.

A file passes if the reader finds no fault and if Construct builds the same bytes from its content. The
generated `accept` decides the first. This module decides for which schemas the second follows; files of any
other schema are read, for the reason given here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import assert_never

from ccheck_schemas.layout import tree
from ccheck_schemas.layout.size import least_size
from ccheck_schemas.schema import Schema

_EXACT = frozenset({"ascii", "utf-8", "utf-16-le", "utf-16-be", "latin-1"})
"""Encodings in which text that was decoded strictly is encoded to the bytes that it came from."""

_COLLIDING = re.compile(r"_(\d+|end)$")
"""Suffixes of variables in generated code."""

_SAFE_NAME = re.compile(r"[\w .+-]+", re.ASCII)

Complaints = Iterator[str]


def why_not_canonical(schema: Schema) -> str | None:
    """Returns why a file of a schema must be read although `accept` accepts it; None if it need not be."""
    if type(schema) is not Schema:
        return f"it is a {type(schema).__name__}, which may be built in a way of its own"
    if not _SAFE_NAME.fullmatch(schema.name):
        return "its name cannot stand in generated code"
    if schema.omitted:
        return "its importer left something out, which each report says"
    if schema.compose is not None:
        return "its recipes say what the canonical form is, and they need the content"
    if schema.assemble is not Schema.assemble:
        return "its content is put together by a function of its own"
    return next(_node(schema.layout, "the file"), None)


def _node(node: tree.Node, name: str) -> Complaints:
    """Yields each node whose bytes may be built differently."""
    match node:
        case tree.Digits():  # built again as they are spelled
            return
        case tree.Integer():
            if node.order == "=":
                yield f"{name} is a number whose bytes this machine might write otherwise"
        case tree.Float():
            yield f"{name} is a number whose bytes this machine might write otherwise"
        case tree.Struct():
            for field in node.fields:
                yield from _node(field.node, field.name or "a padding")
        case tree.Array():
            if not least_size(node.element):
                yield f"an element of {name} may have no bytes"
            yield from _node(node.element, name)
        case tree.Table():
            if not least_size(node.record):
                yield f"an element of {name} may have no bytes"
            yield from _named(node.table)
            yield from _node(node.record, name)
        case tree.Region() | tree.Substream():  # one that is not filled is read
            yield from _node(node.inner, name)
        case tree.If() | tree.Switch():
            for branch in tree.branches_of(node):
                yield from _node(branch, name)
        case tree.Text():
            if node.encoding not in _EXACT:
                yield f"the text {name} may have two spellings in {node.encoding}"
        case tree.Pooled():
            yield from _node(node.item, name)
        case tree.Pool():
            yield from _named(node.region)
        case tree.Wrapped() | tree.WrappedRest():
            yield f"the content of the envelope {name} is judged as a file of its own"
        case tree.Computed() | tree.PlaceNumber():
            return
        case tree.Const() | tree.Nothing() | tree.Bytes() | tree.Opaque() | tree.ZeroPad() | tree.Rows():
            return
        case (
            tree.At()
            | tree.Chain()
            | tree.SharedText()
            | tree.Strings()
            | tree.ReadAt()
            | tree.SubstreamRest()
        ):
            yield _unknown(node, name)
        case tree.Terminated() | tree.UpTo() | tree.UpToEnd() | tree.OpaqueRest() | tree.Slot() | tree.Rest():
            yield _unknown(node, name)
        case tree.Delimited() | tree.TextToNul() | tree.AnyPad() | tree.ZerosTo() | tree.ZerosToEnd():
            yield _unknown(node, name)
        case _:
            assert_never(node)


def _unknown(node: tree.Node, name: str) -> str:
    return f"{type(node).__name__} {name} is not known to be written again as it was"


def _named(name: str) -> Complaints:
    """Yields a name that cannot be part of a variable in generated code."""
    if not (name.isascii() and name.isidentifier()) or _COLLIDING.search(name):
        yield f"{name!r} is no name that generated code can have for a table or a pool"
