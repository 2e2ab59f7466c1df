"""The facts of a kernel or boot loader that flattened devicetrees are compared with."""

from __future__ import annotations

from ccheck_schemas.build_facts import Fact, FactKind

VERSIONS = Fact(FactKind.SET, "devicetree_versions", values=range(1 << 32))
SIZE = Fact(FactKind.LIMIT, "devicetree_size")
"""Bytes of a tree."""
DEPTH = Fact(FactKind.LIMIT, "devicetree_depth")
"""Nodes inside each other, the root included."""

FACTS = (VERSIONS, SIZE, DEPTH)
