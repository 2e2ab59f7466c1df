"""The event types and fields of each public generation of Sysmon, and the operators of each binary version.

A filter names a field by its index in the field list of the event type, *in the table of the consumer that
reads the blob*. So a blob can only be judged for a target: a binary version, or one generation of it.

Facts taken from the manifest of SysmonCommon (MIT licence), in a form of our own. Event ids from 0xF000 on,
which belong to builds that were never published, are left out.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from ccheck_schemas.frozen import frozen

# "@ schema binary" begins a generation: it has all event types of the one before it, with these changes.
# "id = rule_name fields" (or - for an event that cannot be filtered), "id + fields behind the others",
# "id < fields before the others".
_GENERATIONS = """
@ 2.0 1.0
1 = ProcessCreate SequenceNumber UtcTime ProcessGuid ProcessId Image CommandLine CurrentDirectory User
  LogonGuid LogonId TerminalSessionId IntegrityLevel Hashes ParentProcessGuid ParentProcessId ParentImage
  ParentCommandLine
2 = FileCreateTime SequenceNumber UtcTime ProcessGuid ProcessId Image TargetFilename CreationUtcTime
  PreviousCreationUtcTime
3 = NetworkConnect SequenceNumber UtcTime ProcessGuid ProcessId Image User Protocol Initiated SourceIsIpv6
  SourceIp SourceHostname SourcePort SourcePortName DestinationIsIpv6 DestinationIp DestinationHostname
  DestinationPort DestinationPortName
4 = - SequenceNumber State
5 = ProcessTerminate SequenceNumber UtcTime ProcessGuid ProcessId Image
6 = DriverLoad SequenceNumber UtcTime ImageLoaded Hashes Signed Signature
7 = ImageLoad SequenceNumber UtcTime ProcessGuid ProcessId Image ImageLoaded Hashes Signed Signature
8 = CreateRemoteThread SequenceNumber UtcTime SourceProcessGuid SourceProcessId SourceImage
  TargetProcessGuid TargetProcessId TargetImage NewThreadId
255 = - ID Description
@ 3.10 1.01
1 = ProcessCreate UtcTime ProcessGuid ProcessId Image CommandLine CurrentDirectory User LogonGuid LogonId
  TerminalSessionId IntegrityLevel Hashes ParentProcessGuid ParentProcessId ParentImage ParentCommandLine
2 = FileCreateTime UtcTime ProcessGuid ProcessId Image TargetFilename CreationUtcTime
  PreviousCreationUtcTime
3 = NetworkConnect UtcTime ProcessGuid ProcessId Image User Protocol Initiated SourceIsIpv6 SourceIp
  SourceHostname SourcePort SourcePortName DestinationIsIpv6 DestinationIp DestinationHostname
  DestinationPort DestinationPortName
4 = - UtcTime State
5 = ProcessTerminate UtcTime ProcessGuid ProcessId Image
6 = DriverLoad UtcTime ImageLoaded Hashes Signed Signature
7 = ImageLoad UtcTime ProcessGuid ProcessId Image ImageLoaded Hashes Signed Signature
8 = CreateRemoteThread UtcTime SourceProcessGuid SourceProcessId SourceImage TargetProcessGuid
  TargetProcessId TargetImage NewThreadId StartAddress StartModule StartFunction
9 = RawAccessRead UtcTime ProcessGuid ProcessId Image Device
10 = ProcessAccess UtcTime SourceProcessGUID SourceProcessId SourceThreadId SourceImage TargetProcessGUID
  TargetProcessId TargetImage GrantedAccess CallTrace
