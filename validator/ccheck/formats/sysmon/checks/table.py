"""The checks of Sysmon rules: events, fields and operators of the target version, and groups."""

from __future__ import annotations

from ccheck.core.check import Check
from ccheck.core.finding import Severity
from ccheck.formats.checks.general import VERSION, FormatChecks, layout
from ccheck.formats.sysmon.checks import empty, joined, texts
from ccheck.formats.sysmon.checks import groups as sysmon_groups
from ccheck.formats.sysmon.checks import rules as sysmon

_RULES = ("sysmon",)
_WHOLE = (
    VERSION,
    *layout(
        "truncated",
        "count-mismatch",
        "offset-outside-file",
        "chain-backwards",
        "chain-loop",
        "bytes-owned-twice",
        "offset-misaligned",
    ),
)
_TARGET = Check(sysmon.sysmon_layout_of_target, requires=(VERSION,), schemas=_RULES)
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
    Check(sysmon_groups.sysmon_run_time_field_set, requires=(VERSION,), schemas=_RULES),
)
# What loads, and does not mean what its author meant.
_MEANING = tuple(
    Check(judge, severity=Severity.WARNING, requires=(_TARGET,), schemas=_RULES)
    for judge in (
        empty.sysmon_matches_everything,
        empty.sysmon_matches_nothing,
        empty.sysmon_empty_list_element,
        empty.sysmon_not_a_number,
        texts.sysmon_separator_not_split,
        texts.sysmon_white_space_around,
        texts.sysmon_value_impossible,
        joined.sysmon_conditions_contradict,
        joined.sysmon_negations_joined_by_or,
        joined.sysmon_include_excluded,
        joined.sysmon_event_never_reported,
    )
)
_SYSMON = (
    _TARGET,
    Check(sysmon.sysmon_version_of_target, requires=(VERSION,), schemas=_RULES),
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
        requires=(VERSION,),
        schemas=_RULES,
    ),
    *_MEANING,
)

TABLE = FormatChecks(_SYSMON, whole=_GROUPS)
