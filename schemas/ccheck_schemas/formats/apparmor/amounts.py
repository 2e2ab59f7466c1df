"""What profiles ask of a kernel, where no field of the layout says it alone."""

from __future__ import annotations

from collections.abc import Iterator

from ccheck_schemas.build_facts import Amount
from ccheck_schemas.formats.apparmor.content import assemble, place_of
from ccheck_schemas.formats.apparmor.facts import ITEMS
from ccheck_schemas.record import Reading


def item_names(reading: Reading) -> Iterator[Amount]:
    """Yields the named items that a kernel need not know, each name once."""
    content = assemble(reading)
    found = {item.name: item for item in reversed(content.items) if item.name in ITEMS.names}
    for name, item in sorted(found.items(), key=lambda one: one[1].source.offset):
        yield Amount(ITEMS.names[str(name)], item.source.span("code"))


def modes(reading: Reading) -> Iterator[Amount]:
    """Yields the mode of each profile."""
    for profile in assemble(reading).profiles:
        if profile.mode is not None:
            yield Amount(profile.mode.value, place_of(profile.mode))


def exec_names(reading: Reading) -> Iterator[Amount]:
    """Yields the number of names that executing leads to, of each profile that has any."""
    for profile in assemble(reading).profiles:
        if profile.xtable:
            yield Amount(len(profile.xtable), place_of(profile.xtable[-1]))


def resource_limits(reading: Reading) -> Iterator[Amount]:
    """Yields the number of limits of resources, of each profile that has any."""
    for profile in assemble(reading).profiles:
        if profile.rlimits is not None and profile.rlimits[1]:
            yield Amount(len(profile.rlimits[1]), place_of(profile.rlimits[1][-1]))