255 < UtcTime
@ 3.2 1.01
4 + Version SchemaVersion
6 = DriverLoad UtcTime ImageLoaded Hashes Signed SignatureStatus Signature
7 = ImageLoad UtcTime ProcessGuid ProcessId Image ImageLoaded Hashes Signed SignatureStatus Signature
11 = FileCreate UtcTime ProcessGuid ProcessId Image TargetFilename CreationUtcTime
12 = RegistryEvent UtcTime ProcessGuid ProcessId Image EventType TargetObject
13 = RegistryEvent UtcTime ProcessGuid ProcessId Image EventType TargetObject Details
14 = RegistryEvent UtcTime ProcessGuid ProcessId Image EventType TargetObject NewName
15 = FileCreateStreamHash UtcTime ProcessGuid ProcessId Image TargetFilename CreationUtcTime Hash
16 = - UtcTime Configuration ConfigurationFileHash
@ 3.3 1.01
6 = DriverLoad UtcTime ImageLoaded Hashes Signed Signature SignatureStatus
7 = ImageLoad UtcTime ProcessGuid ProcessId Image ImageLoaded Hashes Signed Signature SignatureStatus
12 = RegistryEvent EventType UtcTime ProcessGuid ProcessId Image TargetObject
13 = RegistryEvent EventType UtcTime ProcessGuid ProcessId Image TargetObject Details
14 = RegistryEvent EventType UtcTime ProcessGuid ProcessId Image TargetObject NewName
17 = PipeEvent UtcTime ProcessGuid ProcessId PipeName Image
18 = PipeEvent UtcTime ProcessGuid ProcessId PipeName Image
@ 3.4 1.01
19 = WmiEvent EventType UtcTime Operation User EventNamespace Name Query
20 = WmiEvent EventType UtcTime Operation User Name Type Destination
21 = WmiEvent EventType UtcTime Operation User Consumer Filter
@ 4.0 1.01
1 = ProcessCreate UtcTime ProcessGuid ProcessId Image FileVersion Description Product Company CommandLine
  CurrentDirectory User LogonGuid LogonId TerminalSessionId IntegrityLevel Hashes ParentProcessGuid
  ParentProcessId ParentImage ParentCommandLine
7 = ImageLoad UtcTime ProcessGuid ProcessId Image ImageLoaded FileVersion Description Product Company
  Hashes Signed Signature SignatureStatus
@ 4.1 8.00
1 < RuleName
2 < RuleName
3 < RuleName
5 < RuleName
6 < RuleName
7 < RuleName
8 < RuleName
9 < RuleName
10 < RuleName
11 < RuleName
12 < RuleName
13 < RuleName
14 < RuleName
15 < RuleName
17 < RuleName
18 < RuleName
19 < RuleName
20 < RuleName
21 < RuleName
@ 4.2 8.00
@ 4.21 9.10
1 = ProcessCreate RuleName UtcTime ProcessGuid ProcessId Image FileVersion Description Product Company
  OriginalFileName CommandLine CurrentDirectory User LogonGuid LogonId TerminalSessionId IntegrityLevel
  Hashes ParentProcessGuid ParentProcessId ParentImage ParentCommandLine
7 = ImageLoad RuleName UtcTime ProcessGuid ProcessId Image ImageLoaded FileVersion Description Product
  Company OriginalFileName Hashes Signed Signature SignatureStatus
17 = PipeEvent RuleName EventType UtcTime ProcessGuid ProcessId PipeName Image
18 = PipeEvent RuleName EventType UtcTime ProcessGuid ProcessId PipeName Image
22 = DnsQuery RuleName UtcTime ProcessGuid ProcessId QueryName QueryStatus QueryResults Image
@ 4.22 9.20
@ 4.23 9.20
@ 4.30 9.20
23 = FileDelete RuleName UtcTime ProcessGuid ProcessId User Image TargetFilename Hashes IsExecutable
  Archived
@ 4.31 9.20
15 + Contents
@ 4.32 9.20
@ 4.40 11.0
24 = ClipboardChange RuleName UtcTime ProcessGuid ProcessId Image Session ClientInfo Hashes Archived
@ 4.50 13.0
25 = ProcessTampering RuleName UtcTime ProcessGuid ProcessId Image Type
@ 4.60 14.0
26 = FileDeleteDetected RuleName UtcTime ProcessGuid ProcessId User Image TargetFilename Hashes
  IsExecutable
