"""The event types of each public generation of Sysmon, with fields and defaults, and the operators."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

Decision = Literal["include", "exclude"]

# Schema and binary version of each public generation, oldest first.
GENERATIONS: Final = (
    ("2.0", "1.0"),
    ("3.10", "1.01"),
    ("3.2", "1.01"),
    ("3.3", "1.01"),
    ("3.4", "1.01"),
    ("4.0", "1.01"),
    ("4.1", "8.00"),
    ("4.2", "8.00"),
    ("4.21", "9.10"),
    ("4.22", "9.20"),
    ("4.23", "9.20"),
    ("4.30", "9.20"),
    ("4.31", "9.20"),
    ("4.32", "9.20"),
    ("4.40", "11.0"),
    ("4.50", "13.0"),
    ("4.60", "14.0"),
    ("4.70", "15.0"),
    ("4.80", "16"),
    ("4.81", "16"),
)

OPERATORS: Final = (
    "is",
    "is not",
    "contains",
    "contains any",
    "is any",
    "contains all",
    "excludes",
    "excludes any",
    "excludes all",
    "begin with",
    "end with",
    "less than",
    "more than",
    "image",
    "not begin with",
    "not end with",
)
OPERATORS_IN_14: Final = 14  # "not begin with" and "not end with" came with 15.0
OPERATORS_BELOW_14: Final = (
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

# How the field lists grew. A line is an event id, the schema that changed it, and the changes: ~RuleName
# (empty: cannot be filtered), =default, -Field removed, 3:Field put in as number 3, +Field put at the end;
# "gone": this schema has no such event.
_HISTORY: Final = """\
1 2.0 ~ProcessCreate =include +SequenceNumber +UtcTime +ProcessGuid +ProcessId +Image +CommandLine
  +CurrentDirectory +User +LogonGuid +LogonId +TerminalSessionId +IntegrityLevel +Hashes
  +ParentProcessGuid +ParentProcessId +ParentImage +ParentCommandLine
1 3.10 -SequenceNumber
1 4.0 4:FileVersion 5:Description 6:Product 7:Company
1 4.1 0:RuleName
1 4.21 9:OriginalFileName
1 4.80 +ParentUser
2 2.0 ~FileCreateTime =exclude +SequenceNumber +UtcTime +ProcessGuid +ProcessId +Image +TargetFilename
  +CreationUtcTime +PreviousCreationUtcTime
2 3.10 -SequenceNumber
2 4.1 0:RuleName
2 4.80 +User
3 2.0 ~NetworkConnect =exclude +SequenceNumber +UtcTime +ProcessGuid +ProcessId +Image +User +Protocol
  +Initiated +SourceIsIpv6 +SourceIp +SourceHostname +SourcePort +SourcePortName +DestinationIsIpv6
  +DestinationIp +DestinationHostname +DestinationPort +DestinationPortName
3 3.10 -SequenceNumber
3 4.1 0:RuleName
4 2.0 ~ =exclude +SequenceNumber +State
4 3.10 -SequenceNumber 0:UtcTime
4 3.2 +Version +SchemaVersion
5 2.0 ~ProcessTerminate =include +SequenceNumber +UtcTime +ProcessGuid +ProcessId +Image
5 3.10 -SequenceNumber
5 4.1 0:RuleName
5 4.80 +User
6 2.0 ~DriverLoad =exclude +SequenceNumber +UtcTime +ImageLoaded +Hashes +Signed +Signature
6 3.10 -SequenceNumber
6 3.2 4:SignatureStatus
6 3.3 -SignatureStatus +SignatureStatus
6 4.1 0:RuleName
7 2.0 ~ImageLoad =exclude +SequenceNumber +UtcTime +ProcessGuid +ProcessId +Image +ImageLoaded +Hashes
  +Signed +Signature
7 3.10 -SequenceNumber
7 3.2 7:SignatureStatus
7 3.3 -SignatureStatus +SignatureStatus
7 4.0 5:FileVersion 6:Description 7:Product 8:Company
7 4.1 0:RuleName
7 4.21 10:OriginalFileName
7 4.80 +User
8 2.0 ~CreateRemoteThread =exclude +SequenceNumber +UtcTime +SourceProcessGuid +SourceProcessId
  +SourceImage +TargetProcessGuid +TargetProcessId +TargetImage +NewThreadId
