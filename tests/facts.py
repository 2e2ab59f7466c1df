"""Driver builds with other facts than consumers.toml states."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ccheck.core.consumers import Consumer, Value
from ccheck_schemas.build_facts import FactKind


def stating(build: Consumer, **facts: Mapping[str, int] | tuple[int | str, ...] | int | bool) -> Consumer:
    """A build that states these facts in place of its own of the same names.

    A mapping and a number are counts, a tuple is a set.
    """
    stated: dict[tuple[FactKind, str, str], Value] = {
        place: value for place, value in build.facts.items() if place[1] not in facts
    }
    for name, fact in facts.items():
        if isinstance(fact, Mapping):
            stated |= {(FactKind.COUNT, name, key): value for key, value in fact.items()}
        elif isinstance(fact, bool):
            stated[FactKind.SWITCH, name, ""] = fact
        else:
            stated[FactKind.SET if isinstance(fact, tuple) else FactKind.COUNT, name, ""] = fact
    return replace(build, facts=stated)
