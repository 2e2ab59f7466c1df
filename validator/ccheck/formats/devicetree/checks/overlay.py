"""Checks of overlays, and of trees that hold images: what an overlay is applied by, and what is not judged."""

from __future__ import annotations

from collections.abc import Iterator

from ccheck.core.check import Diagnostic
from ccheck.core.subject import Subject
from ccheck.formats.devicetree.checks.lookup import CELL, NONE, Lookup, cells_of, number_of, texts, value_span
from ccheck.formats.devicetree.checks.tree import content_of, name_place
from ccheck.text.quoting import counted
from ccheck_schemas.formats.devicetree.content import Node, Property, phandles
from ccheck_schemas.span import Span

_REFUSED = "fdtoverlay and U-Boot refuse the overlay, or write outside of the property; Linux refuses it"


def devicetree_fixup_malformed(subject: Subject) -> Iterator[Diagnostic]:
    """An entry of an overlay's fixups has not the form that readers take apart.

    ## What is wrong
    A property of `__fixups__` is no list of texts `path:property:offset`, with a path from the root and a decimal number;
    or a property of `__local_fixups__` has no whole number of cells.

    ## Why is this bad
    libfdt (fdtoverlay, U-Boot) and Linux refuse the overlay. A negative offset makes libfdt write in front of the
    property.

    ## How to fix
    Build the overlay again with dtc -@, which writes these nodes.
    """
    tree = Lookup(content_of(subject))
    fixups = tree.top("__fixups__")
    for held in () if fixups is None else fixups.properties:
        if not held.value:
            yield _malformed(f"{held.name} of /__fixups__ is empty", held.source.span("len"))
        for at, text, ended in texts(held.value):
            wrong = _form(text) if ended else "does not end in a NUL"
            if wrong:
                words = text[:80].decode("ascii", "backslashreplace")
                yield _malformed(
                    f"{words!r}, a fixup of {held.name}, {wrong}", value_span(held, at, max(1, len(text)))
                )
    for held, path in _local(tree):
        if not held.value or len(held.value) % CELL:
            yield _malformed(
                f"{held.name} of {path} has {counted(len(held.value), 'byte')}, no whole number of cells",
                held.source.span("len"),
            )


def _malformed(message: str, span: Span) -> Diagnostic:
    return Diagnostic(
        message, span, label="malformed", why=_REFUSED, fix="build the overlay again with dtc -@"
    )


def _form(text: bytes) -> str:
    """Returns what is wrong with the form of an entry; empty for nothing."""
    path, colon, rest = text.partition(b":")
    name, second, offset = rest.partition(b":")
    if not colon or not second:
        return "is not path:property:offset"
    if not path.startswith(b"/"):
        return "does not begin with a path from the root"
    if not name:
        return "names no property"
    if not offset.isdigit():
        return "has no decimal offset"
    return ""


def _local(tree: Lookup) -> Iterator[tuple[Property, str]]:
    """Yields the properties of `__local_fixups__` and of all nodes below, with the path of their node."""
    top = tree.top("__local_fixups__")
    waiting = [] if top is None else [top]
    while waiting:
        node = waiting.pop()
        for held in node.properties:
            if held.name not in ("name", "phandle", "linux,phandle"):
                yield held, node.path
        waiting += reversed(tree.below(node))


def devicetree_fixup_outside(subject: Subject) -> Iterator[Diagnostic]:
    """A fixup of an overlay leads outside of a property.

    ## What is wrong
    An entry of `__fixups__` or `__local_fixups__` names a node or a property that the overlay does not have, or an offset
    at which the property has no four bytes.

    ## Why is this bad
    Whoever applies the overlay writes a phandle there. Linux and libfdt refuse entries of `__fixups__`; libfdt writes
    where `__local_fixups__` says, without a look at the length: outside of the property, and of the tree.

    ## How to fix
    Build the overlay again with dtc -@, which writes these nodes; do not change values behind its back.
    """
    tree = Lookup(content_of(subject))
    fixups = tree.top("__fixups__")
    for held in () if fixups is None else fixups.properties:
        for at, text, ended in texts(held.value):
            if not ended or _form(text):
                continue
            path, name, offset = text.decode("latin-1").split(":", 2)
            wrong = _target(tree, tree.at(path), name, int(offset.lstrip("0")[:20] or "0"))
            if wrong:
                yield _outside(
                    f"a fixup of {held.name} leads to {path}:{name}, {wrong}", value_span(held, at, len(text))
                )
    if tree.top("__local_fixups__") is not None:
        yield from _local_outside(tree)


