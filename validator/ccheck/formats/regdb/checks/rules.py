"""Checks of wireless regulatory databases: what the kernel asks of a rule, and of the list of countries."""

from __future__ import annotations

from collections.abc import Iterator

from ccheck.core.check import Diagnostic
from ccheck.core.finding import RelatedLocation
from ccheck.core.subject import Subject
from ccheck_schemas.formats.regdb.numbers import WORLD
from ccheck_schemas.formats.regdb.structure import RegdbContent, Rule


def _content(subject: Subject) -> RegdbContent:
    return subject.content if isinstance(subject.content, RegdbContent) else RegdbContent(None, (), ())


def _users(content: RegdbContent) -> dict[int, list[str]]:
    """The countries that each rule holds for, by the rule's offset."""
    users: dict[int, list[str]] = {}
    for country in content.countries:
        for rule in country.rules:
            named = users.setdefault(rule.source.offset, [])
            if country.alpha2 and country.alpha2 not in named[-1:]:
                named.append(country.alpha2)
    return users


def _named(countries: list[str]) -> str:
    """A few of the countries, and how many more."""
    few = ", ".join(countries[:4])
    return f"{few} and {len(countries) - 4} more" if len(countries) > 4 else few


def _mhz(khz: int) -> str:
    return f"{khz / 1000:g}"


def _band(rule: Rule) -> str:
    return f"{_mhz(rule.start)} to {_mhz(rule.end)} MHz"


def _faulty(rule: Rule) -> bool:
    """Returns whether the kernel refuses the band itself, so that its width says nothing."""
    return rule.start == 0 or rule.end <= rule.start


def regdb_band_empty(subject: Subject) -> Iterator[Diagnostic]:
    """A rule's band is empty or begins at 0.

    ## What is wrong
    The frequency at which the band of a rule ends is not above the one at which it begins, or it begins at 0.

    ## Why is this bad
    The kernel refuses a domain in which one rule is so, with all its other rules: the country is left with
    the rules for the whole world. Code that subtracts the two gets a number near four thousand million.

    ## How to fix
    Give the band its two ends in kHz, the lower one first.
    """
    content = _content(subject)
    users = _users(content)
    for rule in content.rules:
        if _faulty(rule):
            field = "start" if rule.start == 0 else "end"
            yield Diagnostic(
                f"the band is {_band(rule)}, which is no band (rule of {_named(users[rule.source.offset])})",
                rule.band.span(field),
                label=f"{rule.start:,} to {rule.end:,} kHz",
                why="the kernel refuses the whole domain, and falls back to the rules for the world",
                fix="give the band its two ends in kHz, the lower one first",
            )


def regdb_rule_wider_than_band(subject: Subject) -> Iterator[Diagnostic]:
    """A rule allows channels that are wider than its band.

    ## What is wrong
    The greatest bandwidth of a rule is more than the width of the band that it is for.

    ## Why is this bad
    The kernel refuses a domain in which one rule is so, with all its other rules, and the country is left with
    the rules for the whole world. Releases of the database had such rules for years: Japan lost its domain to
    40 MHz in a band of 25 MHz.

    ## How to fix
    Lower the bandwidth to the width of the band, or widen the band.
    """
    content = _content(subject)
    users = _users(content)
    for rule in content.rules:
        if not _faulty(rule) and rule.max_bandwidth > rule.end - rule.start:
            width = rule.end - rule.start
            record = rule.band
            first = record.span("start")
            yield Diagnostic(
                f"channels of {_mhz(rule.max_bandwidth)} MHz are allowed in {_band(rule)}, which is {_mhz(width)} MHz wide (rule of {_named(users[rule.source.offset])})",
                record.span("max_bandwidth"),
                label=f"{_mhz(rule.max_bandwidth)} MHz",
                why="the kernel refuses the whole domain, and falls back to the rules for the world",
                fix=f"lower the bandwidth to {_mhz(width)} MHz, or widen the band",
                related=(
                    RelatedLocation(f"the band is {_mhz(width)} MHz wide", first.path, first.offset, 8),
                ),
            )


def regdb_window_inverted(subject: Subject) -> Iterator[Diagnostic]:
    """A contention window's least is not below its greatest.

    ## What is wrong
    The exponent of the smallest window of an access category is not below that of the largest.

    ## Why is this bad
    The kernel refuses the whole file for it when it loads it, with every country in it. A driver that drew a
    number from such a window would divide by zero or wait for ever.

    ## How to fix
    Let cw_min be below cw_max.
    """
    seen: set[int] = set()
    for rule in _content(subject).rules:
        if rule.wmm is None or rule.wmm.source.offset in seen:
            continue
        seen.add(rule.wmm.source.offset)
        for window in (*rule.wmm.client, *rule.wmm.access_point):
            if window.cw_min >= window.cw_max:
                yield Diagnostic(
                    f"the window is from 2^{window.cw_min} - 1 to 2^{window.cw_max} - 1",
                    window.source.span("ecw"),
                    label=f"{window.cw_min} and {window.cw_max}",
                    why="the kernel refuses the whole file when it loads it",
                    fix="let cw_min be below cw_max",
                )


def regdb_country_malformed(subject: Subject) -> Iterator[Diagnostic]:
    """A country is not named by two capital letters.

    ## What is wrong
    The name of a country is neither two letters from A to Z nor 00, which stands for the whole world.

    ## Why is this bad
    The kernel compares the two bytes with what an access point or a user names, in capital letters. It never
    finds this country, and uses the rules for the world.

    ## How to fix
    Use the code of ISO 3166-1, in capital letters.
    """
    for country in _content(subject).countries:
        name = country.alpha2
        if name is None or name == WORLD or (name.isascii() and name.isalpha() and name.isupper()):
            continue
        yield Diagnostic(
            f"{name!r} is not a country's code of two capital letters, nor 00",
            country.source.span("alpha2"),
            label="no country",
            why="the kernel compares the two bytes, and never finds this country",
            fix="use the code of ISO 3166-1 in capital letters",
        )


def regdb_country_repeated(subject: Subject) -> Iterator[Diagnostic]:
    """A country is listed twice.

    ## What is wrong
    Two entries have the same code.

    ## Why is this bad
    The kernel takes the first that it finds. The rules of the second are never used, and another reader may
    use them.

    ## How to fix
    Remove one of the entries.
    """
    first: dict[str, RelatedLocation] = {}
    for country in _content(subject).countries:
        name = country.alpha2
        if name is None:
            continue
        span = country.source.span("alpha2")
        if name in first:
            yield Diagnostic(
                f"country {name!r} is listed again",
                span,
                label="again",
                why="the kernel takes the first entry; the rules of this one are never used",
                fix="remove one of the two entries",
                related=(first[name],),
            )
        else:
            first[name] = RelatedLocation("listed here first", span.path, span.offset, span.length)


def regdb_world_missing(subject: Subject) -> Iterator[Diagnostic]:
    """The database has no rules for the whole world.

    ## What is wrong
    No entry has the code 00.

    ## Why is this bad
    The kernel falls back to the world's rules wherever it does not know the country. Without them it is left
    with the few channels that it has built in.

    ## How to fix
    Add the entry 00.
    """
    countries = _content(subject).countries
    if countries and all(country.alpha2 != WORLD for country in countries):
        span = countries[0].source.span("alpha2")
        yield Diagnostic(
            "no entry is for the whole world, 00",
            span,
            label="the first is another",
            why="where the country is not known, the kernel is left with the few channels that it has built in",
            fix="add an entry 00 in front of the others",
        )
