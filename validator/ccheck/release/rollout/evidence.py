"""The release gate's evidence for a rollout: whether files may go out, and their first uses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ccheck.release.rollout.plan import PlanError
from ccheck.text import strict_json


def of_result(told: bytes, files: Mapping[str, str]) -> tuple[str, ...]:
    """The first uses that a gate's result names, as `ccheck gate --json` writes it.

    Args:
        told: The result.
        files: SHA-256 by name.

    Raises:
        PlanError: The result is no pass, or is about other files.
    """
    try:
        result = strict_json.loads(told)
        verdict = result["verdict"]
        judged = {str(file["name"]): str(file["sha256"]) for file in result["files"]}
        firsts = tuple(str(first["what"]) for first in result["first_uses"])
        slower = result["slower"]
    except (ValueError, KeyError, TypeError, RecursionError) as wrong:
        raise PlanError(f"not a result of ccheck gate: {wrong}") from wrong
    if verdict != "pass":
        raise PlanError(f"the gate's verdict is {verdict!r}, not 'pass'")
    if judged != dict(files):
        other = min(judged.items() ^ files.items())[0]
        raise PlanError(f"the gate judged other files: {other}")
    return _flagged(firsts, slower)


def of_verdict(predicate: Mapping[str, Any]) -> tuple[str, ...]:
    """The first uses that a verdict names, which was verified for these files.

    Raises:
        PlanError: The verdict is malformed.
    """
    try:
        (stage,) = (stage for stage in predicate["stages"] if stage["name"] == "first_use")
        firsts = tuple(str(first["what"]) for first in stage["details"].get("first_uses", ()))
        slower = predicate["slower"]
    except (ValueError, KeyError, TypeError, AttributeError) as wrong:
        raise PlanError(f"the verdict tells of no stage first_use: {wrong}") from wrong
    return _flagged(firsts, slower)


def _flagged(firsts: tuple[str, ...], slower: object) -> tuple[str, ...]:
    if slower is not bool(firsts):
        raise PlanError("what the gate says of first uses contradicts itself")
    return firsts
