"""Accepts valid channel files. Generated from the schema; do not edit."""

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

S0 = Struct('<4s')
S1 = Struct('<HHLLLLLL')
S2 = Struct('<LL')
S3 = Struct('<HHL')
S4 = Struct('<LHHLLHHL')
S5 = Struct('<LHHBBHL')
S6 = Struct('<LLHBBLHHL')
S7 = Struct('<HHLLHH')
B0 = bytes(range(1, 65))
B1 = b'\x00'
C2 = column(24, 0, '<L')
C3 = column(24, 4, '<H')
C4 = column(24, 6, '<H')
C5 = column(24, 20, '<L')
C6 = column(24, 12, '<L')
C7 = column(24, 16, '<H')
C8 = column(24, 8, '<L')
B9 = b'\x01\x02'
B10 = b'\x00\x01'
B11 = bytes([0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 32, 34, 36, 38, 40, 42, 44, 46, 48, 50, 52, 54, 56, 58, 60, 62, 64, 66, 68, 70, 72, 74, 76, 78, 80, 82, 84, 86, 88, 90, 92, 94, 96, 98, 100, 102, 104, 106, 108, 110, 112, 114, 116, 118, 120, 122, 124, 126, 128, 130, 132, 134, 136, 138, 140, 142, 144, 146, 148, 150, 152, 154, 156, 158, 160, 162, 164, 166, 168, 170, 172, 174, 176, 178, 180, 182, 184, 186, 188, 190, 192, 194, 196, 198, 200, 202, 204, 206, 208, 210, 212, 214, 216, 218, 220, 222, 224, 226, 228, 230, 232, 234, 236, 238, 240, 242, 244, 246, 248, 250, 252, 254])
B12 = bytes(range(0, 8))
C13 = column(16, 6, '<H')
C14 = column(16, 0, '<L')
C15 = column(16, 4, '<H')
B16 = bytes(range(1, 6))
B17 = b'\x01\x02\x03'
B18 = bytes(range(1, 11))
B19 = b'\x00\x01\x02'
C20 = column(16, 8, '<L')
C21 = column(16, 12, '<H')
C22 = column(16, 2, '<H')
C23 = column(16, 4, '<L')
P24 = {'id': (0, '<L'), 'version': (4, '<H'), 'field_count': (6, '<H'), 'first_field': (8, '<L'), 'name_offset': (12, '<L'), 'name_length': (16, '<H'), 'reserved': (18, '<H'), 'channel': (20, '<L')}
P25 = {'name_offset': (0, '<L'), 'name_length': (4, '<H'), 'max_length': (6, '<H'), 'value_kind': (8, '<B'), 'flags': (9, '<B'), 'reserved': (10, '<H'), 'allowed_kinds': (12, '<L')}
P26 = {'id': (0, '<L'), 'type_id': (4, '<L'), 'type_version': (8, '<H'), 'severity': (10, '<B'), 'action': (11, '<B'), 'first_criterion': (12, '<L'), 'criterion_count': (16, '<H'), 'reserved_18': (18, '<H'), 'reserved_20': (20, '<L')}
P27 = {'field_index': (0, '<H'), 'kind': (2, '<H'), 'operand_offset': (4, '<L'), 'operand_length': (8, '<L'), 'value_kind': (12, '<H'), 'flags': (14, '<H')}


