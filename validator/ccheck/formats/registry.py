"""The formats that ccheck judges: one visible table, and those that other packages bring."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, overload

from ccheck.formats import apparmor, channel, devicetree, regdb, sysmon
from ccheck.formats.fast_path import FirstOf
from ccheck.formats.format import Format, FormatError

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from ccheck.core.consumers import Consumers
    from ccheck.formats.fast_path import FastPath
    from ccheck_schemas.build_facts import Fact

    # Construct takes a while to import; a file that is of no use for it does without.
    from ccheck_schemas.schema import Schema

ENTRY_POINTS = "ccheck.formats"
"""The entry-point group through which other packages bring formats: each entry is a `Format`."""

FORMATS: tuple[Format, ...] = (
    channel.FORMAT,
    sysmon.FORMAT,
    regdb.FORMAT,
    devicetree.FORMAT,
    apparmor.FORMAT,
)
"""The formats that ccheck brings along, in the order in which they are tried."""


@dataclass(frozen=True)
class Plugins:
    """The formats of other packages, and what is wrong with those that cannot be used."""

    formats: tuple[Format, ...]
    problems: tuple[str, ...]


@cache
def plugins() -> Plugins:
    """The formats of installed packages.

    One that is broken, or has a name that is taken, is left out and reported; its files are then of no
    known format, and do not pass.
    """
    # Loaded here: it takes as long as a short run, and most runs need no format of another package.
    from importlib import metadata

    owners = {known.name: "ccheck" for known in FORMATS}
    formats: list[Format] = []
    problems: list[str] = []
    for entry in sorted(metadata.entry_points(group=ENTRY_POINTS), key=lambda entry: entry.name):
        owner = entry.dist.name if entry.dist is not None else entry.value
        try:
            found = entry.load()
            if not isinstance(found, Format):
                raise FormatError(f"{entry.value} is not a ccheck.formats.format.Format")
            if found.name in owners:
                raise FormatError(f"{owners[found.name]} has a format {found.name!r} already")
            _whole(found)
        except Exception as fault:  # noqa: BLE001 - another package's code: whatever it raises is reported
            what = str(fault) if isinstance(fault, FormatError) else f"{type(fault).__name__}: {fault}"
            problems.append(f"the format {entry.name!r} that {owner} brings cannot be used: {what}")
            continue
        owners[found.name] = owner
        formats.append(found)
    return Plugins(tuple(formats), tuple(problems))


def facts_in_use() -> dict[str, tuple[Fact, ...]]:
    """Returns the facts that files of each format are compared with, by the name of the format."""
    return {known.name: known.facts for known in every()}


def _whole(found: Format) -> None:
    """Load all parts of another package's format, so that judging never meets one that is missing.

    Raises:
        FormatError: A part cannot be loaded.
        ValueError: A check has no manual.
    """
    if not callable(found.recognise) or found.schema.root is None:
        raise FormatError(f"format {found.name!r}: {found.recogniser} is not a function")
    for check in found.checks.checks:
        check.manual  # noqa: B018 - raises where it is not whole
    found.relative(b"")
    if found.exercise is not None and not callable(found.exercise):
        raise FormatError(f"format {found.name!r}: {found.interpreter} is not a function")


def every() -> tuple[Format, ...]:
    """All formats, ccheck's own first."""
    return (*FORMATS, *plugins().formats)


def named(name: str) -> Format | None:
    """The format of this name, or None."""
    own = next((known for known in FORMATS if known.name == name), None)
    return own or next((known for known in plugins().formats if known.name == name), None)


def relative(formats: Sequence[Format], data: bytes, name: str | None) -> str:
    """Returns what bytes are that belong to a format and that no schema describes, or an empty text.

    Args:
        formats: The formats that are asked.
        data: The bytes of a file.
        name: The only format that is asked, if one was named.
    """
    asked = (known for known in formats if name in (None, known.name))
    return next(filter(None, (known.relative(data) for known in asked)), "")


def fast_path(
    schema: str | None, consumers: Consumers | None, on: date, definitions: Sequence[Path]
) -> FastPath | None:
    """Returns the fast path for files of a format; without a name, for files of every format that has one."""
    prepare = (known.fast_path for known in FORMATS if schema in (None, known.name))
    paths = tuple(made(consumers, on, definitions) for made in prepare if made is not None)
    if len(paths) < 2:
        return paths[0] if paths else None
    return FirstOf(paths)


class Schemas(Sequence["Schema"]):
    """The schemas of all formats, loaded on use; recognising loads only the fitting one."""

    def recognise(self, data: bytes) -> Schema | None:
        """The first schema that recognises the bytes, or None."""
        for known in FORMATS:
            if known.recognise(data):
                return known.schema
        return next((known.schema for known in plugins().formats if known.recognise(data)), None)

    def __len__(self) -> int:
        return len(every())

    @overload
    def __getitem__(self, index: int) -> Schema: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Schema]: ...

    def __getitem__(self, index: int | slice) -> Schema | Sequence[Schema]:
        if isinstance(index, slice):
            return tuple(known.schema for known in every()[index])
        return every()[index].schema

    def __iter__(self) -> Iterator[Schema]:
        return (known.schema for known in every())


SCHEMAS = Schemas()
"""The schemas of all formats, in the order in which they are tried."""


def recognise(data: bytes, schemas: Sequence[Schema] = SCHEMAS) -> Schema | None:
    """The first schema that recognises the bytes, or None."""
    if isinstance(schemas, Schemas):
        return schemas.recognise(data)
    return next((schema for schema in schemas if schema.recognise(data)), None)
