"""Descriptions as the official compiler takes them, read without the importer's own code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

EXACT = 1 << 31
"""Numbers from here on are sent as text: JavaScript has no integers that are larger."""

Fields = dict[str, dict[str, list[list[str]]]]
"""By the qualified name of a class: `read`, fields and instances as pairs of the attribute in Python and the
name in ccheck's records, and `calculated`, the instances with a value."""


class Unreadable(Exception):
    """A description that is no YAML, or imports what is not there."""


def load(path: Path) -> Any:
    """The content of a description.

    Raises:
        Unreadable: It is no YAML.
    """
    yaml = YAML(typ="safe", pure=True)
    yaml.allow_duplicate_keys = True
    try:
        return _json(yaml.load(path.read_text(encoding="utf-8")))
    except Exception as fault:
        raise Unreadable(f"{path.name} cannot be read: {str(fault).splitlines()[0]}") from fault


def _json(value: Any) -> Any:
    """A value as JavaScript would have it."""
    if isinstance(value, dict):
        return {_key(key): _json(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_json(one) for one in value]
    if isinstance(value, int) and abs(value) >= EXACT:
        return str(value)
    return value.isoformat() if isinstance(value, date) else value


def _key(key: Any) -> str:
    return str(key).lower() if isinstance(key, bool) else "null" if key is None else str(key)


def closure(path: Path, top: Any, roots: list[Path]) -> dict[str, Any]:
    """All that a description imports, and what that imports, by the path from the description or from a root.

    Args:
        path: Its file.
        top: Its content.
        roots: The folders that absolute paths begin at.

    Raises:
        Unreadable: Something is not there.
    """
    found: dict[str, Any] = {}
    waiting = [(path.parent, "", name) for name in _imports(top)]
    while waiting:
        folder, prefix, said = waiting.pop(0)
        name = said if said.startswith("/") else prefix + said
        if name in found:
            continue
        places = [root / said[1:] for root in roots] if said.startswith("/") else [folder / said]
        file = next(
            (p for p in (place.with_name(f"{place.name}.ksy") for place in places) if p.is_file()), None
        )
        if file is None:
            raise Unreadable(f"the import {name} is not there")
        found[name] = load(file)
        above = name.rpartition("/")
        waiting += [(file.parent, above[0] + above[1], one) for one in _imports(found[name])]
    return found


def _imports(top: Any) -> list[str]:
    meta = top.get("meta") if isinstance(top, dict) else None
    listed = meta.get("imports") if isinstance(meta, dict) else None
    return [str(one) for one in listed] if isinstance(listed, list) else []


def fields(tops: list[Any]) -> Fields:
    """The fields of all classes that the compiler makes of descriptions."""
    found: Fields = {}
    for top in tops:
        for name, type_ in _types(top, class_name(str(top["meta"]["id"]))):
            found[name] = {"read": list(_read(type_)), "calculated": list(_calculated(type_))}
    return found


def _types(type_: Mapping[str, Any], name: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield name, type_
    for inner, said in (type_.get("types") or {}).items():
        yield from _types(said or {}, f"{name}.{class_name(inner)}")


def _read(type_: Mapping[str, Any]) -> Iterator[list[str]]:
    seq = type_.get("seq") or []
    ids = {one.get("id") for one in seq}
    for number, one in enumerate(seq):
        name = one.get("id")
        if name is not None:
            yield [str(name), str(name)]
            continue
        ours = f"unnamed_{number}"
        while ours in ids:
            ours += "_"
        yield [f"_unnamed{number}", ours]
    for name, instance in (type_.get("instances") or {}).items():
        if "value" not in instance:
            yield [name, name]


def _calculated(type_: Mapping[str, Any]) -> Iterator[list[str]]:
    for one in type_.get("params") or []:
        yield [str(one["id"]), str(one["id"])]
    for name, instance in (type_.get("instances") or {}).items():
        if "value" in instance:
            yield [name, name]


def class_name(name: str) -> str:
    """The name of the class of a type."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))
