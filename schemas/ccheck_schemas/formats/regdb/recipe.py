"""Wireless regulatory databases as people write them (YAML), and their bytes; both ways.

Version 20 has one canonical form, that of wireless-regdb's own compiler: each distinct rule and collection
once, sorted. Version 19 has none, and its recipe lists all records in the order of the file.
"""

from __future__ import annotations

from typing import Any

from ccheck_schemas.formats.regdb.numbers import (
    MAGIC,
    OLD,
    DfsRegion,
    OldRuleFlag,
    RuleFlag,
    RuleSize,
)
from ccheck_schemas.formats.regdb.structure import (
    COLLECTION,
    OLD_BAND,
    OLD_COUNTRY,
    OLD_POWER,
    OLD_RULE,
    RULE,
    WINDOW,
    Country,
    RegdbContent,
    Rule,
    Window,
    Wmm,
)
from ccheck_schemas.recipe.packing import Packing
from ccheck_schemas.recipe.part import Part
from ccheck_schemas.record import Record
from ccheck_schemas.schema import Recipe, RecipeError

_COLLECTION = Packing(COLLECTION)
_RULE = Packing(RULE)
_WINDOW = Packing(WINDOW)
_OLD_COUNTRY = Packing(OLD_COUNTRY)
_OLD_RULE = Packing(OLD_RULE)
_OLD_BAND = Packing(OLD_BAND)
_OLD_POWER = Packing(OLD_POWER)
_HEADER = 8
_OLD_HEADER = 20
_U8, _U16, _U32 = 0xFF, 0xFFFF, 0xFFFFFFFF
_MOST = 100_000
"""Elements of a list of a recipe; more cannot be pointed at."""

_Rule = tuple[int, int, int, int, int, int, int]
"""Start, end, bandwidth, power, flags, seconds before use and number of the windows (-1: none): the order of
rules."""
_Collection = tuple[tuple[_Rule, ...], int]
"""The rules of a collection and its region: the order of collections."""


def compose(recipe: Recipe) -> bytes:
    """Returns the bytes of a recipe in canonical form.

    Raises:
        RecipeError: The recipe cannot be built. The error names the key.
    """
    top = Part(recipe)
    version = top.integer("version", 0, _U32)
    data = (_compose_old if version == OLD else _compose)(top)
    top.done()
    return MAGIC + version.to_bytes(4, "big") + data[_HEADER:]


def describe(content: RegdbContent) -> Recipe:
    """Returns the recipe of content that was read without faults."""
    return _describe_old(content) if content.version == OLD else _describe(content)


def _compose(top: Part) -> bytes:
    windows = [_windows(part) for part in top.parts("wmm", default=[])]
    countries: list[tuple[bytes, _Collection]] = []
    for part in top.parts("countries"):
        alpha2 = _alpha2(part)
        region = part.name("dfs", DfsRegion, _U8)
        rules = tuple(_compose_rule(rule) for rule in part.parts("rules"))
        if len(rules) > _U8:
            raise RecipeError(part.where("rules"), f"{len(rules)} rules are more than a collection can count")
        part.done()
        countries.append((alpha2, (rules, region)))
    out = bytearray(_HEADER + 4 * (len(countries) + 1))
    placed_windows = [_put(out, raw) for raw in windows]
    placed_rules: dict[_Rule, int] = {}
    for rule in sorted({rule for _, (rules, _) in countries for rule in rules}):
        placed_rules[rule] = _put(out, _rule_bytes(rule, placed_windows))
    placed: dict[_Collection, int] = {}
    for collection in sorted({collection for _, collection in countries}):
        rules, region = collection
        raw = _COLLECTION.pack({"len": 3, "n_rules": len(rules), "dfs_region": region, "padding": 0})
        placed[collection] = _put(out, raw + b"".join(_pointer(placed_rules[rule]) for rule in rules))
    at = _HEADER
    for alpha2, collection in countries:
        out[at : at + 4] = alpha2 + _pointer(placed[collection])
        at += 4
    return bytes(out)


def _put(out: bytearray, raw: bytes) -> int:
    """Writes a record at the end, 4-aligned. Returns its offset."""
    at = len(out)
    out += raw + bytes(-len(raw) % 4)
    return at


def _pointer(at: int) -> bytes:
    if at >> 2 > _U16:
        raise RecipeError("", f"the database has more than {(_U16 + 1) * 4:,} bytes, and pointers end there")
    return (at >> 2).to_bytes(2, "big")


