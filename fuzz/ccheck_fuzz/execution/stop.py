"""Fingerprints where a build stopped, finely enough to separate off-by-one refusals."""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from itertools import pairwise

from ccheck.formats.exercise.outcome import Outcome

_NUMBER = re.compile(r"0x[0-9a-f]+|\d+")
MOST_NUMBERS = 6
"""Numbers of a message that are looked at."""


def stop_of(outcome: Outcome) -> Hashable:
    """Returns the trap of a run, or what distinguishes its refusal; None for a build that ran.

    A refusal is its reason, its detail, and how each number in its message compares with the one before.
    "index 20, the table has 20" and "index 4,096, the table has 20" are refused for one reason; a validator
    that is off by one passes only the first.
    """
    if outcome.trap is not None:
        return outcome.trap.signature
    refusal = outcome.refusal
    if refusal is None:
        return None
    return (refusal.reason, refusal.detail, *compared(refusal.message))


def compared(message: str) -> tuple[int, ...]:
    """Returns how each number in a message compares with the one before: -1, 0, 1 if close, else -2 or 2."""
    return tuple(max(-2, min(2, second - first)) for first, second in pairwise(_numbers(message)))


def _numbers(message: str) -> Sequence[int]:
    return [int(number, 0) if number[:2] == "0x" else int(number) for number in _found(message)]


def _found(message: str) -> Sequence[str]:
    return _NUMBER.findall(message.replace(",", ""))[:MOST_NUMBERS]
