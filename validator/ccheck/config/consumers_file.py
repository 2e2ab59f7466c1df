"""Write builds into consumers.toml, and leave what people wrote there as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ccheck.core.consumers import FORMAT, Value, load_consumers
from ccheck.core.extras import how_to_install
from ccheck.files.atomic_write import write_whole
from ccheck.files.regular_file import read_regular_text
from ccheck_schemas.build_facts import FactKind

Facts = Mapping[tuple[FactKind, str, str], Value]


class NotInstalled(Exception):
    """A library that is missing, and how to install it."""


@dataclass(frozen=True, slots=True)
class Build:
    """What is written of one build.

    Attributes:
        name: Its name.
        version: Its version.
        platform: Its platform.
        pointer_bits: 32 or 64.
        byte_order: ``little`` or ``big``.
        supported_from: The first day of support.
        supported_until: The last day of support; None while there is none.
        binaries: Name and SHA-256 of the files that the facts were read out of.
        facts: The facts.
    """

    name: str
    version: str
    platform: str
    pointer_bits: int
    byte_order: str
    supported_from: date | None
    supported_until: date | None
    binaries: Sequence[tuple[str, str]]
    facts: Facts


def write_build(path: Path, build: Build) -> str:
    """Adds a build to consumers.toml, or replaces the facts of the build of that name.

    Other keys of the build, other builds, and comments stay as they are.

    Returns:
        ``added`` or ``updated``.

    Raises:
        NotInstalled: tomlkit is missing.
        ValueError: The file is no TOML, or has other things where builds belong.
        ConfigurationError: What would be written is not right.
        OSError: It cannot be read or written.
    """
    try:
        import tomlkit
        from tomlkit.exceptions import TOMLKitError
    except ImportError as missing:
        raise NotInstalled(f"tomlkit is not installed: {how_to_install('drivers')}") from missing
    try:
        text = read_regular_text(path) if path.exists() else f"format = {FORMAT}\n"
        document: Any = tomlkit.parse(text)
    except (TOMLKitError, UnicodeDecodeError) as wrong:
        raise ValueError(f"{path}: {wrong}") from wrong
    listed = document.setdefault("consumer", tomlkit.aot())
    if not isinstance(listed, list):
        raise ValueError(f"{path}: consumer is not an array of tables")
    table = next((one for one in listed if one.get("name") == build.name), None)
    done = "added" if table is None else "updated"
    if table is None:
        table = tomlkit.table()
        table["name"] = build.name
        table["version"] = build.version
        table["platform"] = build.platform
        table["pointer_bits"] = build.pointer_bits
        if build.byte_order != "little":
            table["byte_order"] = build.byte_order
        listed.append(table)
    if build.supported_from is not None:
        table["supported_from"] = build.supported_from
    if build.supported_until is not None:
        table["supported_until"] = build.supported_until
    binaries = tomlkit.array()
    for file, digest in build.binaries:
        one = tomlkit.inline_table()
        one.update({"file": file, "sha256": digest})
        binaries.append(one)
    table["binaries"] = binaries
    _write_facts(table, build.facts)
    _write_checked(path, tomlkit.dumps(document).encode())
    return done


def _write_checked(path: Path, data: bytes) -> None:
    """Writes the file if it is right; one that is not stays as it was."""
    with TemporaryDirectory() as folder:
        trial = Path(folder) / path.name
        trial.write_bytes(data)
        load_consumers(trial)
    write_whole(path, data)


def _write_facts(table: Any, facts: Facts) -> None:
    import tomlkit

    for (kind, name, key), value in facts.items():
        own = table.get(kind.value)
        if own is None:
            table[kind.value] = own = tomlkit.table()
        plain: Any = list(value) if isinstance(value, tuple) else value
        if not key:
            own[name] = plain
            continue
        keyed = own.get(name)
        if not isinstance(keyed, dict):
            own[name] = keyed = tomlkit.table()
        keyed[key] = plain
