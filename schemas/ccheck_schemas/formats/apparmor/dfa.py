"""A small DFA built from paths, for recipes: a state for each prefix of a path, packed for the kernel."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ccheck_schemas.formats.apparmor.numbers import CLASSES, TableId


class Rule(NamedTuple):
    """The two accept words of the state after a path."""

    path: bytes
    accept: int
    accept2: int = 0


def tables_of(rules: Iterable[Rule]) -> dict[TableId, list[int]]:
    """Returns the tables of a DFA that accepts these paths and no others.

    State 0 matches nothing, 1 is the start.
    """
    following: list[dict[int, int]] = [{}, {}]
    words: list[tuple[int, int]] = [(0, 0), (0, 0)]
    for rule in rules:
        state = 1
        for byte in rule.path:
            if byte not in following[state]:
                following[state][byte] = len(following)
                following.append({})
                words.append((0, 0))
            state = following[state][byte]
        words[state] = (rule.accept, rule.accept2)
    base, check, after = _packed(following)
    return {
        TableId.ACCEPT: [accept for accept, _ in words],
        TableId.ACCEPT2: [accept for _, accept in words],
        TableId.BASE: base,
        TableId.DEFAULT: [0] * len(words),
        TableId.NEXT: after,
        TableId.CHECK: check,
    }


def _packed(following: list[dict[int, int]]) -> tuple[list[int], list[int], list[int]]:
    """Returns base, check and next: the transitions of all states, each at the first place where they fit."""
    check: list[int] = []
    after: list[int] = []
    base: list[int] = []
    for state, steps in enumerate(following):
        at = 0
        while any(at + byte < len(check) and check[at + byte] for byte in steps):
            at += 1
        base.append(at if steps else 0)
        room = base[-1] + CLASSES - len(check)
        check += [0] * room
        after += [0] * room
        for byte, target in steps.items():
            check[at + byte] = state
            after[at + byte] = target
    return base, check, after
