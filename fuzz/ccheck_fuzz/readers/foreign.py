"""What all interpreters of users have in common, called or executed."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from ccheck.formats.exercise.outcome import Outcome

Features = set[Hashable]


class ReaderError(Exception):
    """A user's interpreter that cannot be used at all: not found, not callable, not executable."""


@dataclass(frozen=True)
class ForeignOutcome(Outcome):
    """What an interpreter of the user's did.

    Attributes:
        output: All its output about a crash or a refusal, for people.
    """

    output: str = ""
