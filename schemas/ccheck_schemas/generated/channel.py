"""Knows a faultless channel file. Generated from its schema; do not edit."""

from __future__ import annotations

from array import array  # noqa: F401
from struct import Struct
from zlib import crc32

from ccheck_schemas.runtime import Columns, held, shared_out, tiled, well_formed  # noqa: F401

S0 = Struct('<4s')
S1 = Struct('<HHLLLLLL')
S2 = Struct('<LL')
S3 = Struct('<HHL')
S4 = Struct('<LHHLLHHL')
S5 = Struct('<LHHBBHL')
S6 = Struct('<LLHBBLHHL')
S7 = Struct('<HHLLHH')


def spotless(data: bytes) -> Columns | None:
    """The columns of a channel file without any fault; None at the first doubt."""
    try:
        return _spotless(data)
    except UnicodeDecodeError:
        return None


def _spotless(data: bytes) -> Columns | None:
    size = len(data)
    if size > 0xFFFFFFFF:
        return None
    view = memoryview(data)
    claims: list[tuple[int, int]] = []
    claimed = 0
    taken_62 = 0
    items_64 = array("Q")
    other_65: set[int] = set()
    last_66 = -1
    items_77 = array("Q")
    other_78: set[int] = set()
    last_79 = -1
    taken_91 = 0
    items_99 = array("Q")
    other_100: set[int] = set()
    last_101 = -1
    items_105 = array("Q")
    other_106: set[int] = set()
    last_107 = -1
    items_111 = array("Q")
    other_112: set[int] = set()
    last_113 = -1
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
        end_53 = at_start_14 + -at_start_14 % 8
        if end_53 > size or any(data[at_start_14:end_53]):
            return None
        at_start_14 = end_53
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
        for id_54, version_55, field_count_56, first_field_57, name_offset_58, name_length_59, reserved_60, channel_61 in S4.iter_unpack(view[t_types:t_types + n_types * S4.size]):
            if (
                id_54 < 1
                or version_55 < 1
                or not 1 <= field_count_56 <= 256
                or not 1 <= name_length_59 <= 64
                or reserved_60
                or channel_61 > 99999999
            ):
                return None
            stop_63 = name_offset_58 + name_length_59 + 1
            if not p_pool <= name_offset_58 <= stop_63 - 1 or stop_63 > p_pool_end:
                return None
            key_67 = name_offset_58 << 32 | stop_63
            if key_67 > last_66 or not (key_67 in other_65 or held(items_64, key_67)):
                if data.find(0, name_offset_58, stop_63 - 1 + 1) != stop_63 - 1:
                    return None
                text_68 = data[name_offset_58:stop_63 - 1]
                if not text_68.isascii():
                    text_68.decode()
                if key_67 > last_66:
                    items_64.append(key_67)
                    last_66 = key_67
                else:
                    other_65.add(key_67)
            if first_field_57 != taken_62:
                return None
            taken_62 += field_count_56
    if t_fields >= 0:
        for name_offset_69, name_length_70, max_length_71, value_kind_72, flags_73, reserved_74, allowed_kinds_75 in S5.iter_unpack(view[t_fields:t_fields + n_fields * S5.size]):
            if (
                not 1 <= name_length_70 <= 64
                or not 1 <= max_length_71 <= 4096
                or not 1 <= value_kind_72 <= 2
                or flags_73 & 254
                or reserved_74
                or allowed_kinds_75 & 4294965249
            ):
                return None
            stop_76 = name_offset_69 + name_length_70 + 1
            if not p_pool <= name_offset_69 <= stop_76 - 1 or stop_76 > p_pool_end:
                return None
            key_80 = name_offset_69 << 32 | stop_76
            if key_80 > last_79 or not (key_80 in other_78 or held(items_77, key_80)):
                if data.find(0, name_offset_69, stop_76 - 1 + 1) != stop_76 - 1:
                    return None
                text_81 = data[name_offset_69:stop_76 - 1]
                if not text_81.isascii():
                    text_81.decode()
                if key_80 > last_79:
                    items_77.append(key_80)
                    last_79 = key_80
                else:
                    other_78.add(key_80)
    if t_instances >= 0:
        for id_82, type_id_83, type_version_84, severity_85, action_86, first_criterion_87, criterion_count_88, reserved_18_89, reserved_20_90 in S6.iter_unpack(view[t_instances:t_instances + n_instances * S6.size]):
            if (
                id_82 < 1
                or not 1 <= severity_85 <= 5
                or not 1 <= action_86 <= 3
                or not 1 <= criterion_count_88 <= 256
                or reserved_18_89
                or reserved_20_90
            ):
                return None
            if first_criterion_87 != taken_91:
                return None
            taken_91 += criterion_count_88
    if t_criteria >= 0:
        for field_index_92, kind_93, operand_offset_94, operand_length_95, value_kind_96, flags_97 in S7.iter_unpack(view[t_criteria:t_criteria + n_criteria * S7.size]):
            if not 1 <= kind_93 <= 10 or operand_length_95 > 4096 or value_kind_96 > 2 or flags_97 & 65534:
                return None
            if (operand_length_95 > 0):
                if (value_kind_96 == 1):
                    if (kind_93 == 10):
                        stop_98 = operand_offset_94 + operand_length_95 + 1
                        if not p_pool <= operand_offset_94 <= stop_98 - 1 or stop_98 > p_pool_end:
                            return None
                        key_102 = operand_offset_94 << 32 | stop_98
                        if key_102 > last_101 or not (key_102 in other_100 or held(items_99, key_102)):
                            if data[stop_98 - 1]:
                                return None
                            text_103 = data[operand_offset_94:stop_98 - 1]
                            if not text_103.isascii():
                                text_103.decode()
                            if key_102 > last_101:
                                items_99.append(key_102)
                                last_101 = key_102
                            else:
                                other_100.add(key_102)
                    else:
                        stop_104 = operand_offset_94 + operand_length_95 + 1
                        if not p_pool <= operand_offset_94 <= stop_104 - 1 or stop_104 > p_pool_end:
                            return None
                        key_108 = operand_offset_94 << 32 | stop_104
                        if key_108 > last_107 or not (key_108 in other_106 or held(items_105, key_108)):
                            if data.find(0, operand_offset_94, stop_104 - 1 + 1) != stop_104 - 1:
                                return None
                            text_109 = data[operand_offset_94:stop_104 - 1]
                            if not text_109.isascii():
                                text_109.decode()
                            if key_108 > last_107:
                                items_105.append(key_108)
                                last_107 = key_108
                            else:
                                other_106.add(key_108)
                else:
                    stop_110 = operand_offset_94 + operand_length_95
                    if (
                        not p_pool <= operand_offset_94 <= stop_110
                        or stop_110 > p_pool_end
                        or operand_offset_94 % 8
                    ):
                        return None
                    key_114 = operand_offset_94 << 32 | stop_110
                    if key_114 > last_113 or not (key_114 in other_112 or held(items_111, key_114)):
                        if key_114 > last_113:
                            items_111.append(key_114)
                            last_113 = key_114
                        else:
                            other_112.add(key_114)
    if t_fields >= 0 and taken_62 != n_fields:
        return None
    if t_criteria >= 0 and taken_91 != n_criteria:
        return None
    if p_pool >= 0:
        if not shared_out(data, p_pool, p_pool_end, ((items_64, other_65, 1), (items_77, other_78, 1), (items_99, other_100, 1), (items_105, other_106, 1), (items_111, other_112, 8), )):
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
            'types': (S4, t_types, n_types),
            'fields': (S5, t_fields, n_fields),
            'instances': (S6, t_instances, n_instances),
            'criteria': (S7, t_criteria, n_criteria),
        },
        {
            'pool': (p_pool, p_pool_end),
        },
    )
