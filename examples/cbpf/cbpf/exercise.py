"""A program in a kernel that checks it, and in one that does not."""

from __future__ import annotations

from cbpf.interpreter import CHECKING, TRUSTING, run_cbpf
from ccheck.formats.exercise.outcome import Exercised, ExerciseError, RunInputs
from ccheck.formats.exercise.reader import questions, under

FORM = '{"packet": "00 01 02"}'
PACKETS = (b"", bytes(64), bytes(range(256)) * 6)
"""What a program is run on where no packets are given."""


def run(data: bytes, given: RunInputs) -> Exercised:
    """Run a program in both kernels, or on the packets that were given in the one that checks.

    Raises:
        ExerciseError: An event is no packet.
    """
    if given.events is None:
        return under((TRUSTING, CHECKING), lambda build: run_cbpf(data, build, PACKETS))
    try:
        packets = [bytes.fromhex(packet) for (packet,) in questions(given, FORM, ("packet",))]
    except ValueError as wrong:
        raise ExerciseError(f"a packet is pairs of hex digits: {FORM}") from wrong
    return under((CHECKING,), lambda build: run_cbpf(data, build, packets))
