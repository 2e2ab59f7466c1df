"""The table of all checks, in the order in which they are made.

Listed by hand: a registry that is filled by importing can be empty, and an empty registry accepts every file.
"""

from __future__ import annotations

from ccheck.check import Check
from ccheck.checks import bounds, canonical, channel, contract, file, structure
from ccheck.finding import Severity

_UNREADABLE = Check(file.unreadable)
_TOO_LARGE = Check(file.too_large)
_EMPTY = Check(file.file_empty, requires=(_UNREADABLE, _TOO_LARGE))
_ZERO = Check(file.all_zero, requires=(_EMPTY,))
_UNRECOGNISED = Check(file.unrecognised_content, requires=(_ZERO,))
_TORN = Check(file.torn_at_sector, requires=(_UNRECOGNISED,))
_MAGIC = Check(structure.wrong_magic, requires=(_TORN,))
_VERSION = Check(structure.unknown_format_version, requires=(_MAGIC,))

_FILE = (_UNREADABLE, _TOO_LARGE, _EMPTY, _ZERO, _UNRECOGNISED, _TORN, _MAGIC, _VERSION)


def _layout(*functions: object) -> tuple[Check, ...]:
    return tuple(Check(f, requires=(_VERSION,)) for f in functions)  # type: ignore[arg-type]  # each is a check function


_LAYOUT = _layout(
    structure.truncated,
    structure.size_mismatch,
    structure.count_past_bytes,
    structure.count_mismatch,
    structure.record_size_wrong,
    structure.offset_outside_file,
    structure.chain_backwards,
    structure.chain_loop,
    structure.chain_no_end,
    structure.bytes_owned_twice,
    structure.bytes_unowned,
    structure.rows_out_of_order,
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
# Behind a wrong run of rows, a criterion is another instance's, and a field another type's.
_ROWS = next(check for check in _LAYOUT if check.judge is structure.rows_out_of_order)
_CHECKSUM = Check(
    structure.checksum_wrong, requires=tuple(c for c in _LAYOUT if c.name in ("truncated", "size-mismatch"))
)

_CHANNEL = ("channel",)
_BLOCKS = Check(channel.block_order, requires=(_VERSION,), schemas=_CHANNEL)
_DEFINITIONS = Check(channel.definitions_missing, requires=(_BLOCKS,), schemas=_CHANNEL)
_BROKEN = Check(channel.definitions_broken, requires=(_DEFINITIONS,), schemas=_CHANNEL)
_CONSUMERS = Check(contract.consumers_missing, requires=(_BLOCKS,), schemas=_CHANNEL)
_TYPE = Check(channel.unknown_template_type, requires=(_BROKEN,), schemas=_CHANNEL)

_MEANING = (
    Check(channel.name_not_header, requires=(_VERSION,), schemas=_CHANNEL),
    Check(channel.test_content, severity=Severity.WARNING, requires=(_VERSION,), schemas=_CHANNEL),
    _BLOCKS,
    Check(channel.duplicate_type, requires=(_BLOCKS,), schemas=_CHANNEL),
    Check(channel.duplicate_type_name, requires=(_BLOCKS,), schemas=_CHANNEL),
    Check(channel.duplicate_field_name, requires=(_BLOCKS, _ROWS), schemas=_CHANNEL),
    Check(channel.duplicate_instance, requires=(_BLOCKS,), schemas=_CHANNEL),
    Check(channel.field_matched_twice, requires=(_BLOCKS, _ROWS), schemas=_CHANNEL),
    Check(channel.operand_misfit, requires=(_BLOCKS,), schemas=_CHANNEL),
    Check(channel.range_inverted, requires=(_BLOCKS,), schemas=_CHANNEL),
    Check(channel.regex_invalid, requires=(_BLOCKS,), schemas=_CHANNEL),
    Check(channel.regex_too_costly, requires=(_BLOCKS,), schemas=_CHANNEL),
    _DEFINITIONS,
    _BROKEN,
    _TYPE,
    Check(channel.unknown_type_version, requires=(_BROKEN,), schemas=_CHANNEL),
    Check(channel.wrong_channel, requires=(_BROKEN,), schemas=_CHANNEL),
    Check(channel.field_past_type, requires=(_BROKEN, _ROWS), schemas=_CHANNEL),
    Check(channel.kind_not_allowed, requires=(_BROKEN, _ROWS), schemas=_CHANNEL),
    Check(channel.value_kind_mismatch, requires=(_BROKEN, _ROWS), schemas=_CHANNEL),
    Check(channel.operand_too_long, requires=(_BROKEN, _ROWS), schemas=_CHANNEL),
)
_OPERAND = next(check for check in _MEANING if check.judge is channel.operand_misfit)
# Text that a wrong offset, length or kind of operand misses is not unused.
_PLACING = ("offset-outside-region", "offset-misaligned", "text-not-terminated", "unknown-enum-value")
_UNUSED = Check(
    bounds.pool_text_unused,
    severity=Severity.WARNING,
    requires=(_VERSION, *(c for c in _LAYOUT if c.name in _PLACING), _OPERAND),
)
_CONTRACT = (
    _CONSUMERS,
    Check(contract.format_not_understood, requires=(_CONSUMERS,), schemas=_CHANNEL),
    Check(contract.definitions_past_inputs, requires=(_CONSUMERS, _ROWS), schemas=_CHANNEL),
    Check(contract.kind_not_understood, requires=(_CONSUMERS,), schemas=_CHANNEL),
    Check(contract.type_not_supplied, requires=(_CONSUMERS, _BROKEN), schemas=_CHANNEL),
    Check(contract.field_past_inputs, requires=(_CONSUMERS, _BROKEN, _ROWS), schemas=_CHANNEL),
)
_CANONICAL = Check(canonical.not_canonical, requires=(*_LAYOUT, _CHECKSUM, _UNUSED, _BLOCKS, _OPERAND))

CHECKS: tuple[Check, ...] = (*_FILE, *_LAYOUT, _CHECKSUM, *_MEANING, _UNUSED, *_CONTRACT, _CANONICAL)
"""All checks. Each stands behind the checks that it requires."""
