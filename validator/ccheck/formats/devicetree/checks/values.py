"""Checks of values in a devicetree: texts, numbers of cells, lists of entries, and references to nodes."""

from __future__ import annotations

from collections.abc import Iterator

from ccheck.core.check import Diagnostic
from ccheck.core.finding import RelatedLocation
from ccheck.core.subject import Subject
from ccheck.formats.devicetree.checks.lookup import (
    CELL,
    NONE,
    Lookup,
    cells_of,
    number_of,
    value_span,
)
from ccheck.formats.devicetree.checks.tree import content_of
from ccheck.text.quoting import counted
from ccheck_schemas.formats.devicetree.content import Node, Property

_TEXTS = frozenset(("compatible", "model", "status", "device_type", "label"))
_TEXTS_CHOSEN = frozenset(("bootargs", "stdout-path", "linux,stdout-path"))
_OF_PATHS = frozenset(("/aliases", "/__symbols__"))
"""Nodes whose every property is a path."""

_MOST_CELLS = 4
"""Cells of an address or size, at most, for Linux and libfdt."""

_REFERENCES = {
    "clocks": "#clock-cells",
    "cooling-device": "#cooling-cells",
    "dmas": "#dma-cells",
    "hwlocks": "#hwlock-cells",
    "interrupts-extended": "#interrupt-cells",
    "io-channels": "#io-channel-cells",
    "iommus": "#iommu-cells",
    "mboxes": "#mbox-cells",
    "mux-controls": "#mux-control-cells",
    "phys": "#phy-cells",
    "power-domains": "#power-domain-cells",
    "pwms": "#pwm-cells",
    "resets": "#reset-cells",
    "sound-dai": "#sound-dai-cells",
    "thermal-sensors": "#thermal-sensor-cells",
}
"""Properties that list phandles, each followed by as many cells as the node says that it names."""


def devicetree_text_not_ended(subject: Subject) -> Iterator[Diagnostic]:
    """A text among the values has no NUL at its end.

    ## What is wrong
    The value of a property that is a text or a list of texts, such as `compatible`, `status`, a `…-names`, an alias or
    a symbol, does not end in a NUL.

    ## Why is this bad
    Linux compares `status` and steps through `compatible` with string functions, and libfdt looks a symbol up so: they
    read on behind the value, into the next token. Other readers refuse the property.

    ## How to fix
    Write the value as a text in the source, in quotes, and build the tree with dtc, which ends it.
    """
    tree = Lookup(content_of(subject))
    for node in tree.nodes:
        if tree.is_overlay and node.depth == 2 and node.name == "__symbols__":
            continue  # devicetree-symbol-malformed
        for held in node.properties:
            value = held.value
            if value and value[-1] and _is_text(node, held.name or ""):
                yield Diagnostic(
                    f"{held.name} of {node.path} does not end in a NUL",
                    value_span(held),
                    label="no NUL",
                    why="readers with string functions read on behind the value; others refuse the property",
                    fix="write it as a text in the source, and build the tree with dtc",
                )


def _is_text(node: Node, name: str) -> bool:
    if name in _TEXTS or (name.endswith("-names") and name != "-names"):
        return True
    if node.depth != 2:
        return False
    path = node.path
    if path in _OF_PATHS:
        return name not in ("phandle", "linux,phandle")
    return path == "/chosen" and name in _TEXTS_CHOSEN


def devicetree_cells_malformed(subject: Subject) -> Iterator[Diagnostic]:
    """A number of cells is not one that readers take.

    ## What is wrong
    A property `#…-cells` has another length than the 4 bytes of one number; or `#address-cells` or `#size-cells` is
    more than 4.

    ## Why is this bad
    The lengths of `reg`, `ranges` and of lists of references follow from these numbers. libfdt and Linux refuse to
    translate an address of such a node; readers of old read 4 bytes where fewer stand.

    ## How to fix
    Give it one number in angle brackets, such as `#address-cells = <1>`.
    """
    for node in Lookup(content_of(subject)).hardware:
        for held in node.properties:
            name = held.name or ""
            if not (name.startswith("#") and name.endswith("-cells")):
                continue
            if len(held.value) != CELL:
                message, span = f"has {counted(len(held.value), 'byte')}, not 4", held.source.span("len")
            elif name in ("#address-cells", "#size-cells") and number_of(held.value) > _MOST_CELLS:
                message, span = f"is {number_of(held.value):,}, and 4 is the most", value_span(held)
            else:
                continue
            yield Diagnostic(
                f"{name} of {node.path} {message}",
                span,
                label="cells",
                why="the lengths of reg, ranges and references follow from it, and readers refuse those",
                fix="give it one number, such as <1>",
            )


