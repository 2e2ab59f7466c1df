"""Each mutator of the table makes the fault that it is named after: files before and after."""

from __future__ import annotations

from random import Random

from inline_snapshot import snapshot

from ccheck.formats.channel.regex import REGEX_COST_HIGH, cost
from ccheck_fuzz.model import Model, opened
from ccheck_fuzz.mutate import MUTATIONS, Context, named
from ccheck_fuzz.mutate.interesting_values import InterestingValues
from ccheck_schemas.formats.channel.numbers import CriterionKind
from ccheck_schemas.formats.channel.structure import assemble
from ccheck_schemas.read import read
from ccheck_schemas.schema import Schema
from tests.fuzz.differences import differences
from tests.fuzz.seeds import BASE, CHANNEL, CORPUS, INSTANCES, JULY, MARCH, REGDB, SYSMON

SEED = {CHANNEL.name: INSTANCES, SYSMON.name: BASE}

OTHER = {"sector_torn": JULY, "padding_filled": MARCH}
"""For some mutators: the one is longer than a sector, the other has padding."""


def pair(name: str, schema: Schema = CHANNEL) -> list[str]:
    """The smallest of some edits that a mutator makes, as lines."""
    before = OTHER.get(name, SEED[schema.name])
    facts = {"sets.criterion_kinds": (0, 1, 2), "sets.format_versions": (0, 1, 2)}
    context = Context(
        InterestingValues(facts=facts), [opened(schema, MARCH if schema is CHANNEL else BASE)], 1 << 16
    )
    found = []
    for seed in range(60):
        made = named(name)(opened(schema, before), Random(seed), context)
        if made is not None:
            found.append(differences(schema, before, made.data if isinstance(made, Model) else made))
    assert found, f"{name} found nothing to do"
    return min(found, key=lambda lines: (len(lines), lines))


