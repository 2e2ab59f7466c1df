"""Checks of flattened devicetrees: that the tokens are one tree, and what only dtc asks of names."""

from __future__ import annotations

from collections.abc import Iterator

from ccheck.core.check import Diagnostic
from ccheck.core.finding import RelatedLocation
from ccheck.core.subject import Subject
from ccheck.text.quoting import counted
from ccheck_schemas.formats.devicetree.content import (
    DevicetreeContent,
    Misplaced,
    Node,
    is_overlay,
    phandles,
)
from ccheck_schemas.formats.devicetree.numbers import DEPTH_HIGH, Token
from ccheck_schemas.span import Span

_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
_OF_NODES = _LETTERS | frozenset(",._+-@")
_OF_PROPERTIES = _LETTERS | frozenset(",._+-?#")


def content_of(subject: Subject) -> DevicetreeContent:
    """Returns what a file says, as far as it was read."""
    held = subject.content
    return held if isinstance(held, DevicetreeContent) else DevicetreeContent(0, (), (), ())


def _token(slip: Misplaced) -> Span:
    """Where the misplaced token stands."""
    return slip.source.span("token")


def name_place(node: Node) -> Span:
    """Returns where a node's name stands, with its NUL, so that an empty one has a place too."""
    span = node.source.span("name")
    return Span(span.offset, span.length + 1, span.path)


def devicetree_unbalanced(subject: Subject) -> Iterator[Diagnostic]:
    """The nodes do not begin and end in pairs.

    ## What is wrong
    A node ends where none is open, the structure block ends inside a node, or it has no node at all.

    ## Why is this bad
    Readers count how deep they are. One that goes up from the root indexes in front of its stack of
    parents; one that meets the end early leaves nodes without their properties.

    ## How to fix
    Build the file again with dtc; each BEGIN_NODE has its END_NODE.
    """
    words = {
        "end-without-node": ("a node ends here, and none is open", "ends nothing"),
        "end-inside-node": ("the structure block ends inside {path}", "the end"),
        "no-root": ("the structure block has no node", "the end"),
    }
    for slip in content_of(subject).misplaced:
        if slip.what not in words:
            continue
        message, label = words[slip.what]
        related: tuple[RelatedLocation, ...] = ()
        if slip.open is not None:
            message = message.format(path=slip.open.path)
            place = name_place(slip.open)
            related = (RelatedLocation("this node is still open", place.path, place.offset, place.length),)
        yield Diagnostic(
            message,
            _token(slip),
            label=label,
            why="readers count how deep they are, and index their stack of parents by it",
            fix="let each BEGIN_NODE have its END_NODE",
            related=related,
        )


def devicetree_outside_root(subject: Subject) -> Iterator[Diagnostic]:
    """A node or property stands outside of the root node.

    ## What is wrong
    A second node begins where the root has ended, or a property stands in no node.

    ## Why is this bad
    A devicetree has one root. Some readers stop behind it and others go on, so that they see different trees.

    ## How to fix
    Put the node or property inside the root, or remove it.
    """
    for slip in content_of(subject).misplaced:
        if slip.what == "outside-root":
            what = "a property" if slip.source.get("token") == Token.PROPERTY else "a second root"
            yield Diagnostic(
                f"{what} stands outside of the root node",
                _token(slip),
                label="outside",
                why="some readers stop behind the root and others go on: they see different trees",
                fix="put it inside the root, or remove it",
            )


def devicetree_root_named(subject: Subject) -> Iterator[Diagnostic]:
    """The root node has a name.

    ## What is wrong
    The name of the first node is not empty.

    ## Why is this bad
    libfdt refuses the file. A path begins with a slash, in front of which no name can stand.

    ## How to fix
    Leave the name of the root empty.
    """
    for node in content_of(subject).nodes[:1]:
        if node.name:
            yield Diagnostic(
                f"the root is named {node.name!r}",
                node.source.span("name"),
                label="a name",
                why="libfdt refuses the file",
                fix="leave the name of the root empty",
            )


