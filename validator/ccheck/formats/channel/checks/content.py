"""What the checks of channel files ask again and again: content, types, fields, names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ccheck.core.check import Diagnostic
from ccheck.core.finding import RelatedLocation
from ccheck.core.subject import Subject
from ccheck_schemas.formats.channel.numbers import (
    CriterionKind,
)
from ccheck_schemas.formats.channel.structure import (
    ChannelContent,
    Criterion,
    Field,
    TemplateInstance,
    TemplateType,
)
from ccheck_schemas.record import Record
from ccheck_schemas.span import Span


def content_of(subject: Subject) -> ChannelContent:
    """The content of a channel file."""
    assert isinstance(subject.content, ChannelContent)  # noqa: S101 - the table gives these checks channel files only
    return subject.content


def defined_types(subject: Subject) -> dict[tuple[int, int], TemplateType]:
    """The template types of all definitions, by id and version; the first of two counts."""
    types: dict[tuple[int, int], TemplateType] = {}
    for definitions in subject.context.definitions:
        for type_ in definitions.content.types:
            types.setdefault((type_.id, type_.version), type_)
    return types


def matched_fields(
    subject: Subject,
) -> Iterator[tuple[TemplateInstance, Criterion, TemplateType, Field | None]]:
    """Each criterion whose instance has a defined type, with the field that it matches on, if any."""
    types = defined_types(subject)
    for instance in content_of(subject).instances:
        type_ = types.get((instance.type_id, instance.type_version))
        if type_ is None:
            continue
        for criterion in instance.criteria:
            index = criterion.field_index
            yield instance, criterion, type_, type_.fields[index] if index < len(type_.fields) else None


def kind_name(kind: int) -> str:
    """The name of a criterion kind, or its number."""
    return CriterionKind(kind).name.lower() if kind in CriterionKind._value2member_map_ else str(kind)


def duplicates(keyed: list[tuple[Any, Record, str]], fix: str, field: str = "id") -> Iterator[Diagnostic]:
    """Diagnostic each record whose key (key, record, words) another record before it has."""
    first: dict[Any, Record] = {}
    for key, record, words in keyed:
        before = first.setdefault(key, record)
        if before is not record:
            yield Diagnostic(
                f"{words} is defined twice",
                record.span(field),
                label="again",
                why="which of the two a reader takes depends on how it searches",
                fix=fix,
                related=(proof("first here", before.span(field)),),
            )


def proof(words: str, span: Span) -> RelatedLocation:
    """A place of the same file, with words."""
    return RelatedLocation(words, span.path, span.offset, span.length)


def some(values: list[int], most: int = 8) -> str:
    """A list of numbers, cut when it is long."""
    if not values:
        return "none"
    return ", ".join(map(str, values[:most])) + (
        f" and {len(values) - most} more" if len(values) > most else ""
    )
