"""What a build did with a file, whatever the format, and its inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from ccheck.core.consumers import Consumer
from ccheck_interpreter.trap import Refusal, TrapData


class ExerciseError(Exception):
    """The inputs cannot be run: definitions or builds are missing, or an event is malformed."""


@dataclass(frozen=True)
class RunInputs:
    """What a file is run with.

    Attributes:
        definitions: The bytes of the definitions file.
        builds: The consumer builds to run it under.
        target: The version of a driver whose builds are not listed.
        events: JSON lines, or None for the events generated from the content.
        last_good: The bytes that a build falls back to.
    """

    definitions: bytes | None = None
    builds: tuple[Consumer, ...] = ()
    target: str | None = None
    events: Sequence[str] | None = None
    last_good: bytes | None = None


@dataclass(frozen=True)
class Outcome:
    """What one build did.

    Attributes:
        verdict: `crash`, `refuse`, `skip` or `run`, as docs/interpreter.md has them.
        skipped: The instances that are not in use, one line each.
        telemetry: What the build did otherwise than the content says, one line each.
        lines: One plain mapping for each event that was given and evaluated.
        checks_bounds: Whether the build claims to check every number before it uses it.
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
    """What all builds did, in their order; `matrix` is field × criterion kind as text, if there is one."""

    outcomes: tuple[Outcome, ...]
    matrix: str | None = None
    unexercised: tuple[str, ...] = ()
    """Fields of the types in use on which nothing but wildcards ran."""


Exercise: TypeAlias = Callable[[bytes, RunInputs], Exercised]
"""Run a file. Raises ExerciseError; any bytes of the file itself give an outcome."""