def _target(tree: Lookup, node: Node | None, name: str, offset: int) -> str:
    """Returns why four bytes cannot be written at an offset of a property; empty if they can."""
    if node is None:
        return "a node that the overlay does not have"
    held = tree.property(node, name)
    if held is None:
        return "a property that the node does not have"
    if offset + CELL > len(held.value):
        return f"offset {offset:,}, and the value has {counted(len(held.value), 'byte')}"
    return ""


def _local_outside(tree: Lookup) -> Iterator[Diagnostic]:
    """Yields the entries of `__local_fixups__`, which mirrors the tree, that lead outside."""
    top = tree.top("__local_fixups__")
    waiting = [] if top is None else [(top, tree.nodes[0])]
    while waiting:
        mirror, node = waiting.pop()
        for held in mirror.properties:
            if held.name in ("name", "phandle", "linux,phandle"):
                continue
            if tree.property(node, held.name or "") is None:
                yield _outside(
                    f"a local fixup leads to {node.path}:{held.name}, a property that the node does not have",
                    held.source.span("nameoff"),
                )
                continue
            for at, offset in enumerate(cells_of(held.value)):
                wrong = _target(tree, node, held.name or "", offset)
                if wrong:
                    yield _outside(
                        f"a local fixup leads to {node.path}:{held.name}, {wrong}",
                        value_span(held, at * CELL, CELL),
                    )
        for inner in tree.below(mirror):
            found = tree.child(node, inner.name or "")
            if found is None:
                yield _outside(
                    f"local fixups are for {inner.name!r} below {node.path}, a node that the overlay does not have",
                    name_place(inner),
                )
            else:
                waiting.append((inner, found))


def _outside(message: str, span: Span) -> Diagnostic:
    return Diagnostic(message, span, label="outside", why=_REFUSED, fix="build the overlay again with dtc -@")


def devicetree_overlay_target(subject: Subject) -> Iterator[Diagnostic]:
    """A fragment of an overlay does not say where it belongs.

    ## What is wrong
    A node with an `__overlay__` has neither a `target` of one phandle nor a `target-path` that ends in a NUL; or its
    `target` is no phandle, and no fixup puts one there.

    ## Why is this bad
    libfdt and Linux refuse the overlay, with all its fragments.

    ## How to fix
    Write the fragment as `&label { … };` in the source, or give it a `target-path`.
    """
    tree = Lookup(content_of(subject))
    fixed = _fixed_targets(tree)
    for node in tree.nodes:
        if node.depth != 2 or tree.child(node, "__overlay__") is None:
            continue
        target, path = tree.property(node, "target"), tree.property(node, "target-path")
        message, span = "", name_place(node)
        if target is not None:
            if len(target.value) != CELL:
                message = f"has a target of {counted(len(target.value), 'byte')}, not 4"
                span = target.source.span("len")
            elif number_of(target.value) in NONE and id(node) not in fixed:
                message = "has a target that is no phandle, and no fixup puts one there"
                span = value_span(target)
        elif path is None:
            message = "has no target and no target-path"
        elif not path.value.endswith(b"\0"):
            message, span = "has a target-path that does not end in a NUL", value_span(path)
        if not message:
            continue
        yield Diagnostic(
            f"the fragment {node.path} {message}",
            span,
            label="no target",
            why="libfdt and Linux refuse the overlay, with all its fragments",
            fix="write the fragment as &label { … }; in the source, or give it a target-path",
        )


def _fixed_targets(tree: Lookup) -> set[int]:
    """Returns the nodes, by `id`, whose `target` a fixup replaces."""
    fixups = tree.top("__fixups__")
    found = set()
    for held in () if fixups is None else fixups.properties:
        for _, text, _ in texts(held.value):
            path, _, rest = text.decode("latin-1").partition(":")
            node = tree.at(path) if rest.startswith("target:") else None
            if node is not None:
                found.add(id(node))
    return found


