"""Each mutator of the table makes the fault that it is named after: files before and after."""

from __future__ import annotations

from random import Random

from inline_snapshot import snapshot

from ccheck_fuzz.interest import Interest
from ccheck_fuzz.model import Model, opened
from ccheck_fuzz.mutate import MUTATIONS, Context, named
from ccheck_schemas.schema import Schema
from tests.fuzz.seeds import BASE, CHANNEL, INSTANCES, JULY, MARCH, SYSMON
from tests.fuzz.told import told

SEED = {CHANNEL.name: INSTANCES, SYSMON.name: BASE}


def pair(name: str, schema: Schema = CHANNEL) -> list[str]:
    """The smallest of some edits that a mutator makes, told in lines."""
    before = JULY if name == "sector_torn" else SEED[schema.name]  # a sector is longer than the other
    context = Context(Interest(), [opened(schema, MARCH if schema is CHANNEL else BASE)], 1 << 16)
    found = []
    for seed in range(60):
        made = named(name)(opened(schema, before), Random(seed), context)
        if made is not None:
            found.append(told(schema, before, made.data if isinstance(made, Model) else made))
    assert found, f"{name} found nothing to do"
    return min(found, key=lambda lines: (len(lines), lines))


def test_each_mutator_makes_its_fault() -> None:
    """Each mutator has a smallest edit in which the field that it is named after is wrong, or all else is right."""
    pairs = {mutation.__name__: pair(mutation.__name__) for mutation, _ in MUTATIONS}
    assert pairs == snapshot(
        {
            "bound_off_by_one": ["header.channel: 291 → 0"],
            "number_of_interest": ["header.channel: 291 → 127"],
            "count_of_another_list": ["header.channel: 291 → 2"],
            "number_one_off": ["header.channel: 291 → 290"],
            "number_at_its_edge": ["header.channel: 291 → 0"],
            "kind_flipped": ["header.checksum: 3212834502 → 141547369"],
            "kind_without_name": ["blocks[0].body.kind: 3 → 0", "unknown-enum-value"],
            "version_of_another_time": ["header.format_version: 1 → 0", "unknown-format-version"],
            "flag_flipped": ["header.checksum: 3212834502 → 1551417785"],
            "reserved_set": ["header.checksum: 3212834502 → 1340449386", "reserved-not-zero"],
            "number_of_another_record": ["header.checksum: 3212834502 → 1422549061"],
            "numbers_swapped": ["header.checksum: 3212834502 → 1007991849"],
            "record_dropped": [
                "blocks[1].size: 72 → 56",
                "blocks[1].body.count: 4 → 3",
                "blocks[2].size: 72 → 48",
                "blocks[2].body.count: 64 → 40",
                "264 → 224 bytes",
            ],
            "record_doubled": ["blocks[1].size: 72 → 88", "blocks[1].body.count: 4 → 5", "264 → 280 bytes"],
            "records_swapped": ["header.checksum: 3212834502 → 1022441868"],
            "record_moved": ["header.checksum: 3212834502 → 1617971846"],
            "record_spliced": ["blocks[1].size: 72 → 88", "blocks[1].body.count: 4 → 5", "264 → 280 bytes"],
            "kind_transplanted": ["header.checksum: 3212834502 → 2340686668"],
            "kind_furnished": ["blocks[2].size: 72 → 48", "blocks[2].body.count: 64 → 40", "264 → 240 bytes"],
            "list_of_interesting_length": [
                "blocks[1].size: 72 → 1048",
                "blocks[1].body.count: 4 → 65",
                "264 → 1240 bytes",
            ],
            "text_emptied": ["blocks[2].size: 72 → 48", "blocks[2].body.count: 64 → 40", "264 → 240 bytes"],
            "text_at_its_limit": [
                "blocks[2].size: 72 → 65",
                "blocks[2].body.count: 64 → 57",
            ],
            "text_with_nul": [
                "header.checksum: 3212834502 → 1089413112",
                "text-malformed",
            ],
            "text_malformed": [
                "header.checksum: 3212834502 → 1032205462",
                "text-malformed",
            ],
            "text_of_interest": ["header.checksum: 3212834502 → 1099243438"],
            "text_of_metacharacters": ["header.checksum: 3212834502 → 1276577197"],
            "text_resized": ["header.checksum: 3212834502 → 1063152218"],
            "text_of_another_record": ["header.checksum: 3212834502 → 1485451478"],
            "word_of_interest": ["header.checksum: 3212834502 → 1116081843"],
            "words_swapped": ["header.checksum: 3212834502 → 1990400132"],
            "size_broken": ["header.total_size: 264 → 0", "size-mismatch"],
            "count_broken": ["blocks[0].body.count: 2 → 16", "count-past-bytes"],
            "length_broken": ["blocks[0].size: 56 → 112", "size-mismatch"],
            "record_size_broken": ["blocks[0].body.record_size: 24 → 128", "record-size-wrong"],
            "index_broken": [
                "header.checksum: 3212834502 → 131931814",
                "rows-out-of-order",
            ],
            "offset_broken": ["blocks[3].size: 0 → none", "offset-misaligned"],
            "chain_bent": ["blocks[3].size: 0 → none", "chain-loop"],
            "checksum_broken": ["header.checksum: 3212834502 → 1065350854", "checksum-wrong"],
            "byte_changed": ["header.channel: 291 → 2097443"],
            "byte_changed_unsealed": ["checksum-wrong"],
            "file_truncated": ["blocks[3].size: 0 → none", "offset-outside-file", "264 → 256 bytes"],
            "bytes_trailing": ["bytes-unowned", "checksum-wrong", "size-mismatch", "264 → 265 bytes"],
            "sector_torn": [
                "blocks[2].size: 52 → 0",
                "blocks[2].body.kind: 5 → none",
                "blocks[2].body.record_size: 1 → none",
                "blocks[2].body.count: 44 → none",
                "and 1 more",
                "bytes-unowned",
                "checksum-wrong",
                "unknown-enum-value",
            ],
        }
    )


def test_chains_have_their_mutators() -> None:
    """Records of chains are dropped, doubled and spliced, and their links and counts broken."""
    names = (
        "record_dropped",
        "record_doubled",
        "record_spliced",
        "chain_bent",
        "count_broken",
        "offset_broken",
    )
    assert {name: pair(name, SYSMON) for name in names} == snapshot(
        {
            "record_dropped": [
                "aggregations[0].root_rule_offset: 1464 → 0",
                "events[0].filter_count: 4 → 3",
                "events[0].filters[2].field_id: 10 → 20",
                "events[0].filters[2].filter_type: 3 → 13",
                "and 11 more",
                "3176 → 2616 bytes",
            ],
            "record_doubled": [
                "aggregations[0].root_rule_offset: 1464 → 1760",
                "events[1].first_filter_offset: 2616 → 2912",
                "aggregations[1].name: none → 'office child'",
                "aggregations[1].message_id: none → 0",
                "and 6 more",
                "3176 → 3472 bytes",
            ],
            "record_spliced": [
                "aggregations[0].root_rule_offset: 1464 → 1760",
                "events[1].first_filter_offset: 2616 → 2912",
                "aggregations[1].name: none → 'office child'",
                "aggregations[1].message_id: none → 0",
                "and 6 more",
                "3176 → 3472 bytes",
            ],
            "chain_bent": ["aggregations[0].next_offset: 0 → 1168", "chain-loop"],
            "count_broken": ["events[0].filter_count: 4 → 0", "count-mismatch"],
            "offset_broken": ["aggregations[0].root_rule_offset: 1464 → 1211"],
        }
    )
