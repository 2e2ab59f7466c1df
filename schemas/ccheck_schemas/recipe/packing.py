"""Pack a record's integers by the schema's layout without its conditions: wrong content must be writable."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from itertools import accumulate
from typing import Any, assert_never

import construct

from ccheck_schemas.layout import tree
from ccheck_schemas.layout.compiler import compile_tree
from ccheck_schemas.layout.expression import stated


class Packing:
    """The fixed fields of a Struct, as names and one `struct.Struct`; nodes without bytes are left out."""

    def __init__(self, record: construct.Struct) -> None:
        layout, refused = compile_tree(record)
        if refused:
            raise ValueError(f"a record that is refused cannot be packed: {refused[0]}")
        names: list[str] = []
        forms: list[str] = []
        for field in layout.fields:
            form = _form(field.node)
            if form is not None:
                names.append(field.name)
                forms.append(form)
        sizes = (struct.calcsize("<" + form.lstrip("<>")) for form in forms)
        self._offsets = dict(zip(names, accumulate(sizes, initial=0), strict=False))
        orders = {form[0] for form in forms if form[0] in "<>"}
        if len(orders) > 1:
            raise ValueError("a record of two byte orders cannot be packed at once")
        self.names = tuple(names)
        self._digits = {
            field.name: field.node.packer for field in layout.fields if isinstance(field.node, tree.Digits)
        }
        self.struct = struct.Struct(
            (orders.pop() if orders else "<") + "".join(f.lstrip("<>") for f in forms)
        )

    @property
    def size(self) -> int:
        """Bytes of the record's fixed fields."""
        return self.struct.size

    def offset(self, name: str) -> int:
        """Returns the offset of a field in the record."""
        return self._offsets[name]

    def pack(self, values: Mapping[str, Any]) -> bytes:
        """Returns the bytes of the record.

        Args:
            values: A number, or bytes for text, for each name.
        """
        numbers = {name: form.pack(values[name]) for name, form in self._digits.items()}
        return self.struct.pack(*(numbers.get(name, values[name]) for name in self.names))


def _form(node: tree.Node) -> str | None:
    """Returns the format of a field for `struct`; None for one without bytes, or of no fixed length."""
    match node:
        case tree.Integer() | tree.Float():
            return node.order + node.letter
        case tree.Digits():
            return f"{node.size}s"
        case tree.Const():
            return f"{len(node.expected)}s"
        case tree.Text() | tree.Bytes() | tree.Opaque() | tree.Wrapped() | tree.Slot():
            length = stated(node.length)
            behind = node.behind if isinstance(node, tree.Text) else 0
            return None if length is None else f"{length + behind}s"
        case tree.At() | tree.Chain() | tree.ReadAt() | tree.Pooled() | tree.SharedText() | tree.Rows():
            return None
        case (
            tree.Nothing()
            | tree.Computed()
            | tree.PlaceNumber()
            | tree.If()
            | tree.Switch()
            | tree.Struct()
            | tree.Array()
            | tree.Table()
        ):
            return None
        case tree.Terminated() | tree.UpTo() | tree.UpToEnd() | tree.Pool() | tree.Strings() | tree.Region():
            return None
        case (
            tree.Substream()
            | tree.SubstreamRest()
            | tree.OpaqueRest()
            | tree.WrappedRest()
            | tree.Rest()
            | tree.Delimited()
        ):
            return None
        case tree.TextToNul() | tree.ZeroPad() | tree.AnyPad() | tree.ZerosTo() | tree.ZerosToEnd():
            return None
        case _:
            assert_never(node)