def _alpha2(part: Part) -> bytes:
    text = part.text("alpha2")
    raw = text.encode("latin-1", "replace")
    if len(raw) != 2:
        raise RecipeError(part.where("alpha2"), f"{text!r} has {len(raw)} characters, a country has 2")
    return raw


def _windows(part: Part) -> bytes:
    raw = b"".join(_window(entry) for name in ("client", "access_point") for entry in part.parts(name))
    part.done()
    if len(raw) != 8 * _WINDOW.size:
        raise RecipeError(part.path, "client and access_point have 4 windows each")
    return raw


def _window(part: Part) -> bytes:
    ecw = part.integer("cw_min", 0, 15) << 4 | part.integer("cw_max", 0, 15)
    values = {
        "ecw": ecw,
        "aifsn": part.integer("aifsn", 0, _U8),
        "cot": part.integer("cot", 0, _U16, default=0),
    }
    part.done()
    return _WINDOW.pack(values)


def _compose_rule(part: Part) -> _Rule:
    wmm = part.integer("wmm", 0, _MOST, default=-1) if part.has("wmm") else -1
    rule = (
        part.integer("start", 0, _U32),
        part.integer("end", 0, _U32),
        part.integer("bandwidth", 0, _U32),
        part.integer("eirp", 0, _U16),
        part.names("flags", RuleFlag, _U8, default=[]),
        part.integer("cac", 0, _U16) if part.has("cac") else -1,
        wmm,
    )
    part.done()
    return rule


def _rule_bytes(rule: _Rule, windows: list[int]) -> bytes:
    start, end, bandwidth, eirp, flags, cac, wmm = rule
    size = RuleSize.WMM if wmm >= 0 else RuleSize.CAC if cac >= 0 else RuleSize.PLAIN
    raw = _RULE.pack(
        {
            "len": size,
            "flags": flags,
            "max_eirp": eirp,
            "start": start,
            "end": end,
            "max_bandwidth": bandwidth,
        }
    )
    if size >= RuleSize.CAC:
        raw += max(0, cac).to_bytes(2, "big")
    if size >= RuleSize.WMM:
        if wmm >= len(windows):
            raise RecipeError("wmm", f"a rule names windows {wmm}, the recipe has {len(windows)}")
        raw += _pointer(windows[wmm])
    return raw


def _describe(content: RegdbContent) -> Recipe:
    found: dict[int, Wmm] = {rule.wmm.source.offset: rule.wmm for rule in content.rules if rule.wmm}
    numbers = {at: number for number, at in enumerate(sorted(found))}
    recipe: dict[str, Any] = {"version": content.version}
    if found:
        recipe["wmm"] = [
            {
                "client": [_window_recipe(window) for window in found[at].client],
                "access_point": [_window_recipe(window) for window in found[at].access_point],
            }
            for at in numbers
        ]
    recipe["countries"] = [
        {
            "alpha2": country.alpha2,
            "dfs": _member(country.dfs_region),
            "rules": [_rule_recipe(rule, numbers) for rule in country.rules],
        }
        for country in content.countries
    ]
    return recipe


def _member(region: int) -> str | int:
    return DfsRegion(region).name.lower() if region in DfsRegion._value2member_map_ else region


def _flags(flags: int, names: type[RuleFlag] | type[OldRuleFlag]) -> list[str | int]:
    found: list[str | int] = [str(bit.name).lower() for bit in names if flags & bit]
    rest = flags & ~sum(names)
    return [*found, rest] if rest else found


def _window_recipe(window: Window) -> dict[str, int]:
    recipe = {"cw_min": window.cw_min, "cw_max": window.cw_max, "aifsn": window.aifsn}
    return recipe | ({"cot": window.cot} if window.cot else {})


def _rule_recipe(rule: Rule, windows: dict[int, int]) -> dict[str, Any]:
    recipe: dict[str, Any] = {
        "start": rule.start,
        "end": rule.end,
        "bandwidth": rule.max_bandwidth,
        "eirp": rule.max_eirp,
    }
    if rule.flags:
        recipe["flags"] = _flags(rule.flags, RuleFlag)
    # A rule with windows always has the field; the compiler writes 0 where it has nothing to say.
    if rule.cac_timeout is not None and (rule.cac_timeout or rule.wmm is None):
        recipe["cac"] = rule.cac_timeout
    if rule.wmm is not None:
        recipe["wmm"] = windows[rule.wmm.source.offset]
    return recipe


