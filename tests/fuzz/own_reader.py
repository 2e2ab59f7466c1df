"""An interpreter of a user's own, as `--reader` takes it: it steps outside for some content, and refuses some."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

TABLE = (1, 2, 3)


class Refuses(Exception):
    """How this reader says no."""


def read(data: bytes) -> int:
    """Believe the size of the file, in units of 130 bytes, as an index."""
    if len(data) < 32:
        raise Refuses("too short")
    if data[4:6] != b"\x01\x00":
        raise Refuses("version")
    return TABLE[len(data) // 130 - 1]


read.refuses = (Refuses,)  # type: ignore[attr-defined]  # how a function says what it refuses with


def of_a_build(data: bytes, build: dict[str, Any]) -> int:
    """Use a byte as an index of what the build supplies for one type."""
    supplied = range(build["counts"]["inputs"]["IPC"])
    return supplied[data[0]]


def chaotic(data: bytes) -> None:
    """Hang, crash and leak, each for its share of inputs: for campaigns that must survive it."""
    number = hash(data) % 3000
    if number == 0:
        time.sleep(3600)
    if number == 1:
        os.kill(os.getpid(), signal.SIGSEGV)
    if number == 2:
        LEAKED.append(bytearray(64 << 20))


LEAKED: list[bytearray] = []