def devicetree_property_after_node(subject: Subject) -> Iterator[Diagnostic]:
    """A property stands behind a subnode of its node.

    ## What is wrong
    The properties of a node come before its subnodes; this one comes after.

    ## Why is this bad
    libfdt and others stop looking for properties at the first subnode: they do not see this one, and a reader
    that goes through all tokens does.

    ## How to fix
    Put the property in front of the subnodes.
    """
    for node in content_of(subject).nodes:
        for held in node.properties:
            if held.behind_node:
                yield Diagnostic(
                    f"the property {held.name or ''!r} of {node.path} stands behind a subnode",
                    Span(held.source.offset - 4, 12, held.source.path),
                    label="too late",
                    why="readers stop looking for properties at the first subnode, and do not see it",
                    fix="put it in front of the subnodes",
                )


def devicetree_too_deep(subject: Subject) -> Iterator[Diagnostic]:
    """Nodes lie too deep in each other.

    ## What is wrong
    A node is inside more than 63 others.

    ## Why is this bad
    Linux keeps its way down in a table of 64 and leaves out what is deeper. A reader without that limit
    runs over the end of its stack.

    ## How to fix
    Make the tree flatter.
    """
    for node in content_of(subject).nodes:
        if node.depth == DEPTH_HIGH + 1:
            yield Diagnostic(
                f"the node {node.name or ''!r} is {node.depth} deep, {DEPTH_HIGH} is the limit",
                name_place(node),
                label=f"{node.depth} deep",
                why="Linux leaves it out, and a reader without a limit runs over the end of its stack",
                fix="make the tree flatter",
            )


def devicetree_name_characters(subject: Subject) -> Iterator[Diagnostic]:
    """A name has characters that names do not have.

    ## What is wrong
    The name of a node or property is empty or holds something else than letters, digits and a few signs; or a
    node's name has more than one @, which parts the name from its address.

    ## Why is this bad
    dtc refuses such a name, so the file was made or changed by something else. A slash in a name makes its
    path mean another node.

    ## How to fix
    Rename it. Nodes have letters, digits and ,._+-@ and properties letters, digits and ,._+-?#
    """
    for node in content_of(subject).nodes:
        if node.parent is not None and node.name is not None:
            wrong = sorted(set(node.name) - _OF_NODES)
            if wrong or not node.name or node.name.count("@") > 1:
                yield _strange(f"the node {node.name!r}", name_place(node), wrong, node.name)
        for held in node.properties:
            if held.name is not None:
                wrong = sorted(set(held.name) - _OF_PROPERTIES)
                if wrong or not held.name:
                    span = held.source.span("nameoff")
                    yield _strange(f"the property {held.name!r} of {node.path}", span, wrong, held.name)


def _strange(what: str, span: Span, wrong: list[str], name: str) -> Diagnostic:
    how = (
        "has no name"
        if not name
        else f"has {', '.join(map(repr, wrong))}"
        if wrong
        else "has more than one @"
    )
    return Diagnostic(
        f"{what} {how}",
        span,
        label="the name",
        why="dtc refuses such a name; a slash in it makes its path mean another node",
        fix="rename it, with letters, digits and the signs that names may have",
    )


def devicetree_node_repeated(subject: Subject) -> Iterator[Diagnostic]:
    """Two nodes of one parent have the same name.

    ## What is wrong
    A node has two subnodes of one name.

    ## Why is this bad
    A path names the first of them. The second is found by readers that go through all nodes, and by no other.

    ## How to fix
    Give them different names, such as different addresses behind the @.
    """
    seen: dict[tuple[int, str], Node] = {}
    for node in content_of(subject).nodes:
        if node.parent is None or node.name is None:
            continue
        first = seen.setdefault((id(node.parent), node.name), node)
        if first is not node:
            place = name_place(first)
            yield Diagnostic(
                f"{node.path} is there already",
                name_place(node),
                label="again",
                why="a path names the first of them, and never this one",
                fix="give the two different names",
                related=(RelatedLocation("the first", place.path, place.offset, place.length),),
            )


