"""Databases of version 19 as people write them, and their bytes; both ways.

The recipe lists all records in the order of the file.
"""

from __future__ import annotations

from itertools import accumulate
from typing import Any

from ccheck_schemas.formats.regdb.numbers import DfsRegion, OldRuleFlag
from ccheck_schemas.formats.regdb.parts import (
    FARTHEST,
    MOST,
    U8,
    U32,
    Writer,
    alpha2_of,
    flags_recipe,
    region_recipe,
)
from ccheck_schemas.formats.regdb.structure import (
    OLD_BAND,
    OLD_COUNTRY,
    OLD_POWER,
    OLD_RULE,
    Country,
    RegdbContent,
)
from ccheck_schemas.recipe.packing import Packing
from ccheck_schemas.recipe.part import Part
from ccheck_schemas.record import Record
from ccheck_schemas.schema import Recipe, RecipeError

_OLD_COUNTRY = Packing(OLD_COUNTRY)
_OLD_RULE = Packing(OLD_RULE)
_OLD_BAND = Packing(OLD_BAND)
_OLD_POWER = Packing(OLD_POWER)
_OLD_HEADER = 20


def compose_old(top: Part) -> bytes:
    """Returns the bytes of a recipe, whose first two words are still to be written.

    Raises:
        RecipeError: The recipe cannot be built.
    """
    layout = top.mapping("layout") if top.has("layout") else Part({}, "layout")
    writer = Writer(_OLD_HEADER)
    powers = _put_all(writer, layout, "powers", [_power(part) for part in top.parts("powers")])
    bands = _put_all(writer, layout, "bands", [_band(part) for part in top.parts("bands")])
    rules = _put_all(writer, layout, "rules", [_rule(part, bands, powers) for part in top.parts("rules")])
    collections = _put_all(
        writer, layout, "collections", [_collection(part, rules) for part in top.parts("collections")]
    )
    countries = [_country(part, collections) for part in top.parts("countries")]
    (first,) = _put_all(writer, layout, "countries", [b"".join(countries)])
    layout.done()
    try:
        signature = bytes.fromhex(top.text("signature"))
    except ValueError:
        raise RecipeError("signature", "pairs of hex digits belong here") from None
    if signature and first + 8 * len(countries) != len(writer.data):
        raise RecipeError("signature", "it follows the countries, which are not at the end")
    out = writer.data + signature
    for at, word in ((8, first), (12, len(countries)), (16, len(signature))):
        out[at : at + 4] = word.to_bytes(4, "big")
    return bytes(out)


def _put_all(writer: Writer, layout: Part, key: str, records: list[bytes]) -> list[int]:
    """Writes the records of one kind, behind one another or where the layout places them."""
    if not layout.has(key):
        return [writer.put(raw) for raw in records]
    places = layout.integers(key, FARTHEST)
    if len(places) != len(records):
        raise RecipeError(layout.where(key), f"{len(records)} offsets belong here")
    return [writer.put(raw, at, layout.where(key)) for raw, at in zip(records, places, strict=True)]


def _power(part: Part) -> bytes:
    gain, eirp = part.integer("gain", 0, U32, default=0), part.integer("eirp", 0, U32)
    part.done()
    return _OLD_POWER.pack({"max_antenna_gain": gain, "max_eirp": eirp})


def _band(part: Part) -> bytes:
    numbers = {"start": "start", "end": "end", "max_bandwidth": "bandwidth"}
    raw = _OLD_BAND.pack({field: part.integer(key, 0, U32) for field, key in numbers.items()})
    part.done()
    return raw


def _rule(part: Part, bands: list[int], powers: list[int]) -> bytes:
    rule = {
        "band_ptr": _one(part, "band", bands),
        "power_ptr": _one(part, "power", powers),
        "flags": part.names("flags", OldRuleFlag, U32, default=[]),
    }
    part.done()
    return _OLD_RULE.pack(rule)


def _collection(part: Part, rules: list[int]) -> bytes:
    named = part.integers("rules", MOST)
    part.done()
    if any(number >= len(rules) for number in named):
        raise RecipeError(part.where("rules"), f"the recipe has {len(rules)} rules")
    words = [len(named), *(rules[number] for number in named)]
    return b"".join(word.to_bytes(4, "big") for word in words)


def _country(part: Part, collections: list[int]) -> bytes:
    own: dict[str, int | bytes] = {
        "alpha2": alpha2_of(part),
        "padding": 0,
        "dfs_region": part.name("dfs", DfsRegion, U8),
        "coll_ptr": _one(part, "collection", collections),
    }
    part.done()
    return _OLD_COUNTRY.pack(own)


def _one(part: Part, key: str, placed: list[int]) -> int:
    """Returns the offset of the record that a recipe names by its number."""
    if not placed:
        raise RecipeError(part.where(key), "the recipe has none of these")
    return placed[part.integer(key, 0, len(placed) - 1)]


def describe_old(content: RegdbContent) -> Recipe:
    """Returns the recipe of content that was read without faults.

    Raises:
        RecipeError: The signature does not end the file, where other readers look for it.
    """
    if content.signature and content.signature_end != content.size:
        raise RecipeError("signature", "it is not at the end of the file, where other readers look for it")
    bands = _numbered(rule.band for rule in content.rules)
    powers = _numbered(rule.source["power"] for rule in content.rules)
    rules = {rule.source.offset: number for number, rule in enumerate(content.rules)}
    collections = _numbered(country.collection for country in content.countries)
    recipe: dict[str, Any] = {
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
            | ({"flags": flags_recipe(rule.flags, OldRuleFlag)} if rule.flags else {})
            for rule in content.rules
        ],
        "collections": [
            {"rules": [rules[entry["rule"].offset] for entry in record["rules"]]}
            for record, _ in collections.values()
        ],
        "countries": [_old_country(country, collections) for country in content.countries],
        "signature": content.signature.hex(),
    }
    found = {
        "powers": list(powers),
        "bands": list(bands),
        "rules": list(rules),
        "collections": list(collections),
        "countries": [content.signature_end - len(content.signature) - 8 * len(content.countries)],
    }
    layout, at = {}, _OLD_HEADER
    for key, places in found.items():
        sizes = _sizes(key, recipe[key])
        *expected, at = accumulate(sizes, initial=at)
        if places != expected:
            layout = found
    if layout:
        recipe["layout"] = layout
    return recipe


def _sizes(key: str, records: list[dict[str, Any]]) -> list[int]:
    """Returns the bytes of each record of a kind."""
    if key == "countries":
        return [_OLD_COUNTRY.size * len(records)]
    fixed = {"powers": _OLD_POWER.size, "bands": _OLD_BAND.size, "rules": _OLD_RULE.size}
    return [fixed[key] if key in fixed else 4 + 4 * len(one["rules"]) for one in records]


def _old_country(country: Country, collections: dict[int, tuple[Record, int]]) -> dict[str, Any]:
    number = collections[country.collection.offset][1]
    return {"alpha2": country.alpha2, "dfs": region_recipe(country.dfs_region), "collection": number}


def _numbered(records: Any) -> dict[int, tuple[Record, int]]:
    """Returns records by offset, each with its number in the order of the file."""
    found = {record.offset: record for record in records}
    return {at: (found[at], number) for number, at in enumerate(sorted(found))}