@ 4.70 15.0
@ 4.80 16
1 + ParentUser
2 + User
5 + User
7 + User
8 + SourceUser TargetUser
9 + User
10 + SourceUser TargetUser
11 + User
12 + User
13 + User
14 + User
15 + User
17 + User
18 + User
22 + User
24 + User
25 + User
@ 4.81 16
"""

OPERATORS = (
    "is", "is not", "contains", "contains any", "is any", "contains all", "excludes", "excludes any",
    "excludes all", "begin with", "end with", "less than", "more than", "image", "not begin with",
    "not end with",
)  # fmt: skip
"""The operators from binary version 14.0 on, by number. The last two came with 15.0."""

OLD_OPERATORS = (
    "is",
    "is not",
    "contains",
    "excludes",
    "begin with",
    "end with",
    "less than",
    "more than",
    "image",
)
"""The operators below binary version 14.0, by number."""

LIST_OPERATORS = frozenset(("contains any", "is any", "contains all", "excludes any", "excludes all"))
"""Operators that split their data at each semicolon."""

ORDER_OPERATORS = frozenset(("less than", "more than"))
"""Operators that ask for an order."""

HEADER_SIZE = 24
OLD_HEADER_SIZE = 16

FIRST_KNOWN_LAYOUT = 9 << 16
"""The records of older binary versions are laid out otherwise, and nobody has published how."""


@frozen
class EventType:
    """An event type of one generation.

    Attributes:
        rule_name: The name in the XML, None if the event cannot be filtered.
    """

    id: int
    rule_name: str | None
    fields: tuple[str, ...]


@frozen
class Generation:
    """The tables of one public release.

    Attributes:
        schema: The schema version, such as ``4.70``.
        binary: The binary version, ``major << 16 | minor``.
    """

    schema: str
    binary: int
    events: Mapping[int, EventType]


@frozen
class Target:
    """The consumer of a blob: all generations that read one binary version, oldest first, or one of them."""

    name: str
    binary: int
    generations: tuple[Generation, ...]

    @property
    def operators(self) -> tuple[str, ...]:
        """The names of the operators, by number."""
        return operators(self.binary)

    @property
    def layout_known(self) -> bool:
        """Whether this consumer reads records in the layout of the schema."""
        return self.binary >= FIRST_KNOWN_LAYOUT

    def event(self, event_id: int) -> EventType | None:
        """Returns the event type in the newest generation of the target that has it."""
        return next((g.events[event_id] for g in reversed(self.generations) if event_id in g.events), None)

    def siblings(self, event: EventType) -> tuple[EventType, ...]:
        """Returns the other event types of the same rule name, in the newest generation."""
        if event.rule_name is None:
            return ()
        newest = self.generations[-1].events.values()
        return tuple(other for other in newest if other.rule_name == event.rule_name and other.id != event.id)


def operators(binary: int) -> tuple[str, ...]:
    """Returns the names of the operators of a binary version, by number."""
    major = binary >> 16
    if major < 14:
        return OLD_OPERATORS
    return OPERATORS[:14] if major == 14 else OPERATORS


def number_of(text: str) -> int:
    """Returns ``major << 16 | minor`` of a version as people write it.

    15, 15.0 and 15.00 are equal, and 9.1 is 9.10.

    Raises:
        ValueError: It is no version.
    """
    major, _, minor = text.strip().partition(".")
    minor = (minor + "00")[: max(2, len(minor))]
    if not (
        major.isascii() and major.isdecimal() and minor.isascii() and minor.isdecimal() and len(minor) == 2
    ):
        raise ValueError(f"{text!r} is not a version such as 15.0")
    if not 0 < int(major) <= 0xFFFF:
        raise ValueError(f"{text!r} is not a version such as 15.0")
    return int(major) << 16 | int(minor)


def version_text(number: int) -> str:
    """Returns a version as people write it: 15.0, 9.20, 1.01."""
    major, minor = number >> 16, number & 0xFFFF
    return f"{major}.{minor:02d}" if minor else f"{major}.0"


@cache
def generations() -> tuple[Generation, ...]:
    """Returns all generations, oldest first."""
    made: list[Generation] = []
    events: dict[int, EventType] = {}
    for line in _GENERATIONS.replace("\n  ", " ").strip().splitlines():
        words = line.split()
        if words[0] == "@":
            events = dict(events)
            made.append(Generation(words[1], number_of(words[2]), MappingProxyType(events)))
            continue
        event_id, sign, names = int(words[0]), words[1], tuple(words[2:])
        if sign == "=":
            events[event_id] = EventType(event_id, None if names[0] == "-" else names[0], names[1:])
        else:
            old = events[event_id]
            fields = old.fields + names if sign == "+" else names + old.fields
            events[event_id] = EventType(event_id, old.rule_name, fields)
    return tuple(made)


@cache
def binary_versions() -> tuple[int, ...]:
    """Returns the binary versions that have a table, ascending."""
    return tuple(sorted({generation.binary for generation in generations()}))


@cache
def target_of(binary: int) -> Target | None:
    """Returns the target of a binary version, or None if it has no table."""
    found = tuple(generation for generation in generations() if generation.binary == binary)
    return Target(version_text(binary), binary, found) if found else None


def target(text: str) -> Target:
    """Returns the target that a user names.

    Args:
        text: A binary version (``15.0``, ``16``), or a schema version (``4.70``: one generation).

    Raises:
        ValueError: It is not known. The message lists the known versions.
    """
    try:
        number = number_of(text)
    except ValueError:
        number = 0
    found = target_of(number)
    if found is not None:
        return found
    for generation in generations():
        if number_of(generation.schema) == number:
            return Target(
                f"{version_text(generation.binary)} (schema {generation.schema})",
                generation.binary,
                (generation,),
            )
    binary = ", ".join(version_text(version) for version in binary_versions())
    schema = ", ".join(generation.schema for generation in generations())
    raise ValueError(
        f"{text!r} is no known version; binary versions are {binary}; schema versions are {schema}"
    )


@cache
def fit_for(event_id: int, field_id: int) -> tuple[str, ...]:
    """Returns the binary versions, in the layout of the schema, of which every generation has the field."""
    return tuple(
        version_text(version)
        for version in binary_versions()
        if version >= FIRST_KNOWN_LAYOUT
        and all(
            event_id in g.events and field_id < len(g.events[event_id].fields)
            for g in generations()
            if g.binary == version
        )
    )


def why_not_described(version: str) -> str | None:
    """Returns why a binary version has no table here, for people who have such a blob."""
    major, _, minor = version.partition(".")
    number = int(major) << 16 | int(minor or "0")
    known = [each for each in binary_versions() if each >= FIRST_KNOWN_LAYOUT]
    if number < FIRST_KNOWN_LAYOUT:
        schemas = sorted({g.schema for g in generations() if g.binary == number}, key=number_of)
        read = f"Sysmon of schema {_listed(schemas)} reads it" if schemas else "it is older than 9.0"
        return f"{read}: its header is shorter, and nobody has published how its records are laid out"
    if number > known[-1]:
        return (
            f"it is newer than {version_text(known[-1])}, the newest whose fields this release of ccheck"
            " knows; a field is an index, and means nothing without its table"
        )
    before = max((each for each in known if each < number), default=None)
    after = min(each for each in known if each > number)
    between = f"between {version_text(before)} and " if before else "before "
    return (
        f"no public manifest of Sysmon lists it ({between}{version_text(after)} there is none), so that"
        " nobody can say which fields and operators its numbers mean"
    )


def _listed(schemas: list[str]) -> str:
    return schemas[0] if len(schemas) == 1 else f"{schemas[0]} to {schemas[-1]}"


def recognise(data: bytes) -> bool:
    """Returns whether bytes look like rules of any Sysmon since version 8.

    They have a version word, and a matching header: two of its three constant words, or all that there are.
    """
    if len(data) < 12:
        return False
    words = struct.unpack(
        f"<{min(len(data), HEADER_SIZE) // 4}I", data[: min(len(data), HEADER_SIZE) // 4 * 4]
    )
    major, minor = words[0] >> 16, words[0] & 0xFFFF
    if minor > 99 or not 8 <= major <= 99:
        return False
    if major == 8:
        return bool(words[2] == OLD_HEADER_SIZE)
    signs = [words[2] == HEADER_SIZE]
    signs += [2 <= word >> 16 <= 9 and word & 0xFFFF <= 99 for word in words[3:4]]
    signs += [word == HEADER_SIZE for word in words[4:5]]
    return bool(sum(signs) >= min(2, len(signs)))