def devicetree_property_repeated(subject: Subject) -> Iterator[Diagnostic]:
    """A node has two properties of one name.

    ## What is wrong
    The same property stands twice in a node.

    ## Why is this bad
    libfdt gives the first, and a reader that stores all of them keeps the last.

    ## How to fix
    Remove one of them.
    """
    for node in content_of(subject).nodes:
        seen: dict[str, Span] = {}
        for held in node.properties:
            if held.name is None:
                continue
            span = held.source.span("nameoff")
            first = seen.setdefault(held.name, span)
            if first is not span:
                yield Diagnostic(
                    f"{node.path} has the property {held.name!r} already",
                    span,
                    label="again",
                    why="some readers take the first of them, and others the last",
                    fix="remove one of them",
                    related=(RelatedLocation("the first", first.path, first.offset, first.length),),
                )


def devicetree_phandle_repeated(subject: Subject) -> Iterator[Diagnostic]:
    """A phandle is no number for one node alone.

    ## What is wrong
    Two nodes have the same phandle, or a phandle is not one 32-bit number, or is 0 or 0xffffffff.

    ## Why is this bad
    Nodes refer to each other by these numbers. A reference then leads to whichever node is met first: a
    device gets the clock or the interrupts of another.

    ## How to fix
    Give each node a number of its own, or let dtc do so.
    """
    seen: dict[int, tuple[Node, Span]] = {}
    content = content_of(subject)
    overlay = is_overlay(content)
    for node, held in phandles(content.nodes):
        span = held.source.span("value")
        number = int.from_bytes(held.value, "big")
        if overlay and (len(held.value) != 4 or number == 0xFFFFFFFF):
            continue  # devicetree-overlay-phandle
        related: tuple[RelatedLocation, ...] = ()
        if len(held.value) != 4:
            message = f"the phandle of {node.path} has {len(held.value)} bytes, not 4"
            span = held.source.span("len")
        elif number in (0, 0xFFFFFFFF):
            message = f"the phandle of {node.path} is {number:#x}, which means none"
        else:
            first, place = seen.setdefault(number, (node, span))
            if first is node:
                continue
            message = f"the phandle {number:#x} of {node.path} is that of {first.path} too"
            related = (RelatedLocation("the first", place.path, place.offset, place.length),)
        yield Diagnostic(
            message,
            span,
            label=f"{number:#x}" if len(held.value) == 4 else "its length",
            why="nodes refer to each other by these numbers; a device gets the clock of another",
            fix="give each node a number of its own",
            related=related,
        )


def devicetree_padding_not_zero(subject: Subject) -> Iterator[Diagnostic]:
    """Bytes that no reader looks at are not zero.

    ## What is wrong
    The bytes that fill a name or value up to a multiple of 4 hold something; or the room between the blocks, behind the
    END of the structure or behind the strings does. The specification asks for zeros in padding.

    ## Why is this bad
    No reader looks at them. They are what stood there before: libfdt leaves it where a tree was changed in
    place, such as by an overlay, and with it traces of the tree before.

    ## How to fix
    Nothing must be done. Leave `layout` out of the recipe of `ccheck show --yaml FILE` and build the tree again, or write
    it with `dtc -I dtb -O dtb`: either puts zeros there.
    """
    content = content_of(subject)
    for node in content.nodes:
        for record in (node.source, *(held.source for held in node.properties)):
            padding = record.get("padding")
            if padding and any(padding):
                yield _left_over(
                    f"{len(padding)} bytes of padding in {node.path} are not zero",
                    record.span("padding"),
                    "padding",
                )
    placement = content.placement
    for span in () if placement is None else placement.room:
        raw = placement.data[span.offset : span.end] if placement is not None else b""
        kept = raw.lstrip(b"\0")
        if kept:
            first, held = span.end - len(kept), len(kept.rstrip(b"\0"))
            yield _left_over(
                f"{counted(held, 'byte')} that no block owns {'is' if held == 1 else 'are'} not all zero",
                Span(first, held, "room"),
                "room",
            )


def _left_over(message: str, span: Span, label: str) -> Diagnostic:
    return Diagnostic(
        message,
        span,
        label=label,
        why="they are what stood there before the tree was changed in place",
        fix="build it again without layout in its recipe, or with dtc -I dtb -O dtb",
    )