def accept(data: bytes) -> Columns | None:
    """Returns the columns of a valid channel file; None for any other file."""
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
    taken_27 = 0
    items_35: Items | None = None
    items_45: Items | None = None
    taken_49 = 0
    items_74: Items | None = None
    items_77: Items | None = None
    items_80: Items | None = None
    t_types = -1
    n_types = 0
    t_fields = -1
    n_fields = 0
    t_instances = -1
    n_instances = 0
    t_criteria = -1
    n_criteria = 0
    p_pool = p_pool_end = -1
    at = 0
    end_2 = at + S0.size
    if end_2 > size:
        return None
    magic_1, = S0.unpack_from(data, at)
    if magic_1 != b'\xaa\xaa\xaa\xaa':
        return None
    at = end_2
    end_11 = at + S1.size
    if end_11 > size:
        return None
    (
        format_version_3,
        kind_4,
        channel_5,
        sequence_6,
        revision_7,
        total_size_8,
        flags_9,
        checksum_10,
    ) = S1.unpack_from(data, at)
    if (
        format_version_3 not in (1,)
        or not 1 <= kind_4 <= 2
        or channel_5 > 99999999
        or sequence_6 > 99999999
        or revision_7 > 99999999
        or total_size_8 != size
        or flags_9 & 4294967294
    ):
        return None
    at = end_11
    next_12 = 32
    links_13 = 0
    while next_12:
        start_14 = at_start_14 = next_12
        if not 0 < next_12 < size or next_12 % 8:
            return None
        end_17 = at_start_14 + S2.size
        if end_17 > size:
            return None
        next_offset_15, size_16 = S2.unpack_from(data, at_start_14)
        if next_offset_15 % 8:
            return None
        at_start_14 = end_17
        if (size_16 > 0):
            end_18 = at_start_14 + size_16
            if not at_start_14 <= end_18 <= size:
                return None
            end_22 = at_start_14 + S3.size
            if end_22 > end_18:
                return None
            kind_19, record_size_20, count_21 = S3.unpack_from(data, at_start_14)
            if not 1 <= kind_19 <= 5:
                return None
            at_start_14 = end_22
            if kind_19 == 1:
                if t_types >= 0:
                    return None
                n_types = count_21
                if not 1 <= n_types <= 4096 or n_types * 24 > end_18 - at_start_14:
                    return None
                if record_size_20 != 24:
                    return None
                t_types = at_start_14
                at_start_14 += n_types * 24
            elif kind_19 == 2:
                if t_fields >= 0:
                    return None
                n_fields = count_21
                if not 1 <= n_fields <= 65536 or n_fields * 16 > end_18 - at_start_14:
                    return None
                if record_size_20 != 16:
                    return None
                t_fields = at_start_14
                at_start_14 += n_fields * 16
            elif kind_19 == 3:
                if t_instances >= 0:
                    return None
                n_instances = count_21
                if not 1 <= n_instances <= 65536 or n_instances * 24 > end_18 - at_start_14:
                    return None
                if record_size_20 != 24:
                    return None
                t_instances = at_start_14
                at_start_14 += n_instances * 24
            elif kind_19 == 4:
                if t_criteria >= 0:
                    return None
                n_criteria = count_21
                if not 1 <= n_criteria <= 262144 or n_criteria * 16 > end_18 - at_start_14:
                    return None
                if record_size_20 != 16:
                    return None
                t_criteria = at_start_14
                at_start_14 += n_criteria * 16
            elif kind_19 == 5:
                if p_pool >= 0 or not 0 <= count_21 <= 16777216 or count_21 > end_18 - at_start_14:
                    return None
                if record_size_20 != 1:
                    return None
                p_pool = at_start_14
                at_start_14 += count_21
                p_pool_end = at_start_14
            else:
                return None
            if at_start_14 != end_18:
                return None
        end_23 = at_start_14 + -at_start_14 % 8
        if end_23 > size or any(data[at_start_14:end_23]):
            return None
        at_start_14 = end_23
        claims.append((start_14, at_start_14))
        claimed += at_start_14 - start_14
        if claimed > size:
            return None
        links_13 += 1
        if (size_16 == 0) != (next_offset_15 == 0):
            return None
        if 0 != next_offset_15 < at_start_14:
            return None
        next_12 = next_offset_15
    claims.append((0, at))
    claimed += at - 0
    if claimed > size:
        return None
    if t_types >= 0:
        end_28 = t_types + n_types * 24
        for at_24 in range(t_types, end_28, 24 * ROWS):
            to_25 = min(at_24 + 24 * ROWS, end_28)
            rows_26 = view[at_24:to_25]
            if (
                data[at_24 + 16:to_25:24].translate(None, B0)
                or data[at_24 + 17:to_25:24].translate(None, B1)
                or data[at_24 + 18:to_25:24].translate(None, B1)
                or data[at_24 + 19:to_25:24].translate(None, B1)
            ):
                return None
            id_29 = C2(rows_26)
            version_30 = C3(rows_26)
            field_count_31 = C4(rows_26)
            channel_32 = C5(rows_26)
            if (
                min(id_29) < 1
                or min(version_30) < 1
                or min(field_count_31) < 1
                or max(field_count_31) > 256
                or max(channel_32) > 99999999
            ):
                return None
            name_offset_33 = C6(rows_26)
            name_length_34 = data[at_24 + 16:to_25:24]
            items_35 = items_35 or Items(1, ('utf-8', 1, 'behind', False))
            if not items_35.take(data, p_pool, p_pool_end, name_offset_33, name_length_34):
                return None
            first_field_36 = C8(rows_26)
            run_37 = list(accumulate(field_count_31, initial=taken_27))
            taken_27 = run_37.pop()
            if run_37 != list(first_field_36):
                return None
    if t_fields >= 0:
        end_41 = t_fields + n_fields * 16
        for at_38 in range(t_fields, end_41, 16 * ROWS):
            to_39 = min(at_38 + 16 * ROWS, end_41)
            rows_40 = view[at_38:to_39]
            if (
                data[at_38 + 4:to_39:16].translate(None, B0)
                or data[at_38 + 5:to_39:16].translate(None, B1)
                or data[at_38 + 8:to_39:16].translate(None, B9)
                or data[at_38 + 9:to_39:16].translate(None, B10)
                or data[at_38 + 10:to_39:16].translate(None, B1)
                or data[at_38 + 11:to_39:16].translate(None, B1)
                or data[at_38 + 12:to_39:16].translate(None, B11)
                or data[at_38 + 13:to_39:16].translate(None, B12)
                or data[at_38 + 14:to_39:16].translate(None, B1)
                or data[at_38 + 15:to_39:16].translate(None, B1)
            ):
                return None
            max_length_42 = C13(rows_40)
            if min(max_length_42) < 1 or max(max_length_42) > 4096:
                return None
            name_offset_43 = C14(rows_40)
            name_length_44 = data[at_38 + 4:to_39:16]
            items_45 = items_45 or Items(1, ('utf-8', 1, 'behind', False))
            if not items_45.take(data, p_pool, p_pool_end, name_offset_43, name_length_44):
                return None
    if t_instances >= 0:
        end_50 = t_instances + n_instances * 24
        for at_46 in range(t_instances, end_50, 24 * ROWS):
            to_47 = min(at_46 + 24 * ROWS, end_50)
            rows_48 = view[at_46:to_47]
            if (
                data[at_46 + 10:to_47:24].translate(None, B16)
                or data[at_46 + 11:to_47:24].translate(None, B17)
                or data[at_46 + 18:to_47:24].translate(None, B1)
                or data[at_46 + 19:to_47:24].translate(None, B1)
                or data[at_46 + 20:to_47:24].translate(None, B1)
                or data[at_46 + 21:to_47:24].translate(None, B1)
                or data[at_46 + 22:to_47:24].translate(None, B1)
                or data[at_46 + 23:to_47:24].translate(None, B1)
            ):
                return None
            id_51 = C2(rows_48)
            criterion_count_52 = C7(rows_48)
            if min(id_51) < 1 or min(criterion_count_52) < 1 or max(criterion_count_52) > 256:
                return None
            first_criterion_53 = C6(rows_48)
            run_54 = list(accumulate(criterion_count_52, initial=taken_49))
            taken_49 = run_54.pop()
            if run_54 != list(first_criterion_53):
                return None
    if t_criteria >= 0:
        end_58 = t_criteria + n_criteria * 16
        for at_55 in range(t_criteria, end_58, 16 * ROWS):
            to_56 = min(at_55 + 16 * ROWS, end_58)
            rows_57 = view[at_55:to_56]
            if (
                data[at_55 + 2:to_56:16].translate(None, B18)
                or data[at_55 + 3:to_56:16].translate(None, B1)
                or data[at_55 + 12:to_56:16].translate(None, B19)
                or data[at_55 + 13:to_56:16].translate(None, B1)
                or data[at_55 + 14:to_56:16].translate(None, B10)
                or data[at_55 + 15:to_56:16].translate(None, B1)
            ):
                return None
            operand_length_59 = C20(rows_57)
            if max(operand_length_59) > 4096:
                return None
            value_kind_60 = data[at_55 + 12:to_56:16]
            kind_61 = data[at_55 + 2:to_56:16]
            operand_offset_62 = C23(rows_57)
            if any(operand_length_59):
                (
                    operand_length_63,
                    value_kind_64,
                    kind_65,
                    operand_offset_66,
                ) = chosen(operand_length_59, operand_length_59, value_kind_60, kind_61, operand_offset_62)
                pick_67 = [(value_kind == 1) for value_kind in value_kind_64]
                if any(pick_67):
                    (
                        operand_length_68,
                        kind_69,
                        operand_offset_70,
                    ) = chosen(pick_67, operand_length_63, kind_65, operand_offset_66)
                    pick_71 = [(kind == 10) for kind in kind_69]
                    if any(pick_71):
                        (
                            operand_length_72,
                            operand_offset_73,
                        ) = chosen(pick_71, operand_length_68, operand_offset_70)
                        items_74 = items_74 or Items(1, ('utf-8', 1, 'behind', True))
                        if not items_74.take(data, p_pool, p_pool_end, operand_offset_73, operand_length_72):
                            return None
                    if not all(pick_71):
                        (
                            operand_length_75,
                            operand_offset_76,
                        ) = others(pick_71, operand_length_68, operand_offset_70)
                        items_77 = items_77 or Items(1, ('utf-8', 1, 'behind', False))
                        if not items_77.take(data, p_pool, p_pool_end, operand_offset_76, operand_length_75):
                            return None
                if not all(pick_67):
                    (
                        operand_length_78,
                        operand_offset_79,
                    ) = others(pick_67, operand_length_63, operand_offset_66)
                    items_80 = items_80 or Items(8, None)
                    if not items_80.take(data, p_pool, p_pool_end, operand_offset_79, operand_length_78):
                        return None
    if taken_27 != n_fields:
        return None
    if taken_49 != n_criteria:
        return None
    if p_pool >= 0:
        if not shared_out(data, p_pool, p_pool_end, items_35, items_45, items_74, items_77, items_80):
            return None
    if checksum_10 != crc32(memoryview(data)[32:]):
        return None
    if not tiled(claims, size):
        return None
    return Columns(
        data,
        {
            'header.magic': magic_1,
            'header.format_version': format_version_3,
            'header.kind': kind_4,
            'header.channel': channel_5,
            'header.sequence': sequence_6,
            'header.revision': revision_7,
            'header.total_size': total_size_8,
            'header.flags': flags_9,
            'header.checksum': checksum_10,
            '# blocks': links_13,
        },
        {
            'types': TableExtent(t_types, n_types, S4, P24),
            'fields': TableExtent(t_fields, n_fields, S5, P25),
            'instances': TableExtent(t_instances, n_instances, S6, P26),
            'criteria': TableExtent(t_criteria, n_criteria, S7, P27),
        },
        {
            'pool': (p_pool, p_pool_end),
        },
    )
