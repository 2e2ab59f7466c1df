"""A campaign edits the content of envelopes by its meaning, and wraps it again."""

from __future__ import annotations

import struct
import subprocess
import sys
import zlib
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from ccheck.config.user_schema import load_user_schema
from ccheck_fuzz.campaign.state.database import State
from ccheck_fuzz.model import opened, rebuilt
from ccheck_fuzz.mutate import Mutator
from ccheck_schemas.model import minimal_file
from ccheck_schemas.read import read
from ccheck_schemas.schema import Schema

SOURCE = """
from construct import Const, Int8ub, Int16ub, Int32ub, Struct, this
from ccheck_schemas.meaning import Bounded, ChecksumOver, CountOf, Inflate, LengthOf, Table, Wrapped, WrappedRest, Xor
from ccheck_schemas.schema import Schema

RULES = Schema("rules", "rules", Struct(
    "magic" / Const(b"RULE"),
    "count" / CountOf(Int16ub, of="rules"),
    "checksum" / ChecksumOver(Int32ub, start=10),
    "rules" / Table("rules", this.count, Struct("port" / Int16ub, "index" / Bounded(Int16ub, 0, 2000)), high=20),
), recognise=lambda data: data[:4] == b"RULE")
SCHEMA = Schema("parcel", "parcel", Struct(
    "magic" / Const(b"PRCL"),
    "size" / LengthOf(Int32ub, of="payload"),
    "sum" / ChecksumOver(Int32ub, start=12),
    "payload" / Wrapped(this.size, (Xor(b"key"), Inflate("zlib", limit=65536)), RULES),
    "rest" / WrappedRest(Inflate("raw", limit=65536), RULES),
), recognise=lambda data: data[:4] == b"PRCL")
"""
READER = '''
import struct, zlib

class Refused(Exception):
    """No parcel."""

def load(data):
    if data[:4] != b"PRCL" or len(data) < 12:
        raise Refused
    size, total = struct.unpack_from(">II", data, 4)
    if zlib.crc32(data[12:]) != total:
        raise Refused
    stream = bytes(byte ^ b"key"[i % 3] for i, byte in enumerate(data[12 : 12 + size]))
    try:
        inner = zlib.decompress(stream)
    except zlib.error as bad:
        raise Refused from bad
    if inner[:4] != b"RULE" or len(inner) < 10 or zlib.crc32(inner[10:]) != struct.unpack_from(">I", inner, 6)[0]:
        raise Refused
    for port, index in struct.iter_unpack(">HH", inner[10:]):
        TABLE[index]

TABLE = [0] * 1000
load.refuses = Refused
'''


def xored(data: bytes) -> bytes:
    """Bytes under the key."""
    return bytes(byte ^ b"key"[i % 3] for i, byte in enumerate(data))


def rules(*indexes: int) -> bytes:
    """Rules with some indexes."""
    body = b"".join(struct.pack(">HH", 80 + i, index) for i, index in enumerate(indexes))
    return b"RULE" + struct.pack(">HI", len(indexes), zlib.crc32(body)) + body


def parcel(payload: bytes, rest: bytes) -> bytes:
    """A parcel with two lists of rules."""
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    stream = xored(zlib.compress(payload))
    body = stream + packer.compress(rest) + packer.flush()
    return b"PRCL" + struct.pack(">II", len(stream), zlib.crc32(body)) + body


GOOD = parcel(rules(1, 2), rules(3))


@pytest.fixture
def schema(tmp_path: Path) -> Schema:
    """The schema, from its file."""
    (tmp_path / "parcel.py").write_text(SOURCE, encoding="utf-8")
    return load_user_schema(tmp_path / "parcel.py").schema


def test_mutations_reach_the_content_and_keep_what_is_around_it(schema: Schema) -> None:
    """Most files of a mutator have content that is unwrapped, and some of them are faultless inside and outside."""
    assert rebuilt(opened(schema, GOOD)).data == GOOD
    mutator, random = Mutator(schema, seeds=[GOOD]), Random(291)
    met: Counter[str] = Counter()
    data = GOOD
    for _ in range(600):
        data = mutator.mutate(data if random.random() < 0.5 else GOOD, random, 1 << 16)
        reading = read(schema.layout, data)
        inner = [one.data for one in reading.envelopes]
        met["opened"] += len(inner) == 2
        met["changed"] += len(inner) == 2 and inner != [rules(1, 2), rules(3)]
        met["faultless"] += not schema.breaks(reading) and inner != [rules(1, 2), rules(3)]
    assert met["opened"] > 200, met
    assert met["changed"] > 120, met
    assert met["faultless"] > 40, met


def test_a_minimal_file_has_content_in_its_envelopes(schema: Schema) -> None:
    """A file that is grown of the schema alone breaks it nowhere, not even inside."""
    for seed in range(20):
        reading = read(schema.layout, minimal_file(schema.layout, Random(seed)))
        assert schema.breaks(reading) == 0
        assert len(reading.envelopes) == 2


def test_a_campaign_finds_a_fault_behind_compression_and_a_checksum_inside(
    tmp_path: Path, schema: Schema
) -> None:
    """The validator passes an index that the reader's table does not have: a file that does so is found and kept."""
    (tmp_path / "own.py").write_text(READER, encoding="utf-8")
    (tmp_path / "seed.bin").write_bytes(GOOD)
    done = subprocess.run(
        [
            sys.executable, "-m", "ccheck", "fuzz", "--schema", "parcel.py", "--seeds", "seed.bin", "--out", "out",
            "--time", "60s", "--runs", "3000", "--jobs", "1", "--reader", "own:load", "--no-config",
        ],
        capture_output=True, text=True, check=False, cwd=tmp_path, timeout=300,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    found = [bucket for bucket in State(tmp_path / "out").buckets() if not bucket.information]
    assert found, done.stdout + done.stderr
    assert "IndexError" in done.stdout + done.stderr
