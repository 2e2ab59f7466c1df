"""The checks that every format has: of the file as such, and of the layout that its schema states."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ccheck.core.check import Check, Diagnostic
from ccheck.core.subject import Subject
from ccheck.formats.checks import bounds, contract, coverage, envelopes, file, structure


@dataclass(frozen=True)
class FormatChecks:
    """The checks of one format.

    checks: in the order in which they are made. whole: those that must find nothing before the canonical form
    is asked for. placing: those that must find nothing before unused text of a pool is: text that a wrong
    field misses is not unused. keeps_layout: whether recipes of the format keep a layout that its compiler would
    not write; its schema has `as_compiled`.
    """

    checks: tuple[Check, ...]
    whole: tuple[Check, ...] = ()
    placing: tuple[Check, ...] = ()
    keeps_layout: bool = False


_UNREADABLE = Check(file.unreadable)
_TOO_LARGE = Check(file.too_large)
_CRASHED = Check(file.examination_crashed)
_EMPTY = Check(file.file_empty, requires=(_UNREADABLE, _TOO_LARGE, _CRASHED))
_ZERO = Check(file.all_zero, requires=(_EMPTY,))
_UNRECOGNISED = Check(file.unrecognised_content, requires=(_ZERO,))
_TORN = Check(file.torn_at_sector, requires=(_UNRECOGNISED,))
MAGIC = Check(
    structure.wrong_magic, requires=(_UNRECOGNISED,), decisive=structure.begins_the_file, of_reading=True
)
VERSION = Check(
    structure.unknown_format_version, requires=(MAGIC,), decisive=structure.is_in_no_list, of_reading=True
)

FILE = (_UNREADABLE, _TOO_LARGE, _CRASHED, _EMPTY, _ZERO, _UNRECOGNISED, _TORN, MAGIC, VERSION)
"""The file as such. Nothing else is judged when one of these finds something, but for a torn end, which only adds
to the faults of what is missing, and for a magic or version that is not the file's own.
"""


def _layout(*functions: Callable[[Subject], Iterable[Diagnostic]]) -> tuple[Check, ...]:
    return tuple(
        Check(function, requires=(VERSION,), of_reading=function is not structure.fault_unclaimed)
        for function in functions
    )


LAYOUT = _layout(
    structure.truncated,
    structure.size_mismatch,
    structure.count_past_bytes,
    structure.count_mismatch,
    structure.element_without_bytes,
    structure.expression_unresolved,
    envelopes.envelope_damaged,
    envelopes.envelope_too_large,
    envelopes.envelope_trailing_bytes,
    structure.work_out_of_proportion,
    structure.fault_unclaimed,
    structure.table_repeated,
    structure.record_size_wrong,
    structure.offset_outside_file,
    structure.chain_backwards,
    structure.chain_loop,
    structure.chain_no_end,
    structure.bytes_owned_twice,
    structure.bytes_unowned,
    structure.rows_out_of_order,
    bounds.number_malformed,
    bounds.value_out_of_bounds,
    bounds.unknown_enum_value,
    bounds.unknown_flag,
    bounds.reserved_not_zero,
    bounds.padding_not_zero,
    bounds.offset_outside_region,
    bounds.offset_misaligned,
    bounds.index_outside_table,
    bounds.text_malformed,
    bounds.text_not_terminated,
    bounds.pool_items_overlap,
)
"""The layout that the schema states. Each is judged by itself: all problems are reported."""

CHECKSUM = Check(
    structure.checksum_wrong,
    requires=tuple(c for c in LAYOUT if c.name in ("truncated", "size-mismatch")),
    of_reading=True,
)

COVERAGE = Check(coverage.not_looked_into, requires=(VERSION,))


CONSUMERS = Check(contract.consumers_missing, requires=(VERSION,), supply=True)

FACTS = Check(contract.facts_missing, requires=(CONSUMERS,), supply=True)

CONTRACT = (
    CONSUMERS,
    FACTS,
    Check(contract.count_exceeded, requires=(CONSUMERS,), supply=True),
    Check(contract.value_not_understood, requires=(CONSUMERS,)),
    Check(contract.limit_exceeded, requires=(CONSUMERS,)),
)
"""The contract with the driver builds in the field, as far as the schema states it."""


def layout(*names: str) -> tuple[Check, ...]:
    """Checks of the layout by name, as prerequisites of a format's own."""
    found = {check.name: check for check in LAYOUT}
    return tuple(found[name] for name in names)
