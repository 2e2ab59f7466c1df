"""The quick way for files of a user's own schema: code generated from it, which is kept for the next run.

Where a schema file brings no checks, a file of its format passes if the reader finds no fault in it and its
form is canonical. Generated code knows both of most schemas (`ccheck_schemas.generate.enough`). What is kept
of it is found again by the bytes of the schema file and by all that made code of them, so that neither the
file nor Construct is loaded for a few good files.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ccheck_schemas
from ccheck.core.finding import FileReport
from ccheck.files.regular_file import read_regular_file
from ccheck.formats.fast_path import passed
from ccheck.kept import keep, recall
from ccheck.version import __version__

if TYPE_CHECKING:
    from ccheck.config.user_schema import UserSchema
    from ccheck.core.subject import Narrowed
    from ccheck_schemas.record import Reading
    from ccheck_schemas.schema import Schema

APPLYING = 41
"""How many checks a file of such a schema has passed. A test holds it against the table of checks."""


@dataclass(frozen=True)
class Own:
    """The quick way for one schema. schema: its name. spotless: its generated function."""

    schema: str
    spotless: Callable[[bytes], object | None]

    def passes(self, data: bytes, name: str) -> bool:
        """Whether a file passes every check; False where that is not certain."""
        return any(data) and self.spotless(data) is not None

    def report(self, data: bytes, name: str, path: str) -> FileReport | None:
        """The report of a file that passes every check; None where that is not certain."""
        return passed(data, path, self.schema, APPLYING) if self.passes(data, name) else None

    def narrow(self, schema: Schema, reading: Reading) -> Narrowed | None:
        """None: the general checks need what the reader gives, and little else."""
        return None


@dataclass(frozen=True)
class Made:
    """What came of a schema: the quick way, or why there is none (`obstacle`); and why its code is not kept
    for the next run, where that is so (`not_kept`).
    """

    way: Own | None = None
    obstacle: str = ""
    not_kept: str = ""


def kept(path: Path) -> Own | None:
    """The quick way for a schema file, as a run before kept it; None where none is."""
    try:
        if not path.is_file() or _in_package(path):
            return None
        key = _key(read_regular_file(path))
    except (OSError, ValueError):
        return None
    return _recalled(key)


def made(user: UserSchema, path: Path) -> Made:
    """The quick way for a schema file that was run; it is kept, where that may be. path: of the file."""
    if user.checks:
        return Made(obstacle="its own checks need the content")
    # Loaded here, where Construct is loaded anyway.
    from ccheck.screen.closed import opening
    from ccheck_schemas.generate import NotGenerated, enough, source

    if lacking := enough.lacking(user.schema):
        return Made(obstacle=lacking)
    reason = "it lies in a package" if _in_package(path) else opening(user.source)
    try:
        key = "" if reason else _key(user.source)
    except OSError:
        key, reason = "", "what makes the code cannot be told"
    if key and (found := _recalled(key)):
        return Made(found)
    try:
        text = f"{source(user.schema)}\nSCHEMA = {user.schema.name!r}\n"
        way = _run(text)
    except (NotGenerated, SyntaxError) as fault:
        return Made(obstacle=str(fault))
    if key:
        keep(key, text)
    return Made(way, not_kept=reason or "")


def _in_package(path: Path) -> bool:
    """Whether running a file runs other files of its package."""
    return (path.resolve().parent / "__init__.py").is_file()


def _recalled(key: str) -> Own | None:
    """The quick way that was kept under a key; None where none was, or none that can be used."""
    text = recall(key)
    if text is None:
        return None
    try:
        return _run(text)
    except Exception:  # noqa: BLE001 - whatever is wrong with what was kept, it is made anew
        return None


def _run(text: str) -> Own:
    """Generated code at work. Raises SyntaxError where it is nested more deeply than Python takes."""
    names: dict[str, Any] = {"__name__": "ccheck_own_schema"}
    try:
        code = compile(text, "<generated>", "exec")
    except (RecursionError, MemoryError) as fault:  # as some versions of Python say it
        raise SyntaxError("generated code is nested more deeply than Python takes") from fault
    exec(code, names)  # noqa: S102 - ccheck's own code; `ccheck.kept` says when it is trusted
    return Own(names["SCHEMA"], names["spotless"])


def _key(source: bytes) -> str:
    """What code that is made of a schema file depends on, as a hexadecimal digest. Raises OSError where what
    makes it is not in files.
    """
    digest = hashlib.sha256()
    for part in (source, *_makers()):
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()


@cache
def _makers() -> tuple[bytes, ...]:
    """What makes code of a schema: this ccheck, as its files are now, this Python and this Construct."""
    words = (__version__, sys.version, sys.platform, sys.byteorder, sys.maxsize, sys.flags.optimize)
    return tuple(str(word).encode() for word in (*words, *_files()))


def _files() -> Iterator[tuple[str, int, int]]:
    """The Python files of the generator, of this way and of Construct, by size and time of change: while they
    are developed, a version says too little.
    """
    from importlib.util import find_spec

    schemas = Path(ccheck_schemas.__file__).parent
    folders = [schemas, schemas / "generate", Path(__file__).parent]
    found = find_spec("construct")  # it is found, and not loaded
    if found is None or not found.origin:
        raise FileNotFoundError("Construct is nowhere")
    folders.append(Path(found.origin).parent)
    for folder in folders:
        with os.scandir(folder) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                if entry.name.endswith(".py"):
                    info = entry.stat()
                    yield entry.path, info.st_size, info.st_mtime_ns
