"""July 2024, replayed: the files, the builds, the pipeline as it was, and each mitigation on its own.

Everything shown is built and run here: the files come from the channel format's own recipes, are judged by
the checks of this program, and run in the reference interpreter. The format is ccheck's own and the numbers
are those of the public reports.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ccheck.core.consumers import Consumer, Consumers, load_consumers
from ccheck.core.finding import FileReport
from ccheck.core.subject import CheckContext, Definitions
from ccheck.formats.channel.exercise import profile_of
from ccheck.formats.check_table import CHECKS
from ccheck.formats.registry import SCHEMAS
from ccheck.judging.judge import Policy, examine, judge
from ccheck_interpreter.channel.host import ProfileOutcome, run, run_all
from ccheck_interpreter.channel.mitigation import contained
from ccheck_interpreter.channel.mitigation import judge as judge_mitigations
from ccheck_schemas.formats.channel.schema import SCHEMA

DAY = date(2024, 7, 19)
HOSTS = 8_500_000
"""Windows hosts that stopped, by Microsoft's estimate."""

CANARY = 0.001
"""The share of hosts in the first ring of a staged deployment, for the sixth mitigation."""

TYPE = "IPC"
FIELDS = 21
SUPPLIED = 20


@dataclass(frozen=True)
class Step:
    """One step of the pipeline as it was; `ok` is its result at the time."""

    name: str
    ok: bool
    said: str


@dataclass(frozen=True)
class Mitigated:
    """One mitigation on its own: when it acts, what it reports about the two files, and what bypasses it.

    Attributes:
        march: Whether it stops the March file: `yes`, `no` or `in part`.
        july: Whether it stops the July file: `yes`, `no` or `in part`.
        misses: What it does not stop.
    """

    finding: int
    name: str
    stage: str
    march: str
    july: str
    said: str
    misses: str


@dataclass(frozen=True)
class Replay:
    """The whole replay, as data.

    Attributes:
        containment: The host's own recoveries, each on its own.
        early: This program's report on the definitions, in February.
        verdict: Its report on the July file.
        fixed: The July file in the build after the hotfix.
    """

    files: Mapping[str, bytes]
    builds: tuple[Consumer, ...]
    pipeline: tuple[Step, ...]
    crash: ProfileOutcome
    mitigations: tuple[Mitigated, ...]
    containment: tuple[ProfileOutcome, ...]
    early: FileReport
    verdict: FileReport
    fixed: tuple[ProfileOutcome, ...]


def files() -> dict[str, bytes]:
    """The definitions of February, the file of March and the file of July, by name."""
    text = ["wildcard", "equals", "prefix", "contains", "regex"]
    fields = [
        {"name": f"field_{i + 1}", "value": "text", "max_length": 512, "allows": text} for i in range(FIELDS)
    ]
    definitions = {
        "kind": "definitions",
        "channel": 1,
        "revision": 1,
        "types": [{"id": 1, "name": TYPE, "channel": 291, "fields": fields}],
    }
    wildcards: list[dict[str, Any]] = [{"field": i, "kind": "wildcard"} for i in range(1, FIELDS)]
    stress = _instance(1, [{"field": 0, "kind": "prefix", "text": "\\Device\\NamedPipe\\"}, *wildcards])
    last = {"field": FIELDS - 1, "kind": "regex", "text": "beacon-\\d+"}
    attack = _instance(2, [{"field": 0, "kind": "contains", "text": "postex_"}, *wildcards[:-1], last])
    made = {
        "C-00000001-00000000-00000001.bin": definitions,
        "C-00000291-00000000-00000001.bin": _instances(1, stress),
        "C-00000291-00000000-00000032.bin": _instances(32, stress, attack),
    }
    compose = SCHEMA.compose
    assert compose is not None  # noqa: S101 - the channel format has recipes
    return {name: compose(recipe) for name, recipe in made.items()}


def _instances(revision: int, *instances: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "instances", "channel": 291, "revision": revision, "instances": list(instances)}


def _instance(number: int, criteria: list[dict[str, Any]]) -> dict[str, Any]:
    return {"id": number, "type": 1, "severity": "high", "action": "block", "criteria": criteria}


CONSUMERS = """\
format = 2

# 7.11 as it shipped on 28 February 2024: its call site supplies 20 inputs, its interpreter does not compare.
[[consumer]]
name = "7.11"
version = "7.11"
platform = "windows-x64"
pointer_bits = 64
supported_from = 2024-02-28

[consumer.counts]
inputs = { IPC = 20 }

[consumer.sets]
format_versions = [1]
criterion_kinds = ["wildcard", "equals", "prefix", "contains", "regex"]

[consumer.switches]
bounds_check = false
"""
"""What consumers.toml would have said in 2024, had anybody kept one."""

HOTFIX = """
# The build after the hotfix of 9 August 2024.
[[consumer]]
name = "7.11-hotfix"
version = "7.11.18112"
platform = "windows-x64"
pointer_bits = 64
supported_from = 2024-08-09

[consumer.counts]
inputs = { IPC = 21 }

[consumer.sets]
format_versions = [1]
criterion_kinds = ["wildcard", "equals", "prefix", "contains", "regex"]

[consumer.switches]
bounds_check = true
input_count_check = true
"""

CONFIG = """\
format = 1
definitions = ["C-00000001-00000000-00000001.bin"]
consumers = "consumers.toml"
"""


