"""The recipe of compiled AppArmor policy that was read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ccheck_schemas.formats.apparmor.content import Dfa, Item, Matcher, PolicyContent, Profile, Tags
from ccheck_schemas.formats.apparmor.numbers import (
    PERMISSION_FIELDS,
    DfaFlag,
    Mode,
    ProfileFlag,
    TableId,
    usual_size,
)
from ccheck_schemas.schema import Recipe, RecipeError


def describe(content: PolicyContent) -> Recipe:
    """Returns the recipe of content that was read without faults.

    Raises:
        RecipeError: The content is not a sequence of profiles.
    """
    if content.slips or not content.profiles:
        raise RecipeError("", "the items are not those of profiles")
    return {"profiles": [_profile(profile) for profile in content.profiles]}


def _profile(own: Profile) -> dict[str, Any]:
    recipe: dict[str, Any] = {}
    if own.version is not None:
        recipe["version"] = own.version.value
    if own.namespace is not None:
        recipe["namespace"] = own.namespace.value
    recipe["name"] = own.name.value if own.name is not None else ""
    recipe |= _texts(own, ("rename", "attach"))
    xmatch = _matcher(own.xmatch)
    if xmatch:
        recipe["xmatch"] = xmatch | ({"length": own.xmatch_length} if own.xmatch.dfa is not None else {})
    recipe |= _texts(own, ("disconnected", "disconnected_ipc", "kill", "error"))
    if own.flags is not None and own.flags.value:
        recipe["flags"] = _flags(own.flags.value, ProfileFlag)
    if own.mode is not None and own.mode.value:
        recipe["mode"] = _member(own.mode.value, Mode)
    if own.audit:
        recipe["audit"] = own.audit
    if own.path_flags is not None:
        recipe["path_flags"] = own.path_flags
    if any(own.capabilities):
        recipe["capabilities"] = list(own.capabilities)
    for key in ("caps64", "capsx"):
        if getattr(own, key) is not None:
            recipe[key] = list(getattr(own, key))
    if own.xattrs is not None:
        recipe["xattrs"] = _values(own.xattrs)
    if own.rlimits is not None:
        recipe["rlimits"] = {"mask": own.rlimits[0], "limits": _values(own.rlimits[1])}
    if own.secmark is not None:
        recipe["secmark"] = [{"audit": a, "deny": d, "label": label.value} for a, d, label in own.secmark]
    if own.net_allowed_af is not None:
        recipe["net_allowed_af"] = list(own.net_allowed_af)
    if own.policydb is not None:
        recipe["policydb"] = _matcher(own.policydb)
    if file := _matcher(own.file):
        recipe["file"] = file
    if own.data is not None:
        recipe["data"] = [{"key": key.value, "hex": value.hex()} for key, value in own.data]
    return recipe


def _texts(own: Profile, keys: Iterable[str]) -> dict[str, Any]:
    """Returns the values of the named items that the profile has."""
    return {key: getattr(own, key).value for key in keys if getattr(own, key) is not None}


def _values(items: Iterable[Item]) -> list[Any]:
    return [item.value for item in items]


def _matcher(own: Matcher) -> dict[str, Any]:
    recipe: dict[str, Any] = {}
    if own.tags is not None:
        recipe["tags"] = _tags(own.tags)
    if own.permissions is not None:
        entries = [
            {name: entry.number(name) for name in PERMISSION_FIELDS if entry.number(name)}
            for entry in own.permissions
        ]
        recipe["perms"] = {"version": own.permissions_version, "entries": entries}
    if own.permsv is not None:
        recipe["permsv"] = own.permsv.value
    if own.dfa is not None:
        recipe |= _tables(own.dfa)
    for key, start in (("start", own.start), ("dfa_start", own.file_start)):
        recipe |= {key: start.state} if start.source is not None else {}
    if own.xtable is not None:
        recipe["xtable"] = _values(own.names)
    return recipe


def _tags(own: Tags) -> dict[str, Any]:
    return {
        "version": own.version,
        **({} if own.texts is None else {"texts": _values(own.texts)}),
        "headers": [
            {"mask": h.mask.value, "count": h.count.value, "size": h.size.value, "tags": h.tags.value}
            for h in own.headers
        ],
        "sets": _values(own.sets),
    }


def _tables(dfa: Dfa) -> dict[str, Any]:
    recipe: dict[str, Any] = {"flags": _flags(dfa.flags, DfaFlag)} if dfa.flags else {}
    recipe["tables"] = [
        {"id": _member(table.id, TableId)}
        | ({"size": table.size} if table.size != usual_size(table.id) else {})
        | {"values": list(table.entries)}
        for table in dfa.tables
    ]
    return recipe


def _flags(value: int, names: type[Any]) -> list[str | int]:
    found: list[str | int] = [str(bit.name).lower() for bit in names if value & bit]
    rest = value & ~sum(int(bit) for bit in names)
    return [*found, rest] if rest else found


def _member(value: int, names: type[Any]) -> str | int:
    return str(names(value).name).lower() if value in names._value2member_map_ else value
