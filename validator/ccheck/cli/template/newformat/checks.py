"""What is wrong in newformat across fields. A check is a function; its docstring is its manual."""

from __future__ import annotations

from collections.abc import Iterator

from ccheck.check import Check, Diagnostic
from ccheck.core.subject import Subject
from ccheck.formats.checks.general import VERSION, FormatChecks


def newformat_input_repeated(subject: Subject) -> Iterator[Diagnostic]:
    """Two rules are for the same input.

    ## What is wrong
    An input has more than one rule.

    ## Why is this bad
    The driver keeps one rule for each input, and the last one wins.

    ## How to fix
    Remove one of the rules.
    """
    seen: set[int] = set()
    for rule in subject.content.tables.get("rules", ()):
        if rule.input in seen:
            yield Diagnostic(
                f"input {rule.input} has a rule already",
                rule.span("input"),
                label=f"input {rule.input}",
                why="the driver keeps one rule for each input, and the last one wins",
                fix="remove one of the rules",
            )
        seen.add(rule.input)


CHECKS = (Check(newformat_input_repeated, requires=(VERSION,), schemas=("newformat",)),)
TABLE = FormatChecks(CHECKS)
