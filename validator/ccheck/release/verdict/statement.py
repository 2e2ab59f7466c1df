"""The verdict: an in-toto Statement about the files of a release, and its verification."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from ccheck.config.gate_policy import STAGES, GatePolicy, digest_of
from ccheck.release.gate.context import GateContext
from ccheck.release.gate.materials import materials
from ccheck.release.gate.release import ReleaseFile
from ccheck.release.gate.result import GateResult, Stage, Status
from ccheck.report.json import clean
from ccheck.text.printable import is_well_formed, well_formed

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "urn:ccheck:gate-verdict:v1"


def statement(context: GateContext, result: GateResult) -> dict[str, Any]:
    """The statement about a result, as plain values.

    It contains no time but the day of judgement, and no path of this machine, so that a second party gets the
    same.
    """
    policy = context.policy
    last = policy.expires(context.validation.context.on)
    return {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": _exact(file.name), "digest": {"sha256": file.sha256}} for file in result.files],
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "release": _exact(result.release),
            "verdict": result.verdict.value,
            "slower": result.slower,
            "on": result.on,
            "expires": "" if last is None else last.isoformat(),
            "program": {"name": "ccheck", "version": result.program_version},
            "policy": {**policy.terms(), "sha256": policy.sha256},
            "materials": materials(context),
            "stages": [_stage(stage) for stage in result.stages],
            "unknown": [
                {"name": well_formed(one.name), "why": well_formed(one.why), "formats": list(one.formats)}
                for one in result.unknown
            ],
        },
    }


def _exact(name: str) -> str:
    """A name that distinguishes the files of a verdict, unchanged.

    Raises:
        ValueError: It is not UTF-8.
    """
    if not is_well_formed(name):
        raise ValueError(f"{name!r} is not UTF-8, and cannot be written in a verdict")
    return name


def _stage(stage: Stage) -> dict[str, Any]:
    return {
        "name": stage.name,
        "status": stage.status.value,
        "summary": well_formed(stage.summary),
        "examined": dict(sorted(stage.examined.items())),
        "details": clean(dict(stage.details)),
    }


_BY = {
    "definitions": "by other definitions",
    "consumers": "by other consumers",
    "target": "for another target",
}


@dataclass(frozen=True)
class Expected:
    """The policy and materials that a verdict must have.

    Attributes:
        policy: The policy; None if any policy with all stages is accepted.
        materials: Digests that the verdict must have under these names.
    """

    policy: GatePolicy | None = None
    materials: Mapping[str, Any] = field(default_factory=dict)


def objections(
    told: Mapping[str, Any], files: Sequence[ReleaseFile], on: date, expected: Expected
) -> list[str]:
    """Why a signed statement does not let these files out on this day; empty if it does.

    Without a policy every stage is required, since nothing says which may be off.
    """
    try:
        return list(_objections(told, files, on, expected))
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as wrong:
        return [f"the statement is not one that ccheck writes: {type(wrong).__name__}: {wrong}"]


def _objections(
    told: Mapping[str, Any], files: Sequence[ReleaseFile], on: date, expected: Expected
) -> Iterator[str]:
    if told["_type"] != STATEMENT_TYPE:
        yield f"the statement is of type {told['_type']!r}"
    if told["predicateType"] != PREDICATE_TYPE:
        yield f"the predicate is of type {told['predicateType']!r}, not {PREDICATE_TYPE!r}"
        return
    predicate = told["predicate"]
    if predicate["verdict"] != Status.PASS:
        yield f"the verdict is {predicate['verdict']!r}, not 'pass'"
    yield from _of_stages(predicate, expected)
    yield from _of_policy(predicate["policy"], expected)
    for name, digest in expected.materials.items():
        if predicate["materials"][name] != digest:
            yield f"it was judged {_BY.get(name, f'by another {name}')}"
    begins, ends = date.fromisoformat(predicate["on"]), date.fromisoformat(predicate["expires"])
    if ends != begins + timedelta(days=predicate["policy"]["valid_days"]):
        yield "its last day is not the one that its policy gives"
    if on < begins:
        yield f"it counts from {begins}, and today is {on}"
    if on > ends:
        yield f"it expired on {ends}, and today is {on}"
    yield from _of_files(told["subject"], files)


def _of_stages(predicate: Mapping[str, Any], expected: Expected) -> Iterator[str]:
    stages = predicate["stages"]
    if [stage["name"] for stage in stages] != list(STAGES):
        yield "it does not tell of every stage once"
    wanted = set(STAGES if expected.policy is None else expected.policy.stages)
    for stage in stages:
        name, status = stage["name"], stage["status"]
        if status == Status.OFF and name not in wanted:
            continue
        if status != Status.PASS:
            yield f"the stage {name} is {status!r}"
        elif not any(type(count) is int and count > 0 for count in stage["examined"].values()):
            yield f"the stage {name} examined nothing"


def _of_policy(policy: Mapping[str, Any], expected: Expected) -> Iterator[str]:
    terms = {key: policy[key] for key in GatePolicy().terms()}
    if digest_of(terms) != policy["sha256"]:
        yield "the digest of its policy is not that of the policy's terms"
    if expected.policy is not None and terms != expected.policy.terms():
        other = [key for key, value in expected.policy.terms().items() if terms[key] != value]
        yield f"it was made by another policy: {', '.join(other)}"


def _of_files(subjects: Sequence[Mapping[str, Any]], files: Sequence[ReleaseFile]) -> Iterator[str]:
    signed = {subject["name"]: subject["digest"]["sha256"] for subject in subjects}
    if not signed or len(signed) != len(subjects):
        yield "it names no file, or one file twice"
    if not all(isinstance(name, str) and is_well_formed(name) for name in signed):
        yield "it names a file by what is not UTF-8"
    # Compared as they are: whatever a name is mapped to, another name could be mapped to as well.
    found = {file.identity.name: file.identity.sha256 for file in files}
    if len(found) != len(files):
        yield "two files have the same name"
    for name in sorted(signed.keys() - found.keys()):
        yield f"{name} is missing"
    for name in sorted(found.keys() - signed.keys()):
        yield f"{name} is not in the verdict"
    for name in sorted(signed.keys() & found.keys()):
        if signed[name] != found[name]:
            yield f"{name} has other bytes than those that were judged"
