"""Checks of conditions of Sysmon rules that mean something else together than each alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ccheck.core.check import Diagnostic
from ccheck.core.subject import Subject
from ccheck.formats.sysmon.checks.condition import Condition, understood
from ccheck.formats.sysmon.checks.reach import NEGATED, SEPARATOR, Extent, fold, matches, reach
from ccheck.formats.sysmon.checks.rules import content_of, proof, target_of
from ccheck_schemas.formats.sysmon.structure import Combine, EventRule, RuleDefault

_TRIED = 4
"""Values of a list that are tried; the work stays proportional to the size of the file."""
_LONGEST = 1024
"""Characters of a value that is tried."""


def _meaningful(subject: Subject) -> Iterator[Condition]:
    """The conditions that match some values; others are blamed alone."""
    return (each for each in understood(subject) if reach(each.operator, each.text).others is Extent.SOME)


def _by_field(conditions: Iterator[Condition]) -> dict[tuple[int, int, int], list[Condition]]:
    """Conditions on the same field that are joined with each other: by rule, group and field."""
    found: dict[tuple[int, int, int], list[Condition]] = {}
    for each in conditions:
        group = each.group.source.offset if each.group is not None else 0
        found.setdefault((each.rule.source.offset, group, each.filter.field_id), []).append(each)
    return found


def sysmon_conditions_contradict(subject: Subject) -> Iterator[Diagnostic]:
    """Conditions that are joined by *and* can never match together.

    ## What is wrong
    A group whose relation is *and* asks the same field for two things that exclude each other: to be two
    different texts, to begin or end with two, or to contain what it must not contain.

    ## Why is this bad
    The group never matches. What it was written for is neither included nor excluded, and nothing says so.

    ## How to fix
    Use *is any* or *contains any* with a list, or a group whose relation is *or*.
    """
    for joined in _by_field(_meaningful(subject)).values():
        first = joined[0]
        if first.group is None or first.group.combine_type != Combine.AND:
            continue
        found = _contradiction(joined)
        if found is not None:
            one, other = found
            yield Diagnostic(
                f"{one.words} and {other.words} never match together",
                one.span,
                label="never both",
                why="the relation of the group is and: it never matches",
                fix="use an operator that takes a list, or the relation or",
                related=(proof("the other", other.span),),
            )


def _contradiction(joined: Sequence[Condition]) -> tuple[Condition, Condition] | None:
    """Returns two conditions on one field that no value satisfies both, or None where none is seen."""
    exact = [each for each in joined if each.operator in {"is", "is any"}]
    if exact:
        narrowest = min(exact, key=lambda each: each.text.count(SEPARATOR))
        tried = (
            fold(narrowest.text).split(SEPARATOR) if narrowest.operator == "is any" else [narrowest.folded]
        )
        if len(tried) <= _TRIED and all(len(value) <= _LONGEST for value in tried):
            for other in joined:
                if not any(matches(other.operator, other.folded, value) for value in tried):
                    return narrowest, other
    for operator in ("begin with", "end with"):
        asked = [each for each in joined if each.operator == operator]
        longest = max(asked, key=lambda each: len(each.text), default=None)
        for other in asked:
            if longest is not None and not matches(operator, other.folded, longest.folded):
                return longest, other
    return _wanted_and_not(joined)


def _wanted_and_not(joined: Sequence[Condition]) -> tuple[Condition, Condition] | None:
    """Returns a condition and its opposite."""
    opposites = {"contains": "excludes", "begin with": "not begin with", "end with": "not end with"}
    wanted = {(opposites.get(each.operator), each.folded): each for each in joined}
    for other in joined:
        one = wanted.get((other.operator, other.folded))
        if one is not None:
            return one, other
    return None


def sysmon_negations_joined_by_or(subject: Subject) -> Iterator[Diagnostic]:
    """Conditions that ask for something *not* to be so are joined by *or*.

    ## What is wrong
    Two or more negated conditions (*is not*, *excludes*, *not begin with*, ...) ask the same field for different
    texts, and one of them is enough. Conditions on the same field are joined by *or* also in a rule whose
    relation is *and*; only a group of the relation *and* joins them by *and*.

    ## Why is this bad
    A value that is one text is not the other, so that one of the conditions nearly always matches. In a list of
    what to exclude, nearly every event is excluded.

    ## How to fix
    Put the conditions into a group (`<Rule groupRelation="and">`), or use *excludes any* with a list.
    """
    for joined in _by_field(_meaningful(subject)).values():
        negated = [each for each in joined if each.operator in NEGATED]
        first = negated[0] if negated else None
        if first is None or (first.group is not None and first.group.combine_type != Combine.OR):
            continue
        other = next(
            (each for each in negated if (each.operator, each.folded) != (first.operator, first.folded)), None
        )
        if other is None:
            continue
        by = "also in a rule of the relation and" if first.rule.combine_type == Combine.AND else "here"
        yield Diagnostic(
            f"{first.words} or {other.words}: nearly every value is not one of the two",
            other.span,
            label="one of them matches",
            why=f"conditions on one field are joined by or, {by}, unless they are in a group of the relation and",
            fix="put them into a group of the relation and, or use 'excludes any' with a list",
            related=(proof("joined with", first.span),),
        )


def sysmon_include_excluded(subject: Subject) -> Iterator[Diagnostic]:
    """A condition is in both lists of an event, to include and to exclude.

    ## What is wrong
    The event type has a rule that includes and one that excludes, and both have the same condition, each of
    them enough for a match.

    ## Why is this bad
    What is to be excluded is looked at first. The events that this condition was to include are never reported.

    ## How to fix
    Remove one of the two.
    """
    deciding = [each for each in understood(subject) if each.decides]
    excluded = {_same(each): each for each in deciding if each.excludes}
    for each in deciding:
        other = None if each.excludes else excluded.get(_same(each))
        if other is not None:
            yield Diagnostic(
                f"{each.words} is to be included, and excluded by another rule of {each.event_name}",
                each.span,
                label="never included",
                why="rules that exclude are looked at first",
                fix="remove one of the two",
                related=(proof("excluded here", other.span),),
            )


def _same(each: Condition) -> tuple[int, int, str, str]:
    return each.event.id, each.filter.field_id, each.operator, each.folded


def sysmon_event_never_reported(subject: Subject) -> Iterator[Diagnostic]:
    """An event type has rules that exclude, and none that includes anything.

    ## What is wrong
    Several rules are for one event type, or for types that share a rule name. At least one of them says what to
    exclude, and no rule with conditions says what to include.

    ## Why is this bad
    Where several rules are for one event type, events that match none of them are excluded, whatever the
    rules say alone. No event of this type is ever reported, and what the rules exclude makes no difference.

    ## How to fix
    Join the rules that exclude into one, and remove rules without conditions.
    """
    target = target_of(subject)
    named: dict[str, list[EventRule]] = {}
    for rule in content_of(subject).rules if target is not None else ():
        event = target.event(rule.event_id) if target is not None else None
        if event is not None and event.rule_name is not None:
            named.setdefault(event.rule_name, []).append(rule)
    for name, rules in named.items():
        including = any(rule.rule_default == RuleDefault.EXCLUDE and rule.filters for rule in rules)
        excluding = [rule for rule in rules if rule.rule_default == RuleDefault.INCLUDE]
        if len(rules) < 2 or including or not excluding:
            continue
        other = next(rule for rule in rules if rule is not excluding[0])
        yield Diagnostic(
            f"no event of {name} is ever reported: {len(rules)} rules, and none includes anything",
            excluding[0].source.span("rule_default"),
            label="excludes alone",
            why="where several rules are for one event type, what matches none of them is excluded",
            fix="join the rules that exclude into one, and remove rules without conditions",
            related=(proof("another rule", other.source.span("rule_default")),),
        )
