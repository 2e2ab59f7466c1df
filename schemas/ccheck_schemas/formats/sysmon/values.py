"""What the values of a field look like to a condition: numbers, paths, names and texts.

Facts of the public manifest (the type of each field) and of the code that writes fields as text. A condition
compares text with text, so that it matters how a value is written: 0x820 and not 0x0820.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from ipaddress import ip_address

MISSING = "-"
"""What a field holds that has no text."""


class Kind(Enum):
    """The kinds of fields, as conditions see them."""

    NUMBER = auto()
    TRUTH = auto()
    GUID = auto()
    HEX = auto()
    TIME = auto()
    ADDRESS = auto()
    HASH = auto()
    PATH = auto()
    NAME = auto()
    WORDS = auto()
    FREE = auto()


_BIGGEST = {"SourcePort": 0xFFFF, "DestinationPort": 0xFFFF, "SequenceNumber": (1 << 64) - 1}
_KINDS = {
    Kind.NUMBER: "ProcessId ParentProcessId SourceProcessId TargetProcessId SourceThreadId NewThreadId "
    "TerminalSessionId Session SourcePort DestinationPort SequenceNumber",
    Kind.TRUTH: "Initiated SourceIsIpv6 DestinationIsIpv6 IsExecutable",
    Kind.GUID: "ProcessGuid ParentProcessGuid SourceProcessGuid SourceProcessGUID TargetProcessGuid "
    "TargetProcessGUID LogonGuid",
    Kind.HEX: "LogonId GrantedAccess",
    Kind.TIME: "UtcTime CreationUtcTime PreviousCreationUtcTime",
    Kind.ADDRESS: "SourceIp DestinationIp",
    Kind.HASH: "Hash Hashes",
    Kind.PATH: "Image ParentImage SourceImage TargetImage ImageLoaded TargetFilename CurrentDirectory",
    Kind.WORDS: "FileVersion Description Product Company OriginalFileName Signature",
    Kind.FREE: "CommandLine ParentCommandLine Details Contents Query QueryResults Destination Consumer "
    "Filter Name Type EventNamespace ClientInfo CallTrace Configuration",
}
_KIND_OF = {field: kind for kind, fields in _KINDS.items() for field in fields.split()}

_REGISTRY = ("CreateKey", "DeleteKey", "RenameKey", "CreateValue", "DeleteValue", "RenameValue", "SetValue")
_PIPE = ("CreatePipe", "ConnectPipe")
_WORDS = {
    ("NetworkConnect", "Protocol"): ("tcp", "udp", MISSING),
    ("RegistryEvent", "EventType"): (*_REGISTRY, "Unknown Event type"),
    ("PipeEvent", "EventType"): (*_PIPE, "Unkown Event Type"),
}

_PART = {
    Kind.NUMBER: re.compile(r"[0-9]*"),
    Kind.GUID: re.compile(r"[0-9a-f{}-]*", re.IGNORECASE),
    Kind.HEX: re.compile(r"[0-9a-fx]*", re.IGNORECASE),
    Kind.TIME: re.compile(r"[0-9:. -]*"),
    Kind.ADDRESS: re.compile(r"[0-9a-f:.%-]*", re.IGNORECASE),
}
_WHOLE = {
    Kind.GUID: re.compile(r"\{[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\}", re.IGNORECASE),
    Kind.HEX: re.compile(r"0x(0|[1-9a-f][0-9a-f]*)", re.IGNORECASE),
    Kind.TIME: re.compile(r"-|[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}"),
}
_LOOK = {
    Kind.GUID: "is written as {01234567-89AB-CDEF-0123-456789ABCDEF}",
    Kind.HEX: "is written as 0x820, without zeros in front",
    Kind.TIME: "is written as 2024-07-19 04:09:00.000",
    Kind.ADDRESS: "is one address, without a network's length or a wildcard",
}

_LONG_PREFIX = re.compile(r"\\(\\|\?)\?\\")
_NOT_IN_PATH = '*?"|'
_ROOT = re.compile(r"[a-z]:|\\\\|\\(device|systemroot|\?\?)\\|/|[^\\/]*%", re.IGNORECASE)
_ROOTS = ("\\device\\", "\\systemroot\\", "\\??\\")
_FILE = re.compile(r".+\.[a-z0-9]{1,4}", re.IGNORECASE)
_BARE_HASH = re.compile(r"([0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})", re.IGNORECASE)


def kind_of(field: str) -> Kind:
    """Returns the kind of a field; NAME where nothing more is known."""
    return _KIND_OF.get(field, Kind.NAME)


def words_of(rule_name: str | None, field: str) -> tuple[str, ...] | None:
    """Returns all values of a field that has few of them, else None."""
    if kind_of(field) is Kind.TRUTH:
        return ("true", "false", MISSING)
    return _WORDS.get((rule_name or "", field))


def why_not_whole(field: str, text: str) -> str | None:
    """Returns why no value of the field is this text, or None where one may be."""
    kind = kind_of(field)
    if kind is Kind.NUMBER:
        biggest = _BIGGEST.get(field, 0xFFFFFFFF)
        number = re.fullmatch(r"0|[1-9][0-9]{0,19}", text) and int(text) <= biggest
        return None if number else f"{field} is a number from 0 to {biggest}, without zeros in front"
    if kind is Kind.ADDRESS:
        return None if text == MISSING or _is_address(text) else f"{field} {_LOOK[kind]}"
    if kind in _WHOLE:
        return None if _WHOLE[kind].fullmatch(text) else f"{field} {_LOOK[kind]}"
    if kind is Kind.PATH:
        rooted = _ROOT.match(text) is not None
        if not rooted and ("\\" in text or _FILE.fullmatch(text)):
            return f"{field} is a whole path, with its drive"
    return why_not_part(field, text) or why_not_begin(field, text)


def why_not_begin(field: str, text: str) -> str | None:
    """Returns why no value of the field begins with this text, or None where one may."""
    kind = kind_of(field)
    if kind is Kind.HASH and _BARE_HASH.fullmatch(text):
        return f"{field} names the algorithm in front of each hash, as SHA256="
    if kind is Kind.PATH and "\\" in text and not _begins_path(text):
        return f"{field} is a whole path, with its drive"
    return why_not_part(field, text)


def why_not_part(field: str, text: str) -> str | None:
    """Returns why no value of the field has this text in it, or None where one may."""
    kind = kind_of(field)
    if kind is Kind.PATH:
        found = sorted(set(_LONG_PREFIX.sub("", text, count=1)) & set(_NOT_IN_PATH))
        return f"no path has {' or '.join(found)} in it; wildcards are not known" if found else None
    if kind in _PART and not _PART[kind].fullmatch(text):
        return f"{field} {_LOOK.get(kind, 'is a number')}"
    return None


def _begins_path(text: str) -> bool:
    return _ROOT.match(text) is not None or any(root.startswith(text.lower()) for root in _ROOTS)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
