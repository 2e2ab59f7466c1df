"""Mutants of the corpus's files: the same seed gives the same bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from types import MappingProxyType

from tests.corpus import CORPUS, DAY, judgement_of

from ccheck.formats.registry import named
from ccheck.judging.context import ValidationContext
from ccheck.judging.preparation import prepare
from ccheck_fuzz.model import Model, opened
from ccheck_fuzz.mutate import Context, once
from ccheck_fuzz.mutate.interesting_values import interesting_values
from ccheck_schemas.model import minimal_file
from ccheck_schemas.model.fix_up import fix_up
from ccheck_schemas.read import read
from ccheck_schemas.schema import Schema

OWN = MappingProxyType(
    {
        "own-checks": CORPUS.parent / "tests" / "user" / "sensor.py",
        "own-streams": Path(__file__).with_name("streams.py"),
        "own-table": Path(__file__).with_name("table.py"),
    }
)
"""Schema files, which are judged as a user's own."""
GROWN = 40
"""Files generated from a schema that has no corpus."""

LARGEST = 8192
"""Bytes of a file that is mutated, at most."""
EDGES = b"\x00\x01\x02\x7f\x80\xfe\xff"
STRANGE = 400
"""One mutant of this many is empty, all zero, or bytes at random."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """Bytes, the name of the file that they were made of, and what they are judged by."""

    data: bytes
    name: str
    by: ValidationContext


@dataclass(frozen=True, slots=True, eq=False)
class Base:
    """A file that mutants are made of.

    Attributes:
        settled: Whether its layout has no deliberate fault.
    """

    data: bytes
    name: str
    by: ValidationContext
    schema: Schema
    settled: bool


@cache
def bases(format_: str) -> tuple[Base, ...]:
    """Returns what mutants of a format are made of."""
    if format_ in OWN:
        by = prepare(schema=str(OWN[format_]), use_config=False, on=DAY)
        assert by.schema is not None  # noqa: S101 - it was named
        made = (minimal_file(by.schema.layout, Random(f"{format_} {number}")) for number in range(GROWN))
        return tuple(Base(data, f"{format_}.bin", by, by.schema, settled=True) for data in made)
    known = named(format_)
    assert known is not None  # noqa: S101 - it is shipped
    found = []
    for path in sorted((CORPUS / format_).rglob("*.bin")):
        data, settled = path.read_bytes(), path.parent.name == "good" or path.parent.parent == CORPUS
        if 0 < len(data) <= LARGEST:
            validation = judgement_of(path.with_suffix(".yaml"))
            found.append(Base(data, path.name, validation, known.schema, settled))
    return tuple(found)


def mutant(format_: str, stream: str, seed: int) -> Mutant:
    """Returns the mutant of a seed.

    Args:
        format_: The format, by name.
        stream: How it is mutated: one of `STREAMS`.
        seed: Its number in the stream.
    """
    random = Random(f"{format_} {stream} {seed}")
    files = bases(format_)
    base = files[below(random, len(files))]
    return Mutant(STREAMS[stream](base, random, format_), base.name, base.by)


def below(random: Random, end: int) -> int:
    """Returns a number below `end`, the same with every version of Python."""
    return int(random.random() * end)


def _edited(base: Base, random: Random, format_: str) -> bytes:
    """A few edits of bytes, which know nothing of the format."""
    if below(random, STRANGE) == 0:
        size = below(random, 1024)
        return bytes(below(random, 256) * (size % 3 > 0) for _ in range(size))
    data = bytearray(base.data)
    for _ in range(1 + below(random, 4)):
        at = below(random, len(data) + 1)
        length = 1 + below(random, 12)
        match below(random, 8):
            case 0 | 1:
                data[at : at + 1] = bytes([below(random, 256)])
            case 2:
                data[at : at + 1] = EDGES[(edge := below(random, len(EDGES))) : edge + 1]
            case 3:
                word = at // 4 * 4
                data[word : word + 4] = below(random, 40).to_bytes(4, "little")
            case 4:
                del data[at : at + length]
            case 5:
                data[at:at] = bytes(below(random, 256) for _ in range(length))
            case 6:
                other = below(random, len(data) + 1)
                data[at : at + length] = data[other : other + length]
            case _:
                del data[at + length if below(random, 2) else len(data) - length :]
    return bytes(data)


def _sealed(base: Base, random: Random, format_: str) -> bytes:
    """The same with sizes and checksums made true again."""
    data = _edited(base, random, format_)
    return fix_up(data, read(base.schema.layout, data))


def _fields(base: Base, random: Random, format_: str) -> bytes:
    """A file after up to four of the fuzzer's mutators in a row."""
    made, context = _model(base), _context(format_)
    for _ in range(1 + below(random, 4)):
        found = once(made, random, context)
        if isinstance(found, bytes):
            return found
        made = found or made
    return made.data


STREAMS: Mapping[str, Callable[[Base, Random, str], bytes]] = MappingProxyType(
    {"bytes": _edited, "fields": _fields, "sealed": _sealed}
)


@cache
def _model(base: Base) -> Model:
    return opened(base.schema, base.data)


@cache
def _context(format_: str) -> Context:
    """What mutators know besides the file: what definitions and builds name, and records of other files."""
    files = [base for base in bases(format_) if base.settled]
    naming = [base.data for base in files if base.name == "definitions.bin"]
    consumers = files[0].by.context.consumers
    builds = () if consumers is None else consumers.builds
    others = [_model(base) for base in files[:: max(1, len(files) // 12)]]
    return Context(interesting_values(files[0].schema, naming, builds), others, 2 * LARGEST)
