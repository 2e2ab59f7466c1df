"""Checks of a channel file as a whole: its name, its flags, its blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ccheck.core.check import Diagnostic
from ccheck.core.subject import Subject
from ccheck.formats.channel.checks.content import (
    content_of,
)
from ccheck_schemas.formats.channel.numbers import (
    BLOCK_ORDER,
    BlockKind,
    FileFlag,
    Kind,
)
from ccheck_schemas.record import Record

_FILE_NAME = re.compile(r"C-(\d{8})-(\d{8})-(\d{8})(?!\d)", re.ASCII)


def name_not_header(subject: Subject) -> Iterator[Diagnostic]:
    """The numbers of the file name are not those of the header.

    ## What is wrong
    The file is called `C-<channel>-<sequence>-<revision>`, and its header holds other numbers.

    ## Why is this bad
    A sensor picks the newest file of a channel by its name and then reads another channel's or an older
    content under that name. So is stale content after a rollback, and a file that was renamed by hand.

    ## How to fix
    Name the file after its header, or build it again with the right numbers.
    """
    match = _FILE_NAME.match(subject.name)
    header = content_of(subject).header
    if match is None:
        return
    for number, name in zip(match.groups(), ("channel", "sequence", "revision"), strict=True):
        value = header.get(name)
        if value is not None and value != int(number):
            yield Diagnostic(
                f"the header's {name} is {value:08}, the file's name says {number}",
                header.span(name),
                label=f"{value:08}",
                why="a sensor picks the newest file of a channel by its name, and reads another content under it",
                fix="name the file after its header, or build it again",
            )


def test_content(subject: Subject) -> Iterator[Diagnostic]:
    """The file is marked as made for tests.

    ## What is wrong
    The `test` flag of the header is set.

    ## Why is this bad
    Stress-test content matches everything or nothing. It is not meant for hosts in the field.

    ## How to fix
    Build the release without the flag.
    """
    header = content_of(subject).header
    if (header.get("flags") or 0) & FileFlag.TEST:
        yield Diagnostic(
            "the header marks this content as made for tests",
            header.span("flags"),
            label="test",
            why="test content is not meant for hosts in the field",
            fix="build the release without the test flag",
        )


def block_order(subject: Subject) -> Iterator[Diagnostic]:
    """The blocks are not those of the file's kind, each once and in order.

    ## What is wrong
    A definitions file holds types, fields and a pool; a file of instances holds instances, criteria and a
    pool. A block is missing, comes twice, stands in another order, or belongs to the other kind.

    ## Why is this bad
    A driver keeps one pointer per table. The second block of a kind replaces the first while records of the
    first are in use, and a missing one leaves the pointer as it was.

    ## How to fix
    Build the file again.
    """
    content = content_of(subject)
    assert subject.reading is not None  # noqa: S101 - content comes from a reading
    if content.kind is None or content.kind not in Kind._value2member_map_:
        return
    file_kind = Kind(content.kind)
    expected = BLOCK_ORDER[file_kind]
    why = "a driver keeps one pointer per table: a second block replaces it, a missing one leaves it unset"
    bodies: list[Record] = [
        b.values["body"] for b in subject.reading.root.get("blocks") or () if b.get("body") is not None
    ]
    found = [body.get("kind") for body in bodies]
    for i, (kind, body) in enumerate(zip(found, bodies, strict=True)):
        if kind not in BlockKind._value2member_map_:
            return
        wanted = expected[i].name.lower() if i < len(expected) else "the end"
        if i >= len(expected) or kind != expected[i]:
            name = BlockKind(kind).name.lower()
            yield Diagnostic(
                f"block {i} holds {name}, but {wanted} comes here in a file of {file_kind.name.lower()}",
                body.span("kind"),
                label=name,
                why=why,
                fix="build the file again, with its blocks in order",
            )
            return
    if len(found) < len(expected) and subject.reading.complete:
        yield Diagnostic(
            f"the block of {expected[len(found)].name.lower()} is missing: the file has {len(found)} of {len(expected)} blocks",
            content.header.span("kind"),
            label=file_kind.name.lower(),
            why=why,
            fix="build the file again, with all its blocks",
        )
