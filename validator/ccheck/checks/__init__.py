"""The table of all checks, in the order in which they are made.

Listed by hand: a registry that is filled by importing can be empty, and an empty registry accepts every file.
"""

from __future__ import annotations

from ccheck.check import Check
from ccheck.checks import bounds, canonical, channel, contract, file, structure, sysmon, sysmon_groups
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
_CHECKSUM = Check(
    structure.checksum_wrong, requires=tuple(c for c in _LAYOUT if c.name in ("truncated", "size-mismatch"))
)
_UNUSED = Check(bounds.pool_text_unused, severity=Severity.WARNING, requires=(_VERSION,))

_CHANNEL = ("channel",)
_BLOCKS = Check(channel.block_order, requires=(_VERSION,), schemas=_CHANNEL)
_DEFINITIONS = Check(channel.definitions_missing, requires=(_BLOCKS,), schemas=_CHANNEL)
_UNREADABLE_DEFINITIONS = Check(channel.definitions_unreadable, requires=(_DEFINITIONS,), schemas=_CHANNEL)
_BROKEN = Check(channel.definitions_broken, requires=(_UNREADABLE_DEFINITIONS,), schemas=_CHANNEL)
_CONSUMERS = Check(contract.consumers_missing, requires=(_BLOCKS,), schemas=_CHANNEL)
_TYPE = Check(channel.unknown_template_type, requires=(_UNREADABLE_DEFINITIONS,), schemas=_CHANNEL)

_MEANING = (
    Check(channel.name_not_header, requires=(_VERSION,), schemas=_CHANNEL),
    Check(channel.test_content, severity=Severity.WARNING, requires=(_VERSION,), schemas=_CHANNEL),
    _BLOCKS,
    Check(channel.duplicate_type, requires=(_BLOCKS,), schemas=_CHANNEL),
    Check(channel.duplicate_type_name, requires=(_BLOCKS,), schemas=_CHANNEL),
    Check(channel.duplicate_field_name, requires=(_BLOCKS,), schemas=_CHANNEL),
    Check(channel.duplicate_instance, requires=(_BLOCKS,), schemas=_CHANNEL),
    Check(channel.field_matched_twice, requires=(_BLOCKS,), schemas=_CHANNEL),
    Check(channel.operand_misfit, requires=(_BLOCKS,), schemas=_CHANNEL),
    Check(channel.range_inverted, requires=(_BLOCKS,), schemas=_CHANNEL),
    Check(channel.regex_invalid, requires=(_BLOCKS,), schemas=_CHANNEL),
    Check(channel.regex_too_costly, requires=(_BLOCKS,), schemas=_CHANNEL),
    _DEFINITIONS,
    _UNREADABLE_DEFINITIONS,
    _BROKEN,
    _TYPE,
    Check(channel.unknown_type_version, requires=(_UNREADABLE_DEFINITIONS,), schemas=_CHANNEL),
    Check(channel.wrong_channel, requires=(_UNREADABLE_DEFINITIONS,), schemas=_CHANNEL),
    Check(channel.field_past_type, requires=(_UNREADABLE_DEFINITIONS,), schemas=_CHANNEL),
    Check(channel.kind_not_allowed, requires=(_UNREADABLE_DEFINITIONS,), schemas=_CHANNEL),
    Check(channel.value_kind_mismatch, requires=(_UNREADABLE_DEFINITIONS,), schemas=_CHANNEL),
    Check(channel.operand_too_long, requires=(_UNREADABLE_DEFINITIONS,), schemas=_CHANNEL),
)
_CONTRACT = (
    _CONSUMERS,
    Check(contract.format_not_understood, requires=(_CONSUMERS,), schemas=_CHANNEL),
    Check(contract.definitions_past_inputs, requires=(_CONSUMERS,), schemas=_CHANNEL),
    Check(contract.kind_not_understood, requires=(_CONSUMERS,), schemas=_CHANNEL),
    Check(contract.type_not_supplied, requires=(_CONSUMERS, _UNREADABLE_DEFINITIONS), schemas=_CHANNEL),
    Check(contract.field_past_inputs, requires=(_CONSUMERS, _UNREADABLE_DEFINITIONS), schemas=_CHANNEL),
)

