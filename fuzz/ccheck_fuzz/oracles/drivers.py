"""Oracles that compare the validator's verdict with what builds of a driver do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from ccheck_fuzz.oracles.broken import Broken, refusing
from ccheck_fuzz.oracles.case import OracleCase
from ccheck_interpreter.trap import ForeignKind, TrapData

FOREIGN = frozenset(get_args(ForeignKind))
"""The kinds of traps that only users' own interpreters report."""


def validator_bypass(case: OracleCase) -> Iterator[Broken]:
    """No supported build traps on what the validator passes. Channel File 291 was a validator bypass."""
    for outcome in case.outcomes:
        if outcome.trap is not None and case.passed:
            what = f"the validator passes, and {outcome.consumer} traps: {trap_words(outcome.trap)}"
            yield Broken("validator-bypass", what, ("validator-bypass", *outcome.trap.signature))


def refused(case: OracleCase) -> Iterator[Broken]:
    """No supported build refuses what the validator passes: its hosts would be without the content."""
    for outcome in case.outcomes:
        if outcome.refusal is not None and case.passed:
            what = f"the validator passes, and {outcome.consumer} refuses: {outcome.refusal.message}"
            yield Broken("refused", what, ("refused", outcome.refusal.reason))


def trap(case: OracleCase) -> Iterator[Broken]:
    """A build that claims to check bounds traps on no bytes at all."""
    for outcome in case.outcomes:
        if outcome.trap is not None and outcome.checks_bounds:
            what = f"{outcome.consumer} checks bounds, and traps: {trap_words(outcome.trap)}"
            yield Broken("trap", what, ("trap", *outcome.trap.signature))


def needs_validator(case: OracleCase) -> Iterator[Broken]:
    """A build without bounds checks would trap, and only the validator refuses the file.

    Informational: if the validator passed it, it would be a validator bypass.
    """
    for outcome in case.outcomes:
        if outcome.trap is not None and not outcome.checks_bounds and not case.passed:
            where = f"{outcome.consumer} would trap: {trap_words(outcome.trap)}"
            what = f"{where}; refused by {', '.join(refusing(case.report))}"
            yield Broken("needs-validator", what, ("needs-validator", *outcome.trap.signature))


def trap_words(data: TrapData) -> str:
    """Returns a trap in a line: the words of the user's interpreter, or the kind and the field."""
    if data.kind in FOREIGN and data.detail:
        return data.detail
    return f"{data.kind} at {data.path}"
