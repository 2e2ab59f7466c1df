"""For which schemas a file that the generated code accepts is also in canonical form.

A file passes when the reader finds no fault and when Construct builds the same bytes from its content. The
generated `accept` decides the first. This module decides for which schemas the second follows; files of any
other schema are read, for the reason given here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import construct

from ccheck_schemas import meaning as m
from ccheck_schemas.layout.size import least_size
from ccheck_schemas.layout.tree import bare
from ccheck_schemas.schema import Schema

_EXACT = frozenset({"ascii", "utf-8", "utf-16-le", "utf-16-be", "latin-1"})
"""Encodings in which text that was decoded strictly is encoded to the bytes that it came from."""

_MEANINGS = (
    m.Version, m.Bounded, m.StrictEnum, m.StrictFlags, m.Reserved, m.CountOf, m.LengthOf, m.RecordSize,
    m.FileSize, m.IndexInto, m.OffsetInto, m.ChecksumOver,
)  # fmt: skip

_COLLIDING = re.compile(r"_(\d+|end)$")
"""Suffixes of variables in generated code."""

_SAFE_NAME = re.compile(r"[\w .+-]+", re.ASCII)

Complaints = Iterator[str]


def why_not_canonical(schema: Schema) -> str | None:
    """Returns why a file of a schema must be read although `accept` accepts it; None where it need not be."""
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
    return next(_node(schema.root, "the file"), None)


def _node(node: Any, name: str) -> Complaints:
    """Yields each node whose bytes may be built differently; an unknown subclass is one of them."""
    yield from _hooks(node, name)
    leaf, meanings = bare(node)
    yield from _meanings(leaf, meanings, name)
    kind = type(leaf)
    if kind is construct.FormatField:
        if leaf.fmtstr[-1] not in "bBhHlLqQ" or leaf.fmtstr[0] == "=":
            yield f"{name} is a number whose bytes this machine might write otherwise"
    elif kind is construct.Const:
        if type(leaf.subcon) not in (construct.Bytes, construct.FormatField):
            yield f"the constant {name} is not of plain bytes"
    elif kind is construct.Struct:
        for sub in leaf.subcons:
            yield from _node(sub, sub.name or "a padding")
    elif kind is construct.Array or kind is m.Table:
        if not least_size(leaf.subcon):
            yield f"an element of {name} may have no bytes"
        if kind is m.Table:
            yield from _named(leaf.table)
        yield from _node(leaf.subcon, name)
    elif kind is m.Region or kind is m.Substream:  # one that is not filled is read
        yield from _node(leaf.subcon, name)
    elif kind is construct.IfThenElse:
        yield from _node(leaf.thensubcon, name)
        yield from _node(leaf.elsesubcon, name)
    elif kind is construct.Switch:
        for sub in (*leaf.cases.values(), leaf.default):
            yield from _node(sub, name)
    elif kind is m.Text:
        if leaf.encoding not in _EXACT:
            yield f"the text {name} may have two spellings in {leaf.encoding}"
    elif kind is m.Pooled:
        yield from _node(leaf.subcon, name)
    elif kind is m.Pool:
        yield from _named(leaf.region)
    elif kind not in (construct.Bytes, m.Opaque, m.ZeroPad, m.Rows) and leaf is not construct.Pass:
        yield f"{kind.__name__} {name} is not known to be written again as it was"


def _hooks(node: Any, name: str) -> Complaints:
    while isinstance(node, construct.Renamed | m.Meaning):
        if isinstance(node, construct.Renamed) and node.parsed is not None:
            yield f"{name} calls a function when it is parsed"
        node = node.subcon


def _meanings(leaf: Any, meanings: tuple[m.Meaning, ...], name: str) -> Complaints:
    for meaning in meanings:
        if type(meaning) not in _MEANINGS:
            yield f"{type(meaning).__name__} of {name} is not known to generated code"
        elif isinstance(meaning, m.StrictEnum) and not meaning.known:
            yield f"{name} has no value that is right"


def _named(name: str) -> Complaints:
    """Yields a name that cannot be part of a variable in generated code."""
    if not (name.isascii() and name.isidentifier()) or _COLLIDING.search(name):
        yield f"{name!r} is no name that generated code can have for a table or a pool"
