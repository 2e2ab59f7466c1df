"""The contract: what a driver build states, compared with what schemas and content ask of it.

No finding is made here. Checks of a format, the checks of all formats and the fast paths ask these functions,
so that there is one answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ccheck.core.consumers import Consumer, Consumers, Element, Key
from ccheck.text.quoting import did_you_mean, shown
from ccheck.text.toml_document import ConfigurationError, Problem
from ccheck.text.toml_lines import dotted
from ccheck_schemas.build_facts import Fact, FactKind


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
    found = []
    for build in builds:
        stated = build.key(fact.kind, fact.name, key)
        if stated is None:
            found.append(Lack(build, None, None))
        elif fact.kind is FactKind.SET:
            elements = build.elements(fact.name, key) or ()
            if value not in numbers_of(fact, elements):
                found.append(Lack(build, stated, elements))
        else:
            number = build.number(fact.kind, fact.name, key)
            allowed = number is not None and (
                value < number if fact.kind is FactKind.COUNT else value <= number
            )
            if not allowed:
                found.append(Lack(build, stated, number))
    return tuple(found)


def numbers_of(fact: Fact, elements: Iterable[Element]) -> frozenset[int]:
    """Returns the numbers of the elements of a set, names resolved; a name without a number is left out."""
    return frozenset(
        number
        for number in (fact.names.get(one) if isinstance(one, str) else one for one in elements)
        if number is not None
    )


def missing(facts: Iterable[Fact], build: Consumer) -> tuple[Fact, ...]:
    """Returns the facts that a build must state and does not."""
    return tuple(
        fact
        for fact in facts
        if not build.states(fact.kind, fact.name)
        and not (fact.kind is FactKind.SWITCH and fact.default is not None)
    )


def require_facts(
    consumers: Consumers, schemas: Mapping[str, Sequence[Fact]], named: str | None = None
) -> None:
    """Compares consumers.toml with what the schemas in use refer to.

    Args:
        consumers: The file.
        schemas: The facts of each schema in use, by its name.
        named: The schema that the user named; its facts must be stated by every build that reads it. Without
            one, a file of a format whose facts a build lacks has a finding.

    Raises:
        ConfigurationError: No schema in use has a fact or a format; a fact has the wrong form; a fact of the
            named schema is missing. All problems, each with line and key.
    """
    problems = [
        problem
        for index, build in enumerate(consumers.builds)
        for problem in (
            *_unknown(consumers, index, build, schemas),
            *_missing(consumers, index, build, schemas, named),
        )
    ]
    if problems:
        raise ConfigurationError(sorted(problems, key=lambda problem: problem.line or 0))


def _unknown(
    consumers: Consumers, index: int, build: Consumer, schemas: Mapping[str, Sequence[Fact]]
) -> Iterator[Problem]:
    for name in build.formats or ():
        if name not in schemas:
            message = f"{shown(name)} is no format in use{did_you_mean(name, schemas)}"
            yield consumers.problem(
                build.lines.get("formats", build.line), dotted(("consumer", index, "formats")), message
            )
    known = [fact for facts in schemas.values() for fact in facts]
    told = set()
    for kind, name, key in build.facts:
        line = build.line_of(kind, name, key)
        place = dotted(("consumer", index, kind.value, name, *([key] if key else [])))
        found = [fact for fact in known if (fact.kind, fact.name) == (kind, name)]
        if not found:
            if (kind, name) not in told:
                told.add((kind, name))
                place = dotted(("consumer", index, kind.value, name))
                yield consumers.problem(build.line_of(kind, name), place, _why_unknown(kind, name, known))
            continue
        fits = [fact for fact in found if fact.keyed is bool(key)]
        if not fits:
            has = "has one value for each key, in a table" if found[0].keyed else "has no keys"
            yield consumers.problem(line, place, has)
            continue
        value = build.facts[kind, name, key]
        for element in value if isinstance(value, tuple) else ():
            if isinstance(element, str) and not any(element in fact.names for fact in fits):
                names = [name for fact in fits for name in fact.names]
                hint = did_you_mean(element, names)
                why = f"is no value of it{hint}" if names else "is a name, and its values are numbers"
                yield consumers.problem(line, place, f"{shown(element)} {why}")


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
) -> Iterator[Problem]:
    if named is None or not build.reads(named):
        return
    for fact in missing(schemas.get(named, ()), build):
        message = f"is missing: files of {named} are compared with it"
        place = dotted(("consumer", index, fact.kind.value, fact.name))
        yield consumers.problem(build.line_of(fact.kind), place, message)
