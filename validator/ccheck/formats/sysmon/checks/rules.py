"""Checks of what a Sysmon rules blob means to the consumer that reads it: events, fields, operators, data."""

from __future__ import annotations

from collections.abc import Iterator

from ccheck.core.check import Diagnostic
from ccheck.core.finding import RelatedLocation
from ccheck.core.subject import Subject
from ccheck_schemas.formats.sysmon import tables
from ccheck_schemas.formats.sysmon.structure import EventRule, Filter, SysmonContent
from ccheck_schemas.span import Span


def content_of(subject: Subject) -> SysmonContent:
    """The content of a rules blob."""
    assert isinstance(subject.content, SysmonContent)  # noqa: S101 - the table gives these checks blobs only
    return subject.content


def target_of(subject: Subject) -> tables.Target | None:
    """The consumer that the blob is judged for: that of the user, else one of the blob's own version."""
    if subject.context.target is not None:
        return tables.target(subject.context.target)
    return tables.target_of(content_of(subject).version or 0)


def conditions(subject: Subject) -> Iterator[tuple[EventRule, Filter]]:
    """Each filter with its rule."""
    for rule in content_of(subject).rules:
        for condition in rule.filters:
            yield rule, condition


def _judged_rules(subject: Subject) -> Iterator[tuple[tables.Target, EventRule]]:
    """Each rule with the target; none when the header is cut before its version."""
    target = target_of(subject)
    if target is not None:
        for rule in content_of(subject).rules:
            yield target, rule


def _judged_conditions(subject: Subject) -> Iterator[tuple[tables.Target, EventRule, Filter]]:
    for target, rule in _judged_rules(subject):
        for condition in rule.filters:
            yield target, rule, condition


def _past_own_table(
    subject: Subject,
) -> Iterator[tuple[tables.Target, EventRule, Filter, tables.EventType, list[tables.EventType]]]:
    """Each filter whose field lies behind its event type's table, with the siblings that have the field."""
    for target, rule, condition in _judged_conditions(subject):
        event = target.event(rule.event_id)
        if event is not None and condition.field_id >= len(event.fields):
            siblings = [s for s in target.siblings(event) if condition.field_id < len(s.fields)]
            yield target, rule, condition, event, siblings


def proof(words: str, span: Span) -> RelatedLocation:
    """A place in the blob, as a proof."""
    return RelatedLocation(words, span.path, span.offset, span.length)


def sysmon_layout_of_target(subject: Subject) -> Iterator[Diagnostic]:
    """The target reads records of another layout.

    ## What is wrong
    The consumer named with `--target` reads binary version 1.x or 8.0. Its header is shorter than the one of
    this blob, and its records are laid out otherwise.

    ## Why is this bad
    It takes bytes of this header for the first event. What it reads from then on is not what was written.

    ## How to fix
    Compile the rules with the tool of the target's own version, or name another target.
    """
    target = target_of(subject)
    # A header that ends before its version is another check's to blame.
    if target is not None and not target.layout_known and content_of(subject).version is not None:
        yield Diagnostic(
            f"the blob has the layout of binary version 9 and later, target {target.name} reads an older one",
            content_of(subject).header.span("version"),
            label="another layout",
            why="the target takes bytes of this header for the first event",
            fix="compile the rules with the tool of the target's own version",
        )


def sysmon_version_of_target(subject: Subject) -> Iterator[Diagnostic]:
    """The blob is of another major version than the target.

    ## What is wrong
    The major number of the blob's version is not that of the consumer named with `--target`. The rest of the
    blob is judged as if it were.

    ## Why is this bad
    The public reader refuses a blob whose major version is not its own: none of its rules take effect.

    ## How to fix
    Compile the rules for the target's version.
    """
    target, version = target_of(subject), content_of(subject).version
    if version is None:
        return
    if target is not None and target.layout_known and target.binary >> 16 != version >> 16:
        yield Diagnostic(
            f"the blob is of version {tables.version_text(version)}, target {target.name} reads major {target.binary >> 16}",
            content_of(subject).header.span("version"),
            label=tables.version_text(version),
            why="a reader that compares major versions refuses the blob; none of its rules take effect",
            fix=f"compile the rules for version {tables.version_text(target.binary)}",
        )


