"""The checks of flattened devicetrees: one tree, and names. What only dtc asks for is a warning."""

from __future__ import annotations

from ccheck.core.check import Check
from ccheck.core.finding import Severity
from ccheck.formats.checks.general import VERSION, FormatChecks, layout
from ccheck.formats.devicetree.checks import overlay, values
from ccheck.formats.devicetree.checks import tree as devicetree

_TREE = ("devicetree",)
_WHOLE = (
    VERSION,
    *layout(
        "truncated",
        "size-mismatch",
        "count-past-bytes",
        "offset-outside-file",
        "bytes-owned-twice",
        "unknown-enum-value",
        "text-not-terminated",
    ),
)
_UNBALANCED = Check(devicetree.devicetree_unbalanced, requires=_WHOLE, schemas=_TREE)
_OUTSIDE = Check(devicetree.devicetree_outside_root, requires=_WHOLE, schemas=_TREE)
_AFTER = Check(devicetree.devicetree_property_after_node, requires=(_UNBALANCED, _OUTSIDE), schemas=_TREE)
_DEEP = Check(devicetree.devicetree_too_deep, requires=_WHOLE, schemas=_TREE)
_NODES = (_UNBALANCED, _OUTSIDE)
_NAMED = (*_NODES, _DEEP, *layout("offset-outside-region", "text-malformed"))
_PADDING = Check(
    devicetree.devicetree_padding_not_zero, severity=Severity.WARNING, requires=_WHOLE, schemas=_TREE
)

TABLE = FormatChecks(
    (
        _UNBALANCED,
        _OUTSIDE,
        Check(devicetree.devicetree_root_named, requires=_NODES, schemas=_TREE),
        _AFTER,
        _DEEP,
        _PADDING,
        Check(
            devicetree.devicetree_name_characters,
            severity=Severity.WARNING,
            requires=_NODES,
            schemas=_TREE,
        ),
        Check(devicetree.devicetree_node_repeated, severity=Severity.WARNING, requires=_NODES, schemas=_TREE),
        Check(
            devicetree.devicetree_property_repeated,
            severity=Severity.WARNING,
            requires=_NODES,
            schemas=_TREE,
        ),
        Check(
            devicetree.devicetree_phandle_repeated,
            severity=Severity.WARNING,
            requires=_NODES,
            schemas=_TREE,
        ),
        *(
            Check(function, severity=Severity.WARNING, requires=_NAMED, schemas=_TREE)
            for function in (
                values.devicetree_text_not_ended,
                values.devicetree_cells_malformed,
                values.devicetree_entries_incomplete,
                values.devicetree_reference_broken,
            )
        ),
        *(
            Check(function, requires=_NAMED, schemas=_TREE)
            for function in (
                overlay.devicetree_fixup_malformed,
                overlay.devicetree_fixup_outside,
                overlay.devicetree_overlay_target,
                overlay.devicetree_overlay_phandle,
                overlay.devicetree_symbol_malformed,
            )
        ),
        Check(overlay.devicetree_holds_images, severity=Severity.INFO, requires=(VERSION,), schemas=_TREE),
    ),
    whole=(_UNBALANCED, _OUTSIDE, _AFTER, _DEEP),
    keeps_layout=True,
)
