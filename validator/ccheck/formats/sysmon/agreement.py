"""Sysmon rules blobs read twice: the rules, their filters and the text of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ccheck.formats.exercise.account import Line, first_difference
from ccheck.formats.exercise.agreement import Agreed
from ccheck.formats.exercise.outcome import RunInputs
from ccheck_interpreter.sysmon.loader import CHECKING, Rules, load
from ccheck_interpreter.sysmon.match import fold
from ccheck_interpreter.sysmon.tables import TargetError, target
from ccheck_interpreter.trap import Refused, Trap
from ccheck_schemas.formats.sysmon.structure import SysmonContent


def differ(
    data: bytes, content: SysmonContent, given: RunInputs, events: Sequence[str] | None, agreed: Agreed
) -> tuple[str, str] | None:
    """The first difference of the two readings of a blob: a path without indices, and one line.

    Events are not used, and nothing is stored.
    """
    version = int.from_bytes(data[:4], "little")
    try:
        rules = load(data, target(given.target or f"{version >> 16}.{version & 0xFFFF}"), CHECKING)
    except (Refused, Trap, TargetError):
        return None
    return first_difference(_read(content), _loaded(rules))


def _read(content: SysmonContent) -> Iterator[Line]:
    for rule in content.rules:
        yield (
            "rules[]",
            (rule.source.offset, rule.event_id, rule.rule_default == 0, rule.combine_type == 1),
        )
        for item in rule.filters:
            # A text ends before its first NUL, for comparisons.
            text = fold((item.text or "").partition("\0")[0])
            yield (
                "rules[].filters[]",
                (item.source.offset, item.field_id, item.name, item.operator, item.aggregation_id),
            )
            yield "filters[].data", text


def _loaded(rules: Rules) -> Iterator[Line]:
    for rule in sorted((rule for group in rules.by_event.values() for rule in group), key=lambda r: r.at):
        yield "rules[]", (rule.at, rule.event_id, rule.includes_by_default, rule.joined_by_and)
        for item in rule.filters:
            yield (
                "rules[].filters[]",
                (item.at, item.field_id, item.name, item.operator, item.aggregation_id),
            )
            yield "filters[].data", item.data
