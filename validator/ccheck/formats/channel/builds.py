"""What a driver build states about channel files."""

from __future__ import annotations

from ccheck.core.consumers import Consumer
from ccheck.core.contract import numbers_of
from ccheck_schemas.build_facts import FactKind
from ccheck_schemas.formats.channel.facts import CRITERION_KINDS, FORMAT_VERSIONS, INPUTS


def inputs_for(build: Consumer, type_name: str, version: int) -> int | None:
    """Returns how many inputs a build supplies to a version of a type; None if it does not know it."""
    return build.number(FactKind.COUNT, INPUTS.name, (type_name, version))


def inputs_key(build: Consumer, type_name: str, version: int) -> str | None:
    """Returns the key of `inputs` that counts: ``IPC@2`` before ``IPC``; None if the build lists neither."""
    return build.key(FactKind.COUNT, INPUTS.name, (type_name, version))


def inputs_of(build: Consumer) -> dict[str, int]:
    """Returns the number of inputs by the key of `inputs`."""
    return {
        key: value
        for (kind, name, key), value in build.facts.items()
        if (kind, name) == (FactKind.COUNT, INPUTS.name) and isinstance(value, int)
    }


def criterion_kinds(build: Consumer) -> frozenset[int]:
    """Returns the numbers of the criterion kinds that a build knows."""
    return numbers_of(CRITERION_KINDS, build.elements(CRITERION_KINDS.name) or ())


def format_versions(build: Consumer) -> tuple[int, ...]:
    """Returns the versions of the format that a build reads."""
    return tuple(sorted(numbers_of(FORMAT_VERSIONS, build.elements(FORMAT_VERSIONS.name) or ())))


def counts_inputs(build: Consumer) -> bool:
    """Returns whether a build refuses files whose types have another number of fields than it supplies."""
    return build.switch("input_count_check")