8 3.10 -SequenceNumber +StartAddress +StartModule +StartFunction
8 4.1 0:RuleName
8 4.80 +SourceUser +TargetUser
9 3.10 ~RawAccessRead =exclude +UtcTime +ProcessGuid +ProcessId +Image +Device
9 4.1 0:RuleName
9 4.80 +User
10 3.10 ~ProcessAccess =exclude +UtcTime +SourceProcessGUID +SourceProcessId +SourceThreadId
  +SourceImage +TargetProcessGUID +TargetProcessId +TargetImage +GrantedAccess +CallTrace
10 4.1 0:RuleName
10 4.80 +SourceUser +TargetUser
11 3.2 ~FileCreate =include +UtcTime +ProcessGuid +ProcessId +Image +TargetFilename +CreationUtcTime
11 3.4 =exclude
11 4.1 0:RuleName
11 4.80 +User
12 3.2 ~RegistryEvent =include +UtcTime +ProcessGuid +ProcessId +Image +EventType +TargetObject
12 3.3 -EventType 0:EventType
12 3.4 =exclude
12 4.1 0:RuleName
12 4.80 +User
13 3.2 ~RegistryEvent =include +UtcTime +ProcessGuid +ProcessId +Image +EventType +TargetObject +Details
13 3.3 -EventType 0:EventType
13 3.4 =exclude
13 4.1 0:RuleName
13 4.80 +User
14 3.2 ~RegistryEvent =include +UtcTime +ProcessGuid +ProcessId +Image +EventType +TargetObject +NewName
14 3.3 -EventType 0:EventType
14 3.4 =exclude
14 4.1 0:RuleName
14 4.80 +User
15 3.2 ~FileCreateStreamHash =include +UtcTime +ProcessGuid +ProcessId +Image +TargetFilename
  +CreationUtcTime +Hash
15 4.0 =exclude
15 4.1 0:RuleName
15 4.31 +Contents
15 4.80 +User
16 3.2 ~ =exclude +UtcTime +Configuration +ConfigurationFileHash
17 3.3 ~PipeEvent =exclude +UtcTime +ProcessGuid +ProcessId +PipeName +Image
17 4.1 0:RuleName
17 4.21 1:EventType
17 4.80 +User
18 3.3 ~PipeEvent =exclude +UtcTime +ProcessGuid +ProcessId +PipeName +Image
18 4.1 0:RuleName
18 4.21 1:EventType
18 4.80 +User
19 3.4 ~WmiEvent =exclude +EventType +UtcTime +Operation +User +EventNamespace +Name +Query
19 4.1 0:RuleName
20 3.4 ~WmiEvent =exclude +EventType +UtcTime +Operation +User +Name +Type +Destination
20 4.1 0:RuleName
21 3.4 ~WmiEvent =exclude +EventType +UtcTime +Operation +User +Consumer +Filter
21 4.1 0:RuleName
22 4.21 ~DnsQuery =exclude +RuleName +UtcTime +ProcessGuid +ProcessId +QueryName +QueryStatus
  +QueryResults +Image
22 4.80 +User
23 4.30 ~FileDelete =exclude +RuleName +UtcTime +ProcessGuid +ProcessId +User +Image +TargetFilename
  +Hashes +IsExecutable +Archived
24 4.40 ~ClipboardChange =exclude +RuleName +UtcTime +ProcessGuid +ProcessId +Image +Session +ClientInfo
  +Hashes +Archived
24 4.80 +User
25 4.50 ~ProcessTampering =exclude +RuleName +UtcTime +ProcessGuid +ProcessId +Image +Type
25 4.80 +User
26 4.60 ~FileDeleteDetected =exclude +RuleName +UtcTime +ProcessGuid +ProcessId +User +Image
  +TargetFilename +Hashes +IsExecutable
