"""Compiled AppArmor policy, loaded as the kernel loads it and queried by path."""

from __future__ import annotations

from ccheck.formats.exercise.outcome import Exercised, RunInputs
from ccheck.formats.exercise.reader import questions, under
from ccheck_interpreter.apparmor.policy import CHECKING, TRUSTING, run_apparmor


def run(data: bytes, given: RunInputs) -> Exercised:
    """Load the policy in both readers and visit its states, or ask the one that checks for paths."""
    if given.events is None:
        return under((TRUSTING, CHECKING), lambda build: run_apparmor(data, build))
    form = '{"profile": "/usr/bin/man", "path": "/etc/passwd", "permission": "r"}'
    found = questions(given, form, ("profile", "path", "permission"))
    asked = [(profile, path, permission) for profile, path, permission in found]
    return under((CHECKING,), lambda build: run_apparmor(data, build, asked))
