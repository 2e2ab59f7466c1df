"""The driver builds in the field, and the facts of each: `consumers.toml`, read strictly."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TypeAlias

from ccheck.core.shipped_consumers import shown_path
from ccheck.text.quoting import shown
from ccheck.text.toml_document import ConfigurationError, Document, Problem, read_document
from ccheck.text.toml_table import Table
from ccheck_schemas.build_facts import Fact, FactKind

__all__ = ["PLATFORMS", "ConfigurationError", "Consumer", "Consumers", "load_consumers"]

FORMAT = 2
"""The version of the file."""

PLATFORMS = (
    "windows-x64",
    "windows-x86",
    "windows-arm64",
    "linux-x64",
    "linux-arm64",
    "linux-arm",
    "linux-ppc",
    "linux-s390x",
    "firmware-arm64",
    "macos-arm64",
    "macos-x64",
)
HIGHEST = (1 << 63) - 1
"""The greatest number in a fact: TOML has no greater one."""

_LONGEST_NAME = 200
"""Characters of a name or version: tables repeat them in each row."""

Element: TypeAlias = int | str
Value: TypeAlias = int | bool | tuple[Element, ...]
"""A count or limit, a switch, or the elements of a set."""

Key: TypeAlias = tuple[str | int, ...]
"""The parts of a key of the content, such as the name and the version of a template type."""


@dataclass(frozen=True, slots=True)
class Consumer:
    """One build of the driver; the keys are those of `docs/consumers.md`.

    Attributes:
        name: What findings call the build.
        version: Its version.
        platform: One of `PLATFORMS`.
        pointer_bits: The width of its address arithmetic: 32 or 64.
        byte_order: ``little`` or ``big``.
        strict_alignment: Whether a misaligned access faults.
        supported_from: The first day of support.
        supported_until: The last day of support; None while there is none.
        formats: The formats whose files the build reads; None for all of them.
        binaries: Name and SHA-256, in hex, of the driver's files that the facts were read out of.
        facts: What it states, by kind and name. A fact with keys has one entry for each:
            ``(FactKind.COUNT, "inputs", "IPC@2")``; any other has an empty key.
        line: The line of its header in the file, from 1.
        lines: The lines of its keys, such as ``counts.inputs.IPC@2``.
    """

    name: str
    version: str
    platform: str
    pointer_bits: int
    byte_order: str
    strict_alignment: bool
    supported_from: date
    supported_until: date | None
    formats: tuple[str, ...] | None = None
    binaries: tuple[tuple[str, str], ...] = ()
    facts: Mapping[tuple[FactKind, str, str], Value] = field(default_factory=dict, hash=False)
    line: int = 1
    lines: Mapping[str, int] = field(default_factory=dict, hash=False, compare=False)

    def __hash__(self) -> int:
        """Returns a hash that is quick: what is asked of a build again is remembered."""
        return hash((self.name, self.version))

    def reads(self, schema: str) -> bool:
        """Returns whether the build reads files of a format that requires builds."""
        return self.formats is None or schema in self.formats

    def states(self, fact: Fact) -> bool:
        """Returns whether the build states a fact: for some key, or the one value of a fact without keys."""
        return any(
            (kind, name, bool(key)) == (fact.kind, fact.name, fact.keyed) for kind, name, key in self.facts
        )

    def key(self, kind: FactKind, name: str, key: Key = ()) -> str | None:
        """Returns the key under which the build states a fact; None if it does not.

        ``IPC@2`` comes before ``IPC``: the first that is stated counts. A part that has an ``@`` itself is
        stated nowhere, so that a type called ``IPC@2`` does not take the number of version 2 of ``IPC``.
        """
        if any("@" in str(part) or part == "" for part in key):
            return None
        for count in range(len(key), -1, -1):
            if key and count == 0:
                break
            joined = "@".join(map(str, key[:count]))
            if (kind, name, joined) in self.facts:
                return joined
        return None

    def number(self, kind: FactKind, name: str, key: Key = ()) -> int | None:
        """Returns a count or a limit; None if the build does not state it."""
        found = self._value(kind, name, key)
        return found if isinstance(found, int) else None

    def elements(self, name: str, key: Key = ()) -> tuple[Element, ...] | None:
        """Returns the elements of a set, as the build lists them; None if it does not state the set."""
        found = self._value(FactKind.SET, name, key)
        return found if isinstance(found, tuple) else None

    def switch(self, name: str, *, default: bool = False) -> bool:
        """Returns a switch, or the default where the build does not state it."""
        found = self._value(FactKind.SWITCH, name, ())
        return found if isinstance(found, bool) else default

    def _value(self, kind: FactKind, name: str, key: Key) -> Value | None:
        found = self.key(kind, name, key)
        return None if found is None else self.facts[kind, name, found]

    def as_mapping(self) -> dict[str, object]:
        """Returns the build as plain values, for an interpreter that behaves as it does."""
        facts: dict[str, dict[str, object]] = {kind.value: {} for kind in FactKind}
        for (kind, name, key), value in self.facts.items():
            plain = list(value) if isinstance(value, tuple) else value
            if key:
                keyed = facts[kind.value].setdefault(name, {})
                if isinstance(keyed, dict):
                    keyed[key] = plain
            else:
                facts[kind.value][name] = plain
        return {
            "name": self.name,
            "version": self.version,
            "platform": self.platform,
            "pointer_bits": self.pointer_bits,
            "byte_order": self.byte_order,
            "strict_alignment": self.strict_alignment,
            **facts,
        }

    def environment(self) -> dict[str, str]:
        """Returns the build as environment variables, such as ``CCHECK_COUNTS_INPUTS_IPC=20``.

        Raises:
            ValueError: Two facts have one variable.
        """
        found = {
            "CCHECK_BUILD": self.name,
            "CCHECK_VERSION": self.version,
            "CCHECK_PLATFORM": self.platform,
            "CCHECK_POINTER_BITS": str(self.pointer_bits),
            "CCHECK_BYTE_ORDER": self.byte_order,
        }
        places: dict[str, tuple[FactKind, str, str]] = {}
        for (kind, name, key), value in self.facts.items():
            words = "_".join(part for part in (kind.value, name, key) if part)
            variable = "CCHECK_" + re.sub(r"[^A-Z0-9]", "_", words.upper())
            if variable in found:
                lines = f"lines {self.line_of(*places[variable])} and {self.line_of(kind, name, key)}"
                raise ValueError(
                    f"two facts of {self.name} have one environment variable, {variable}: {lines}"
                )
            places[variable] = (kind, name, key)
            if isinstance(value, tuple):
                found[variable] = ",".join(map(str, value))
            else:
                found[variable] = str(int(value))
        return found

    def line_of(self, kind: FactKind, name: str = "", key: str = "") -> int:
        """Returns the line that states a fact, or of what would enclose it."""
        parts = [part for part in (kind.value, name, key) if part]
        for count in range(len(parts), 0, -1):
            line = self.lines.get(".".join(parts[:count]))
            if line is not None:
                return line
        return self.line

    def supported_on(self, day: date) -> bool:
        """Returns whether `day` lies in its window of support; both ends count."""
        return self.supported_from <= day and (self.supported_until is None or day <= self.supported_until)


@dataclass(frozen=True, slots=True)
class UnknownBuilds:
    """Builds in the field of which nobody has stated facts: whether they take a file is not known.

    Attributes:
        name: What they are.
        why: Why nothing is stated of them.
        formats: The formats whose files they read.
        line: The line of their formats in the file, from 1.
    """

    name: str
    why: str
    formats: tuple[str, ...]
    line: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class Consumers:
    """All builds of one consumers.toml, in its order.

    Attributes:
        path: The file, as reports name it; `builtin:` and a name for one that ccheck ships.
        file: The file that was read.
        chosen: Whether the user named each of the builds: then each of them must read a file.
        sha256: The digest of its bytes, in hex.
        builds: The builds.
        unknown: Builds without facts, which tables by build name as such.
    """

    path: Path
    sha256: str
    builds: tuple[Consumer, ...]
    file: Path = field(default=Path(), compare=False)
    chosen: bool = False
    unknown: tuple[UnknownBuilds, ...] = ()

    def __hash__(self) -> int:
        """Returns a hash that is quick: what is asked of builds again is remembered."""
        return hash(self.sha256)

    def unknown_for(self, schema: str) -> tuple[UnknownBuilds, ...]:
        """Returns the builds without facts that read files of a format; none where the user chose builds."""
        return () if self.chosen else tuple(one for one in self.unknown if schema in one.formats)

    def supported(self, on: date) -> tuple[Consumer, ...]:
        """Returns the builds that are supported on a day."""
        return tuple(build for build in self.builds if build.supported_on(on))

    def problem(self, line: int, key: str, message: str) -> Problem:
        """Returns a problem of the file."""
        return Problem(str(self.path), line, key, message)


def load_consumers(path: Path) -> Consumers:
    """Read consumers.toml.

    Whether schemas refer to its facts is for `ccheck.core.contract` to say.

    Raises:
        ConfigurationError: With all problems, each with line and key.
    """
    document = read_document(path, formats=(FORMAT,))
    top = Table(document, (), document.data)
    top.number("format", (FORMAT,))
    builds = tuple(_build(table) for table in top.tables("consumer"))
    if "consumer" not in document.data or document.data["consumer"] == []:
        document.complain(("consumer",), "no [[consumer]] is listed: nothing would be compared")
    unknown = tuple(_unknown(table) for table in top.tables("unknown"))
    _refuse_twins(document, builds, unknown)
    top.done()
    document.settle()
    return Consumers(shown_path(path), document.sha256, builds, path, unknown=unknown)


def _unknown(table: Table) -> UnknownBuilds:
    found = UnknownBuilds(
        _printable(table, "name"),
        _printable(table, "why"),
        table.elements("formats", "the name of a format", _is_name),
        table.line("formats"),
    )
    table.done()
    return found


def _build(table: Table) -> Consumer:
    facts: dict[tuple[FactKind, str, str], Value] = {}
    lines = {key: table.line(key) for key in table.data}
    for kind in FactKind:
        for name, key, value, line in _facts(table, kind):
            facts[kind, name, key] = value
            lines[f"{kind.value}.{name}"] = table.document.line((*table.where, kind.value, name))
            if key:
                lines[f"{kind.value}.{name}.{key}"] = line
    build = Consumer(
        name=_printable(table, "name"),
        version=_printable(table, "version"),
        platform=table.choice("platform", PLATFORMS),
        pointer_bits=table.number("pointer_bits", (32, 64)),
        byte_order=table.choice("byte_order", ("little", "big"), "little"),
        strict_alignment=table.flag("strict_alignment", False),
        supported_from=table.day("supported_from"),
        supported_until=table.optional_day("supported_until"),
        formats=table.elements("formats", "the name of a format", _is_name)
        if "formats" in table.data
        else None,
        binaries=tuple(_binary(one) for one in table.tables("binaries")),
        facts=facts,
        line=table.document.line(table.where),
        lines=lines,
    )
    if build.supported_until is not None and build.supported_until < build.supported_from:
        table.complain(
            "supported_until", f"{build.supported_until} is before {build.supported_from}, its first day"
        )
    table.done()
    return build


def _printable(table: Table, key: str) -> str:
    text = table.text(key)
    if not text.isprintable():
        table.complain(key, f"{shown(text)} has characters that cannot be shown")
    if len(text) > _LONGEST_NAME:
        table.complain(key, f"has {len(text):,} characters, at most {_LONGEST_NAME} are shown in a table")
    return text


def _binary(table: Table) -> tuple[str, str]:
    file, digest = table.text("file"), table.text("sha256")
    if digest and re.fullmatch(r"[0-9a-f]{64}", digest) is None:
        table.complain("sha256", f"{shown(digest)} is not 64 digits of hex in small letters")
    table.done()
    return file, digest


def _facts(table: Table, kind: FactKind) -> Iterator[tuple[str, str, Value, int]]:
    """Yields name, key, value and line of the facts of one kind."""
    inner = table.table(kind.value)
    for name in inner.data:
        if isinstance(inner.data[name], dict):
            keyed = inner.table(name)
            if not keyed.data:
                inner.complain(name, "the table is empty: the build would state nothing")
            if kind is FactKind.SWITCH:
                inner.complain(name, "a table is not true or false")
                continue
            for key in keyed.data:
                if not _is_key(key):
                    keyed.complain(
                        key,
                        f"{shown(key)} is not a key: parts, none empty or with blanks around, joined by @",
                    )
                yield name, key, _value(keyed, key, kind), keyed.line(key)
        else:
            yield name, "", _value(inner, name, kind), inner.line(name)


def _value(table: Table, key: str, kind: FactKind) -> Value:
    match kind:
        case FactKind.COUNT | FactKind.LIMIT:
            return table.integer(key, 0, HIGHEST)
        case FactKind.SET:
            return table.elements(key, "a number or a name", _is_element)
        case FactKind.SWITCH:
            return table.flag(key)


def _is_element(value: object) -> bool:
    return (type(value) is int and -HIGHEST <= value <= HIGHEST) or _is_name(value)


def _is_name(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_key(key: str) -> bool:
    return all(part and part == part.strip() for part in key.split("@"))


def _refuse_twins(
    document: Document, builds: tuple[Consumer, ...], unknown: tuple[UnknownBuilds, ...]
) -> None:
    """Complain of names that stand twice, also where one of them is of builds without facts."""
    first: dict[str, tuple[str, int]] = {}
    named = [("consumer", index, build.name) for index, build in enumerate(builds)]
    named += [("unknown", index, one.name) for index, one in enumerate(unknown)]
    for table, index, name in named:
        if name and name in first:
            twin = first[name]
            line = document.line(twin)
            message = f"{shown(name)} is the name of {twin[0]}[{twin[1]}] too, line {line}"
            document.complain((table, index, "name"), message)
        first.setdefault(name, (table, index))
