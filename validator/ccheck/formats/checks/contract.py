"""The contract of every format with the driver builds in the field: facts that its schema refers to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from ccheck.core.check import Diagnostic
from ccheck.core.consumers import Consumer
from ccheck.core.contract import Lack, lacks, missing, readers, reads, window
from ccheck.core.finding import RelatedLocation
from ccheck.core.subject import Subject
from ccheck.text.quoting import counted
from ccheck_schemas.build_facts import Amount, Fact, FactKind
from ccheck_schemas.read.fact_uses import fact_uses
from ccheck_schemas.record import Reading
from ccheck_schemas.schema import Schema
from ccheck_schemas.span import Span

_LONGEST_KEY = 80
"""Characters of a key that are shown."""
_MOST_LISTED = 100
"""Elements of a set that are shown."""
_KEYS_UNKNOWN = "a build that states nothing for the key was compared with nothing"


def builds_of(subject: Subject) -> tuple[Consumer, ...]:
    """Returns the builds in their support window that read files of the format."""
    consumers = subject.context.consumers
    return () if subject.schema is None else readers(consumers, subject.schema, subject.context.on)


def in_file(subject: Subject, words: str, line: int, build: Consumer, fact: str = "") -> RelatedLocation:
    """Returns a line of consumers.toml, with the build and the fact that it is about."""
    consumers = subject.context.consumers
    path = None if consumers is None else str(consumers.path)
    return RelatedLocation(words, file=path, line=line, build=build.name, fact=fact)


def joined(names: Sequence[str]) -> str:
    """Returns names as a sentence lists them: `a, b and c`."""
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]


def consumers_missing(subject: Subject) -> Iterator[Diagnostic]:
    """Content cannot be judged without the driver builds that will read it.

    ## What is wrong
    The format has a contract with the driver, and no `consumers.toml` was named, or none of its builds is
    supported on the day of judgement and reads the format. Formats of public readers, such as
    `regulatory.db`, are judged without builds too; but where builds are named, one of them must read the file.

    ## Why is this bad
    The file of July 2024 agreed with its definitions. It did not agree with the driver, and nothing compared
    the two. Without the builds that comparison is not made, and what was not compared has not passed.

    ## How to fix
    Name the builds with `--consumers FILE`, or under `consumers` in ccheck.toml; look at their support
    windows, and at their `formats`.
    """
    schema, consumers = subject.schema, subject.context.consumers
    if schema is None or not schema.facts or subject.reading is None:
        return
    if consumers is None:
        if schema.builds_required:
            yield _compared_with_none(
                subject,
                "no consumers were named: which driver builds will read this file?",
                "name them with --consumers FILE, or in ccheck.toml",
            )
        return
    reading = builds_of(subject)
    others = [build for build in consumers.builds if build not in reading]
    if others and (not reading or consumers.chosen):
        yield _compared_with_none(subject, *_why_not(subject, schema, others))


def _why_not(
    subject: Subject, schema: Schema, builds: Sequence[Consumer]
) -> tuple[str, str, tuple[RelatedLocation, ...]]:
    """Returns why builds are not compared with a file: a message, what to do, and the line of one of them."""
    retired = next((build for build in builds if reads(build, schema)), None)
    if retired is not None:
        on = subject.context.on
        key = "supported_from" if on < retired.supported_from else "supported_until"
        return (
            f"no consumer that reads files of {schema.name} is supported on {on.isoformat()}",
            "look at the support windows, or judge for another day with --on",
            (
                in_file(
                    subject,
                    f"{retired.name} is supported {window(retired, on)}",
                    retired.lines.get(key, retired.line),
                    retired,
                ),
            ),
        )
    first = builds[0]
    lacks_what = f"does not list {schema.name}" if first.formats else f"states no fact of {schema.name}"
    line = first.lines.get("formats", first.line)
    return (
        f"none of the {counted(len(builds), 'consumer')} reads files of {schema.name}",
        f"name builds that read files of {schema.name}: they list it under formats, and state its facts",
        (in_file(subject, f"{first.name} {lacks_what}", line, first),),
    )


def _compared_with_none(
    subject: Subject, message: str, fix: str, related: tuple[RelatedLocation, ...] = ()
) -> Diagnostic:
    return Diagnostic(
        message,
        _beginning(subject),
        why="content that was compared with no driver build has not passed",
        fix=fix,
        related=related,
    )


def facts_missing(subject: Subject) -> Iterator[Diagnostic]:
    """A supported build does not state a fact that files of the format are compared with.

    ## What is wrong
    The schema refers to a count, a set, a limit or a switch, and `consumers.toml` does not state it for a
    build in its support window.

    ## Why is this bad
    What is not stated is not known. If it were taken for "no limit", the comparison that was missing in July
    2024 would be missing again, and nobody would see it.

    ## How to fix
    State the fact, from the build itself. If the build does not read the format at all, list the formats that
    it reads under `formats`.
    """
    if subject.schema is None or subject.reading is None:
        return
    for build in builds_of(subject):
        lacking = missing(subject.schema.facts, build)
        if lacking:
            yield Diagnostic(
                f"consumer {build.name} does not state {joined([str(fact) for fact in lacking])}",
                _beginning(subject),
                why="what a build does not state is not known, and was not compared",
                fix="state it from the build itself, or list under formats which formats the build reads",
                related=tuple(
                    in_file(
                        subject, f"{build.name} states no {fact}", build.line_of(fact.kind), build, str(fact)
                    )
                    for fact in lacking
                ),
            )


def count_exceeded(subject: Subject) -> Iterator[Diagnostic]:
    """An index is not below the count that a supported build supplies.

    ## What is wrong
    The field is an index of something that the driver supplies: inputs, sensors, slots. A build in its support
    window supplies fewer, or states no number for the key that the content uses.

    ## Why is this bad
    The driver uses the number as an index: an out-of-bounds read in kernel mode. On 19 July 2024 an index of
    20 reached builds that supplied 20 inputs, and 8.5 million hosts crashed and looped.

    ## How to fix
    Use an index that every supported build supplies, or end support for the builds that supply fewer. Never
    raise the number in `consumers.toml` without the driver's own count.
    """
    yield from _uses(subject, FactKind.COUNT)


def value_not_understood(subject: Subject) -> Iterator[Diagnostic]:
    """A supported build does not understand a value.

    ## What is wrong
    The value is not in the set that a build in its support window states: a kind, an opcode, a version.

    ## Why is this bad
    A build that finds its code in a table by this number calls what is after the table; another one refuses
    the file, and its hosts are without the content.

    ## How to fix
    Use a value that every supported build understands, or end support for the builds that do not.
    """
    yield from _uses(subject, FactKind.SET)


def limit_exceeded(subject: Subject) -> Iterator[Diagnostic]:
    """A number or an amount is more than a supported build takes.

    ## What is wrong
    A number of the file, or an amount that is derived from it such as its size or its depth, is greater than
    the limit that a build in its support window states.

    ## Why is this bad
    A build with a buffer, a table or a stack of that size writes past its end, or refuses the file, and its
    hosts are without the content.

    ## How to fix
    Make less of it, or end support for the builds that take less.
    """
    yield from _uses(subject, FactKind.LIMIT)


def _checked(name: str, amounts: object) -> Iterator[Amount]:
    """Yields the amounts that a function of the schema gave.

    Raises:
        TypeError: It gave something else.
    """
    if not isinstance(amounts, Iterable):
        raise TypeError(
            f"amounts[{name!r}] of the schema gives {amounts!r:.40}: it must give a list of Amount"
        )
    for one in amounts:
        right = (
            isinstance(one, Amount)
            and type(one.value) is int
            and isinstance(one.span, Span)
            and isinstance(one.key, tuple)
            and all(type(part) in (int, str) for part in one.key)
        )
        if not right:
            raise TypeError(
                f"amounts[{name!r}] of the schema gives {one!r:.80}: it must give Amount(number, span, key)"
            )
        yield one


def _given(subject: Subject, name: str, function: Callable[[Reading], Iterable[Amount]]) -> Iterable[Amount]:
    """Returns the amounts of a file, which are the same for each build."""
    if subject.reading is None:
        return ()
    if subject.amounts is None:
        return _checked(name, function(subject.reading))
    if name not in subject.amounts:
        subject.amounts[name] = tuple(_checked(name, function(subject.reading)))
    return subject.amounts[name]


def _uses(subject: Subject, kind: FactKind) -> Iterator[Diagnostic]:
    if subject.reading is None or subject.schema is None:
        return
    builds = builds_of(subject)
    for use in fact_uses(subject.reading, kind, refused=subject.set_aside):
        fact = subject.schema.merged_fact(use.fact)
        stating = _stating(fact, builds)
        if use.key is None:
            if subject.reading.complete:
                for span in use.places():
                    yield _unresolved(fact, use.field, span)
            continue
        found = lacks(fact, use.key, use.value, stating)
        if found:
            for span in use.places():
                yield _lacking(subject, fact, (use.field, use.value, use.key), span, found)
    yield from _amounts(subject, kind)


def _amounts(subject: Subject, kind: FactKind) -> Iterator[Diagnostic]:
    if subject.reading is None or subject.schema is None:
        return
    builds = builds_of(subject)
    for name, fact in subject.schema.amount_facts.items():
        if fact.kind is not kind or not builds:
            continue
        for amount in _given(subject, name, subject.schema.amounts[name]):
            found = lacks(fact, amount.key, amount.value, _stating(fact, builds))
            if found:
                yield _amount(subject, fact, amount, found)


def _stating(fact: Fact, builds: Sequence[Consumer]) -> tuple[Consumer, ...]:
    """Returns the builds that state a fact for some key; `facts_missing` reports the others."""
    return tuple(build for build in builds if not missing((fact,), build))


def _unresolved(fact: Fact, field: str, span: Span) -> Diagnostic:
    return Diagnostic(
        f"{field} is compared with {fact}, and a field that the comparison names is not in this file",
        span,
        label="not compared",
        why="what a file does not say was not compared",
        fix="correct the fields that the key, the condition or the amount is made of",
    )


_Asked = tuple[str, int, tuple[int | str, ...]]
"""Field, number and key."""


def _lacking(subject: Subject, fact: Fact, asked: _Asked, span: Span, found: Sequence[Lack]) -> Diagnostic:
    field, value, key = asked
    unknown = [lack.build.name for lack in found if lack.key is None]
    known = [lack for lack in found if lack.key is not None]
    what = _what(fact, known, key)
    if unknown:
        states = "states" if len(unknown) == 1 else "state"
        what += [f"{joined(unknown)} {states} no {fact.name} for {_key(key)}"]
    name = next((name for name, number in fact.names.items() if number == value), "")
    shown = f"{value} ({name})" if name else f"{value:,}"
    why, fix = _ADVICE[fact.kind]
    return Diagnostic(
        f"{field} is {shown}, but {', and '.join(what)}",
        span,
        label=name or f"{value:,}",
        why=why if known else _KEYS_UNKNOWN,
        fix=fix
        if known
        else f"state {fact}.{_key(key)} from the build itself; a build that does not know it must not get the file",
        related=_related(subject, fact, found),
    )


def _amount(subject: Subject, fact: Fact, amount: Amount, found: Sequence[Lack]) -> Diagnostic:
    asked = (fact.name.replace("_", " "), amount.value, amount.key)
    return _lacking(subject, fact, asked, amount.span, found)


_ADVICE = {
    FactKind.COUNT: (
        "the driver uses the number as an index: an out-of-bounds read in kernel mode",
        "use an index that every supported build supplies, or end support for those that supply fewer",
    ),
    FactKind.SET: (
        "a build refuses what it does not know, or calls what is after its table of such values",
        "use a value that every supported build understands, or end support for those that do not",
    ),
    FactKind.LIMIT: (
        "a build with room for that many writes past its end, or refuses the file",
        "make less of it, or end support for the builds that take less",
    ),
    FactKind.SWITCH: ("", ""),
}


def _what(fact: Fact, found: Sequence[Lack], key: tuple[int | str, ...]) -> list[str]:
    """Returns what builds supply, understand or take; builds that state the same are named together."""
    by_stated: dict[int | tuple[int | str, ...] | None, list[str]] = {}
    for lack in found:
        # What else a set lists is said of each build below.
        stated = None if fact.kind is FactKind.SET else lack.stated
        by_stated.setdefault(stated, []).append(lack.build.name)
    words = []
    of = f" for {_key(key)}" if key else ""
    for stated, names in by_stated.items():
        one = len(names) == 1
        if fact.kind is FactKind.COUNT and isinstance(stated, int):
            reach = f" (0 to {stated - 1:,})" if stated else ""
            words.append(
                f"{joined(names)} {'supplies' if one else 'supply'} {stated:,} {fact.name}{of}{reach}"
            )
        elif fact.kind is FactKind.LIMIT:
            words.append(f"{joined(names)} {'takes' if one else 'take'} at most {stated:,}{of}")
        else:
            words.append(f"{joined(names)} {'does' if one else 'do'} not list it in {fact.name}{of}")
    return words


def _key(key: tuple[int | str, ...]) -> str:
    joint = "@".join(map(str, key))
    return joint if len(joint) <= _LONGEST_KEY else f"{joint[:_LONGEST_KEY]}…"


def _related(subject: Subject, fact: Fact, found: Sequence[Lack]) -> tuple[RelatedLocation, ...]:
    related = []
    for lack in found:
        build = lack.build
        line = build.line_of(fact.kind, fact.name, lack.key or "")
        stated = lack.stated
        if isinstance(stated, tuple):
            more = len(stated) - _MOST_LISTED
            says = f"lists {', '.join(map(str, stated[:_MOST_LISTED]))}{f' and {more:,} more' if more > 0 else ''}"
        else:
            says = "states nothing for it" if stated is None else f"states {stated:,}"
        place = f"{fact}.{lack.key}" if lack.key else str(fact)
        related.append(
            in_file(subject, f"{build.name} ({build.platform}) {says}: {place}", line, build, place)
        )
    return tuple(related)


def _beginning(subject: Subject) -> Span:
    """Returns the first bytes of a file: a whole file is no place to show."""
    return Span(0, min(4, len(subject.data)), "")
