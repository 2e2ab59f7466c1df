"""A wireless regulatory database as the kernel reads it: checked once at load, then queried by country.

Layouts and load checks are those of net/wireless/reg.c for version 20. Version 19 was read by a helper
outside the kernel, which handed the rules of a country on; the trusting reader follows its pointers
unchecked.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from struct import Struct
from typing import Any, Final

from ccheck_interpreter.memory import Memory, Region
from ccheck_interpreter.profile import Profile
from ccheck_interpreter.reader import Answers, ReaderOutcome, refuse, run_reader
from ccheck_interpreter.space import DEFAULT_LIMITS, PLACES, address_space
from ccheck_interpreter.trap import Operation

HEADER: Final = Struct(">II")
COUNTRY: Final = Struct(">2sH")
COLLECTION: Final = Struct(">BBB")
POINTER: Final = Struct(">H")
LENGTH: Final = Struct(">B")
RULE: Final = Struct(">BBHIII")
CAC: Final = Struct(">H")
WMM_POINTER: Final = Struct(">H")
WINDOWS: Final = Struct(">" + "BBH" * 8)
OLD_HEADER: Final = Struct(">IIIII")
OLD_COUNTRY: Final = Struct(">2sBBI")
WORD: Final = Struct(">I")
OLD_RULE: Final = Struct(">III")
OLD_BAND: Final = Struct(">III")
OLD_POWER: Final = Struct(">II")

READ_HEADER: Final = Operation("read-header", "magic")
READ_COUNTRY: Final = Operation("query-country", "database.countries[].coll_ptr")
READ_COLLECTION: Final = Operation("read-collection", "database.countries[].coll_ptr")
READ_POINTER: Final = Operation("read-rule-pointer", "collection.n_rules")
READ_RULE: Final = Operation("read-rule", "rules[].rule_ptr")
READ_OPTION: Final = Operation("read-rule-option", "rule.len")
READ_WINDOWS: Final = Operation("read-windows", "rule.wmm_ptr")
READ_BAND: Final = Operation("read-band", "rule.band_ptr")
READ_POWER: Final = Operation("read-power", "rule.power_ptr")

_MAGIC: Final = 0x52474442
_NEW: Final = 20
_OLD: Final = 19
_RULES_HIGH: Final = 128
_STEPS: Final = 1_000_000
"""Steps that every file may take; the fullest database takes 677 countries of 128 rules, some 350,000."""

TRUSTING: Final = Profile("linux-cfg80211", {}, platform="linux")
"""Checks what the kernel checks when it loads a database of version 20, and nothing in one of version 19."""
CHECKING: Final = Profile("linux-checked", {}, platform="linux", bounds_check=True)
"""Compares every number before it is used."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What is allowed in a band: kHz, 1/100 dBm, milliseconds.

    Attributes:
        windows: Whether it has contention windows.
    """

    start: int
    end: int
    max_bandwidth: int
    max_eirp: int
    flags: int
    cac_ms: int = 0
    windows: bool = False


@dataclass(frozen=True, slots=True)
class Domain:
    """The rules of a country.

    Attributes:
        refusal: Why the kernel discards them; None if it uses them.
    """

    alpha2: str
    dfs_region: int
    rules: tuple[Rule, ...]
    refusal: str | None = None


class Database:
    """A loaded database of any bytes.

    Raises:
        Refused: The build refuses the database.
        Trap: The build reads outside an object.
    """

    __slots__ = ("checks", "first", "memory", "number", "region", "version")

    def __init__(self, data: bytes, profile: Profile = CHECKING) -> None:
        """Load a file as the build does."""
        self.memory: Memory = address_space(profile, _STEPS + 16 * len(data), DEFAULT_LIMITS.depth)
        self.checks = profile.bounds_check
        place = PLACES[profile.pointer_bits].content
        self.region: Region = self.memory.map("regulatory database", place, data, file="content")
        if len(data) < HEADER.size:
            raise refuse("short-header", f"file has {len(data)} bytes, its header needs {HEADER.size}", 0)
        magic, self.version = self._at(0, HEADER, READ_HEADER, -1)
        if magic != _MAGIC:
            raise refuse("magic", f"the magic is {magic:#010x}, not {_MAGIC:#010x}", 0)
        self.first, self.number = HEADER.size, -1
        if self.version == _NEW:
            self._load()
        elif self.version == _OLD:
            self._load_old()
        else:
            raise refuse("version", f"version {self.version}, 19 and 20 are known", 4)

    def _at(self, offset: int, layout: Struct, operation: Operation, origin: int) -> tuple[Any, ...]:
        """A structure at an offset of the file."""
        return self.memory.record(self.region, self.region.base + offset, layout, operation, origin)

    def _fits(self, offset: int, size: int) -> bool:
        return offset >= 0 and size <= self.region.size - offset

    def countries(self) -> Iterator[tuple[str, int]]:
        """The countries in the order of the file, and the offset of each entry."""
        at, left = self.first, self.number
        while left:
            self.memory.reserve(1, READ_COUNTRY, at, "content")
            if self.version == _OLD:
                alpha2, _, _, pointer = self._at(at, OLD_COUNTRY, READ_COUNTRY, 12)
                size = OLD_COUNTRY.size
            else:
                alpha2, pointer = self._at(at, COUNTRY, READ_COUNTRY, at)
                size = COUNTRY.size
                if pointer == 0:
                    return
            yield alpha2.decode("latin-1"), at
            at += size
            left -= 1

    def query(self, alpha2: str) -> Domain | None:
        """The rules of a country, found by linear search as in the kernel; None without an entry."""
        for name, at in self.countries():
            if name == alpha2:
                return self._old_domain(name, at) if self.version == _OLD else self._domain(name, at)
        return None

    # -- version 20

    def _load(self) -> None:
        """Check every country as `valid_regdb` does, until an entry without rules or the end of the file."""
        at = HEADER.size
        seen: set[int] = set()
        while self._fits(at, COUNTRY.size):
            _, pointer = self._at(at, COUNTRY, READ_COUNTRY, at)
            if pointer == 0:
                return
            if not self.checks or pointer not in seen:
                seen.add(pointer)
                self._look_at_collection(pointer << 2, at + 2)
            at += COUNTRY.size
        if self.checks:
            raise refuse("countries", "the list of countries has no end inside the file", at)

    def _look_at_collection(self, at: int, origin: int) -> None:
        if not self._fits(at, 3 if self.checks else 2):
            raise refuse("collection", f"the collection at {at:#x} is outside of the file", origin)
        # The kernel makes sure of the first two bytes, then of the pointers; both lengths are in the file
        # then.
        length, number = self._at(at, Struct(">BB"), READ_COLLECTION, origin)
        start = at + length + length % 2
        if not self._fits(start, 2 * number):
            raise refuse("collection", f"{number} rules at {start:#x} are outside of the file", at + 1)
        if length < 3:
            raise refuse("collection", f"the collection has {length} bytes, it needs 3", at)
        if self.checks and not 1 <= number <= _RULES_HIGH:
            raise refuse(
                "rules", f"the collection has {number} rules, 1 to {_RULES_HIGH} are allowed", at + 1
            )
        for i in range(number):
            (pointer,) = self._at(start + 2 * i, POINTER, READ_POINTER, at + 1)
            self._look_at_rule(pointer << 2, start + 2 * i)

    def _look_at_rule(self, at: int, origin: int) -> None:
        if not self._fits(at, LENGTH.size):
            raise refuse("rule", f"the rule at {at:#x} is outside of the file", origin)
        (length,) = self._at(at, LENGTH, READ_RULE, origin)
        if length < RULE.size:
            raise refuse("rule", f"the rule has {length} bytes, it needs {RULE.size}", at)
        # The kernel asks no more: the length byte is inside the file, and the rest is read on trust.
        if self.checks and not self._fits(at, length):
            raise refuse("rule", f"the rule of {length} bytes at {at:#x} is outside of the file", origin)
        if length >= 20:
            (pointer,) = self._at(at + 18, WMM_POINTER, READ_OPTION, at)
            place = pointer << 2
            if not self._fits(place, WINDOWS.size):
                raise refuse("windows", f"the windows at {place:#x} are outside of the file", at + 18)
            fault = _window_fault(self._at(place, WINDOWS, READ_WINDOWS, at + 18))
            if fault is not None:
                raise refuse("windows", fault, place)

    def _domain(self, alpha2: str, entry: int) -> Domain:
        _, pointer = self._at(entry, COUNTRY, READ_COUNTRY, entry)
        at = pointer << 2
        length, number, region = self._at(at, COLLECTION, READ_COLLECTION, entry + 2)
        start = at + length + length % 2
        rules = []
        for i in range(number):
            (pointer,) = self._at(start + 2 * i, POINTER, READ_POINTER, at + 1)
            rules.append(self._rule(pointer << 2, start + 2 * i))
        return _judged(alpha2, region, rules)

    def _rule(self, at: int, origin: int) -> Rule:
        length, flags, eirp, start, end, bandwidth = self._at(at, RULE, READ_RULE, origin)
        cac = self._at(at + 16, CAC, READ_OPTION, at)[0] if length >= 18 else 0
        windows = length >= 20
        if windows:
            (pointer,) = self._at(at + 18, WMM_POINTER, READ_OPTION, at)
            self._at(pointer << 2, WINDOWS, READ_WINDOWS, at + 18)
        return Rule(start, end, bandwidth, eirp, flags, 1000 * cac, windows)

    # -- version 19

    def _load_old(self) -> None:
        if not self._fits(0, OLD_HEADER.size):
            have = self.region.size
            raise refuse("short-header", f"file has {have} bytes, its header needs {OLD_HEADER.size}", 0)
        _, _, self.first, self.number, signature = self._at(0, OLD_HEADER, READ_HEADER, -1)
        if not self.checks:
            return
        if not self._fits(self.first, self.number * OLD_COUNTRY.size + signature):
            raise refuse("countries", f"{self.number} countries and {signature} bytes do not fit", 12)
        seen: set[int] = set()
        for _, entry in self.countries():
            pointer = self._at(entry, OLD_COUNTRY, READ_COUNTRY, 12)[3]
            if pointer not in seen:
                seen.add(pointer)
                self._look_at_old_collection(pointer, entry + 4)

    def _look_at_old_collection(self, at: int, origin: int) -> None:
        if not self._fits(at, WORD.size):
            raise refuse("collection", f"the collection at {at:#x} is outside of the file", origin)
        (number,) = self._at(at, WORD, READ_COLLECTION, origin)
        if not 1 <= number <= _RULES_HIGH or not self._fits(at + 4, 4 * number):
            raise refuse("rules", f"{number} rules at {at:#x} do not fit, or are not 1 to {_RULES_HIGH}", at)
        for i in range(number):
            place = at + 4 + 4 * i
            (rule,) = self._at(place, WORD, READ_POINTER, at)
            if not self._fits(rule, OLD_RULE.size):
                raise refuse("rule", f"the rule at {rule:#x} is outside of the file", place)
            band, power, _ = self._at(rule, OLD_RULE, READ_RULE, place)
            if not self._fits(band, OLD_BAND.size):
                raise refuse("band", f"the band at {band:#x} is outside of the file", rule)
            if not self._fits(power, OLD_POWER.size):
                raise refuse("power", f"the power at {power:#x} is outside of the file", rule + 4)

    def _old_domain(self, alpha2: str, entry: int) -> Domain:
        _, _, region, at = self._at(entry, OLD_COUNTRY, READ_COUNTRY, 12)
        (number,) = self._at(at, WORD, READ_COLLECTION, entry + 4)
        rules = []
        for i in range(number):
            self.memory.reserve(4, READ_POINTER, at, "content")
            (place,) = self._at(at + 4 + 4 * i, WORD, READ_POINTER, at)
            band_at, power_at, flags = self._at(place, OLD_RULE, READ_RULE, at + 4 + 4 * i)
            start, end, bandwidth = self._at(band_at, OLD_BAND, READ_BAND, place)
            _, eirp = self._at(power_at, OLD_POWER, READ_POWER, place + 4)
            rules.append(Rule(start, end, bandwidth, eirp, flags))
        return _judged(alpha2, region & 3, rules)


def _window_fault(windows: tuple[int, ...]) -> str | None:
    """Why the kernel rejects these contention windows (`valid_wmm`), or None."""
    for i in range(8):
        ecw, aifsn = windows[3 * i], windows[3 * i + 1]
        if (1 << (ecw >> 4)) >= (1 << (ecw & 15)):
            return f"window {i} is from 2^{ecw >> 4} to 2^{ecw & 15}"
        if aifsn < 1:
            return f"window {i} waits {aifsn} slots, it must wait 1"
    return None


def _judged(alpha2: str, region: int, rules: list[Rule]) -> Domain:
    """The domain, discarded if the kernel's `is_valid_rd` rejects it."""
    if not 1 <= len(rules) <= _RULES_HIGH:
        return Domain(alpha2, region, (), f"{len(rules)} rules, 1 to {_RULES_HIGH} are allowed")
    for i, rule in enumerate(rules):
        if rule.start == 0 or rule.end <= rule.start:
            return Domain(alpha2, region, (), f"rule {i} is for {rule.start} to {rule.end} kHz")
        if rule.max_bandwidth > rule.end - rule.start:
            width = rule.end - rule.start
            return Domain(
                alpha2, region, (), f"rule {i} allows {rule.max_bandwidth} kHz in a band of {width}"
            )
    return Domain(alpha2, region, tuple(rules))


