"""Which criterion kinds a channel file uses on which fields, and under which builds they met an event."""

from __future__ import annotations

from typing import Any

from ccheck.formats.channel.exercise import DEFINITIONS_KIND, outcome_of, profile_of, run
from ccheck.formats.exercise.evidence import Evidence, Slot, Use
from ccheck.formats.exercise.outcome import Exercised, ExerciseError, RunInputs
from ccheck_interpreter.channel.definitions import Definitions, load_definitions
from ccheck_interpreter.channel.evaluate import Seen
from ccheck_interpreter.channel.host import ProfileOutcome
from ccheck_interpreter.channel.host import run as run_host
from ccheck_interpreter.match import KIND_NAMES, VALUE_KIND_NAMES
from ccheck_interpreter.profile import Profile
from ccheck_interpreter.trap import Refused
from ccheck_schemas.formats.channel.structure import ChannelContent


def gather(data: bytes, content: Any, given: RunInputs) -> Evidence:
    """Run the file under each build, and in one that supplies every input and knows every kind."""
    if int.from_bytes(data[6:8], "little") == DEFINITIONS_KIND:
        done = run(data, given)
        paths: dict[str, frozenset[str]] = {}
        for outcome in done.outcomes:
            path = f"definitions, {outcome.verdict}"
            paths[path] = paths.get(path, frozenset()) | {outcome.consumer}
        return Evidence(done, paths=paths)
    if not given.builds:
        raise ExerciseError("no consumers were named: under which builds? give --consumers FILE")
    if given.definitions is None:
        raise ExerciseError("no definitions were named: give --definitions FILE")
    try:
        known = load_definitions(given.definitions, Profile("evidence", {}, bounds_check=True))
    except Refused as refused:
        raise ExerciseError(f"the definitions cannot be read: {refused.refusal.message}") from refused
    used = _used(content, known)
    outcomes = []
    ran: dict[Use, set[str]] = {use: set() for use in used}
    paths_of: dict[str, set[str]] = {}
    for build in given.builds:
        seen: Seen = set()
        profile = profile_of(build)
        result = run_host(profile, given.definitions, data, last_good=given.last_good, seen=seen)
        outcomes.append(outcome_of(build, result))
        for use in _supplied(seen, profile):
            if use in ran:
                ran[use].add(build.name)
        for path in _paths(seen, result, known):
            paths_of.setdefault(path, set()).add(build.name)
    types = {(use.type, use.version) for use in used}
    return Evidence(
        Exercised(tuple(outcomes)),
        tuple(KIND_NAMES.values()),
        tuple(slot for slot in _slots(known) if (slot.type, slot.version) in types),
        used,
        _results(known, given.definitions, data),
        {use: frozenset(builds) for use, builds in ran.items()},
        {path: frozenset(builds) for path, builds in paths_of.items()},
    )


def _used(content: Any, known: Definitions) -> tuple[Use, ...]:
    """What the file contains, as the schema reads it: not as the interpreter does, which may stop early."""
    if not isinstance(content, ChannelContent):
        return ()
    found = set()
    for instance in content.instances:
        named = known.by_key.get((instance.type_id, instance.type_version))
        name = f"type {instance.type_id}" if named is None else named.name
        for criterion in instance.criteria:
            kind = KIND_NAMES.get(criterion.kind, str(criterion.kind))
            found.add(Use(name, instance.type_version, criterion.field_index, kind))
    return tuple(sorted(found))


def _results(known: Definitions, definitions: bytes, data: bytes) -> frozenset[tuple[Use, bool]]:
    inputs = {f"{item.name}@{item.version}": len(item.fields) for item in known.types}
    seen: Seen = set()
    run_host(Profile("evidence", inputs, bounds_check=True), definitions, data, seen=seen)
    return frozenset((_use(one), one[4]) for one in seen)


def _use(one: tuple[str, int, int, int, bool]) -> Use:
    return Use(one[0], one[1], one[2], KIND_NAMES.get(one[3], str(one[3])))


def _supplied(seen: Seen, profile: Profile) -> set[Use]:
    """What was evaluated on an input that the build has: a missing one was never fetched."""
    found = set()
    for one in seen:
        supplied = profile.supplies(one[0], one[1])
        use = _use(one)
        if use.kind == KIND_NAMES[1] or (supplied is not None and use.field < supplied):
            found.add(use)
    return found


def _paths(seen: Seen, result: ProfileOutcome, known: Definitions) -> set[str]:
    """What the build did, in words that apply to every file."""
    kinds = {
        (item.name, item.version, index): VALUE_KIND_NAMES[field.value_kind]
        for item in known.types
        for index, field in enumerate(item.fields)
    }
    found = set()
    for type_name, version, index, kind, matched in seen:
        value = kinds.get((type_name, version, index), "nothing")
        how = "matched" if matched else "failed"
        found.add(f"{KIND_NAMES.get(kind, str(kind))} over {value}, {how}")
    found |= {f"instance skipped, {skip.reason}" for skip in result.skipped}
    found |= {f"telemetry, {told.reason}" for told in result.telemetry}
    if result.refusal is not None:
        found.add(f"file refused, {result.refusal.reason}")
    return found


def _slots(known: Definitions) -> tuple[Slot, ...]:
    return tuple(
        Slot(
            item.name,
            item.version,
            index,
            field.name,
            tuple(name for kind, name in KIND_NAMES.items() if field.allowed_kinds >> kind & 1),
        )
        for item in known.types
        for index, field in enumerate(item.fields)
    )