def consumers() -> Consumers:
    """Both builds, read as any consumers.toml is read."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "consumers.toml"
        path.write_text(CONSUMERS + HOTFIX, encoding="utf-8")
        return replace(load_consumers(path), path=Path("consumers.toml"))


def replay() -> Replay:
    """Build, judge and run everything."""
    made = files()
    (definitions_name, definitions), (march_name, march), (july_name, july) = made.items()
    listed = consumers()
    shipped, hotfix = listed.builds
    profile = profile_of(shipped)
    crash = run(profile, definitions, july)
    return Replay(
        files=made,
        builds=(shipped, hotfix),
        pipeline=_pipeline(shipped, definitions, (march_name, march), (july_name, july), crash),
        crash=crash,
        mitigations=_mitigations(listed, definitions, (march_name, march), (july_name, july)),
        containment=contained(profile, definitions, july, march),
        early=_judge(definitions_name, definitions, definitions, listed),
        verdict=_judge(july_name, july, definitions, listed),
        fixed=run_all([profile_of(hotfix)], definitions, july),
    )


def _pipeline(
    shipped: Consumer,
    definitions: bytes,
    march: tuple[str, bytes],
    july: tuple[str, bytes],
    crash: ProfileOutcome,
) -> tuple[Step, ...]:
    """The steps of 2024, and what they reported."""
    profile = profile_of(shipped)
    steps = []
    for when, (name, data) in (("5 March", march), ("19 July", july)):
        report = _judge_as_in_2024(name, data, definitions)
        said = f"{report.checks_run} checks against the definitions, {report.errors} errors"
        steps.append(
            Step(f"{when}: the validator, which trusts the definitions", report.verdict == "pass", said)
        )
        if data is march[1]:
            stress = run(profile, definitions, data)
            events = f"{stress.events} events on {shipped.name}"
            said = f"{events}, field {FIELDS} always a wildcard: {stress.verdict}"
            steps.append(Step(f"{when}: the stress test", stress.trap is None, said))
    loaded = run(profile, definitions, july[1], events=())
    steps.append(
        Step("19 July: the host loads the file", loaded.trap is None, f"{loaded.instances} instances in use")
    )
    said = f"bugcheck at event {crash.events + 1}, and again after each start"
    steps.append(Step("19 July: the host meets the next IPC event", crash.trap is None, said))
    return tuple(steps)


def _judge_as_in_2024(name: str, data: bytes, definitions: bytes) -> FileReport:
    """The validator of the time: all checks but those of what the driver builds supply, which nobody had."""
    checks = tuple(check for check in CHECKS if not check.supply)
    context = CheckContext(DAY, (_definitions(definitions, CheckContext(DAY)),))
    return judge(examine(data, name, context, SCHEMAS), name, checks, Policy())


def _judge(name: str, data: bytes, definitions: bytes, listed: Consumers) -> FileReport:
    """This program's verdict on 19 July, when the hotfix was not there yet."""
    context = CheckContext(DAY, (), listed)
    context = replace(context, definitions=(_definitions(definitions, context),))
    return judge(examine(data, name, context, SCHEMAS), name, CHECKS, Policy())


def _definitions(data: bytes, context: CheckContext) -> Definitions:
    return Definitions("C-00000001-00000000-00000001.bin", examine(data, "", context, SCHEMAS).content)


_YES = {True: "yes", False: "no"}

_FINDINGS = {
    "compile-time-check": 1,
    "bounds-check": 2,
    "input-count-check": 2,
    "test-each-field": 3,
    "validate-for-consumer": 4,
    "run-before-release": 5,
}
"""The finding of the root-cause report that each mitigation answers."""

_MISSES = {
    "compile-time-check": "a file with a criterion on field 22: the compiler never sees content",
    "bounds-check": "the detection: the criterion never matches, and only telemetry says so",
    "input-count-check": "builds that are wrong on both sides: two wrong counts agree",
    "test-each-field": "fields that nobody wrote a test for",
    "validate-for-consumer": "a build that consumers.toml does not list, or lists with a wrong number",
    "run-before-release": "a build or an event that was not run",
    "staged-deployment": f"the first ring: {int(HOSTS * CANARY):,} of {HOSTS:,} hosts still stop",
}


def _mitigations(
    listed: Consumers, definitions: bytes, march: tuple[str, bytes], july: tuple[str, bytes]
) -> tuple[Mitigated, ...]:
    """Each of the six mitigations on its own, on both files; the validator's is this program."""
    profile = profile_of(listed.builds[0])
    march_catches = judge_mitigations(profile, definitions, march[1])
    july_catches = judge_mitigations(profile, definitions, july[1])
    rows = []
    for before, after in zip(march_catches, july_catches, strict=True):
        stopped = (before.caught, after.caught)
        said = after.said
        if after.mitigation == "validate-for-consumer":
            # The validator is this program, and not the interpreter's idea of one.
            reports = [_judge(name, data, definitions, listed) for name, data in (march, july)]
            stopped = (reports[0].errors > 0, reports[1].errors > 0)
            said = "; ".join(finding.message for finding in reports[1].findings)
        rows.append(
            Mitigated(
                finding=_FINDINGS[after.mitigation],
                name=after.mitigation,
                stage=after.stage,
                march=_YES[stopped[0]],
                july=_YES[stopped[1]],
                said=said,
                misses=_MISSES[after.mitigation],
            )
        )
    spared = HOSTS - int(HOSTS * CANARY)
    said = f"the first ring of {CANARY:.1%} stops, the other {spared:,} hosts never get the file"
    staged = "staged-deployment"
    rows.append(Mitigated(6, staged, "rollout", "no", "in part", said, _MISSES[staged]))
    return tuple(rows)