def run_regdb(data: bytes, profile: Profile, countries: Iterable[str] | None = None) -> ReaderOutcome:
    """Load a database and query countries; any bytes give an outcome.

    A country that the kernel discards is skipped.

    Args:
        data: The bytes of the database.
        profile: The behaviour of the build.
        countries: The countries to query; without them all that the database has and one that it lacks.
    """
    return run_reader(profile, lambda: _ask(data, profile, countries))


def _ask(data: bytes, profile: Profile, countries: Iterable[str] | None) -> Answers:
    database = Database(data, profile)
    budget = database.memory.steps
    results: list[dict[str, Any]] = []
    skipped: list[str] = []
    questions = steps = 0
    for alpha2 in _every(database) if countries is None else countries:
        database.memory.steps = budget
        domain = database.query(alpha2)
        steps += budget - database.memory.steps
        questions += 1
        if domain is not None and domain.refusal is not None:
            skipped.append(f"country {alpha2}: refused, {domain.refusal}")
        if countries is not None:
            results.append(_plain(alpha2, domain))
    return Answers(tuple(dict.fromkeys(skipped)), questions, tuple(results), steps)


def _every(database: Database) -> Iterator[str]:
    """The countries of the file, at most a thousand, and one that it lacks: a full search."""
    names: list[str] = []
    for name, _ in database.countries():
        if len(names) == 1000:
            break
        names.append(name)
    yield from dict.fromkeys(names)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    known = set(names)
    yield next((a + b for a in letters for b in letters if a + b not in known), "99")


def _plain(alpha2: str, domain: Domain | None) -> dict[str, Any]:
    if domain is None:
        return {"country": alpha2, "found": False}
    return {
        "country": alpha2,
        "found": True,
        "refused": domain.refusal,
        "dfs_region": domain.dfs_region,
        "rules": [
            {
                "start": rule.start, "end": rule.end, "max_bandwidth": rule.max_bandwidth,
                "max_eirp": rule.max_eirp, "flags": rule.flags, "cac_ms": rule.cac_ms, "windows":
                rule.windows,
            }
            for rule in domain.rules
        ],
    }  # fmt: skip
