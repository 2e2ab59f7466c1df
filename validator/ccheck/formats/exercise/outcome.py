"""What a build did with a file, whatever the format, and what it was given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from ccheck.core.consumers import Consumer
from ccheck_interpreter.trap import Refusal, TrapData


class ExerciseError(Exception):
    """What was given cannot be run: definitions or builds are missing, or an event is malformed."""


@dataclass(frozen=True)
class RunInputs:
    """What a file is run with.

    definitions: the bytes of the definitions file. builds: the consumer builds to run it under. target: the
    version of a driver whose builds are not listed. events: JSON lines, or None for the events that the
    content itself calls for. last_good: the bytes that a build falls back to.
    """

    definitions: bytes | None = None
    builds: tuple[Consumer, ...] = ()
    target: str | None = None
    events: Sequence[str] | None = None
    last_good: bytes | None = None


@dataclass(frozen=True)
class Outcome:
    """What one build did.

    verdict: `crash`, `refuse`, `skip` or `run`, as docs/interpreter.md has them. skipped: the instances that
    are not in use, one line each. lines: one plain mapping for each event that was given and evaluated.
    checks_bounds: whether the build claims to check every number before it uses it.
    """

    consumer: str
    platform: str
    verdict: str
    trap: TrapData | None = None
    refusal: Refusal | None = None
    skipped: tuple[str, ...] = ()
    saved_by: str | None = None
    starts: int = 1
    instances: int = 0
    events: int = 0
    steps: int = 0
    telemetry: tuple[str, ...] = ()
    lines: tuple[Mapping[str, Any], ...] = ()
    checks_bounds: bool = False


@dataclass(frozen=True)
class Exercised:
    """What all builds did, in their order. matrix: field × criterion kind as text, where there is one."""

    outcomes: tuple[Outcome, ...]
    matrix: str | None = None
    unexercised: tuple[str, ...] = ()
    """Fields of the types in use on which nothing but wildcards ran."""


Exercise: TypeAlias = Callable[[bytes, RunInputs], Exercised]
"""Run a file. Raises ExerciseError; any bytes of the file itself give an outcome."""
