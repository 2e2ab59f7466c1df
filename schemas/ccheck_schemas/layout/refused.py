"""The nodes that a schema may not use, and what its author writes instead.

Construct is a description language here. Many of its nodes accept what a strict validator must refuse: an
unknown enum value, trailing bytes, a swallowed error, a pointer from the end of the file. And a lambda
cannot be turned into a program.
"""

from __future__ import annotations

from typing import Any

import construct

from ccheck_schemas import meaning as m

REFUSED: dict[str, str] = {
    "GreedyRange": "swallows the error that ends it; use Array or Table with a count",
    "GreedyBytes": "takes whatever is left; give Bytes a length",
    "GreedyString": "takes whatever is left; use Text with a length",
    "RepeatUntil": "has no bound; use Chain or a count",
    "Enum": "lets unknown values pass; use StrictEnum",
    "FlagsEnum": "lets unknown bits pass; use StrictFlags",
    "Mapping": "hides the number; use StrictEnum",
    "Flag": "reads every byte but 0 as true; use StrictEnum or Bounded",
    "Padding": "does not look at the padding; use Reserved or ZeroPad",
    "Padded": "does not look at the padding; use Region or ZeroPad",
    "Aligned": "does not look at the padding; use ZeroPad",
    "FixedSized": "lets a short content pass; use Region",
    "NullTerminated": "has no bound; use Text",
    "NullStripped": "drops bytes; use Text",
    "PaddedString": "drops what follows the NUL; use Text",
    "PascalString": "has no bound on its length; use LengthOf and Text",
    "CString": "has no bound; use Text or TextToNul",
    "Prefixed": "lets bytes after its content pass; use LengthOf and Region",
    "PrefixedArray": "has no bound on its count; use CountOf and Array or Table",
    "Pointer": "reads a negative offset from the end of the file; use At, Chain or Pooled",
    "Peek": "swallows errors",
    "Seek": "moves without a bound; use At, Chain or Pooled",
    "Optional": "swallows errors; use If with a field",
    "Select": "swallows errors; use Switch with a field",
    "Union": "gives bytes two owners",
    "Rebuild": "does not verify what it read; use CountOf, LengthOf or FileSize",
    "Default": "does not verify what it read",
    "Checksum": "takes functions; use ChecksumOver",
    "Check": "takes a function and has no place; write a check",
    "Probe": "prints",
    "StopIf": "ends a record silently; use If",
    "LazyBound": "lets a file choose the depth of recursion",
    "RawCopy": "gives bytes two owners",
    "ExprAdapter": "takes functions",
    "ExprValidator": "takes functions; use Bounded or write a check",
    "OneOf": "takes any container; use StrictEnum",
    "NoneOf": "takes any container; write a check",
    "BytesInteger": "has an odd size that no driver reads at once; use Int8, Int16, Int32 or Int64, or Bytes",
    "BitStruct": "reads bits; read the integer that has them, and each by Computed((this.n >> 4) & 3)",
    "Bitwise": "reads bits; read the integer that has them, and each by Computed((this.n >> 4) & 3)",
    "BitsInteger": "reads bits; read the integer that has them, and each by Computed((this.n >> 4) & 3)",
    "VarInt": "has several spellings of one number; use an integer of a fixed size",
    "ZigZag": "has several spellings of one number; use an integer of a fixed size",
    "Sequence": "has elements without names; use Struct",
    "FocusedSeq": "drops what it reads; use Struct",
    "Hex": "changes how a value prints; leave it away",
    "HexDump": "changes how a value prints; leave it away",
    "Tell": "counts from the start of the file wherever it stands; use Position",
    "Terminated": "of Construct looks past the record; every unread byte is a finding anyway",
    "Lazy": "reads on access; name the node itself",
}
"""Nodes of Construct that a schema may not use, as authors write them, and what to use instead."""
REFUSED |= {
    f"Int24{sign}": "has three bytes; use Bytes(3), or an Int8 and an Int16 where they are two fields"
    for sign in ("ub", "ul", "un", "sb", "sl", "sn")
}
REFUSED |= dict.fromkeys(("Bit", "Nibble", "Octet"), REFUSED["BitsInteger"])


def as_written(node: Any) -> str:
    """Returns the name of a node as the author of a schema writes it: `Int24ul`, and not its class."""
    match node:
        case construct.StringEncoded():
            return _STRINGS.get(type(node.subcon).__name__, "StringEncoded")
        case construct.Padded() if node.subcon is construct.Pass:
            return "Padding"
        case construct.FocusedSeq() if node.parsebuildfrom == "items":
            return "PrefixedArray"
        case construct.Select() if construct.Pass in node.subcons:
            return "Optional"
        case construct.Transformed() | construct.Restreamed():
            return "BitStruct" if isinstance(node.subcon, construct.Struct) else "Bitwise"
        case m.Meaning() | construct.Renamed():
            return as_written(node.subcon)
    return str(_SINGLETONS.get(id(node), type(node).__name__))


_STRINGS = {
    "GreedyBytes": "GreedyString",
    "Prefixed": "PascalString",
    "NullTerminated": "CString",
    "FixedSized": "PaddedString",
}

_SINGLETONS = {
    id(node): name
    for name, node in reversed(vars(construct).items())
    if isinstance(node, construct.Construct) and not isinstance(node, construct.FormatField)
}
