"""What profiles ask of a kernel, where no field of the layout says it alone."""

from __future__ import annotations

from collections.abc import Iterator

from ccheck_schemas.build_facts import Amount
from ccheck_schemas.formats.apparmor.assembly import assemble
from ccheck_schemas.formats.apparmor.content import Item, PolicyContent, place_of
from ccheck_schemas.formats.apparmor.facts import ITEMS
from ccheck_schemas.formats.apparmor.names import qualified
from ccheck_schemas.formats.apparmor.numbers import StateFlag, TableId
from ccheck_schemas.record import Reading


def item_names(reading: Reading) -> Iterator[Amount]:
    """Yields the named items that a kernel need not know, each name once."""
    content = assemble(reading)
    found = {str(item.name): item for item in reversed(content.items) if item.name in ITEMS.names}
    found |= {name: item for name, item in _elsewhere(content) if item is not None}
    for name, item in sorted(found.items(), key=lambda one: one[1].source.offset):
        yield Amount(ITEMS.names[name], item.source.span("code"))


def _elsewhere(content: PolicyContent) -> Iterator[tuple[str, Item | None]]:
    """Yields the items that stand in a part of a profile where older kernels do not look for them."""
    for profile in content.profiles:
        if profile.name is not None and profile.name.value and qualified(profile.name.value).namespace:
            yield "name.namespace", profile.name
        for where, matcher in profile.matchers:
            if matcher.dfa is None:
                yield "xtable.alone", matcher.xtable
            if where != "file":
                yield f"{where}.dfa_start", matcher.file_start.source
                yield f"{where}.xtable", matcher.xtable
            if where != "policydb":
                yield f"{where}.start", matcher.start.source


def state_flags(reading: Reading) -> Iterator[Amount]:
    """Yields the flags of states, each flag of a DFA once."""
    for dfa in assemble(reading).dfas:
        first: dict[int, int] = {}
        for state, word in enumerate(dfa.table(TableId.BASE)):
            for flag in StateFlag:
                if word >> 24 & flag:
                    first.setdefault(int(flag), state)
        for number, state in first.items():
            yield Amount(number, dfa.by_id[TableId.BASE].entry(state))


def modes(reading: Reading) -> Iterator[Amount]:
    """Yields the mode of each profile."""
    for profile in assemble(reading).profiles:
        if profile.mode is not None:
            yield Amount(profile.mode.value, place_of(profile.mode))


def exec_names(reading: Reading) -> Iterator[Amount]:
    """Yields the number of names that executing leads to, of each matcher that has any."""
    for profile in assemble(reading).profiles:
        for _, matcher in profile.matchers:
            if matcher.names:
                yield Amount(len(matcher.names), place_of(matcher.names[-1]))


def state_bytes(reading: Reading) -> Iterator[Amount]:
    """Yields the bytes of a state in each table of states."""
    for dfa in assemble(reading).dfas:
        for kind in (TableId.DEFAULT, TableId.NEXT, TableId.CHECK):
            if kind in dfa.by_id:
                table = dfa.by_id[kind]
                yield Amount(table.size, table.source.span("size"))
