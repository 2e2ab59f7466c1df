"""Wireless regulatory databases as people write them (YAML), and their bytes; both ways.

A recipe without `layout` is written as wireless-regdb's own compiler writes it: each distinct rule and
collection once, sorted. One with it keeps the places that were found.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from ccheck_schemas.formats.regdb.numbers import MAGIC, OLD, DfsRegion, RuleFlag, RuleSize
from ccheck_schemas.formats.regdb.old_recipe import compose_old, describe_old
from ccheck_schemas.formats.regdb.parts import (
    FARTHEST,
    MOST,
    U8,
    U16,
    U32,
    Writer,
    alpha2_of,
    flags_recipe,
    region_recipe,
)
from ccheck_schemas.formats.regdb.structure import (
    COLLECTION,
    RULE,
    WINDOW,
    RegdbContent,
    Rule,
    Window,
    Wmm,
)
from ccheck_schemas.recipe.packing import Packing
from ccheck_schemas.recipe.part import Part
from ccheck_schemas.schema import Recipe, RecipeError

_COLLECTION = Packing(COLLECTION)
_RULE = Packing(RULE)
_WINDOW = Packing(WINDOW)
_HEADER = 8

_Rule = tuple[int, int, int, int, int, int, int]
"""Start, end, bandwidth, power, flags, seconds before use and number of the windows (-1: none): the order of
rules."""
_Collection = tuple[tuple[_Rule, ...], int]
"""The rules of a collection and its region: the order of collections."""


def compose(recipe: Recipe) -> bytes:
    """Returns the bytes of a recipe: as its compiler writes them, or where its `layout` places them.

    Raises:
        RecipeError: The recipe cannot be built. The error names the key.
    """
    top = Part(recipe)
    version = top.integer("version", 0, U32)
    data = compose_old(top) if version == OLD else bytes(_written(top).data)
    top.done()
    return MAGIC + version.to_bytes(4, "big") + data[_HEADER:]


def describe(content: RegdbContent) -> Recipe:
    """Returns the recipe of content that was read without faults.

    Raises:
        RecipeError: Readers would find the signature at different places.
    """
    return describe_old(content) if content.version == OLD else _describe(content)


def as_compiled(recipe: Recipe) -> Recipe:
    """Returns a recipe without what it says of its layout: countries in order, equal windows once."""
    kept = {key: value for key, value in recipe.items() if key != "layout"}
    if recipe["version"] == OLD:
        return kept
    windows: list[Any] = recipe.get("wmm", [])
    first = [windows.index(one) for one in windows]
    numbers = {number: at for at, number in enumerate(dict.fromkeys(first))}
    if windows:
        kept["wmm"] = [windows[number] for number in numbers]
    kept["countries"] = sorted(
        (
            country
            | {
                "rules": [
                    rule | ({"wmm": numbers[first[rule["wmm"]]]} if "wmm" in rule else {})
                    for rule in country["rules"]
                ]
            }
            for country in recipe["countries"]
        ),
        key=lambda country: country["alpha2"],
    )
    return kept


class _Written(NamedTuple):
    """A database that was written.

    Attributes:
        windows: The offset of each windows of the recipe.
        countries: For each country, the offsets of its collection and of its rules.
    """

    data: bytearray
    windows: list[int]
    countries: list[tuple[int, list[int]]]


def _written(top: Part) -> _Written:
    windows = [_windows(part) for part in top.parts("wmm", default=[])]
    countries: list[tuple[bytes, _Collection]] = []
    for part in top.parts("countries"):
        alpha2 = alpha2_of(part)
        region = part.name("dfs", DfsRegion, U8)
        rules = tuple(_compose_rule(rule) for rule in part.parts("rules"))
        if len(rules) > U8:
            raise RecipeError(part.where("rules"), f"{len(rules)} rules are more than a collection can count")
        part.done()
        countries.append((alpha2, (rules, region)))
    writer = Writer(_HEADER + 4 * (len(countries) + 1))
    collections = [collection for _, collection in countries]
    if top.has("layout"):
        placed, places = _placed(writer, windows, collections, top.mapping("layout"))
    else:
        placed, places = _in_order(writer, windows, collections)
    for number, ((alpha2, _), (at, _)) in enumerate(zip(countries, places, strict=True)):
        own = _HEADER + 4 * number
        writer.data[own : own + 4] = alpha2 + _pointer(at)
    return _Written(writer.data, placed, places)


_Places = tuple[list[int], list[tuple[int, list[int]]]]
"""The offsets of windows, and of the collection and rules of each country."""


def _in_order(writer: Writer, windows: list[bytes], collections: list[_Collection]) -> _Places:
    """Writes each distinct record once, sorted, as the compiler of wireless-regdb does."""
    placed_windows = [writer.put(raw) for raw in windows]
    placed_rules: dict[_Rule, int] = {}
    for rule in sorted({rule for rules, _ in collections for rule in rules}):
        placed_rules[rule] = writer.put(_rule_bytes(rule, placed_windows))
    placed: dict[_Collection, int] = {}
    for collection in sorted(set(collections)):
        rules_at = [placed_rules[rule] for rule in collection[0]]
        placed[collection] = writer.put(_collection_bytes(collection, rules_at))
    places = [(placed[each], [placed_rules[rule] for rule in each[0]]) for each in collections]
    return placed_windows, places


def _placed(writer: Writer, windows: list[bytes], collections: list[_Collection], layout: Part) -> _Places:
    """Writes the records at the offsets of a recipe's `layout`, which name records that are shared."""
    windows_at = layout.integers("wmm", FARTHEST) if layout.has("wmm") else []
    if len(windows_at) != len(windows):
        raise RecipeError(layout.where("wmm"), f"the recipe has {len(windows)} windows")
    placed = [writer.put(raw, at, layout.where("wmm")) for raw, at in zip(windows, windows_at, strict=True)]
    parts = list(layout.parts("countries"))
    layout.done()
    if len(parts) != len(collections):
        raise RecipeError(layout.where("countries"), f"the recipe has {len(collections)} countries")
    places = []
    for part, collection in zip(parts, collections, strict=True):
        rules_at = part.integers("rules", FARTHEST)
        if len(rules_at) != len(collection[0]):
            raise RecipeError(part.where("rules"), f"the country has {len(collection[0])} rules")
        for rule, at in zip(collection[0], rules_at, strict=True):
            writer.put(_rule_bytes(rule, placed), at, part.where("rules"))
        at = part.integer("collection", 0, FARTHEST)
        where = part.where("collection")
        part.done()
        places.append((writer.put(_collection_bytes(collection, rules_at), at, where), rules_at))
    return placed, places