def devicetree_overlay_phandle(subject: Subject) -> Iterator[Diagnostic]:
    """A phandle of an overlay cannot be moved behind those of the tree below.

    ## What is wrong
    A `phandle` in an overlay is not one 32-bit number, or is 0xffffffff.

    ## Why is this bad
    Whoever applies an overlay adds the greatest phandle of the tree below to each of its own. libfdt (fdtoverlay, U-Boot)
    refuses the overlay for one that has another length, or for which there is no sum.

    ## How to fix
    Build the overlay again with dtc -@, which gives phandles from 1 on.
    """
    tree = Lookup(content_of(subject))
    for node, held in phandles(tree.nodes) if tree.is_overlay else ():
        if len(held.value) != CELL:
            message = f"has {counted(len(held.value), 'byte')}, not 4"
        elif number_of(held.value) == NONE[1]:
            message = "is 0xffffffff, and nothing can be added to it"
        else:
            continue
        yield Diagnostic(
            f"{held.name} of {node.path} {message}",
            value_span(held) if len(held.value) == CELL else held.source.span("len"),
            label="phandle",
            why="fdtoverlay and U-Boot refuse the overlay",
            fix="build the overlay again with dtc -@",
        )


def devicetree_symbol_malformed(subject: Subject) -> Iterator[Diagnostic]:
    """A symbol of an overlay is no path.

    ## What is wrong
    A property of `__symbols__` in an overlay is no single text that ends in a NUL and begins with a slash, or leads into
    a fragment that the overlay does not have.

    ## Why is this bad
    libfdt (fdtoverlay, U-Boot) moves the symbols of an overlay to the tree below. It refuses the overlay for one that it
    cannot take apart, after it has changed the tree.

    ## How to fix
    Build the overlay again with dtc -@, which writes this node.
    """
    tree = Lookup(content_of(subject))
    symbols = tree.top("__symbols__") if tree.is_overlay else None
    for held in () if symbols is None else symbols.properties:
        fragment, overlay, _ = (*held.value.rstrip(b"\0").decode("latin-1").split("/", 3)[1:], "", "", "")[:3]
        if not held.value or held.value.find(b"\0") != len(held.value) - 1:
            wrong = "is no single text that ends in a NUL"
        elif not held.value.startswith(b"/"):
            wrong = "is no path from the root"
        elif overlay == "__overlay__" and tree.at(f"{fragment}/__overlay__") is None:
            wrong = f"leads into {fragment}, a fragment that the overlay does not have"
        else:
            continue
        yield Diagnostic(
            f"{held.name} of /__symbols__ {wrong}",
            value_span(held),
            label="no path",
            why="fdtoverlay and U-Boot refuse the overlay, after they have changed the tree below",
            fix="build the overlay again with dtc -@",
        )


def devicetree_holds_images(subject: Subject) -> Iterator[Diagnostic]:
    """The devicetree is a FIT image: it carries kernels, trees and the like as values.

    ## What is wrong
    Nothing. The root has `images` and `configurations`, as U-Boot's FIT images (`.itb`) have. The tree is judged as a
    devicetree; the images in it, their hashes and signatures are not.

    ## Why is this bad
    It is not. Who reads the verdict must know that it says nothing about the images.

    ## How to fix
    Nothing must be done. `dumpimage -l` lists the images, and U-Boot's `fit_check_sign` verifies signatures. Take a tree
    out with `dumpimage -T flat_dt -p N` to have it judged.
    """
    tree = Lookup(content_of(subject))
    images = tree.top("images")
    if images is None or (
        tree.top("configurations") is None and tree.property(tree.nodes[0], "description") is None
    ):
        return
    number = len(tree.below(images))
    yield Diagnostic(
        f"a FIT image: {counted(number, 'image')} in it {'is' if number == 1 else 'are'} not judged, only the tree around",
        name_place(images),
        label="images",
        why="the verdict says nothing about the images, their hashes and signatures",
        fix="take a tree out of it to have it judged (dumpimage)",
    )
