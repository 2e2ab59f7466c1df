"""The contract: what a driver build states, compared with what schemas and content ask of it.

No finding is made here. Checks of a format, the checks of all formats and the fast paths ask these functions,
so that there is one answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

from ccheck.core.consumers import Consumer, Consumers, Element, Key
from ccheck.text.quoting import did_you_mean, shown
from ccheck.text.toml_document import ConfigurationError, Problem
from ccheck.text.toml_lines import dotted
from ccheck_schemas.build_facts import Fact, FactKind

if TYPE_CHECKING:
    # Construct takes a while to import; the fast path does without.
    from ccheck_schemas.schema import Schema


def reads(build: Consumer, schema: Schema) -> bool:
    """Returns whether a build reads files of a format.

    A build that does not list its formats reads every format that requires builds, and any other whose facts
    it states.
    """
    return _reads(build, schema.name, schema.builds_required, schema.facts)


def _reads(build: Consumer, schema: str, builds_required: bool, facts: Iterable[Fact]) -> bool:
    if build.formats is None and not builds_required:
        return any(build.states(fact) for fact in facts)
    return build.reads(schema)


def readers(consumers: Consumers | None, schema: Schema, on: date) -> tuple[Consumer, ...]:
    """Returns the builds in their support window that read files of a format."""
    if consumers is None:
        return ()
    facts = () if schema.builds_required else schema.facts
    return _readers(consumers, schema.name, schema.builds_required, facts, on)


@lru_cache(maxsize=256)
def _readers(
    consumers: Consumers, schema: str, builds_required: bool, facts: tuple[Fact, ...], on: date
) -> tuple[Consumer, ...]:
    return tuple(one for one in consumers.supported(on) if _reads(one, schema, builds_required, facts))


class NoReader(Exception):
    """Builds were named, and none that reads files of a format is supported: nothing can be run."""


def window(build: Consumer, on: date) -> str:
    """Returns the support of a build, as words on a day: `until 2026-06-30`, `from 2027-01-01`."""
    if build.supported_until is None:
        return f"from {build.supported_from}"
    if on < build.supported_from:
        return f"from {build.supported_from} to {build.supported_until}"
    return f"until {build.supported_until}"


def readers_to_run(consumers: Consumers | None, schema: Schema, on: date) -> tuple[Consumer, ...]:
    """Returns the supported builds that files of a format are run under; none where none were named.

    Raises:
        NoReader: Builds were named, and none of them is supported and reads files of the format. An
            interpreter without builds runs readers of its own, which say nothing of those.
    """
    found = readers(consumers, schema, on)
    if consumers is None or found:
        return found
    reading = [build for build in consumers.builds if reads(build, schema)]
    if not reading and not schema.facts:
        return ()
    if not reading:
        raise NoReader(f"no build of {consumers.path} reads files of {schema.name}")
    windows = ", ".join(f"{build.name} {window(build, on)}" for build in reading)
    raise NoReader(
        f"no build of {consumers.path} that reads {schema.name} is supported on {on.isoformat()}: {windows}"
    )


@dataclass(frozen=True, slots=True)
class Lack:
    """A build that does not allow what content asks for.

    Attributes:
        build: The build.
        key: The key under which it states the fact; None if it states nothing for the content's key.
        stated: The number, or the elements of the set; None if it states nothing.
    """

    build: Consumer
    key: str | None
    stated: int | tuple[Element, ...] | None


def lacks(fact: Fact, key: Key, value: int, builds: Iterable[Consumer]) -> tuple[Lack, ...]:
    """Returns the builds that do not allow a value, or that state nothing for the key.

    Args:
        fact: The fact that the value is compared with: a count, a set or a limit.
        key: The key of the content; empty for a fact without keys.
        value: An index, a value or an amount.
        builds: The builds.
    """
    key = tuple(map(str, key))
    short = sum(len(str(part)) for part in key) <= _LONGEST_KEY
    found = []
    for build in builds:
        stated = _known(build, fact, key) if short else _stated(build, fact, key)
        if not stated.allows(value):
            found.append(Lack(build, stated.key, stated.said))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Stated:
    """What a build states of a fact for one key.

    Attributes:
        kind: The kind of fact.
        key: The key under which it is stated; None if nothing is.
        said: The number, or the elements of the set.
        numbers: The numbers of the elements.
    """

    kind: FactKind
    key: str | None = None
    said: int | tuple[Element, ...] | None = None
    numbers: frozenset[int] = frozenset()

    def allows(self, value: int) -> bool:
        """Returns whether the build supplies, understands or takes a value. None is negative."""
        if self.kind is FactKind.SET:
            return value in self.numbers
        if not isinstance(self.said, int) or value < 0:
            return False
        return value < self.said if self.kind is FactKind.COUNT else value <= self.said


_LONGEST_KEY = 256
"""Characters of the keys of which answers are kept: content must not fill the memory."""


@lru_cache(maxsize=4096)
def _known(build: Consumer, fact: Fact, key: Key) -> _Stated:
    return _stated(build, fact, key)


def _stated(build: Consumer, fact: Fact, key: Key) -> _Stated:
    found = build.key(fact.kind, fact.name, key) if bool(key) is fact.keyed else None
    if found is None:
        return _Stated(fact.kind)
    if fact.kind is FactKind.SET:
        elements = build.elements(fact.name, key) or ()
        return _Stated(fact.kind, found, elements, numbers_of(fact, elements))
    return _Stated(fact.kind, found, build.number(fact.kind, fact.name, key))


def numbers_of(fact: Fact, elements: Iterable[Element]) -> frozenset[int]:
    """Returns the numbers of the elements of a set, names resolved; a name without a number is left out."""
    return frozenset(
        number
        for number in (fact.names.get(one) if isinstance(one, str) else one for one in elements)
        if number is not None
    )


@lru_cache(maxsize=1024)
def missing(facts: tuple[Fact, ...], build: Consumer) -> tuple[Fact, ...]:
    """Returns the facts that a build must state and does not."""
    return tuple(
        fact
        for fact in facts
        if not build.states(fact) and not (fact.kind is FactKind.SWITCH and fact.default is not None)
    )


def require_facts(
    consumers: Consumers,
    schemas: Mapping[str, Sequence[Fact]],
    named: str | None = None,
    *,
    builds_required: bool = True,
) -> None:
    """Compares consumers.toml with what the schemas in use refer to.

    Args:
        consumers: The file.
        schemas: The facts of each schema in use, by its name.
        named: The schema that the user named; its facts must be stated by every build that reads it. Without
            one, a file of a format whose facts a build lacks has a finding.
        builds_required: Whether files of that schema require builds. Where they do not, a build that lists no
            formats and states none of the facts does not read them.

    Raises:
        ConfigurationError: No schema in use has a fact or a format; a fact has the wrong form; a fact of the
            named schema is missing. All problems, each with line and key.
    """
    shown_so_far = _Shown()
    problems = [
        problem
        for index, build in enumerate(consumers.builds)
        for problem in (
            *_unknown(consumers, index, build, schemas, shown_so_far),
            *_missing(consumers, index, build, schemas, named, builds_required),
        )
    ]
    problems += [
        _no_format(consumers, name, schemas, ("unknown", index, "formats"), one.line)
        for index, one in enumerate(consumers.unknown)
        for name in one.formats
        if name not in schemas
    ]
    if problems:
        ordered = sorted(problems, key=lambda problem: problem.line or 0)
        if shown_so_far.beyond:
            message = f"{shown_so_far.beyond:,} more facts and values have no meaning for a schema in use"
            ordered.append(Problem(str(consumers.path), None, "", message))
        known = {(fact.kind, fact.name) for facts in schemas.values() for fact in facts}
        if named is None and any(
            (kind, name) not in known for one in consumers.builds for kind, name, _ in one.facts
        ):
            message = f"compared with the formats {', '.join(schemas)}; a schema file is named with --schema"
            ordered.append(Problem(str(consumers.path), None, "", message))
        raise ConfigurationError(ordered)


def _no_format(
    consumers: Consumers,
    name: str,
    schemas: Mapping[str, Sequence[Fact]],
    place: tuple[str | int, ...],
    line: int,
) -> Problem:
    message = f"{shown(name)} is no format in use{did_you_mean(name, schemas)}"
    return consumers.problem(line, dotted(place), message)


_MOST_SHOWN = 20
"""Unknown facts and values that a message lists; more are counted."""


@dataclass(slots=True)
class _Shown:
    """How many unknown facts and values were listed, and how many more there are."""

    listed: int = 0
    beyond: int = 0

    def another(self) -> bool:
        """Counts one more; returns whether it is listed."""
        if self.listed < _MOST_SHOWN:
            self.listed += 1
            return True
        self.beyond += 1
        return False


def _unknown(
    consumers: Consumers,
    index: int,
    build: Consumer,
    schemas: Mapping[str, Sequence[Fact]],
    so_far: _Shown,
) -> Iterator[Problem]:
    for name in build.formats or ():
        if name not in schemas and so_far.another():
            line = build.lines.get("formats", build.line)
            yield _no_format(consumers, name, schemas, ("consumer", index, "formats"), line)
    known = [fact for facts in schemas.values() for fact in facts]
    by_name: dict[tuple[FactKind, str], list[Fact]] = {}
    for fact in known:
        by_name.setdefault((fact.kind, fact.name), []).append(fact)
    unknown = set()
    for (kind, name, key), value in build.facts.items():
        line = build.line_of(kind, name, key)
        place = dotted(("consumer", index, kind.value, name))
        found = by_name.get((kind, name), [])
        fits = [fact for fact in found if fact.keyed is bool(key)]
        if fits:
            at = dotted(("consumer", index, kind.value, name, key)) if key else place
            elements = value if isinstance(value, tuple) else ()
            yield from (consumers.problem(line, at, why) for why in _wrong_elements(fits, elements, so_far))
        elif found:
            has = "has one value for each key, in a table" if found[0].keyed else "is one value, and no table"
            if so_far.another():
                yield consumers.problem(line, place, has)
        elif (kind, name) not in unknown:
            unknown.add((kind, name))
            if so_far.another():
                yield consumers.problem(line, place, _why_unknown(kind, name, known))


def _wrong_elements(facts: Sequence[Fact], elements: Sequence[Element], so_far: _Shown) -> Iterator[str]:
    """Yields what is wrong with the elements of a set, as facts of that name have them."""
    for fact in facts:
        numbers = [fact.names.get(one, one) if isinstance(one, str) else one for one in elements]
        if len(set(numbers)) < len(numbers):
            yield "has one value twice, by its name and by its number"
            break
    names = {name: None for fact in facts for name in fact.names}
    lower = {name.lower(): name for name in names}
    for element in elements:
        if isinstance(element, int):
            fits = any(one.values is None or element in one.values for one in facts)
        else:
            fits = element in names
        if fits or not so_far.another():
            continue
        if isinstance(element, str):
            near = lower.get(element.lower())
            hint = f"; did you mean {near}?" if near else did_you_mean(element, names)
            why = f"is no value of it{hint}" if names else "is a name, and its values are numbers"
            yield f"{shown(element)} {why}"
        else:
            yield f"{element} is a value that no content has{_values_of(facts[0])}"


def _values_of(fact: Fact) -> str:
    """Returns the numbers that a set can have, in words."""
    if fact.values is None:
        return ""
    if isinstance(fact.values, range):
        return f"; it has {fact.values.start:,} to {fact.values.stop - 1:,}"
    values = sorted(fact.values)
    if len(values) == values[-1] - values[0] + 1 > 8:
        return f"; it has {values[0]:,} to {values[-1]:,}"
    return f"; it has {', '.join(map(str, values))}"


def _why_unknown(kind: FactKind, name: str, known: Sequence[Fact]) -> str:
    others = [fact for fact in known if fact.name == name]
    if others:
        return f"is no fact of this kind; schemas in use refer to {others[0]}"
    hint = did_you_mean(name, [fact.name for fact in known if fact.kind is kind])
    if not hint:
        close = {str(fact): fact for fact in known}
        hint = did_you_mean(f"{kind.value}.{name}", close)
    return f"no schema in use refers to it{hint}"


def _missing(
    consumers: Consumers,
    index: int,
    build: Consumer,
    schemas: Mapping[str, Sequence[Fact]],
    named: str | None,
    builds_required: bool,
) -> Iterator[Problem]:
    if named is None or not build.reads(named):
        return
    facts = schemas.get(named, ())
    if not builds_required and build.formats is None and not any(map(build.states, facts)):
        return
    for fact in missing(tuple(facts), build):
        message = f"is missing: files of {named} are compared with it"
        if any((kind, name) == (fact.kind, fact.name) for kind, name, _ in build.facts):
            form = "a number for each key" if fact.keyed else "one value, and no table"
            message = f"files of {named} are compared with {form}"
        place = dotted(("consumer", index, fact.kind.value, fact.name))
        yield consumers.problem(build.line_of(fact.kind), place, message)