255 2.0 ~ =exclude +ID +Description
255 3.10 0:UtcTime
61441 2.0 ~ =exclude +SequenceNumber +UtcTime +ProcessGuid +ProcessId +Image +TargetFilename +Hashes
  +Archived
61441 3.10 ~FileDelete -SequenceNumber
61441 4.1 0:RuleName
61441 4.30 gone
61442 2.0 ~ =exclude +SequenceNumber +ProcessGuid +ProcessId +Image +Session +ClientInfo +Hashes +Path
  +Archived
61442 3.10 ~ClipboardChange -SequenceNumber -Path 0:UtcTime
61442 3.2 7:Path
61442 4.1 0:RuleName
61442 4.40 gone
61443 2.0 ~ProcessAccess =exclude +SequenceNumber +UtcTime +SourceProcessGUID +SourceProcessId
  +SourceThreadId +SourceImage +TargetProcessGUID +TargetProcessId +TargetImage +GrantedAccess
  +CallTrace
61443 3.10 gone
"""


class TargetError(ValueError):
    """No public generation has this version."""


@dataclass(frozen=True, slots=True)
class EventType:
    """An event type of one generation; `rule_name` is None if rules cannot name it."""

    id: int
    rule_name: str | None
    default: Decision
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Target:
    """The driver that a blob is judged for: its binary version, field tables and operators.

    `siblings` maps each event type that can be filtered to the ids of the types that share its rule name.
    """

    binary: str
    version: int
    schema: str
    events: dict[int, EventType]
    siblings: dict[int, tuple[int, ...]]
    operators: tuple[str, ...]


@lru_cache(maxsize=32)
def target(binary: str | None = None, schema: str | None = None) -> Target:
    """The newest driver of a binary version ("16", "15.0") or a schema ("4.81").

    Raises:
        TargetError: No driver fits.
    """
    wanted = None if binary is None else version_number(binary)
    for known_schema, known_binary in reversed(GENERATIONS):
        if (wanted is None or version_number(known_binary) == wanted) and schema in {None, known_schema}:
            return _build(known_schema, known_binary)
    raise TargetError(
        f"no public generation has binary version {binary or 'any'} and schema {schema or 'any'}"
    )


def version_number(text: str) -> int:
    """A version such as "15.0" as the header writes it: 0x000f0000."""
    major, _, minor = text.partition(".")
    if not (major.isdecimal() and (minor or "0").isdecimal()):
        raise TargetError(f"not a version: {text}")
    return int(major) << 16 | int(minor or "0")


def _build(schema: str, binary: str) -> Target:
    version = version_number(binary)
    events = _events(schema)
    siblings = {
        item.id: tuple(other.id for other in events.values() if other.rule_name == item.rule_name)
        for item in events.values()
        if item.rule_name is not None
    }
    operators: tuple[str, ...] = OPERATORS if version >= 15 << 16 else OPERATORS[:OPERATORS_IN_14]
    if version < 14 << 16:
        operators = OPERATORS_BELOW_14
    return Target(binary, version, schema, events, siblings, operators)


def _events(schema: str) -> dict[int, EventType]:
    """The event types as they were in one schema: the history up to it, applied in order."""
    order = {name: number for number, (name, _) in enumerate(GENERATIONS)}
    until = order[schema]
    events: dict[int, EventType] = {}
    for line in _HISTORY.replace("\n  ", " ").splitlines():
        number, since, *changes = line.split(" ")
        if order[since] > until:
            continue
        if changes == ["gone"]:
            del events[int(number)]
        else:
            events[int(number)] = _changed(
                events.get(int(number), EventType(int(number), None, "exclude", ())), changes
            )
    return events


def _changed(before: EventType, changes: list[str]) -> EventType:
    rule_name, default, fields = before.rule_name, before.default, list(before.fields)
    for change in changes:
        mark, rest = change[0], change[1:]
        if mark == "~":
            rule_name = rest or None
        elif mark == "=":
            default = "include" if rest == "include" else "exclude"
        elif mark == "-":
            fields.remove(rest)
        elif mark == "+":
            fields.append(rest)
        else:
            place, _, field = change.partition(":")
            fields.insert(int(place), field)
    return EventType(before.id, rule_name, default, tuple(fields))
