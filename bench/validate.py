"""`python bench/validate.py` measures how fast files of instances are judged, against readers that judge
less.

One interleaved run: each round times every reader once on the same bytes, in CPU time of this process, and
the medians of the rounds are printed as milliseconds and as ratios to Construct's own parser. Nothing here is
a test: these figures depend on the machine.
"""

from __future__ import annotations

import argparse
import hashlib
import statistics
import struct
import sys
import time
import zlib
from collections.abc import Callable
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / room) for room in ("schemas", "validator", "interpreter")]

from ccheck.judgement import prepare  # noqa: E402 - the path comes first
from ccheck.validate import examine, judge  # noqa: E402
from ccheck_schemas.formats.channel import CHANNEL  # noqa: E402
from ccheck_schemas.formats.channel_recipe import compose  # noqa: E402
from ccheck_schemas.generated.channel import spotless  # noqa: E402
from ccheck_schemas.read import read  # noqa: E402

CORPUS = ROOT / "corpus" / "channel"
HEADER = struct.Struct("<4sHHIIIIII")
INSTANCE = struct.Struct("<IIHBBIHHI")
CRITERION = struct.Struct("<HHIIHH")


def file_of(instances: int) -> bytes:
    """A good file: each instance has a text, a range and a wildcard."""
    made = [
        {
            "id": i + 1,
            "type": 1,
            "severity": "high",
            "action": "detect",
            "criteria": [
                {"field": 0, "kind": "prefix", "text": f"\\Device\\NamedPipe\\p{i}"},
                {"field": 1, "kind": "integer_range", "low": i, "high": i + 5},
                {"field": 2, "kind": "wildcard"},
            ],
        }
        for i in range(instances)
    ]
    return compose({"kind": "instances", "channel": 291, "revision": 1, "instances": made})


def by_hand(data: bytes) -> int:
    """What a program written for this file alone would do: the layout's rules in one loop, no findings."""
    header = HEADER.unpack_from(data)
    wrong = header[0] != b"\xaa\xaa\xaa\xaa" or header[1] != 1 or header[6] != len(data)
    wrong |= header[8] != zlib.crc32(memoryview(data)[32:])
    at, spans = 32, []
    while True:
        following, size = struct.unpack_from("<II", data, at)
        if not size:
            break
        kind, width, count = struct.unpack_from("<HHI", data, at + 8)
        spans.append((at + 16, count))
        wrong |= size != 8 + width * count or not 1 <= kind <= 5
        at = following
    (rows, n), (criteria, m), (pool, p) = spans
    first = 0
    for id_, _, _, severity, action, begin, held, a, b in INSTANCE.iter_unpack(data[rows : rows + 24 * n]):
        wrong |= not id_ or not 1 <= severity <= 5 or not 1 <= action <= 3 or begin != first or a or b
        first += held
    for _, kind, offset, size, value, flags in CRITERION.iter_unpack(data[criteria : criteria + 16 * m]):
        wrong |= not 1 <= kind <= 10 or size > 4096 or value > 2 or flags > 1
        if size and value == 1:
            wrong |= (
                not pool <= offset < pool + p - size
                or data.find(0, offset, offset + size + 1) != offset + size
            )
            data[offset : offset + size].decode()
        elif size:
            wrong |= offset % 8 or not pool <= offset <= pool + p - size
    return int(wrong or first != m)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--instances", type=int, nargs="+", default=[360, 9000])
    given = parser.parse_args()
    whole = prepare(config=CORPUS / "ccheck.toml", on=date(2026, 1, 1))
    quick = whole.quick
    if quick is None:
        raise SystemExit("the corpus has no quick way; there is nothing to measure")
    for instances in given.instances:
        data = file_of(instances)
        if by_hand(data) or quick.report(data, "", "-") is None:
            raise SystemExit("the file that is measured is not good; the figures would mean nothing")
        readers: dict[str, Callable[[], object]] = {
            "construct, parse only": lambda data=data: CHANNEL.parse(data),
            "ccheck, reader": lambda data=data: read(CHANNEL, data),
            "ccheck, all checks": lambda data=data: judge(
                examine(data, "", whole.setting, whole.schemas), "-", whole.checks, whole.policy
            ),
            "ccheck, generated code": lambda data=data: spotless(data),
            "ccheck, quick way": lambda data=data: quick.report(data, "", "-"),
            "layout by hand": lambda data=data: by_hand(data),
            "sha256": lambda data=data: hashlib.sha256(data).digest(),
            "zlib.crc32": lambda data=data: zlib.crc32(data),
        }
        times: dict[str, list[float]] = {name: [] for name in readers}
        for _ in range(given.rounds):
            for name, reader in readers.items():
                start = time.process_time()
                reader()
                times[name].append(time.process_time() - start)
        medians = {name: statistics.median(found) for name, found in times.items()}
        base = medians["construct, parse only"]
        sys.stdout.write(f"{len(data):,} bytes, {instances:,} instances, {given.rounds} rounds\n")
        for name, seconds in medians.items():
            ratio = base / seconds if seconds else float("inf")
            sys.stdout.write(f"  {name:24} {1000 * seconds:10.3f} ms  {ratio:10.1f} ×\n")


if __name__ == "__main__":
    main()
