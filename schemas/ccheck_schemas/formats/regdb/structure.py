"""Wireless regulatory databases, versions 20 and 19 (docs/formats/regdb.md)."""

from __future__ import annotations

from typing import Any

from construct import Array, Bytes, Const, If, Int8ub, Int16ub, Int32ub, Struct, Switch, this

from ccheck_schemas.formats.regdb import facts
from ccheck_schemas.formats.regdb.numbers import (
    MAGIC,
    NEW,
    OLD,
    RULES_HIGH,
    DfsRegion,
    OldRuleFlag,
    RuleFlag,
    RuleSize,
)
from ccheck_schemas.frozen import frozen
from ccheck_schemas.meaning import (
    At,
    Bounded,
    CountOf,
    OffsetInto,
    Reserved,
    StrictEnum,
    StrictFlags,
    Terminated,
    Text,
    Understood,
    Version,
    WithinLimit,
    ZeroPad,
)
from ccheck_schemas.record import Reading, Record

ACCESS_CATEGORIES = 4


def _pointer(of: str) -> Any:
    """A place in units of 4 bytes; none may lie in the header."""
    return Bounded(OffsetInto(Int16ub, of=of, unit=4), 2, 0xFFFF)


# docs/formats/regdb.md, Contention windows
WINDOW = Struct(
    "ecw" / Int8ub,
    "aifsn" / Bounded(Int8ub, 1, 15),
    "cot" / Int16ub,
)
WMM = Struct(
    "client" / Array(ACCESS_CATEGORIES, WINDOW),
    "access_point" / Array(ACCESS_CATEGORIES, WINDOW),
)

# Rule
RULE = Struct(
    "len" / Understood(StrictEnum(Int8ub, RuleSize), facts.RULE_LENGTHS.name),
    "flags" / StrictFlags(Int8ub, RuleFlag),
    "max_eirp" / Int16ub,
    "start" / Int32ub,
    "end" / Int32ub,
    "max_bandwidth" / Int32ub,
    "cac_timeout" / If(this.len >= int(RuleSize.CAC), Int16ub),
    "wmm_ptr" / If(this.len >= int(RuleSize.WMM), _pointer("wmm")),
    ZeroPad(4),
    "wmm" / If(this.len >= int(RuleSize.WMM), At(this.wmm_ptr * 4, WMM)),
)

# Collection. Its length has been 3 since the first version; the pointers follow at the next even offset.
COLLECTION = Struct(
    "len" / Bounded(Int8ub, 3, 3),
    "n_rules" / WithinLimit(Bounded(CountOf(Int8ub, of="rules"), 1, RULES_HIGH), facts.RULES.name),
    "dfs_region" / StrictEnum(Int8ub, DfsRegion),
    "padding" / Reserved(Int8ub),
    "rules"
    / Array(this.n_rules, Struct("rule_ptr" / _pointer("rule"), "rule" / At(this.rule_ptr * 4, RULE))),
    ZeroPad(4),
)

# Country
COUNTRY = Struct(
    "alpha2" / Text(2, encoding="ascii"),
    "coll_ptr" / _pointer("collection"),
    "collection" / At(this.coll_ptr * 4, COLLECTION),
)

DATABASE = Struct("countries" / Terminated(COUNTRY, last="coll_ptr"))


def _offset(of: str) -> Any:
    """A place in bytes; none may lie in the header."""
    return Bounded(OffsetInto(Int32ub, of=of, align=4), 20, 0xFFFFFFFF)


# docs/formats/regdb.md, Version 19
OLD_BAND = Struct("start" / Int32ub, "end" / Int32ub, "max_bandwidth" / Int32ub)
OLD_POWER = Struct("max_antenna_gain" / Int32ub, "max_eirp" / Int32ub)
OLD_RULE = Struct(
    "band_ptr" / _offset("band"),
    "power_ptr" / _offset("power"),
    "flags" / StrictFlags(Int32ub, OldRuleFlag),
    "band" / At(this.band_ptr, OLD_BAND),
    "power" / At(this.power_ptr, OLD_POWER),
)
OLD_COLLECTION = Struct(
    "n_rules" / WithinLimit(Bounded(CountOf(Int32ub, of="rules"), 1, RULES_HIGH), facts.RULES.name),
    "rules" / Array(this.n_rules, Struct("rule_ptr" / _offset("rule"), "rule" / At(this.rule_ptr, OLD_RULE))),
)
OLD_COUNTRY = Struct(
    "alpha2" / Text(2, encoding="ascii"),
    "padding" / Reserved(Int8ub),
    "dfs_region" / StrictEnum(Int8ub, DfsRegion),
    "coll_ptr" / _offset("collection"),
    "collection" / At(this.coll_ptr, OLD_COLLECTION),
)
# The signature follows the countries, at the end of the file. Verifying it takes the key.
OLD_COUNTRIES = Struct(
    "countries" / Array(this._.country_num, OLD_COUNTRY),
    "signature" / Bytes(this._.signature_length),
)
OLD_DATABASE = Struct(
    "country_ptr" / _offset("listed"),
    "country_num" / Bounded(Int32ub, 1, 2704),
    "signature_length" / Bounded(Int32ub, 0, 4096),
    "listed" / At(this.country_ptr, OLD_COUNTRIES),
)

