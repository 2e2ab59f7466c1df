"""Accepts valid sysmon files. Generated from the schema; do not edit."""

from __future__ import annotations

from itertools import accumulate  # noqa: F401
from struct import Struct
from zlib import crc32

from ccheck_schemas.generate.python.runtime import (  # noqa: F401
    ROWS,
    Columns,
    Items,
    TableExtent,
    chosen,
    column,
    others,
    shared_out,
    tiled,
    tiled_with_gaps,
    well_formed,
)

S0 = Struct('<LLLLLL')
S1 = Struct('<QLLLLlLL')
S2 = Struct('<LllLLL')
S3 = Struct('<L')
S4 = Struct('<lLLLL')
S5 = Struct('<B')


def accept(data: bytes) -> Columns | None:
    """Returns the columns of a valid sysmon file; None for any other file."""
    try:
        return _accept(data)
    except (ArithmeticError, ValueError):  # such as text that cannot be decoded
        return None


def _accept(data: bytes) -> Columns | None:
    size = len(data)
    if size > 0xFFFFFFFF:
        return None
    view = memoryview(data)
    claims: list[tuple[int, int]] = []
    claimed = 0
    seen_48: set[int] = set()
    at = 0
    end_7 = at + S0.size
    if end_7 > size:
        return None
    (
        version_1,
        rule_count_2,
        rule_reg_size_3,
        schema_version_4,
        first_event_offset_5,
        first_aggregation_offset_6,
    ) = S0.unpack_from(data, at)
    if (
        version_1 not in (589834, 589844, 720896, 851968, 917504, 983040, 1048576)
        or rule_count_2 < 1
        or not 24 <= rule_reg_size_3 <= 24
    ):
        return None
    at = end_7
    next_8 = first_aggregation_offset_6
    links_9 = 0
    while next_8:
        start_10 = at_start_10 = next_8
        if not 0 < next_8 < size or next_8 % 8:
            return None
        end_11 = at_start_10 + 256
        if not at_start_10 <= end_11 <= size:
            return None
        if not well_formed(data, at_start_10, end_11, 'utf-16-le', 2, 'inside', False):
            return None
        at_start_10 = end_11
        end_20 = at_start_10 + S1.size
        if end_20 > size:
            return None
        (
            message_id_12,
            aggregation_id_13,
            root_rule_offset_14,
            next_offset_15,
            rule_count_16,
            combine_type_17,
            rules_checked_18,
            rules_matched_19,
        ) = S1.unpack_from(data, at_start_10)
        if aggregation_id_13 < 1 or not 0 <= combine_type_17 <= 1:
            return None
        at_start_10 = end_20
        end_21 = at_start_10 + -at_start_10 % 8
        if end_21 > size or any(data[at_start_10:end_21]):
            return None
        at_start_10 = end_21
        claims.append((start_10, at_start_10))
        claimed += at_start_10 - start_10
        if claimed > size:
            return None
        links_9 += 1
        if 0 != next_offset_15 < at_start_10:
            return None
        next_8 = next_offset_15
    next_22 = first_event_offset_5
    links_23 = 0
    while next_22:
        start_24 = at_start_24 = next_22
        if not 0 < next_22 < size or next_22 % 8:
            return None
        end_31 = at_start_24 + S2.size
        if end_31 > size:
            return None
        (
            event_id_25,
            rule_default_26,
            combine_type_27,
            next_offset_28,
            filter_count_29,
            first_filter_offset_30,
        ) = S2.unpack_from(data, at_start_24)
        if not 0 <= rule_default_26 <= 1 or not 0 <= combine_type_27 <= 1:
            return None
        at_start_24 = end_31
        next_32 = first_filter_offset_30
        links_33 = 0
        while next_32:
            start_34 = at_start_34 = next_32
            if not 0 < next_32 < size or next_32 % 8:
                return None
            end_36 = at_start_34 + S3.size
            if end_36 > size:
                return None
            field_id_35, = S3.unpack_from(data, at_start_34)
            at_start_34 = end_36
            end_37 = at_start_34 + 512
            if not at_start_34 <= end_37 <= size:
                return None
            if not well_formed(data, at_start_34, end_37, 'utf-16-le', 2, 'inside', False):
                return None
            at_start_34 = end_37
            end_43 = at_start_34 + S4.size
            if end_43 > size:
                return None
            (
                filter_type_38,
                next_offset_39,
                data_size_40,
                aggregation_id_41,
                aggregation_offset_42,
            ) = S4.unpack_from(data, at_start_34)
            if data_size_40 < 2 or data_size_40 % 2:
                return None
            at_start_34 = end_43
            if (data_size_40 > 1):
                end_44 = at_start_34 + (((data_size_40 // 2) * 2) - 2) + 2
                if not at_start_34 <= end_44 <= size:
                    return None
                if not well_formed(data, at_start_34, end_44 - 2, 'utf-16-le', 2, 'behind', False):
                    return None
                at_start_34 = end_44
            end_46 = at_start_34 + S5.size
            if end_46 > size:
                return None
            spare_45, = S5.unpack_from(data, at_start_34)
            if spare_45:
                return None
            at_start_34 = end_46
            end_47 = at_start_34 + -at_start_34 % 8
            if end_47 > size or any(data[at_start_34:end_47]):
                return None
            at_start_34 = end_47
            if ((aggregation_id_41 != 0) & (first_aggregation_offset_6 == 0)):
                if aggregation_offset_42 and aggregation_offset_42 not in seen_48:
                    start_49 = at_start_49 = aggregation_offset_42
                    if not 0 < start_49 < size:
                        return None
                    seen_48.add(start_49)
                    end_50 = at_start_49 + 256
                    if not at_start_49 <= end_50 <= size:
                        return None
                    if not well_formed(data, at_start_49, end_50, 'utf-16-le', 2, 'inside', False):
                        return None
                    at_start_49 = end_50
                    end_59 = at_start_49 + S1.size
                    if end_59 > size:
                        return None
                    (
                        message_id_51,
                        aggregation_id_52,
                        root_rule_offset_53,
                        next_offset_54,
                        rule_count_55,
                        combine_type_56,
                        rules_checked_57,
                        rules_matched_58,
                    ) = S1.unpack_from(data, at_start_49)
                    if aggregation_id_52 < 1 or not 0 <= combine_type_56 <= 1:
                        return None
                    at_start_49 = end_59
                    end_60 = at_start_49 + -at_start_49 % 8
                    if end_60 > size or any(data[at_start_49:end_60]):
                        return None
                    at_start_49 = end_60
                    claims.append((start_49, at_start_49))
                    claimed += at_start_49 - start_49
                    if claimed > size:
                        return None
            claims.append((start_34, at_start_34))
            claimed += at_start_34 - start_34
            if claimed > size:
                return None
            links_33 += 1
            if 0 != next_offset_39 < at_start_34:
                return None
            next_32 = next_offset_39
        if filter_count_29 != links_33:
            return None
        claims.append((start_24, at_start_24))
        claimed += at_start_24 - start_24
        if claimed > size:
            return None
        links_23 += 1
        if 0 != next_offset_28 < at_start_24:
            return None
        next_22 = next_offset_28
    if rule_count_2 != links_23:
        return None
    claims.append((0, at))
    claimed += at - 0
    if claimed > size:
        return None
    if not tiled(claims, size):
        return None
    return Columns(
        data,
        {
            'version': version_1,
            'rule_count': rule_count_2,
            'rule_reg_size': rule_reg_size_3,
            'schema_version': schema_version_4,
            'first_event_offset': first_event_offset_5,
            'first_aggregation_offset': first_aggregation_offset_6,
            '# aggregations': links_9,
            '# events': links_23,
        },
        {},
        {},
    )
