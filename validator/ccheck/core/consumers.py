"""The driver builds in the field, and what each of them understands: `consumers.toml`, read strictly."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from ccheck.text.quoting import shown
from ccheck.text.toml_document import ConfigurationError, Document, read_document
from ccheck.text.toml_table import Table

__all__ = ["CRITERION_KINDS", "PLATFORMS", "ConfigurationError", "Consumer", "Consumers", "load_consumers"]

CRITERION_KINDS = (
    "wildcard",
    "equals",
    "not_equals",
    "prefix",
    "suffix",
    "contains",
    "regex",
    "integer_range",
    "bit_mask",
    "one_of",
)
PLATFORMS = (
    "windows-x64",
    "windows-x86",
    "windows-arm64",
    "linux-x64",
    "linux-arm64",
    "linux-arm",
    "linux-ppc",
    "linux-s390x",
    "macos-arm64",
    "macos-x64",
)
MAX_INPUTS = 65_535
"""Greatest number of inputs of a template type: a criterion's field index has 16 bits."""

MAX_VERSION = 65_535
"""Greatest version of a template type and of the channel format."""

MAX_NAME = 64
"""Greatest length of a template type's name, in bytes of UTF-8."""

_VERSIONED = re.compile(r"(?P<type>[^@]+)@(?P<version>[1-9][0-9]{0,4})")


@dataclass(frozen=True, slots=True)
class Consumer:
    """One build of the driver; the keys are those of `docs/consumers.md`.

    inputs: number of inputs by template type, ``"IPC"`` or ``"IPC@2"``. line: of its header in the file,
    from 1. lines: of its keys, by name; an input's key is ``"inputs.IPC@2"``.
    """

    name: str
    version: str
    platform: str
    pointer_bits: int
    byte_order: str
    strict_alignment: bool
    supported_from: date
    supported_until: date | None
    format_versions: tuple[int, ...]
    criterion_kinds: tuple[str, ...]
    bounds_check: bool
    input_count_check: bool
    quarantine: bool
    last_known_good: bool
    boot_loop_recovery: bool
    inputs: Mapping[str, int] = field(hash=False)
    line: int = 1
    lines: Mapping[str, int] = field(default_factory=dict, hash=False, compare=False)

    def inputs_for(self, type_name: str, version: int) -> int | None:
        """Returns how many inputs it supplies to that version of a template type; None when it does not know
        it.
        """
        key = self.inputs_key(type_name, version)
        return None if key is None else self.inputs[key]

    def inputs_key(self, type_name: str, version: int) -> str | None:
        """The key of `inputs` that counts: ``IPC@2`` before ``IPC``; None when the build lists neither."""
        exact = f"{type_name}@{version}"
        if exact in self.inputs:
            return exact
        # A type that is itself called `IPC@2` must not take the number that is meant for version 2 of `IPC`.
        return type_name if type_name in self.inputs and not _VERSIONED.fullmatch(type_name) else None

    def supported_on(self, day: date) -> bool:
        """Returns whether `day` lies in its window of support; both ends count."""
        return self.supported_from <= day and (self.supported_until is None or day <= self.supported_until)


@dataclass(frozen=True, slots=True)
class Consumers:
    """All builds of one consumers.toml, in its order. path: as it was named. sha256: of the file's bytes."""

    path: Path
    sha256: str
    builds: tuple[Consumer, ...]

    def supported(self, on: date) -> tuple[Consumer, ...]:
        """The builds that are supported on that day; none means that nothing can be compared."""
        return tuple(build for build in self.builds if build.supported_on(on))


def load_consumers(path: Path) -> Consumers:
    """Read consumers.toml. Raises ConfigurationError with all problems, each with line and key."""
    document = read_document(path)
    top = Table(document, (), document.data)
    top.number("format", (1,))
    builds = tuple(_build(table) for table in top.tables("consumer"))
    if "consumer" not in document.data or document.data["consumer"] == []:
        document.complain(("consumer",), "no [[consumer]] is listed: nothing would be compared")
    _refuse_twins(document, builds)
    top.done()
    document.settle()
    return Consumers(path, document.sha256, builds)


def _build(table: Table) -> Consumer:
    inputs = _inputs(table)
    build = Consumer(
        name=table.text("name"),
        version=table.text("version"),
        platform=table.choice("platform", PLATFORMS),
        pointer_bits=table.number("pointer_bits", (32, 64)),
        byte_order=table.choice("byte_order", ("little", "big"), "little"),
        strict_alignment=table.flag("strict_alignment", False),
        supported_from=table.day("supported_from"),
        supported_until=table.optional_day("supported_until"),
        format_versions=table.elements("format_versions", "a version from 1 to 65,535", _is_version),
        criterion_kinds=table.elements(
            "criterion_kinds", "a criterion kind", lambda kind: kind in CRITERION_KINDS, CRITERION_KINDS
        ),
        bounds_check=table.flag("bounds_check"),
        input_count_check=table.flag("input_count_check", False),
        quarantine=table.flag("quarantine", False),
        last_known_good=table.flag("last_known_good", False),
        boot_loop_recovery=table.flag("boot_loop_recovery", False),
        inputs=inputs,
        line=table.document.line(table.where),
        lines={key: table.line(key) for key in table.data}
        | {f"inputs.{key}": table.document.line((*table.where, "inputs", key)) for key in inputs},
    )
    if build.supported_until is not None and build.supported_until < build.supported_from:
        table.complain(
            "supported_until", f"{build.supported_until} is before {build.supported_from}, its first day"
        )
    table.done()
    return build


def _is_version(value: object) -> bool:
    return type(value) is int and 1 <= value <= MAX_VERSION


def _inputs(table: Table) -> Mapping[str, int]:
    if "inputs" not in table.data:
        table.text("inputs")  # notes that it is missing
        return {}
    inputs = table.table("inputs")
    if inputs.valid and not inputs.data:
        table.complain("inputs", "the table is empty: the build would know no template type")
    counts = {}
    for key in inputs.data:
        counts[key] = inputs.integer(key, 0, MAX_INPUTS)
        if not _is_type(key):
            form = f"TYPE, or TYPE@VERSION with 1 to {MAX_VERSION:,}"
            inputs.complain(key, f"{shown(key)} is not {form}")
    return counts


def _is_type(key: str) -> bool:
    versioned = _VERSIONED.fullmatch(key)
    name = versioned["type"] if versioned else key
    if versioned and int(versioned["version"]) > MAX_VERSION:
        return False
    return "@" not in name and 1 <= len(name.encode("utf-8")) <= MAX_NAME


def _refuse_twins(document: Document, builds: tuple[Consumer, ...]) -> None:
    first: dict[str, int] = {}
    for index, build in enumerate(builds):
        if build.name and build.name in first:
            twin = first[build.name]
            message = f"{shown(build.name)} is the name of consumer[{twin}] too, line {builds[twin].line}"
            document.complain(("consumer", index, "name"), message)
        first.setdefault(build.name, index)
