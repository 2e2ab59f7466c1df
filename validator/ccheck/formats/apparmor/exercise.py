"""Compiled AppArmor policy, loaded as a kernel loads it and queried by path."""

from __future__ import annotations

from dataclasses import replace

from ccheck.core.consumers import Consumer
from ccheck.core.contract import numbers_of
from ccheck.formats.exercise.outcome import Exercised, RunInputs
from ccheck.formats.exercise.reader import profile_of, questions, reader_outcome
from ccheck.formats.exercise.stated import require_stated
from ccheck_interpreter.apparmor.kernel import CHECKING, ITEMS, TRUSTING, Kernel
from ccheck_interpreter.apparmor.policy import run_apparmor
from ccheck_schemas.build_facts import Fact, FactKind
from ccheck_schemas.formats.apparmor import facts
from ccheck_schemas.formats.apparmor.numbers import StateFlag


def run(data: bytes, given: RunInputs) -> Exercised:
    """Load the policy in each kernel that is named, and visit its states, or ask for paths.

    Without kernels there are two readers: one that compares what kernels of 2025 compared, and one that
    compares every number. The second answers questions.
    """
    require_stated(given.builds, facts.FACTS)
    kernels = [kernel_of(build) for build in given.builds] or [TRUSTING, CHECKING]
    asked = None
    if given.events is not None:
        form = '{"profile": "/usr/bin/man", "path": "/etc/passwd", "permission": "r"}'
        found = questions(given, form, ("profile", "path", "permission"))
        asked = [(profile, path, permission) for profile, path, permission in found]
        kernels = kernels[-1:]
    return Exercised(
        tuple(reader_outcome(run_apparmor(data, kernel, asked), kernel.profile) for kernel in kernels)
    )


def kernel_of(build: Consumer) -> Kernel:
    """Returns the behaviour of a kernel by the facts that are stated of it.

    Raises:
        ExerciseError: A fact is missing.
    """
    require_stated((build,), facts.FACTS)
    items = _numbers(build, facts.ITEMS)
    state_bytes = _numbers(build, facts.STATE_BYTES)
    return Kernel(
        replace(profile_of(build, {}), bounds_check=build.switch(facts.STATES_COMPARED.name)),
        versions=_numbers(build, facts.VERSIONS),
        modes=_numbers(build, facts.MODES),
        dfa_flags=_numbers(build, facts.DFA_FLAGS),
        items=frozenset(name for name in ITEMS if facts.ITEMS.names[name] in items),
        state_bytes=state_bytes,
        follows_differences=StateFlag.DIFFERENCE in _numbers(build, facts.STATE_FLAGS),
        # The comparison came with the wider states.
        least_states=2 if 4 in state_bytes else 1,
        exec_names=build.number(FactKind.LIMIT, facts.EXEC_NAMES.name) or 0,
        reads_pairs=facts.ITEMS.names["permsv"] not in items,
        compares_name=build.switch(facts.NAME_COMPARED.name),
        compares_keys=build.switch(facts.KEYS_COMPARED.name),
        compares_namespaces=build.switch(facts.NAMESPACES_COMPARED.name),
        keeps_namespace=build.switch(facts.NAMESPACE_KEPT.name),
    )


def _numbers(build: Consumer, fact: Fact) -> frozenset[int]:
    return numbers_of(fact, build.elements(fact.name) or ())
