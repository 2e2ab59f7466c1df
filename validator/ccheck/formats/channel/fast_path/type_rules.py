"""What the criteria of each template type may be, by the definitions and by every supported build."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ccheck.core.consumers import Consumer
from ccheck.formats.channel.builds import counts_inputs, criterion_kinds, inputs_for
from ccheck.formats.channel.fast_path.template_types import TemplateType
from ccheck_schemas.formats.channel.numbers import INTEGER_KINDS, TEXT_KINDS, CriterionKind, ValueKind

_WILDCARD = int(CriterionKind.WILDCARD)
_TEXT = int(ValueKind.TEXT)
_TEXT_KINDS = sum(1 << kind for kind in TEXT_KINDS)
_INTEGER_KINDS = sum(1 << kind for kind in INTEGER_KINDS)

TypeKey = tuple[int, int]
"""Id and version of a template type."""


@dataclass(frozen=True, slots=True)
class TypeRules:
    """What the criteria of one template type may be, field by field.

    Attributes:
        kinds: The kinds that the field allows and every build understands; bit *k* stands for kind *k*.
        value_kinds: The value kind.
        lengths: The greatest length of an operand in bytes.
    """

    kinds: tuple[int, ...]
    value_kinds: tuple[int, ...]
    lengths: tuple[int, ...]

    def allow(self, fields: bytes, rows: bytes) -> bool:
        """Returns whether the criteria of an instance are on fields of the type, each on another one.

        Args:
            fields: The field index of each criterion.
            rows: Its kind in bits 0 to 3, its value kind in bits 4 and 5, its flags in bits 6 and 7.
        """
        if len(set(fields)) != len(fields) or max(fields) >= len(self.kinds):
            return False
        for field, row in zip(fields, rows, strict=True):
            kind, value, flags = row & 0xF, row >> 4 & 0x3, row >> 6
            if not self.kinds[field] >> kind & 1:
                return False
            if value != (0 if kind == _WILDCARD else self.value_kinds[field]) or (flags and value != _TEXT):
                return False
        return True


class RulesByType:
    """The rules of all template types, computed once for all files."""

    def __init__(self, types: Iterable[TemplateType], builds: Sequence[Consumer]) -> None:
        """Computes the rules.

        Args:
            types: The template types of the definitions.
            builds: The builds in their support window.
        """
        self._by_channel: dict[int, dict[TypeKey, TypeRules]] = {}
        for type_ in types:
            rules = _rules(type_, builds)
            if rules is not None:
                self._by_channel.setdefault(type_.channel, {})[type_.id, type_.version] = rules

    def of(self, channel: int) -> Mapping[TypeKey, TypeRules]:
        """Returns the rules for the files of a channel; every instance of another type has a finding."""
        return self._by_channel.get(channel, {})


def _rules(type_: TemplateType, builds: Sequence[Consumer]) -> TypeRules | None:
    understood = -1
    supplied = len(type_.fields)
    for build in builds:
        inputs = inputs_for(build, type_.name, type_.version)
        if inputs is None or (counts_inputs(build) and inputs != len(type_.fields)):
            return None
        understood &= sum(1 << kind for kind in criterion_kinds(build))
        supplied = min(supplied, inputs)
    kinds = []
    for index, field in enumerate(type_.fields):
        fits = _TEXT_KINDS if field.value_kind == _TEXT else _INTEGER_KINDS
        read = fits if index < supplied else 0
        kinds.append(field.allowed & understood & (read | 1 << _WILDCARD))
    return TypeRules(
        tuple(kinds),
        tuple(field.value_kind for field in type_.fields),
        tuple(field.max_length for field in type_.fields),
    )
