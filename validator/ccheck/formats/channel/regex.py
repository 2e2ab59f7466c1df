"""What a regex costs in the linear-time engine that the formats name (RE2)."""

from __future__ import annotations

import re2

REGEX_COST_HIGH = 2000
"""Instructions that the program of one regex may have."""

_REGEX_MEMORY = 1 << 20
"""Bytes that RE2 may use for one program: enough for some 10,000 instructions, and little work to refuse."""


def cost(text: str, ignore_case: bool) -> tuple[int, str | None]:
    """The cost of a regex in instructions, or the reason for which it does not compile."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _REGEX_MEMORY
    options.case_sensitive = not ignore_case
    try:
        return int(re2.compile(text, options).programsize), None
    except re2.error as fault:
        reason = fault.args[0] if fault.args else "refused"
        return 0, reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)


def too_large(fault: str | None) -> bool:
    """Returns whether a regex does not compile because its program would be too large."""
    return fault is not None and "too large" in fault


def is_affordable(text: str, ignore_case: bool) -> bool:
    """Returns whether a regex compiles, to a program within the budget."""
    instructions, fault = cost(text, ignore_case)
    return fault is None and instructions <= REGEX_COST_HIGH