def sysmon_unknown_event(subject: Subject) -> Iterator[Diagnostic]:
    """A rule is for an event type that the target does not know.

    ## What is wrong
    No generation of the judged version has an event type of this number. Event 0 never exists.

    ## Why is this bad
    The number is an index into the reader's table of event types. Behind the table, or at a hole in it, there
    is no event type.

    ## How to fix
    Use the number of a known event type, or judge the blob for the version that has it (`--target`).
    """
    for target, rule in _judged_rules(subject):
        if target.event(rule.event_id) is None:
            known = tables.fit_for(rule.event_id, 0)
            yield Diagnostic(
                f"event {rule.event_id} is not known to version {target.name}",
                rule.source.span("event_id"),
                label=f"event {rule.event_id}",
                why="the number is an index into the reader's table of event types; there is none at this place",
                fix=f"judge for a version that has it: {', '.join(known)}"
                if known
                else "use a known event type",
            )


def sysmon_event_not_filtered(subject: Subject) -> Iterator[Diagnostic]:
    """A rule is for an event type that cannot be filtered.

    ## What is wrong
    Events 4 (service state), 16 (configuration change) and 255 (error) have no rule name: no XML can ask for
    a rule on them.

    ## Why is this bad
    The reader looks for the rule name of each event in the blob. These have none, and a reader that does not
    expect that follows a null pointer.

    ## How to fix
    Remove the rule. These events are always reported.
    """
    for target, rule in _judged_rules(subject):
        event = target.event(rule.event_id)
        if event is not None and event.rule_name is None:
            yield Diagnostic(
                f"event {rule.event_id} cannot be filtered: it has no rule name",
                rule.source.span("event_id"),
                label=f"event {rule.event_id}",
                why="a reader that looks up its rule name follows a null pointer",
                fix="remove the rule; this event is always reported",
            )


def sysmon_field_past_table(subject: Subject) -> Iterator[Diagnostic]:
    """A filter reads a field that the event type does not have in the judged version.

    ## What is wrong
    The field of a filter is an index into the field list of its event type. This one is behind the end of the
    list, in every generation of the judged version. Newer versions have longer lists: ProcessCreate grew from
    16 to 23 fields.

    ## Why is this bad
    This is how a sensor crashed 8.5 million hosts in July 2024: content named one input more than the code
    supplied. A reader without a check at run time reads behind its array; the public reader has that check,
    and the filter never matches.

    ## How to fix
    Remove the filter, or send the blob only to consumers of a version that has the field; the finding names
    them.
    """
    for target, rule, condition, event, siblings in _past_own_table(subject):
        if siblings:
            continue
        yield Diagnostic(
            f"the filter reads field {condition.field_id} of event {_event_name(event)}, "
            f"which has {len(event.fields)} (0 to {len(event.fields) - 1}) in version {target.name}",
            condition.source.span("field_id"),
            label=f"field {condition.field_id}",
            why="a driver that uses the number as an index reads behind its array of inputs",
            fix=_fit(rule.event_id, condition.field_id),
            related=(proof(f"the event is {_event_name(event)}", rule.source.span("event_id")),),
        )