def _collection_bytes(collection: _Collection, rules_at: list[int]) -> bytes:
    rules, region = collection
    raw = _COLLECTION.pack({"len": 3, "n_rules": len(rules), "dfs_region": region, "padding": 0})
    return raw + b"".join(map(_pointer, rules_at))


def _pointer(at: int) -> bytes:
    if at >> 2 > U16:
        raise RecipeError("", f"the database has more than {(U16 + 1) * 4:,} bytes, and pointers end there")
    return (at >> 2).to_bytes(2, "big")


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
        "aifsn": part.integer("aifsn", 0, U8),
        "cot": part.integer("cot", 0, U16, default=0),
    }
    part.done()
    return _WINDOW.pack(values)


def _compose_rule(part: Part) -> _Rule:
    wmm = part.integer("wmm", 0, MOST, default=-1) if part.has("wmm") else -1
    rule = (
        part.integer("start", 0, U32),
        part.integer("end", 0, U32),
        part.integer("bandwidth", 0, U32),
        part.integer("eirp", 0, U16),
        part.names("flags", RuleFlag, U8, default=[]),
        part.integer("cac", 0, U16) if part.has("cac") else -1,
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
            "dfs": region_recipe(country.dfs_region),
            "rules": [_rule_recipe(rule, numbers) for rule in country.rules],
        }
        for country in content.countries
    ]
    places = [
        (country.collection.offset, [rule.source.offset for rule in country.rules])
        for country in content.countries
    ]
    written = _written(Part(recipe))
    if (list(numbers), places) != (written.windows, written.countries):
        layout: dict[str, Any] = {"wmm": list(numbers)} if numbers else {}
        layout["countries"] = [{"collection": at, "rules": rules_at} for at, rules_at in places]
        recipe["layout"] = layout
    return recipe


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
        recipe["flags"] = flags_recipe(rule.flags, RuleFlag)
    # A rule with windows always has the field; the compiler writes 0 where it has nothing to say.
    if rule.cac_timeout is not None and (rule.cac_timeout or rule.wmm is None):
        recipe["cac"] = rule.cac_timeout
    if rule.wmm is not None:
        recipe["wmm"] = windows[rule.wmm.source.offset]
    return recipe
