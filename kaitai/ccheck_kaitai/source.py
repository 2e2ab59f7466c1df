"""A .ksy file as plain values, each with its line."""

from __future__ import annotations

from pathlib import Path

from ccheck.core.input import InputError, read_input
from ccheck.text.yaml_source import Place, Source, YamlError, parse

__all__ = ["ImportedFile", "KaitaiError", "Place", "Source", "file_of", "read_source", "words"]

MOST_BYTES = 4 << 20
"""Bytes of a description, at most."""


class KaitaiError(Exception):
    """A file that is no Kaitai Struct description, or has an error.

    Attributes:
        place: The place of the error.
        detail: The error.
        line: Its line from 1, once it is known.
    """

    def __init__(self, place: Place, detail: str, line: int | None = None) -> None:
        super().__init__(f"{words(place)}: {detail}" if place else detail)
        self.place = place
        self.detail = detail
        self.line = line


class ImportedFile(str):
    """The first part of a place in a file that is imported: its name."""

    __slots__ = ()


def file_of(place: Place) -> str:
    """The name of the imported file that a place is in; empty for the description itself."""
    return str(place[0]) if place and isinstance(place[0], ImportedFile) else ""


def words(place: Place) -> str:
    """A place as people write it: ``types.chunk.seq[2].size``; with its file if that is imported."""
    if file_of(place):
        return f"{place[0]}: {words(place[1:])}"
    written = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in place).lstrip(".")
    return written if len(written) <= 200 else f"{written[:199]}…"


def read_source(path: Path) -> Source:
    """Read a YAML file.

    Raises:
        KaitaiError: The file cannot be read; the exception has the line.
    """
    try:
        data = read_input(path, MOST_BYTES)
    except InputError as fault:
        raise KaitaiError((), fault.detail, 1) from fault
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = data.count(b"\n", 0, fault.start) + 1
        raise KaitaiError((), f"it is not UTF-8: {fault.reason}", line) from fault
    try:
        return parse(text)
    except YamlError as fault:
        raise KaitaiError((), fault.detail, fault.line) from fault