def sysmon_field_of_sibling(subject: Subject) -> Iterator[Diagnostic]:
    """A filter reads a field that only a sibling of its event type has.

    ## What is wrong
    One rule name can cover several event types: RegistryEvent is 12, 13 and 14, PipeEvent 17 and 18, WmiEvent
    19, 20 and 21. Their field lists differ. The index lies inside the list of a sibling and behind the end of
    the list of the rule's own event type.

    ## Why is this bad
    The public reader offers the rule to all events of its name. It compares the index with the count of the
    event at hand, then looks it up in the table of the rule's own event type as well, behind its end.

    ## How to fix
    Give the rule the event number of the sibling that has the field.
    """
    for target, rule, condition, event, found in _past_own_table(subject):
        if found:
            names = ", ".join(f"event {s.id} ({s.fields[condition.field_id]})" for s in found)
            yield Diagnostic(
                f"field {condition.field_id} is behind the {len(event.fields)} fields of event {_event_name(event)} "
                f"in version {target.name}; siblings that have it: {names}",
                condition.source.span("field_id"),
                label=f"field {condition.field_id}",
                why="a reader that checks against the event at hand, not the rule's own, reads behind its table",
                fix=f"give the rule the event number {found[0].id}, or remove the filter",
                related=(proof(f"the event is {_event_name(event)}", rule.source.span("event_id")),),
            )


def sysmon_generations_differ(subject: Subject) -> Iterator[Diagnostic]:
    """Some consumers of the judged version know the event or field, and some do not.

    ## What is wrong
    Several public generations read the same binary version (9.20 has five), and their tables differ. A rule
    uses an event type or field that only the newer ones have.

    ## Why is this bad
    The version number lets an older consumer accept the blob, and then the index is out of bounds.

    ## How to fix
    Send the blob to the newer consumers only, and judge it for their schema version (`--target 4.32`); or
    leave the filter out.
    """
    for target, rule in _judged_rules(subject):
        without = [g.schema for g in target.generations if rule.event_id not in g.events]
        if without and len(without) < len(target.generations):
            yield _differing(f"event {rule.event_id} is", rule.source.span("event_id"), without)
            continue
        for condition in rule.filters:
            index = condition.field_id
            short = [
                g.schema
                for g in target.generations
                if rule.event_id in g.events and index >= len(g.events[rule.event_id].fields)
            ]
            if short and len(short) < len(target.generations):
                words = f"field {index} of event {rule.event_id} is"
                yield _differing(words, condition.source.span("field_id"), short)


def _differing(words: str, span: Span, without: list[str]) -> Diagnostic:
    return Diagnostic(
        f"{words} unknown to some consumers of this version: schema {', '.join(without)}",
        span,
        label="not in all",
        why="an older consumer accepts the version, and the number is out of bounds there",
        fix="send the blob to newer consumers only, and judge it for their schema version with --target",
    )


def _event_name(event: tables.EventType) -> str:
    return f"{event.id} ({event.rule_name})" if event.rule_name else str(event.id)


def _fit(event_id: int, field_id: int) -> str:
    versions = tables.fit_for(event_id, field_id)
    if not versions:
        return "no known version has this field; remove the filter"
    return f"remove the filter, or send the blob only to consumers of version {', '.join(versions)}"


def sysmon_unknown_operator(subject: Subject) -> Iterator[Diagnostic]:
    """A filter has an operator that the target does not know.

    ## What is wrong
    The filter type is not the number of an operator in the judged version. Versions from 15.0 on have 0 to
    15, 14.0 has 0 to 13, and below 14.0 they are numbered otherwise, 0 to 8.

    ## Why is this bad
    The reader gives up on the whole rule with an error, or uses the number as an index into a table of
    functions. The public reader looks only at the low 16 bits, so a number above hides one that it knows.

    ## How to fix
    Use an operator that the judged version has.
    """
    for target, _, condition in _judged_conditions(subject):
        if 0 <= condition.operator < len(target.operators):
            continue
        names = ", ".join(f"{i} {name}" for i, name in enumerate(target.operators))
        yield Diagnostic(
            f"operator {condition.operator} is unknown to version {target.name}, "
            f"which has 0 to {len(target.operators) - 1}",
            condition.source.span("filter_type"),
            label=f"operator {condition.operator}",
            why="the reader gives up on the rule, or uses the number as an index into a table",
            fix=f"use one of: {names}",
        )
