"""The checks of channel files: their meaning, and the contract with the consumers."""

from __future__ import annotations

from ccheck.core.check import Check
from ccheck.core.finding import Severity
from ccheck.formats.channel.checks import contract
from ccheck.formats.channel.checks import criteria as channel_criteria
from ccheck.formats.channel.checks import definitions as channel_definitions
from ccheck.formats.channel.checks import instances as channel
from ccheck.formats.channel.checks import operands as channel_operands
from ccheck.formats.checks.general import CONSUMERS, FACTS, VERSION, FormatChecks, layout

_CHANNEL = ("channel",)
_BLOCKS = Check(channel.block_order, requires=(VERSION, *layout("table-repeated")), schemas=_CHANNEL)
_DEFINITIONS = Check(channel_definitions.definitions_missing, requires=(_BLOCKS,), schemas=_CHANNEL)
_UNREADABLE_DEFINITIONS = Check(
    channel_definitions.definitions_unreadable, requires=(_DEFINITIONS,), schemas=_CHANNEL
)
_BROKEN = Check(channel_definitions.definitions_broken, requires=(_UNREADABLE_DEFINITIONS,), schemas=_CHANNEL)
_CONSUMERS = (CONSUMERS, FACTS, _BLOCKS)
_TYPE = Check(
    channel_definitions.unknown_template_type, requires=(_UNREADABLE_DEFINITIONS,), schemas=_CHANNEL
)

# Behind a wrong run of rows, a criterion is another instance's, and a field another type's.
_ROWS = layout("rows-out-of-order")
_OPERAND = Check(channel_operands.operand_misfit, requires=(_BLOCKS,), schemas=_CHANNEL)

_MEANING = (
    Check(channel.name_not_header, requires=(VERSION,), schemas=_CHANNEL),
    Check(channel.test_content, severity=Severity.WARNING, requires=(VERSION,), schemas=_CHANNEL),
    _BLOCKS,
    Check(channel_definitions.duplicate_type, requires=(_BLOCKS,), schemas=_CHANNEL),
    Check(channel_definitions.duplicate_type_name, requires=(_BLOCKS,), schemas=_CHANNEL),
    Check(channel_definitions.duplicate_field_name, requires=(_BLOCKS, *_ROWS), schemas=_CHANNEL),
    Check(channel_criteria.duplicate_instance, requires=(_BLOCKS,), schemas=_CHANNEL),
    Check(channel_criteria.field_matched_twice, requires=(_BLOCKS, *_ROWS), schemas=_CHANNEL),
    _OPERAND,
    Check(channel_operands.range_inverted, requires=(_BLOCKS,), schemas=_CHANNEL),
    Check(channel_operands.regex_invalid, requires=(_BLOCKS,), schemas=_CHANNEL),
    Check(channel_operands.regex_too_costly, requires=(_BLOCKS,), schemas=_CHANNEL),
    _DEFINITIONS,
    _UNREADABLE_DEFINITIONS,
    _BROKEN,
    _TYPE,
    Check(channel_definitions.unknown_type_version, requires=(_UNREADABLE_DEFINITIONS,), schemas=_CHANNEL),
    Check(channel_definitions.wrong_channel, requires=(_UNREADABLE_DEFINITIONS,), schemas=_CHANNEL),
    Check(channel_criteria.field_past_type, requires=(_UNREADABLE_DEFINITIONS, *_ROWS), schemas=_CHANNEL),
    Check(channel_criteria.kind_not_allowed, requires=(_UNREADABLE_DEFINITIONS, *_ROWS), schemas=_CHANNEL),
    Check(channel_criteria.value_kind_mismatch, requires=(_UNREADABLE_DEFINITIONS, *_ROWS), schemas=_CHANNEL),
    Check(channel_criteria.operand_too_long, requires=(_UNREADABLE_DEFINITIONS, *_ROWS), schemas=_CHANNEL),
)
_CONTRACT = (
    Check(contract.definitions_past_inputs, requires=(*_CONSUMERS, *_ROWS), schemas=_CHANNEL, supply=True),
    Check(
        contract.type_not_supplied,
        requires=(*_CONSUMERS, _UNREADABLE_DEFINITIONS),
        schemas=_CHANNEL,
        supply=True,
    ),
    Check(
        contract.input_count_refused,
        requires=(*_CONSUMERS, _UNREADABLE_DEFINITIONS),
        schemas=_CHANNEL,
        supply=True,
    ),
    Check(
        contract.field_past_inputs,
        requires=(*_CONSUMERS, _UNREADABLE_DEFINITIONS, *_ROWS),
        schemas=_CHANNEL,
        supply=True,
    ),
)

TABLE = FormatChecks((*_MEANING, *_CONTRACT), whole=(_BLOCKS, _OPERAND), placing=(_OPERAND,))
