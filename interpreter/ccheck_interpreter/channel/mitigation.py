"""The mitigations of the 2024 incident, and what each would have reported about a file."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Literal

from ccheck_interpreter.channel.definitions import call_site_mismatches, load_definitions
from ccheck_interpreter.channel.host import ProfileOutcome, run
from ccheck_interpreter.channel.matrix import exercise
from ccheck_interpreter.match import KIND_NAMES
from ccheck_interpreter.profile import Profile
from ccheck_interpreter.trap import Refused, Trap

Stage = Literal["build", "test", "validation", "release", "host"]


@dataclass(frozen=True, slots=True)
class Catch:
    """What one mitigation did with one file.

    Attributes:
        mitigation: Its name.
        stage: The stage at which it acts.
        caught: Whether it kept the host from the crash.
        said: What it reported.
    """

    mitigation: str
    stage: Stage
    caught: bool
    said: str


@dataclass(frozen=True, slots=True)
class Mitigation:
    """One mitigation of a root-cause finding.

    Attributes:
        name: Its name.
        finding: The root-cause finding that it answers, 1 to 6.
        judge: Judges a file for a build.
    """

    name: str
    finding: int
    judge: Callable[[Profile, bytes, bytes], Catch]


def _compile_time_check(profile: Profile, definitions: bytes, content: bytes) -> Catch:
    del content  # a compiler never sees content
    found = call_site_mismatches(load_definitions(definitions, profile), profile)
    said = "; ".join(
        f"{item.type_name} expects {item.expected} inputs, its call site supplies {item.supplied}"
        for item in found
    )
    return Catch(
        "compile-time-check", "build", bool(found), said or "every call site supplies what is expected"
    )


def _bounds_check(profile: Profile, definitions: bytes, content: bytes) -> Catch:
    outcome = run(replace(profile, bounds_check=True), definitions, content)
    said = outcome.telemetry[0].message if outcome.telemetry else "no index was out of bounds"
    return Catch("bounds-check", "host", bool(outcome.telemetry), said)


def _input_count_check(profile: Profile, definitions: bytes, content: bytes) -> Catch:
    refusal = run(replace(profile, input_count_check=True), definitions, content).refusal
    caught = refusal is not None and refusal.reason == "input-count"
    return Catch("input-count-check", "host", caught, refusal.message if refusal else "the counts agree")


def _field_tests(profile: Profile, definitions: bytes, content: bytes) -> Catch:
    """A test with a non-wildcard criterion for each field, run on the build itself, whatever the content."""
    del content
    for item in load_definitions(definitions, profile).types:
        supplied = profile.supplies(item.name, item.version)
        if supplied is not None and supplied < len(item.fields):
            said = f"the test of field {supplied + 1} of {item.name} reads input {supplied} of {supplied}"
            return Catch("test-each-field", "test", True, said)
    return Catch("test-each-field", "test", False, "every field's input can be read")


def _oldest_consumer(profile: Profile, definitions: bytes, content: bytes) -> Catch:
    """The validator compares criteria with the build's inputs: only a wildcard may read a missing one."""
    for row in exercise(definitions, content).rows:
        supplied = profile.supplies(row.type_name, row.type_version)
        if supplied is not None and row.field_index >= supplied and row.exercised:
            kinds = ", ".join(cell.kind for cell in row.cells if cell.matched or cell.failed)
            said = f"field {row.field_index + 1} of {row.type_name} is read by {kinds}"
            return Catch(
                "validate-for-consumer", "validation", True, f"{said}, the build supplies {supplied}"
            )
    return Catch(
        "validate-for-consumer", "validation", False, f"no {_NOT_WILDCARD} criterion lies past the inputs"
    )


def _run_before_release(profile: Profile, definitions: bytes, content: bytes) -> Catch:
    outcome = run(profile, definitions, content)
    if outcome.trap is None:
        return Catch("run-before-release", "release", False, f"{outcome.events} events, no trap")
    return Catch("run-before-release", "release", True, f"{outcome.trap.kind} at {outcome.trap.path}")


_NOT_WILDCARD: Final = f"non-{KIND_NAMES[1]}"

MITIGATIONS: Final = (
    Mitigation("compile-time-check", 1, _compile_time_check),
    Mitigation("bounds-check", 2, _bounds_check),
    Mitigation("input-count-check", 2, _input_count_check),
    Mitigation("test-each-field", 3, _field_tests),
    Mitigation("validate-for-consumer", 4, _oldest_consumer),
    Mitigation("run-before-release", 5, _run_before_release),
)
"""By finding. The sixth, staged deployment, stops the second host from crashing, not the first: nothing to
interpret.
"""


def judge(profile: Profile, definitions: bytes, content: bytes) -> tuple[Catch, ...]:
    """Judge a file with each mitigation on its own, for a build that has none.

    Nothing here catches files that cannot be read.
    """
    caught = []
    for mitigation in MITIGATIONS:
        try:
            caught.append(mitigation.judge(profile, definitions, content))
        except (Trap, Refused) as outcome:
            caught.append(Catch(mitigation.name, "build", False, f"definitions: {outcome.args[0]}"))
    return tuple(caught)


def contained(
    profile: Profile, definitions: bytes, content: bytes, last_good: bytes | None
) -> tuple[ProfileOutcome, ...]:
    """The host's own recoveries, each on its own: quarantine, last known good, boot-loop recovery."""
    bare = replace(profile, quarantine=False, last_known_good=False, boot_loop_recovery=False)
    builds = (
        replace(bare, name=f"{profile.name}+quarantine", quarantine=True),
        replace(bare, name=f"{profile.name}+last-known-good", last_known_good=True),
        replace(bare, name=f"{profile.name}+boot-loop-recovery", boot_loop_recovery=True),
    )
    return tuple(run(build, definitions, content, last_good=last_good) for build in builds)
