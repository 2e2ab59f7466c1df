"""A channel file in the reference interpreter, under each consumer build."""

from __future__ import annotations

from typing import Any

from ccheck.core.consumers import Consumer
from ccheck.formats.channel.builds import criterion_kinds, format_versions, inputs_of
from ccheck.formats.exercise.outcome import Exercised, ExerciseError, Outcome, RunInputs
from ccheck.formats.exercise.stated import require_stated
from ccheck_interpreter.channel.definitions import conforming, load_definitions
from ccheck_interpreter.channel.evaluate import EventResult
from ccheck_interpreter.channel.host import ProfileOutcome
from ccheck_interpreter.channel.host import run as run_host
from ccheck_interpreter.channel.matrix import Matrix, exercise, render
from ccheck_interpreter.event import Event, EventError, parse_events
from ccheck_interpreter.profile import Profile
from ccheck_interpreter.trap import Refused
from ccheck_schemas.build_facts import FactKind
from ccheck_schemas.formats.channel.facts import FACTS

DEFINITIONS_KIND = 1
"""The kind of a definitions file, at offset 6 of its header."""


def profile_of(build: Consumer) -> Profile:
    """The interpreter's profile of a build.

    Raises:
        ExerciseError: The build does not state all that the interpreter asks for.
    """
    require_stated((build,), FACTS)
    return Profile(
        name=build.name,
        inputs=inputs_of(build),
        version=build.version,
        platform=build.platform,
        pointer_bits=build.pointer_bits,
        byte_order="big" if build.byte_order == "big" else "little",
        strict_alignment=build.strict_alignment,
        format_versions=frozenset(format_versions(build)),
        criterion_kinds=criterion_kinds(build),
        **{fact.name: build.switch(fact.name) for fact in FACTS if fact.kind is FactKind.SWITCH},
    )


def run(data: bytes, given: RunInputs) -> Exercised:
    """Run a file of instances, or load a definitions file, under each build."""
    if not given.builds:
        raise ExerciseError("no consumers were named: under which builds? give --consumers FILE")
    require_stated(given.builds, FACTS)
    content: bytes | None = data
    definitions = given.definitions
    if int.from_bytes(data[6:8], "little") == DEFINITIONS_KIND:
        # A definitions file is loaded as what it is, by builds that then have no content.
        content, definitions = None, data
    elif definitions is None:
        raise ExerciseError("no definitions were named: give --definitions FILE")
    events = _events(given, definitions)
    outcomes = []
    for build in given.builds:
        result = run_host(profile_of(build), definitions, content, events, last_good=given.last_good)
        outcomes.append(outcome_of(build, result))
    matrix = None if content is None else _matrix(definitions, content)
    if matrix is None:
        return Exercised(tuple(outcomes))
    never = tuple(f"{row.type_name} field {row.field_index} {row.field_name}" for row in matrix.unexercised)
    return Exercised(tuple(outcomes), render(matrix), never)


def _events(given: RunInputs, definitions: bytes) -> tuple[Event, ...] | None:
    if given.events is None:
        return None
    try:
        known = load_definitions(definitions, Profile("events", {}, bounds_check=True))
        return tuple(conforming(event, known) for event in parse_events(given.events))
    except EventError as wrong:
        raise ExerciseError(f"events: {wrong}") from wrong
    except Refused as refused:
        raise ExerciseError(f"the definitions cannot be read: {refused.refusal.message}") from refused


def _matrix(definitions: bytes, content: bytes) -> Matrix | None:
    """The matrix of the types that the file uses; None when the definitions cannot be read."""
    try:
        whole = exercise(definitions, content)
    except Refused:
        return None
    ran = {
        (row.type_name, row.type_version)
        for row in whole.rows
        if any(cell.matched or cell.failed for cell in row.cells)
    }
    return Matrix(tuple(row for row in whole.rows if (row.type_name, row.type_version) in ran))


def outcome_of(build: Consumer, result: ProfileOutcome) -> Outcome:
    """What a build did, in the form of all formats."""
    return Outcome(
        consumer=build.name,
        platform=build.platform,
        verdict=result.verdict,
        trap=result.trap,
        refusal=result.refusal,
        skipped=tuple(
            f"instance {skip.instance_id}: {skip.reason}, {skip.message}" for skip in result.skipped
        ),
        saved_by=result.saved_by,
        starts=result.starts,
        instances=result.instances,
        events=result.events,
        steps=result.steps,
        telemetry=tuple(
            f"instance {t.instance_id}, criterion {t.criterion_index}: {t.reason}, {t.message}"
            for t in result.telemetry
        ),
        lines=tuple(_line(event) for event in result.results),
        checks_bounds=build.switch("bounds_check"),
    )


def _line(result: EventResult) -> dict[str, Any]:
    return {
        "type": result.event.type,
        "version": result.event.version,
        "matched": list(result.matched),
        "telemetry": [
            {"instance": t.instance_id, "criterion": t.criterion_index, "reason": t.reason}
            for t in result.telemetry
        ],
        "steps": result.steps,
    }