_RULES = ("sysmon",)
_PARTIAL = (
    "truncated",
    "offset-outside-file",
    "chain-backwards",
    "chain-loop",
    "bytes-owned-twice",
    "offset-misaligned",
)
_WHOLE = (_VERSION, *(c for c in _LAYOUT if c.name in (*_PARTIAL, "count-mismatch")))
_TARGET = Check(sysmon.sysmon_layout_of_target, requires=(_VERSION,), schemas=_RULES)
_AGGREGATION = Check(sysmon_groups.sysmon_unknown_aggregation, requires=_WHOLE, schemas=_RULES)
_AGGREGATION_ID = Check(sysmon_groups.sysmon_aggregation_id_differs, requires=_WHOLE, schemas=_RULES)
_INTERRUPTED = Check(
    sysmon_groups.sysmon_group_interrupted, requires=(_AGGREGATION, _AGGREGATION_ID), schemas=_RULES
)
_ORDER = Check(
    sysmon_groups.sysmon_records_out_of_order,
    requires=(_AGGREGATION, _AGGREGATION_ID, _INTERRUPTED),
    schemas=_RULES,
)
_GROUPS = (
    _AGGREGATION,
    _AGGREGATION_ID,
    _INTERRUPTED,
    _ORDER,
    Check(sysmon_groups.sysmon_duplicate_aggregation, requires=_WHOLE, schemas=_RULES),
    Check(
        sysmon_groups.sysmon_aggregation_root_wrong,
        requires=(_AGGREGATION, _AGGREGATION_ID, _ORDER),
        schemas=_RULES,
    ),
    Check(
        sysmon_groups.sysmon_aggregation_count_wrong, requires=(_AGGREGATION, _AGGREGATION_ID), schemas=_RULES
    ),
    Check(sysmon_groups.sysmon_run_time_field_set, requires=(_VERSION,), schemas=_RULES),
)
_SYSMON = (
    _TARGET,
    Check(sysmon.sysmon_version_of_target, severity=Severity.WARNING, requires=(_VERSION,), schemas=_RULES),
    Check(sysmon.sysmon_unknown_event, requires=(_TARGET,), schemas=_RULES),
    Check(sysmon.sysmon_event_not_filtered, requires=(_TARGET,), schemas=_RULES),
    Check(sysmon.sysmon_field_past_table, requires=(_TARGET,), schemas=_RULES),
    Check(sysmon.sysmon_field_of_sibling, requires=(_TARGET,), schemas=_RULES),
    Check(sysmon.sysmon_generations_differ, severity=Severity.WARNING, requires=(_TARGET,), schemas=_RULES),
    Check(sysmon.sysmon_unknown_operator, requires=(_TARGET,), schemas=_RULES),
    *_GROUPS,
    Check(
        sysmon_groups.sysmon_aggregations_unlisted,
        severity=Severity.WARNING,
        requires=(_VERSION,),
        schemas=_RULES,
    ),
    Check(sysmon.sysmon_empty_list_element, severity=Severity.WARNING, requires=(_TARGET,), schemas=_RULES),
    Check(sysmon.sysmon_not_a_number, severity=Severity.WARNING, requires=(_TARGET,), schemas=_RULES),
)
_CANONICAL = Check(canonical.not_canonical, requires=(*_LAYOUT, _CHECKSUM, _UNUSED, _BLOCKS, *_GROUPS))

CHECKS: tuple[Check, ...] = (
    *_FILE,
    *_LAYOUT,
    _CHECKSUM,
    _UNUSED,
    *_MEANING,
    *_CONTRACT,
    *_SYSMON,
    _CANONICAL,
)
"""All checks. Each stands behind the checks that it requires."""
