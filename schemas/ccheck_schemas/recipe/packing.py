"""Pack a record's integers by the schema's layout without its conditions: wrong content must be writable."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from itertools import accumulate
from typing import Any

import construct

from ccheck_schemas import meaning as m


class Packing:
    """The fixed fields of a Struct, as names and one `struct.Struct`; nodes without bytes are left out."""

    def __init__(self, node: construct.Struct) -> None:
        names: list[str] = []
        forms: list[str] = []
        for sub in node.subcons:
            leaf = sub
            while isinstance(leaf, construct.Renamed | m.Meaning):
                leaf = leaf.subcon
            if isinstance(leaf, construct.Const):
                names.append(sub.name)
                forms.append(f"{leaf.sizeof()}s")
            elif isinstance(leaf, construct.FormatField):
                names.append(sub.name)
                forms.append(leaf.fmtstr)
            elif isinstance(leaf, m.Text | construct.Bytes) and not callable(leaf.length):
                names.append(sub.name)
                forms.append(f"{leaf.sizeof()}s")
        sizes = (struct.calcsize("<" + form.lstrip("<>")) for form in forms)
        self._offsets = dict(zip(names, accumulate(sizes, initial=0), strict=False))
        orders = {form[0] for form in forms if form[0] in "<>"}
        if len(orders) > 1:
            raise ValueError("a record of two byte orders cannot be packed at once")
        self.names = tuple(names)
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
        return self.struct.pack(*(values[name] for name in self.names))