def devicetree_entries_incomplete(subject: Subject) -> Iterator[Diagnostic]:
    """A list of addresses or interrupts does not hold whole entries.

    ## What is wrong
    The length of `reg`, `ranges`, `dma-ranges` or `interrupts` is no multiple of what one entry takes by the
    `#address-cells`, `#size-cells` and `#interrupt-cells` that apply; or `reg` has no entry.

    ## Why is this bad
    Linux drops what is left over, or finds no address at all. The entries that it reads are made of the wrong cells: a
    driver maps memory that is not its device's.

    ## How to fix
    Write whole entries, or correct the numbers of cells in the node above.
    """
    tree = Lookup(content_of(subject))
    for node in tree.hardware:
        parent = node.parent
        for name in ("reg", "ranges", "dma-ranges", "interrupts"):
            held = tree.property(node, name)
            if held is None or parent is None:
                continue
            cells, where = _entry(tree, node, parent, name)
            if cells is None:
                continue
            size = cells * CELL
            if (not held.value and name != "reg") or (held.value and size and len(held.value) % size == 0):
                continue
            if not held.value and not size:
                continue
            entries = f"entries of {counted(size, 'byte')}" if size else "no cells"
            yield Diagnostic(
                f"{name} of {node.path} has {counted(len(held.value), 'byte')}, by {where} it has {entries}",
                value_span(held) if held.value else held.source.span("len"),
                label=counted(len(held.value), "byte"),
                why="readers drop what is left over, or make entries of the wrong cells",
                fix="write whole entries, or correct the numbers of cells",
            )


def _entry(tree: Lookup, node: Node, parent: Node, name: str) -> tuple[int | None, str]:
    """Returns the cells of one entry, and by whose numbers; None where the tree does not state them."""
    if name == "interrupts":
        controller = _controller(tree, node)
        if controller is None:
            return None, ""
        return tree.cells(controller, "#interrupt-cells"), controller.path
    numbers = [tree.cells(parent, "#address-cells")]
    if name == "reg":
        numbers.append(tree.cells(parent, "#size-cells"))
        where = parent.path
    else:
        numbers += [tree.cells(node, "#address-cells"), tree.cells(node, "#size-cells")]
        where = f"{parent.path} and its own numbers"
    total = 0
    for number in numbers:
        if number is None or number > _MOST_CELLS:
            return None, ""
        total += number
    return total, where


def _controller(tree: Lookup, node: Node) -> Node | None:
    """Returns the node that interrupts of a node go to; None where the tree does not say."""
    above: Node | None = node
    while above is not None:
        if above is not node and any(
            tree.property(above, name) is not None for name in ("interrupt-controller", "interrupt-map")
        ):
            return above
        held = tree.property(above, "interrupt-parent")
        if held is not None:
            return tree.by_phandle.get(number_of(held.value)) if len(held.value) == CELL else None
        above = above.parent
    return None


def devicetree_reference_broken(subject: Subject) -> Iterator[Diagnostic]:
    """A reference leads to no node, or says less than the node asks for.

    ## What is wrong
    A list of references such as `clocks`, `resets` or `…-gpios`, or `interrupt-parent`, names a phandle that no node has;
    the node that it names has no `#…-cells`; or fewer cells follow than these say. References of an overlay, which may
    lead into another tree, are not judged.

    ## Why is this bad
    Linux fails to find the clock, interrupt or pin, and the driver does not start. Where the number of cells is another,
    all later entries of the list are read from the wrong place.

    ## How to fix
    Name the node by its label in the source, and give as many numbers as its binding says.
    """
    tree = Lookup(content_of(subject))
    if tree.is_overlay:
        return
    for node in tree.hardware:
        for held in node.properties:
            name = held.name or ""
            if name == "interrupt-parent":
                cells: str | None = ""
            elif _is_gpio(name):
                cells = None if tree.property(node, "gpio-hog") is not None else "#gpio-cells"
            else:
                cells = _REFERENCES.get(name)
            if cells is not None:
                yield from _broken(tree, node, held, cells)


def _is_gpio(name: str) -> bool:
    if name.endswith(",nr-gpios"):
        return False
    return name in ("gpios", "gpio") or name.endswith(("-gpios", "-gpio"))


def _broken(tree: Lookup, node: Node, held: Property, cells_name: str) -> Iterator[Diagnostic]:
    """Yields the first reference of a list that is broken: what follows is read from the wrong place."""
    numbers = cells_of(held.value)
    at = 0
    while at < len(numbers):
        target = tree.by_phandle.get(numbers[at])
        related: tuple[RelatedLocation, ...] = ()
        if numbers[at] in NONE:
            at += 1
            continue
        if target is None:
            message = f"phandle {numbers[at]:#x}, which no node has"
        elif not cells_name:
            at += 1
            continue
        else:
            follow = tree.cells(target, cells_name)
            if follow is not None and at + 1 + follow <= len(numbers):
                at += 1 + follow
                continue
            source = target.source.span("name")
            related = (RelatedLocation("the node", source.path, source.offset, source.length),)
            if follow is None:
                message = f"{target.path}, which has no {cells_name} of one cell"
            else:
                left = len(numbers) - at - 1
                message = f"{target.path}, whose {cells_name} is {follow}, and {counted(left, 'cell')} follow"
        yield Diagnostic(
            f"{held.name} of {node.path} leads to {message}",
            value_span(held, at * CELL, CELL),
            label=f"{numbers[at]:#x}",
            why="Linux finds no clock, interrupt or pin there, and later entries are read from the wrong place",
            fix="name the node by its label in the source, with as many numbers as its binding says",
            related=related,
        )
        return
