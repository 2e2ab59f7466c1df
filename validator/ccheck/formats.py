"""The formats that ccheck judges: one visible table, and those that other packages bring.

The parts of a format lie in several rooms. Here they are put together, each loaded when it is first asked
for, so that judging one file loads one format.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any, overload

if TYPE_CHECKING:
    # Construct and the interpreter take a while to import; a file that is of no use for them does without.
    from ccheck.checks.general import FormatChecks
    from ccheck.exercise.agreement import Agreement
    from ccheck.exercise.evidence import Gather
    from ccheck.exercise.outcome import Exercise, Given
    from ccheck.exercise.session import Session
    from ccheck_schemas.schema import Schema

ENTRY_POINTS = "ccheck.formats"
"""The entry-point group through which other packages bring formats: each entry is a `Format`."""


class FormatError(Exception):
    """A part of a format that is not where the format says, or is not what it must be."""


@dataclass(frozen=True)
class Format:
    """A format and where its parts are found, each written ``module:name``.

    recogniser: whether bytes look like the format, a function in a module that imports little, for every
    format is asked. definition: the `Schema`. rules: the `FormatChecks`. interpreter: the `Exercise` of
    `ccheck run`, if there is one. readiness: the `Session` that a campaign runs files in by the hundred
    thousand; without one each run begins anew. proof: what a release gate gathers about a file, where that is
    more than what each build does and which words of the schema the file uses. agreement: the `Agreement`
    that holds the schema's reading against the interpreter's. no_quick_way: why good files have no short way
    to a pass, where that is so.
    """

    name: str
    recogniser: str
    definition: str
    rules: str
    interpreter: str = ""
    readiness: str = ""
    agreement: str = ""
    proof: str = ""
    no_quick_way: str = ""

    @cached_property
    def recognise(self) -> Callable[[bytes], bool]:
        """Whether bytes look like this format. Raises FormatError, as all parts do."""
        found: Callable[[bytes], bool] = self._part(self.recogniser)
        return found

    @cached_property
    def schema(self) -> Schema:
        """The schema."""
        from ccheck_schemas.schema import Schema

        found = self._part(self.definition)
        if not isinstance(found, Schema) or found.name != self.name:
            raise FormatError(f"format {self.name!r}: {self.definition} is not a Schema of that name")
        return found

    @cached_property
    def checks(self) -> FormatChecks:
        """The checks that are the format's own."""
        from ccheck.checks.general import FormatChecks

        found = self._part(self.rules)
        if not isinstance(found, FormatChecks):
            raise FormatError(f"format {self.name!r}: {self.rules} is not FormatChecks")
        for check in found.checks:
            if check.schemas != (self.name,):
                raise FormatError(f"format {self.name!r}: the check {check.name} is not for it alone")
        return found

    @cached_property
    def exercise(self) -> Exercise | None:
        """What runs a file in the interpreter, where the format has one."""
        found: Exercise | None = self._part(self.interpreter) if self.interpreter else None
        return found

    @cached_property
    def session(self) -> Callable[[Given], Session] | None:
        """What makes builds ready once for many files, where the format has an interpreter."""
        from ccheck.exercise.session import plain

        if self.readiness:
            found: Callable[[Given], Session] = self._part(self.readiness)
            return found
        return None if self.exercise is None else plain(self.exercise)

    @cached_property
    def gather(self) -> Gather | None:
        """What runs a file for a release gate, where the format has an interpreter."""
        from ccheck.exercise.evidence import plain

        if self.proof:
            found: Gather = self._part(self.proof)
            return found
        return None if self.exercise is None else plain(self.exercise, self.schema)

    @cached_property
    def agree(self) -> Agreement | None:
        """What holds two readings against each other, where the format has both."""
        found: Agreement | None = self._part(self.agreement) if self.agreement else None
        return found

    def _part(self, where: str) -> Any:
        module, _, name = where.partition(":")
        try:
            return getattr(import_module(module), name)
        except (ImportError, AttributeError) as fault:
            raise FormatError(f"format {self.name!r}: {where} cannot be loaded: {fault}") from fault