def test_each_mutator_makes_its_fault() -> None:
    """Each mutator has a smallest edit in which the field that it is named after is wrong, or all else is right."""
    pairs = {mutation.__name__: pair(mutation.__name__) for mutation, _ in MUTATIONS}
    assert pairs == snapshot(
        {
            "bound_off_by_one": ["header.channel: 291 → 1"],
            "interesting_number": ["header.channel: 291 → 127"],
            "fact_off_by_one": ["instances[0].criteria[0].kind: 5 → 1"],
            "count_of_another_list": ["header.channel: 291 → 2"],
            "number_small": ["header.channel: 291 → 16"],
            "number_one_off": ["header.channel: 291 → 292"],
            "number_at_its_edge": ["header.revision: 1 → 0"],
            "kind_flipped": ["header.kind: 2 → 1"],
            "kind_without_name": ["header.kind: 2 → 0", "unknown-enum-value"],
            "version_of_another_time": ["header.format_version: 1 → 0", "unknown-format-version"],
            "flag_flipped": ["header.flags: 0 → 1"],
            "reserved_set": ["instances[0].reserved_18: 0 → 1", "reserved-not-zero"],
            "number_of_another_record": ["instances[0].action: 2 → 1"],
            "numbers_swapped": ["instances[0].action: 2 → 1", "instances[1].action: 1 → 2"],
            "record_dropped": [
                "blocks[0].size: 56 → 32",
                "blocks[0].body.count: 2 → 1",
                "instances[0].id: 1 → 2",
                "instances[0].type_id: 2 → 1",
                "and 35 more",
                "264 → 176 bytes",
            ],
            "record_doubled": [
                "blocks[0].size: 56 → 80",
                "blocks[0].body.count: 2 → 3",
                "blocks[1].size: 72 → 104",
                "blocks[1].body.count: 4 → 6",
                "and 21 more",
                "264 → 320 bytes",
            ],
            "records_swapped": [
                "blocks[0].size: 56 → 72",
                "blocks[0].body.kind: 3 → 4",
                "blocks[0].body.record_size: 24 → 16",
                "blocks[0].body.count: 2 → 4",
                "and 4 more",
            ],
            "record_moved": [
                "instances[0].criterion_count: 2 → 1",
                "instances[0].criteria[0].field_index: 0 → 3",
                "instances[0].criteria[0].kind: 5 → 8",
                "instances[0].criteria[0].operand_length: 13 → 16",
                "and 19 more",
            ],
            "record_spliced": [
                "blocks[0].size: 56 → 80",
                "blocks[0].body.count: 2 → 3",
                "blocks[1].size: 72 → 408",
                "blocks[1].body.count: 4 → 25",
                "and 117 more",
                "264 → 656 bytes",
            ],
            "kind_transplanted": ["instances[0].severity: 4 → 3", "instances[0].action: 2 → 1"],
            "kind_furnished": ["instances[0].criteria[1].kind: 8 → 1"],
            "list_of_interesting_length": [
                "blocks[0].size: 56 → 1520",
                "blocks[0].body.count: 2 → 63",
                "blocks[1].size: 72 → 2024",
                "blocks[1].body.count: 4 → 126",
                "and 1281 more",
                "264 → 3680 bytes",
            ],
            "text_emptied": [
                "instances[0].criteria[0].operand_length: 13 → 0",
                "instances[0].criteria[0].operand: '\\\\certutil.exe' → none",
                "blocks[2].size: 72 → 56",
                "blocks[2].body.count: 64 → 48",
                "264 → 248 bytes",
            ],
            "text_at_its_limit": [
                "instances[0].criteria[0].operand_length: 13 → 0",
                "instances[0].criteria[0].operand: '\\\\certutil.exe' → none",
                "blocks[2].size: 72 → 56",
                "blocks[2].body.count: 64 → 48",
                "264 → 248 bytes",
            ],
            "text_with_nul": [
                "instances[0].criteria[0].operand: '\\\\certutil.exe' → none",
                "text-malformed",
            ],
            "text_malformed": [
                "instances[0].criteria[0].operand_length: 13 → 14",
                "instances[0].criteria[0].operand: '\\\\certutil.exe' → none",
                "text-malformed",
            ],
            "interesting_text": [
                "instances[0].criteria[0].operand_length: 13 → 14",
                "instances[0].criteria[0].operand: '\\\\certutil.exe' → '\\\\certutil.exe\\x7f'",
            ],
            "text_in_other_case": [
                "instances[0].criteria[0].operand: '\\\\certutil.exe' → '\\\\CERTUTIL.EXE'"
            ],
            "text_of_metacharacters": [
                "instances[0].criteria[0].operand: '\\\\certutil.exe' → '.*.*.*.*.*.*='"
            ],
            "text_resized": [
                "instances[0].criteria[0].operand_length: 13 → 12",
                "instances[0].criteria[0].operand: '\\\\certutil.exe' → '\\\\certutil.ex'",
            ],
            "text_of_another_record": [
                "instances[0].criteria[1].operand_length: 16 → 18",
                "instances[0].criteria[1].operand: e803000000000000 cf07000000000000 → 5c44 65766963655c4e61 6d6564506970655c",
            ],
            "interesting_word": [
                "instances[0].criteria[1].operand: e803000000000000 cf07000000000000 → 0000000000000000 cf07000000000000"
            ],
            "words_swapped": [
                "instances[0].criteria[1].operand: e803000000000000 cf07000000000000 → cf07000000000000 e803000000000000"
            ],
            "pattern_unbalanced": [
                "instances[0].criteria[0].operand_length: 13 → 14",
                "instances[0].criteria[0].operand: '\\\\certutil.exe' → '\\\\ce(rtutil.exe'",
            ],
            "pattern_repeated": [
                "instances[1].criteria[0].operand_length: 18 → 21",
                "instances[1].criteria[0].operand: '\\\\Device\\\\NamedPipe\\\\' → '\\\\Device\\\\{9}NamedPipe\\\\'",
            ],
            "pool_bytes_unused": [
                "blocks[2].size: 72 → 73",
                "blocks[2].body.count: 64 → 65",
                "pool-text-unused",
                "264 → 272 bytes",
            ],
            "pool_item_repeated": [
                "blocks[2].size: 72 → 80",
                "blocks[2].body.count: 64 → 72",
                "pool-text-unused",
                "264 → 272 bytes",
            ],
            "pool_items_swapped": [
                "header.checksum: 3212834502 → 2969105932",
                "instances[0].criteria[0].operand_offset: 192 → 208",
                "instances[0].criteria[1].operand_offset: 208 → 192",
                "pool-text-unused",
            ],
            "pool_items_overlapping": [
                "instances[0].criteria[0].operand_length: 13 → 1",
                "instances[0].criteria[0].operand: '\\\\certutil.exe' → 'e'",
                "pool-text-unused",
            ],
            "item_past_the_pool": [
                "instances[0].criteria[0].operand: '\\\\certutil.exe' → none",
                "blocks[2].body.count: 64 → 128",
                "count-past-bytes",
            ],
            "size_broken": ["header.total_size: 264 → 0", "size-mismatch"],
            "count_broken": ["blocks[0].body.count: 2 → 16", "count-past-bytes"],
            "count_that_wraps": ["instances[0].id: 1 → 1073741825"],
            "length_broken": ["blocks[0].size: 56 → 112", "size-mismatch"],
            "record_size_broken": ["blocks[0].body.record_size: 24 → 128", "record-size-wrong"],
            "index_broken": [
                "instances[0].first_criterion: 0 → 1",
                "instances[0].criteria[0].field_index: 0 → 3",
                "instances[0].criteria[0].kind: 5 → 8",
                "instances[0].criteria[0].operand_length: 13 → 16",
                "and 20 more",
                "rows-out-of-order",
            ],
            "offset_broken": ["blocks[3].size: 0 → none", "offset-misaligned"],
            "record_past_the_end": [
                "header.checksum: 3212834502 → 420019570",
                "blocks[3].next_offset: 0 → 256",
                "chain-no-end",
            ],
            "link_dangling": ["blocks[3].size: 0 → none", "chain-loop"],
            "checksum_broken": ["header.checksum: 3212834502 → 1065350854", "checksum-wrong"],
            "byte_changed": ["header.channel: 291 → 2097443"],
            "byte_changed_unsealed": ["header.channel: 291 → 2097443"],
            "word_changed": ["instances[0].criteria[0].operand: '\\\\certutil.exe' → '|certutil.exe'"],
            "zero_at_an_end_filled": [
                "instances[1].criteria[1].operand: 0400000000000000 → 0400000000000001"
            ],
            "padding_filled": ["header.checksum: 31014140 → 1010282586", "padding-not-zero"],
            "file_truncated": ["blocks[3].size: 0 → none", "offset-outside-file", "264 → 256 bytes"],
            "bytes_trailing": ["bytes-unowned", "checksum-wrong", "size-mismatch", "264 → 265 bytes"],
            "sector_torn": [
                "instances[0].criteria[0].operand: '\\\\Device\\\\NamedPipe\\\\stress' → none",
                "instances[1].criteria[0].operand: 'postex_' → none",
                "instances[1].criteria[4].field_index: 4 → 0",
                "instances[1].criteria[4].kind: 1 → 0",
                "and 41 more",
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
        "link_dangling",
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
            "link_dangling": ["aggregations[0].next_offset: 0 → 1168", "chain-loop"],
            "count_broken": ["events[0].filter_count: 4 → 0", "count-mismatch"],
            "offset_broken": ["aggregations[0].root_rule_offset: 1464 → 1363"],
        }
    )


def test_patterns_lose_and_get_brackets() -> None:
    """Of a pattern are made some that are none: a bracket is missing, or one too many."""
    faults = {fault for _, fault in _costs("pattern_unbalanced") if fault is not None}
    assert any("missing" in fault for fault in faults)
    assert any("unexpected" in fault for fault in faults)


def test_patterns_become_costly() -> None:
    """Of a pattern are made some that compile and are over the budget, some within it, and some that are none."""
    made = _costs("pattern_repeated")
    assert {fault is None and instructions > REGEX_COST_HIGH for instructions, fault in made} == {True, False}
    assert {fault is None for _, fault in made} == {True, False}


def _costs(name: str) -> set[tuple[int, str | None]]:
    """What the engine says of the patterns that a mutator makes of one."""
    before = (CORPUS / "channel" / "regex-invalid" / "good" / "nested-repetition.bin").read_bytes()
    made = {
        criterion.text
        for model in _made(name, CHANNEL, before)
        for instance in assemble(read(CHANNEL.layout, model.data)).instances
        for criterion in instance.criteria
        if criterion.kind == CriterionKind.REGEX and criterion.text
    }
    assert len(made) > 10
    return {cost(text, ignore_case=False) for text in made}


def test_a_count_wraps_where_its_list_ends_the_file() -> None:
    """The countries of an old database are so many that their bytes wrap, in some files with no signature behind."""
    before = (CORPUS / "regdb" / "base-19.bin").read_bytes()
    country_num = 12
    made = {
        (int.from_bytes(model.data[country_num : country_num + 4], "big"), len(model.data))
        for model in _made("count_that_wraps", REGDB, before)
    }
    wrapped = {size for number, size in made if number > 2 and number * 8 % (1 << 32) == 2 * 8}
    assert wrapped == {len(before), len(before) - 16}


def _made(name: str, schema: Schema, before: bytes) -> list[Model]:
    """What a mutator makes of a file, with many random numbers."""
    model, context = opened(schema, before), Context(InterestingValues(), [], 1 << 16)
    made = (named(name)(model, Random(seed), context) for seed in range(300))
    return [one for one in made if isinstance(one, Model)]
