"""What changed in meaning between two files: their recipes compared, in the words of the format."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from ccheck_schemas.schema import Identity, Recipe

MOST_SHOWN = 16
"""Elements of a list of plain values that a change shows whole."""

_ABSENT = object()


@dataclass(frozen=True, slots=True)
class Change:
    """One change.

    Attributes:
        where: The element in the words of the format.
        kind: Added, removed or changed.
        what: The change, in one line.
    """

    where: str
    kind: str
    what: str


def changes(old: Recipe, new: Recipe, identity: Mapping[str, Identity]) -> Iterator[Change]:
    """The changes from one recipe to another, in the order of the content."""
    yield from _mappings(old, new, "", identity, None)


def _mappings(
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    where: str,
    identity: Mapping[str, Identity],
    headline: str | None,
) -> Iterator[Change]:
    words: list[str] = []
    inner: list[Change] = []
    for key in dict.fromkeys((*old, *new)):
        before, after = old.get(key, _ABSENT), new.get(key, _ABSENT)
        if before == after:
            continue
        if isinstance(before, list) and isinstance(after, list) and key in identity:
            inner += _lists(before, after, where, key, identity)
        elif _are_records(before) and _are_records(after):
            inner += _unnamed(before, after, _join(where, key), identity)
        elif isinstance(before, dict) and isinstance(after, dict):
            inner += _mappings(before, after, _join(where, key), identity, None)
        elif _are_many(before) and _are_many(after):
            inner += _elements(before, after, _join(where, key))
        elif key == headline:
            words.insert(0, f"{_shown(before)} → {_shown(after)}")
        else:
            words.append(f"{key} {_shown(before)} → {_shown(after)}")
    if words:
        yield Change(where, "changed", "; ".join(words))
    yield from inner


def _lists(
    old: list[Any], new: list[Any], where: str, key: str, identity: Mapping[str, Identity]
) -> Iterator[Change]:
    """Elements that have the same name in both are compared; a changed order is a change of its own."""
    names_old, names_new = _names(old, identity[key]), _names(new, identity[key])
    before = dict(zip(names_old, old, strict=True))
    after = dict(zip(names_new, new, strict=True))
    for tag, i, j, k, m in SequenceMatcher(None, names_old, names_new, autojunk=False).get_opcodes():
        if tag in ("delete", "replace"):
            for name in names_old[i:j]:
                if name not in after:
                    yield Change(_join(where, name), "removed", _summary(before[name], identity))
        if tag in ("insert", "replace"):
            for name in names_new[k:m]:
                if name not in before:
                    yield Change(_join(where, name), "added", _summary(after[name], identity))
    for name in names_new:
        if name in before:
            yield from _mappings(
                before[name], after[name], _join(where, name), identity, identity[key].headline
            )
    common_old = [name for name in names_old if name in after]
    if common_old != [name for name in names_new if name in before]:
        yield Change(where or "file", "changed", f"the order of its {key}")


def _are_records(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _are_many(value: Any) -> bool:
    return isinstance(value, list) and len(value) > MOST_SHOWN


def _elements(old: list[Any], new: list[Any], where: str) -> Iterator[Change]:
    """Elements of a long list of plain values are named by their place."""
    before, after = ([json.dumps(item) for item in items] for items in (old, new))
    for tag, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        both = min(j - i, m - k)
        for n in range(both):
            words = f"{_shown(old[i + n])} → {_shown(new[k + n])}"
            yield Change(f"{where}[{k + n}]", "changed", words)
        for n in range(i + both, j):
            yield Change(f"{where}[{n}]", "removed", _shown(old[n]))
        for n in range(k + both, m):
            yield Change(f"{where}[{n}]", "added", _shown(new[n]))


def _unnamed(
    old: list[Any], new: list[Any], where: str, identity: Mapping[str, Identity]
) -> Iterator[Change]:
    """Elements without a name in the format are distinguished by their content, and named by their place."""
    before, after = ([json.dumps(item, sort_keys=True) for item in items] for items in (old, new))
    for tag, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        both = min(j - i, m - k)
        for n in range(both):
            yield from _mappings(old[i + n], new[k + n], f"{where}[{k + n}]", identity, None)
        for n in range(i + both, j):
            yield Change(f"{where}[{n}]", "removed", _summary(old[n], identity))
        for n in range(k + both, m):
            yield Change(f"{where}[{n}]", "added", _summary(new[n], identity))


def _names(items: list[Any], identity: Identity) -> list[str]:
    """The name of each element; the second of the same name is its #2."""
    count: Counter[str] = Counter()
    names = []
    for item in items:
        try:
            name = identity.label.format(**item)
        except KeyError:
            name = _shown(item)
        count[name] += 1
        names.append(name if count[name] == 1 else f"{name} #{count[name]}")
    return names


def _summary(item: Mapping[str, Any], identity: Mapping[str, Identity]) -> str:
    words = []
    for key, value in item.items():
        if key in identity and isinstance(value, list):
            words.append(f"{len(value)} {key}")
        else:
            words.append(f"{key} {_shown(value)}")
    return ", ".join(words)


def _shown(value: Any) -> str:
    if value is _ABSENT:
        return "none"
    if isinstance(value, str) and value.replace("_", "").isalnum():
        return value
    return json.dumps(value, ensure_ascii=False)


def _join(where: str, name: str) -> str:
    return f"{where}, {name}" if where else name