FORMATS: tuple[Format, ...] = (
    Format(
        "channel",
        "ccheck_schemas.formats.channel_numbers:recognise",
        "ccheck_schemas.formats.channel:SCHEMA",
        "ccheck.checks.channel_table:TABLE",
        "ccheck.exercise.channel:run",
        "ccheck.exercise.session.channel:ChannelSession",
        "ccheck.exercise.agreement.channel:differ",
        "ccheck.exercise.evidence.channel:gather",
    ),
    Format(
        "sysmon",
        "ccheck_schemas.formats.sysmon_tables:recognise",
        "ccheck_schemas.formats.sysmon:SCHEMA",
        "ccheck.checks.sysmon_table:TABLE",
        "ccheck.exercise.sysmon:run",
        "ccheck.exercise.session.sysmon:SysmonSession",
        "ccheck.exercise.agreement.sysmon:differ",
        "ccheck.exercise.evidence.sysmon:gather",
        no_quick_way="the checks of events, fields and groups have no screen yet; files have few records",
    ),
    Format(
        "regdb",
        "ccheck_schemas.formats.regdb_numbers:recognise",
        "ccheck_schemas.formats.regdb:SCHEMA",
        "ccheck.checks.regdb_table:TABLE",
        "ccheck.exercise.regdb:run",
        no_quick_way="a rule's length decides what it holds; a release is one file of a few kilobytes",
    ),
    Format(
        "devicetree",
        "ccheck_schemas.formats.devicetree_numbers:recognise",
        "ccheck_schemas.formats.devicetree:SCHEMA",
        "ccheck.checks.devicetree_table:TABLE",
        "ccheck.exercise.devicetree:run",
        no_quick_way="its tokens have no fixed size, and what a token holds depends on its kind",
    ),
    Format(
        "apparmor",
        "ccheck_schemas.formats.apparmor_numbers:recognise",
        "ccheck_schemas.formats.apparmor:SCHEMA",
        "ccheck.checks.apparmor_table:TABLE",
        "ccheck.exercise.apparmor:run",
        no_quick_way="its items have no fixed size, and what an item holds depends on its kind and name",
    ),
)
"""The formats that ccheck brings along, in the order in which they are tried."""


@dataclass(frozen=True)
class Brought:
    """The formats of other packages, and what is wrong with those that cannot be used."""

    formats: tuple[Format, ...]
    problems: tuple[str, ...]


@cache
def brought() -> Brought:
    """The formats that installed packages bring. One that is broken, or takes a name that is taken, is left
    out and reported; its files are then of no known format, and do not pass.
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
                raise FormatError(f"{entry.value} is not a ccheck.formats.Format")
            if found.name in owners:
                raise FormatError(f"{owners[found.name]} has a format {found.name!r} already")
            _whole(found)
        except Exception as fault:  # noqa: BLE001 - another package's code: whatever it raises is reported
            what = str(fault) if isinstance(fault, FormatError) else f"{type(fault).__name__}: {fault}"
            problems.append(f"the format {entry.name!r} that {owner} brings cannot be used: {what}")
            continue
        owners[found.name] = owner
        formats.append(found)
    return Brought(tuple(formats), tuple(problems))


def _whole(found: Format) -> None:
    """Load all parts of another package's format, so that judging never meets one that is missing. Raises
    FormatError, or ValueError where a check has no manual.
    """
    if not callable(found.recognise) or found.schema.root is None:
        raise FormatError(f"format {found.name!r}: {found.recogniser} is not a function")
    for check in found.checks.checks:
        check.manual  # noqa: B018 - raises where it is not whole
    if found.exercise is not None and not callable(found.exercise):
        raise FormatError(f"format {found.name!r}: {found.interpreter} is not a function")


def every() -> tuple[Format, ...]:
    """All formats, ccheck's own first."""
    return (*FORMATS, *brought().formats)


def named(name: str) -> Format | None:
    """The format of this name, or None."""
    own = next((known for known in FORMATS if known.name == name), None)
    return own or next((known for known in brought().formats if known.name == name), None)


class Schemas(Sequence["Schema"]):
    """The schemas of all formats. Each is loaded when it is asked for, and recognising loads the fitting one
    alone.
    """

    def recognise(self, data: bytes) -> Schema | None:
        """The first schema that recognises the bytes, or None."""
        for known in FORMATS:
            if known.recognise(data):
                return known.schema
        return next((known.schema for known in brought().formats if known.recognise(data)), None)

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