# -- version 19


def _compose_old(top: Part) -> bytes:
    out = bytearray(_OLD_HEADER)
    powers: list[int] = []
    bands: list[int] = []
    rules: list[int] = []
    collections: list[int] = []
    for part in top.parts("powers"):
        gain, eirp = part.integer("gain", 0, _U32, default=0), part.integer("eirp", 0, _U32)
        powers.append(_put(out, _OLD_POWER.pack({"max_antenna_gain": gain, "max_eirp": eirp})))
        part.done()
    for part in top.parts("bands"):
        numbers = {"start": "start", "end": "end", "max_bandwidth": "bandwidth"}
        raw = _OLD_BAND.pack({field: part.integer(key, 0, _U32) for field, key in numbers.items()})
        bands.append(_put(out, raw))
        part.done()
    for part in top.parts("rules"):
        rule = {
            "band_ptr": _one(part, "band", bands),
            "power_ptr": _one(part, "power", powers),
            "flags": part.names("flags", OldRuleFlag, _U32, default=[]),
        }
        rules.append(_put(out, _OLD_RULE.pack(rule)))
        part.done()
    for part in top.parts("collections"):
        named = part.integers("rules", _MOST)
        part.done()
        if any(number >= len(rules) for number in named):
            raise RecipeError(part.where("rules"), f"the recipe has {len(rules)} rules")
        words = [len(named), *(rules[number] for number in named)]
        collections.append(_put(out, b"".join(word.to_bytes(4, "big") for word in words)))
    first, number = len(out), 0
    for part in top.parts("countries"):
        own: dict[str, int | bytes] = {
            "alpha2": _alpha2(part),
            "padding": 0,
            "dfs_region": part.name("dfs", DfsRegion, _U8),
            "coll_ptr": _one(part, "collection", collections),
        }
        _put(out, _OLD_COUNTRY.pack(own))
        part.done()
        number += 1
    try:
        signature = bytes.fromhex(top.text("signature"))
    except ValueError:
        raise RecipeError("signature", "pairs of hex digits belong here") from None
    out += signature
    for at, word in ((8, first), (12, number), (16, len(signature))):
        out[at : at + 4] = word.to_bytes(4, "big")
    return bytes(out)


def _one(part: Part, key: str, placed: list[int]) -> int:
    """Returns the offset of the record that a recipe names by its number."""
    if not placed:
        raise RecipeError(part.where(key), "the recipe has none of these")
    return placed[part.integer(key, 0, len(placed) - 1)]


def _describe_old(content: RegdbContent) -> Recipe:
    bands = _numbered(rule.band for rule in content.rules)
    powers = _numbered(rule.source["power"] for rule in content.rules)
    rules = {rule.source.offset: number for number, rule in enumerate(content.rules)}
    collections = _numbered(country.collection for country in content.countries)
    return {
        "version": content.version,
        "powers": [
            {"gain": record.max_antenna_gain, "eirp": record.max_eirp} for record, _ in powers.values()
        ],
        "bands": [
            {"start": record.start, "end": record["end"], "bandwidth": record.max_bandwidth}
            for record, _ in bands.values()
        ],
        "rules": [
            {"band": bands[rule.band.offset][1], "power": powers[rule.source["power"].offset][1]}
            | ({"flags": _flags(rule.flags, OldRuleFlag)} if rule.flags else {})
            for rule in content.rules
        ],
        "collections": [
            {"rules": [rules[entry["rule"].offset] for entry in record["rules"]]}
            for record, _ in collections.values()
        ],
        "countries": [_old_country(country, collections) for country in content.countries],
        "signature": content.signature.hex(),
    }


def _old_country(country: Country, collections: dict[int, tuple[Record, int]]) -> dict[str, Any]:
    number = collections[country.collection.offset][1]
    return {"alpha2": country.alpha2, "dfs": _member(country.dfs_region), "collection": number}


def _numbered(records: Any) -> dict[int, tuple[Record, int]]:
    """Returns records by offset, each with its number in the order of the file."""
    found = {record.offset: record for record in records}
    return {at: (found[at], number) for number, at in enumerate(sorted(found))}