REGDB = Struct(
    "magic" / Const(MAGIC),
    "version" / Understood(Version(Int32ub, known=(OLD, NEW)), facts.VERSIONS.name),
    "database" / Switch(this.version, {NEW: DATABASE, OLD: OLD_DATABASE}),
)


@frozen
class Window:
    """The contention window of one access category; `cw_min` and `cw_max` are exponents.

    Attributes:
        source: Its record.
    """

    source: Record
    cw_min: int
    cw_max: int
    aifsn: int
    cot: int


@frozen
class Wmm:
    """Contention windows by access category, of clients and of access points.

    Attributes:
        source: Their record.
    """

    source: Record
    client: tuple[Window, ...]
    access_point: tuple[Window, ...]


@frozen
class Rule:
    """What is allowed in a band.

    Frequencies are in kHz, power in 1/100 dBm, antenna gain in 1/100 dBi, the check before use in seconds.

    Attributes:
        source: Its record.
        band: The record with its frequencies.
    """

    source: Record
    band: Record
    start: int
    end: int
    max_bandwidth: int
    max_eirp: int
    antenna_gain: int
    flags: int
    cac_timeout: int | None
    wmm: Wmm | None


@frozen
class Country:
    """A country and its rules.

    Attributes:
        source: Its record.
        collection: The record of its rules; countries share it.
    """

    source: Record
    alpha2: str | None
    dfs_region: int
    collection: Record
    rules: tuple[Rule, ...]


@frozen
class RegdbContent:
    """The content of a regulatory database, as far as it could be read.

    Attributes:
        rules: The distinct rules, by offset.
        signature_end: Where the signature of version 19 ends.
        size: The bytes of the file.
    """

    version: int | None
    countries: tuple[Country, ...]
    rules: tuple[Rule, ...]
    signature: bytes = b""
    signature_end: int = 0
    size: int = 0


def assemble(reading: Reading) -> RegdbContent:
    """Returns the typed content of a reading, without records that are cut short."""
    root = reading.root
    version = root.get("version")
    database = root.get("database")
    if not isinstance(database, Record):
        return RegdbContent(version, (), ())
    listed = database if version == NEW else database.get("listed")
    records = (listed.get("countries") or ()) if isinstance(listed, Record) else ()
    rules: dict[int, Rule] = {}
    countries = tuple(found for record in records if (found := _country(record, version, rules)) is not None)
    signature = listed.get("signature") if isinstance(listed, Record) else None
    return RegdbContent(
        version,
        countries,
        tuple(rules[at] for at in sorted(rules)),
        signature if isinstance(signature, bytes) else b"",
        listed.end if isinstance(listed, Record) else 0,
        reading.size,
    )


def _country(record: Record, version: int | None, rules: dict[int, Rule]) -> Country | None:
    collection = record.get("collection")
    if not isinstance(collection, Record):
        return None
    holder = collection if version == NEW else record
    own = []
    for entry in collection.get("rules") or ():
        source = entry.get("rule")
        if not isinstance(source, Record):
            continue
        if source.offset not in rules:
            rule = _rule(source) if version == NEW else _old_rule(source)
            if rule is None:
                continue
            rules[source.offset] = rule
        own.append(rules[source.offset])
    return Country(record, record.get("alpha2"), holder.get("dfs_region") or 0, collection, tuple(own))


def _rule(record: Record) -> Rule | None:
    if record.get("max_bandwidth") is None:
        return None
    wmm = record.get("wmm")
    return Rule(
        record, record, record.start, record["end"], record.max_bandwidth, record.max_eirp, 0, record.flags,
        record.get("cac_timeout"), _wmm(wmm) if isinstance(wmm, Record) else None,
    )  # fmt: skip


def _old_rule(record: Record) -> Rule | None:
    band, power = record.get("band"), record.get("power")
    if not isinstance(band, Record) or not isinstance(power, Record):
        return None
    if band.get("max_bandwidth") is None or power.get("max_eirp") is None:
        return None
    return Rule(
        record, band, band.start, band["end"], band.max_bandwidth, power.max_eirp, power.max_antenna_gain,
        record.flags, None, None,
    )  # fmt: skip


def _wmm(record: Record) -> Wmm | None:
    groups = [
        tuple(
            Window(entry, entry.ecw >> 4, entry.ecw & 15, entry.aifsn, entry.cot)
            for entry in record.get(name) or ()
            if entry.get("cot") is not None
        )
        for name in ("client", "access_point")
    ]
    return Wmm(record, *groups)
