"""The layout's rules in one hand-written loop over `struct`: what a program for this one format would do."""

from __future__ import annotations

import struct
import zlib

HEADER = struct.Struct("<4sHHIIIIII")
INSTANCE = struct.Struct("<IIHBBIHHI")
CRITERION = struct.Struct("<HHIIHH")


def faults(data: bytes) -> int:
    """How many of the rules are broken; no more is said about any."""
    magic, version, kind, channel, sequence, revision, size, flags, checksum = HEADER.unpack_from(data)
    wrong = magic != b"\xaa\xaa\xaa\xaa"
    wrong += version != 1 or not 1 <= kind <= 2 or size != len(data) or flags > 1
    wrong += channel > 99_999_999 or sequence > 99_999_999 or revision > 99_999_999
    wrong += checksum != zlib.crc32(memoryview(data)[32:])
    at, spans = 32, []
    while True:
        following, size = struct.unpack_from("<II", data, at)
        if not size:
            break
        kind, width, count = struct.unpack_from("<HHI", data, at + 8)
        spans.append((at + 16, count))
        wrong += size != 8 + width * count or not 1 <= kind <= 5
        at = following
    (rows, n), (criteria, m), (pool, p) = spans
    first = 0
    for id_, _, _, severity, action, begin, held, a, b in INSTANCE.iter_unpack(data[rows : rows + 24 * n]):
        if not id_ or not 1 <= severity <= 5 or not 1 <= action <= 3 or begin != first or a or b:
            wrong += 1
        first += held
    end = pool + p
    for _, kind, offset, size, value, flags in CRITERION.iter_unpack(data[criteria : criteria + 16 * m]):
        if not 1 <= kind <= 10 or size > 4096 or value > 2 or flags > 1:
            wrong += 1
        if size and value == 1:
            stop = offset + size
            if not pool <= offset < stop < end or data.find(0, offset, stop + 1) != stop:
                wrong += 1
            data[offset:stop].decode()
        elif size and (offset % 8 or not pool <= offset <= end - size):
            wrong += 1
    return int(wrong + (first != m))
