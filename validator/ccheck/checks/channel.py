"""Checks of what a channel file means: names, types, fields, operands, and the file's own name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ccheck.check import Blame
from ccheck.finding import Proof
from ccheck.regex import REGEX_COST_HIGH, cost
from ccheck.subject import Definitions, Subject
from ccheck_schemas.formats.channel import (
    ChannelContent,
    Criterion,
    Field,
    TemplateInstance,
    TemplateType,
)
from ccheck_schemas.formats.channel_numbers import (
    BLOCK_ORDER,
    INTEGER_KINDS,
    LIST_HIGH,
    OPERAND_HIGH,
    REGEX_HIGH,
    TEXT_KINDS,
    BlockKind,
    CriterionFlag,
    CriterionKind,
    FileFlag,
    Kind,
    ValueKind,
)
from ccheck_schemas.record import Record
from ccheck_schemas.span import Span

_FILE_NAME = re.compile(r"C-(\d{8})-(\d{8})-(\d{8})(?!\d)", re.ASCII)


def content_of(subject: Subject) -> ChannelContent:
    """The content of a channel file."""
    assert isinstance(subject.content, ChannelContent)  # noqa: S101 - the table gives these checks channel files only
    return subject.content


def defined_types(subject: Subject) -> dict[tuple[int, int], TemplateType]:
    """The template types of all definitions, by id and version; the first of two counts."""
    types: dict[tuple[int, int], TemplateType] = {}
    for definitions in subject.setting.definitions:
        for type_ in definitions.content.types:
            types.setdefault((type_.id, type_.version), type_)
    return types


def matched_fields(
    subject: Subject,
) -> Iterator[tuple[TemplateInstance, Criterion, TemplateType, Field | None]]:
    """Each criterion whose instance has a defined type, with the field that it matches on, if the type has
    it.
    """
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


def name_not_header(subject: Subject) -> Iterator[Blame]:
    """The numbers of the file name are not those of the header.

    ## What is wrong
    The file is called `C-<channel>-<sequence>-<revision>`, and its header holds other numbers.

    ## Why is this bad
    A sensor picks the newest file of a channel by its name and then reads another channel's or an older
    content under that name. So is stale content after a rollback, and a file that was renamed by hand.

    ## How to fix
    Name the file after its header, or build it again with the right numbers.
    """
    match = _FILE_NAME.match(subject.name)
    header = content_of(subject).header
    if match is None:
        return
    for number, name in zip(match.groups(), ("channel", "sequence", "revision"), strict=True):
        value = header.get(name)
        if value is not None and value != int(number):
            yield Blame(
                f"the header's {name} is {value:08}, the file's name says {number}",
                header.span(name),
                label=f"{value:08}",
                why="a sensor picks the newest file of a channel by its name, and reads another content under it",
                fix="name the file after its header, or build it again",
            )


def test_content(subject: Subject) -> Iterator[Blame]:
    """The file is marked as made for tests.

    ## What is wrong
    The `test` flag of the header is set.

    ## Why is this bad
    Stress-test content matches everything or nothing. It is not meant for hosts in the field.

    ## How to fix
    Build the release without the flag.
    """
    header = content_of(subject).header
    if (header.get("flags") or 0) & FileFlag.TEST:
        yield Blame(
            "the header marks this content as made for tests",
            header.span("flags"),
            label="test",
            why="test content is not meant for hosts in the field",
            fix="build the release without the test flag",
        )


def block_order(subject: Subject) -> Iterator[Blame]:
    """The blocks are not those of the file's kind, each once and in order.

    ## What is wrong
    A definitions file holds types, fields and a pool; a file of instances holds instances, criteria and a
    pool. A block is missing, comes twice, stands in another order, or belongs to the other kind.

    ## Why is this bad
    A driver keeps one pointer per table. The second block of a kind replaces the first while records of the
    first are in use, and a missing one leaves the pointer as it was.

    ## How to fix
    Build the file again.
    """
    content = content_of(subject)
    assert subject.reading is not None  # noqa: S101 - content comes from a reading
    if content.kind is None or content.kind not in Kind._value2member_map_:
        return
    file_kind = Kind(content.kind)
    expected = BLOCK_ORDER[file_kind]
    why = "a driver keeps one pointer per table: a second block replaces it, a missing one leaves it unset"
    bodies: list[Record] = [
        b.values["body"] for b in subject.reading.root.get("blocks") or () if b.get("body") is not None
    ]
    found = [body.get("kind") for body in bodies]
    for i, (kind, body) in enumerate(zip(found, bodies, strict=True)):
        if kind not in BlockKind._value2member_map_:
            return
        wanted = expected[i].name.lower() if i < len(expected) else "the end"
        if i >= len(expected) or kind != expected[i]:
            name = BlockKind(kind).name.lower()
            yield Blame(
                f"block {i} holds {name}, but {wanted} comes here in a file of {file_kind.name.lower()}",
                body.span("kind"),
                label=name,
                why=why,
                fix="build the file again, with its blocks in order",
            )
            return
    if len(found) < len(expected) and subject.reading.complete:
        yield Blame(
            f"the block of {expected[len(found)].name.lower()} is missing: the file has {len(found)} of {len(expected)} blocks",
            content.header.span("kind"),
            label=file_kind.name.lower(),
            why=why,
            fix="build the file again, with all its blocks",
        )


def definitions_missing(subject: Subject) -> Iterator[Blame]:
    """Instances cannot be judged without definitions.

    ## What is wrong
    The file holds template instances, and no template-type definitions were named.

    ## Why is this bad
    Whether a criterion fits its field, and what the driver will read for it, stands in the definitions. A
    file that was held against nothing has not passed.

    ## How to fix
    Name the definitions with `--definitions FILE`, or under `definitions` in ccheck.toml.
    """
    content = content_of(subject)
    if content.kind == Kind.INSTANCES and not subject.setting.definitions:
        yield Blame(
            "no template-type definitions were named to judge these instances by",
            content.header.span("kind"),
            label="instances",
            why="what was held against nothing has not passed",
            fix="name them with --definitions FILE, or in ccheck.toml",
        )


def definitions_unreadable(subject: Subject) -> Iterator[Blame]:
    """The definitions break their own schema.

    ## What is wrong
    The file that was named as template-type definitions is damaged, is not one, or breaks its layout.

    ## Why is this bad
    Types and fields that could not be read are missing from what the instances are held against. The checks
    that need them are not run.

    ## How to fix
    Run `ccheck validate` on the definitions and restore them, then judge the instances.
    """
    yield from _doubtful(
        subject,
        broken=True,
        message="the definitions break their schema",
        why="types and fields that could not be read are missing from what the instances are held against",
    )


def definitions_broken(subject: Subject) -> Iterator[Blame]:
    """The definitions have errors of their own.

    ## What is wrong
    The template-type definitions that the instances are judged by can be read, but did not pass their own
    checks; or two files of them define one type, and not alike.

    ## Why is this bad
    In July 2024 the validator trusted definitions that were wrong. An answer that rests on broken definitions
    means nothing.

    ## How to fix
    Run `ccheck validate` on the definitions, mend them, then judge the instances.
    """
    yield from _doubtful(
        subject,
        broken=False,
        message="the definitions have errors",
        why="an answer that rests on broken definitions means nothing",
    )
    yield from _at_odds(subject)


def _at_odds(subject: Subject) -> Iterator[Blame]:
    """Definitions of one type in two files that differ."""
    content = content_of(subject)
    if content.kind != Kind.INSTANCES:
        return
    first: dict[tuple[int, int], tuple[Definitions, TemplateType]] = {}
    for definitions in subject.setting.definitions:
        for type_ in definitions.content.types:
            file, before = first.setdefault((type_.id, type_.version), (definitions, type_))
            if file is not definitions and _said(before) != _said(type_):
                yield Blame(
                    f"type {type_.id} version {type_.version} is defined in two files, and not alike",
                    content.header.span("kind"),
                    label="instances",
                    why="which of the two a reader takes depends on how it searches",
                    fix="name only the definitions that are in use",
                    because=tuple(
                        Proof("defined here", path=t.source.path, file=d.path)
                        for d, t in ((file, before), (definitions, type_))
                    ),
                )


def _said(type_: TemplateType) -> tuple[object, ...]:
    fields = tuple((f.name, f.max_length, f.value_kind, f.flags, f.allowed_kinds) for f in type_.fields)
    return type_.name, type_.channel, fields


def _doubtful(subject: Subject, *, broken: bool, message: str, why: str) -> Iterator[Blame]:
    content = content_of(subject)
    if content.kind != Kind.INSTANCES:
        return
    for definitions in subject.setting.definitions:
        # That no consumers were named is reported of this file too, and is no error of the definitions.
        errors = [name for name in definitions.errors if name != "consumers-missing"]
        if errors and definitions.broken is broken:
            yield Blame(
                f"{message}: {', '.join(errors)}",
                content.header.span("kind"),
                label="instances",
                why=why,
                fix="mend the definitions first: ccheck validate shows what is wrong with them",
                because=(Proof("these definitions did not pass", file=definitions.path),),
            )


def duplicate_type(subject: Subject) -> Iterator[Blame]:
    """Two template types have the same id and version.

    ## What is wrong
    The definitions define a template type twice.

    ## Why is this bad
    Which of the two a reader takes depends on how it searches. Author, validator and driver can each take
    another.

    ## How to fix
    Give the second type an id or a version of its own, or remove it.
    """
    yield from _duplicates(
        [
            ((t.id, t.version), t.source, f"type {t.id} version {t.version}")
            for t in content_of(subject).types
        ],
        fix="give this type an id or a version of its own",
    )


def duplicate_type_name(subject: Subject) -> Iterator[Blame]:
    """Two different template types have the same name.

    ## What is wrong
    Two ids share one name. Versions of one type may share theirs.

    ## Why is this bad
    The driver builds are listed by the type's name in `consumers.toml`; with one name for two types the wrong
    number of inputs is compared.

    ## How to fix
    Give each type a name of its own.
    """
    first: dict[str, TemplateType] = {}
    for type_ in content_of(subject).types:
        if type_.name is None:
            continue
        before = first.setdefault(type_.name, type_)
        if before.id != type_.id:
            yield Blame(
                f"type {type_.id} has the name of type {before.id}",
                type_.source.span("name"),
                label="again",
                why="builds are listed by the type's name: the wrong number of inputs would be compared",
                fix="give each type a name of its own",
                because=(_proof("first here", before.source.span("name")),),
            )


def duplicate_field_name(subject: Subject) -> Iterator[Blame]:
    """Two fields of a template type have the same name.

    ## What is wrong
    A name stands for two inputs of one type.

    ## Why is this bad
    Authors write rules by name; the rule goes to whichever field is found first.

    ## How to fix
    Give each field a name of its own.
    """
    for type_ in content_of(subject).types:
        yield from _duplicates(
            [(f.name, f.source, f"field {f.index}") for f in type_.fields if f.name is not None],
            fix="give each field a name of its own",
            field="name",
        )


def duplicate_instance(subject: Subject) -> Iterator[Blame]:
    """Two template instances have the same id.

    ## What is wrong
    An id names two instances of the file.

    ## Why is this bad
    Detections, telemetry and take-backs go by the id; they would hit the wrong one or both.

    ## How to fix
    Give each instance an id of its own.
    """
    yield from _duplicates(
        [(i.id, i.source, f"instance id {i.id}") for i in content_of(subject).instances],
        fix="give this instance an id of its own",
    )


def _duplicates(keyed: list[tuple[Any, Record, str]], fix: str, field: str = "id") -> Iterator[Blame]:
    first: dict[Any, Record] = {}
    for key, record, words in keyed:
        before = first.setdefault(key, record)
        if before is not record:
            yield Blame(
                f"{words} is defined twice",
                record.span(field),
                label="again",
                why="which of the two a reader takes depends on how it searches",
                fix=fix,
                because=(_proof("first here", before.span(field)),),
            )


def _proof(words: str, span: Span) -> Proof:
    return Proof(words, span.path, span.offset, span.length)


def unknown_template_type(subject: Subject) -> Iterator[Blame]:
    """An instance is of a template type that is not defined.

    ## What is wrong
    No definitions that were named hold a template type with this id, in any version.

    ## Why is this bad
    Nobody knows what its criteria mean. A driver that looks the type up in its table finds nothing, or
    something else.

    ## How to fix
    Name the definitions that hold the type, or mend the instance's type.
    """
    known = {t.id for d in subject.setting.definitions for t in d.content.types}
    for instance in content_of(subject).instances:
        if instance.type_id not in known:
            yield Blame(
                f"template type {instance.type_id} is not defined; defined are {_some(sorted(known))}",
                instance.source.span("type_id"),
                label=f"type {instance.type_id}",
                why="a driver that looks the type up finds nothing, or something else",
                fix="name the definitions that hold the type, or mend the instance",
            )


def unknown_type_version(subject: Subject) -> Iterator[Blame]:
    """An instance is of a version of its template type that is not defined.

    ## What is wrong
    The type is defined, but not in the version that the instance names.

    ## Why is this bad
    Another version may have other fields; the criteria would be compared with the wrong inputs.

    ## How to fix
    Write the instance for a version that is defined.
    """
    versions: dict[int, list[int]] = {}
    for definitions in subject.setting.definitions:
        for type_ in definitions.content.types:
            versions.setdefault(type_.id, []).append(type_.version)
    for instance in content_of(subject).instances:
        known = versions.get(instance.type_id)
        if known is not None and instance.type_version not in known:
            yield Blame(
                f"version {instance.type_version} of template type {instance.type_id} is not defined; defined are {_some(known)}",
                instance.source.span("type_version"),
                label=f"version {instance.type_version}",
                why="another version may have other fields; criteria would meet the wrong inputs",
                fix="write the instance for a version that is defined",
            )


def wrong_channel(subject: Subject) -> Iterator[Blame]:
    """An instance is of a template type that another channel carries.

    ## What is wrong
    The definitions say which channel carries the instances of a type; this file belongs to another one.

    ## Why is this bad
    The part of the driver that reads this channel does not have the inputs of that type.

    ## How to fix
    Move the instance to a file of the type's channel.
    """
    header = content_of(subject).header
    channel = header.get("channel")
    types = defined_types(subject)
    for instance in content_of(subject).instances:
        type_ = types.get((instance.type_id, instance.type_version))
        if type_ is not None and type_.channel != channel:
            yield Blame(
                f"template type {type_.name or type_.id} is carried by channel {type_.channel}, this file is of channel {channel}",
                instance.source.span("type_id"),
                label=f"type {instance.type_id}",
                why="the part of the driver that reads this channel does not have the type's inputs",
                fix=f"move the instance to a file of channel {type_.channel}",
                because=(_proof("the file's channel", header.span("channel")),),
            )


def field_past_type(subject: Subject) -> Iterator[Blame]:
    """A criterion is for a field that its template type does not have.

    ## What is wrong
    The criterion's field index is not below the number of fields that the definitions give the type.

    ## Why is this bad
    The driver uses the number as an index into its inputs: an out-of-bounds read in kernel mode.

    ## How to fix
    Use a field of the type.
    """
    for _, criterion, type_, field in matched_fields(subject):
        if field is None:
            count = len(type_.fields)
            yield Blame(
                f"criterion reads field {criterion.field_index}, but type {type_.name or type_.id} has {count} (0 to {count - 1})",
                criterion.source.span("field_index"),
                label=f"field {criterion.field_index}",
                why="the driver uses the number as an index: an out-of-bounds read in kernel mode",
                fix="use a field of the type",
            )


def field_matched_twice(subject: Subject) -> Iterator[Blame]:
    """An instance has two criteria on one field.

    ## What is wrong
    Two criteria of one instance have the same field index.

    ## Why is this bad
    A driver that keeps one criterion per field keeps the last and forgets the first; one that keeps a list
    needs both to match.

    ## How to fix
    Join the two, for instance with one_of or a regex, or write two instances.
    """
    for instance in content_of(subject).instances:
        yield from _duplicates(
            [(c.field_index, c.source, f"field {c.field_index}") for c in instance.criteria],
            fix="join the two criteria, or write two instances",
            field="field_index",
        )


def kind_not_allowed(subject: Subject) -> Iterator[Blame]:
    """A criterion is of a kind that its field does not allow.

    ## What is wrong
    The definitions list the criterion kinds that each field allows; this kind is not among them.

    ## Why is this bad
    The kind was never tried on this field. In July 2024 the field that crashed had only ever been matched
    with a wildcard.

    ## How to fix
    Use an allowed kind, or have the kind tried on every supported build and then allow it in the definitions.
    """
    for _, criterion, _, field in matched_fields(subject):
        if (
            field is not None
            and criterion.kind in CriterionKind._value2member_map_
            and not field.allows(criterion.kind)
        ):
            allowed = ", ".join(kind_name(k) for k in CriterionKind if field.allows(k))
            yield Blame(
                f"{kind_name(criterion.kind)} is not allowed on field {criterion.field_index} ({field.name}); allowed are {allowed or 'none'}",
                criterion.source.span("kind"),
                label=kind_name(criterion.kind),
                why="this kind was never tried on this field",
                fix="use an allowed kind, or try this one on every supported build and allow it in the definitions",
            )


def operand_misfit(subject: Subject) -> Iterator[Blame]:
    """An operand does not fit its criterion kind.

    ## What is wrong
    The form of the operand is not the one that the kind reads: a wildcard with an operand, a text for an
    integer range, a range with one number, an empty operand, a list with no, too many or equal elements, a
    mask of zero, `ignore_case` without text.

    ## Why is this bad
    The driver reads the operand in the form that the kind asks for. It reads past a short one, and takes the
    bytes of a text for a number.

    ## How to fix
    The page of the format has a table of the operands of each kind.
    """
    for instance in content_of(subject).instances:
        for criterion in instance.criteria:
            if (
                criterion.kind not in CriterionKind._value2member_map_
                or criterion.value_kind not in ValueKind._value2member_map_
            ):
                continue
            misfit = _misfit(criterion)
            if misfit is not None:
                field, message = misfit
                yield Blame(
                    f"{kind_name(criterion.kind)}: {message}",
                    criterion.source.span(field),
                    label=kind_name(criterion.kind),
                    why="the driver reads the operand in the form that the kind asks for, past its end if need be",
                    fix="give the operand the form of its kind",
                )


def _misfit(criterion: Criterion) -> tuple[str, str] | None:
    """The field to blame and what is wrong, or None. An operand that could not be read was reported by the
    schema's checks.
    """
    kind, value_kind, length = criterion.kind, criterion.value_kind, criterion.operand_length
    if kind == CriterionKind.WILDCARD:
        for field in ("operand_length", "operand_offset", "value_kind", "flags"):
            if criterion.source.values[field]:
                return field, f"a wildcard has no operand, but {field} is {criterion.source.values[field]}"
        return None
    if value_kind == ValueKind.NONE:
        return "value_kind", "the kind has an operand, but value_kind is 0"
    if value_kind == ValueKind.TEXT and kind not in TEXT_KINDS:
        return "value_kind", "the kind compares integers, the operand is text"
    if value_kind == ValueKind.INTEGER and kind not in INTEGER_KINDS:
        return "value_kind", "the kind compares text, the operand is of integers"
    if length == 0:
        return "operand_length", "the operand is empty"
    if value_kind == ValueKind.INTEGER:
        if criterion.flags & CriterionFlag.IGNORE_CASE:
            return "flags", "integers have no case to ignore"
        return _integers_misfit(criterion)
    if kind == CriterionKind.ONE_OF and criterion.texts is not None:
        return _list_misfit(criterion.texts)
    if kind == CriterionKind.REGEX and length > REGEX_HIGH:
        return "operand_length", f"a regex has at most {REGEX_HIGH:,} bytes, this one {length:,}"
    return None


def _integers_misfit(criterion: Criterion) -> tuple[str, str] | None:
    two = criterion.kind in (CriterionKind.INTEGER_RANGE, CriterionKind.BIT_MASK)
    wanted = None if criterion.kind == CriterionKind.ONE_OF else 16 if two else 8
    length = criterion.operand_length
    if length % 8 or (wanted is not None and length != wanted):
        return (
            "operand_length",
            f"the operand has {length} bytes, the kind reads {wanted or 'a multiple of 8'}",
        )
    words = criterion.words
    if words is None:
        return None
    if criterion.kind == CriterionKind.ONE_OF:
        return _list_misfit(words)
    if criterion.kind == CriterionKind.BIT_MASK:
        mask, value = words
        if mask == 0:
            return "operand_offset", "the mask is 0, so the criterion looks at no bit"
        if value & ~mask:
            return (
                "operand_offset",
                f"the value {value:#x} has bits outside the mask {mask:#x}, so it never matches",
            )
    return None


def _list_misfit(items: tuple[Any, ...]) -> tuple[str, str] | None:
    if len(items) > LIST_HIGH:
        return "operand_length", f"the list has {len(items)} elements, at most {LIST_HIGH} are allowed"
    if "" in items:
        return "operand_offset", "the list has an empty text"
    if len(set(items)) != len(items):
        return "operand_offset", "the list has an element twice"
    return None


def value_kind_mismatch(subject: Subject) -> Iterator[Blame]:
    """A criterion compares text with an integer field, or the other way round.

    ## What is wrong
    The criterion's value kind is not that of its field in the definitions.

    ## Why is this bad
    The driver takes the input for what the criterion says: a number is followed as a pointer to text, or text
    is read as a number.

    ## How to fix
    Write the operand in the kind of the field.
    """
    for _, criterion, _, field in matched_fields(subject):
        known = criterion.value_kind in (ValueKind.TEXT, ValueKind.INTEGER)
        if (
            field is not None
            and known
            and criterion.kind != CriterionKind.WILDCARD
            and criterion.value_kind != field.value_kind
        ):
            names = {1: "text", 2: "integers"}
            yield Blame(
                f"the operand is of {names[criterion.value_kind]}, field {criterion.field_index} ({field.name}) holds {names.get(field.value_kind, 'something else')}",
                criterion.source.span("value_kind"),
                label=names[criterion.value_kind],
                why="the driver takes the input for what the criterion says: a number is followed as a pointer to text",
                fix="write the operand in the kind of the field",
            )


def operand_too_long(subject: Subject) -> Iterator[Blame]:
    """An operand is longer than its field allows.

    ## What is wrong
    The definitions give each field the greatest length of an operand; this one is longer.

    ## Why is this bad
    Drivers copy operands into buffers of that size.

    ## How to fix
    Shorten the operand, or split the instance.
    """
    for _, criterion, _, field in matched_fields(subject):
        # A length over the format's own limit was reported as out of bounds.
        if field is not None and field.max_length < criterion.operand_length <= OPERAND_HIGH:
            yield Blame(
                f"the operand has {criterion.operand_length:,} bytes, field {criterion.field_index} ({field.name}) allows {field.max_length:,}",
                criterion.source.span("operand_length"),
                label=f"{criterion.operand_length:,} bytes",
                why="drivers copy operands into buffers of that size",
                fix="shorten the operand, or split the instance",
            )


def range_inverted(subject: Subject) -> Iterator[Blame]:
    """A range ends before it begins.

    ## What is wrong
    The low end of an integer range is greater than the high end.

    ## Why is this bad
    The criterion never matches; where a driver subtracts the ends, the length wraps to a huge number.

    ## How to fix
    Exchange the ends.
    """
    for instance in content_of(subject).instances:
        for criterion in instance.criteria:
            words = criterion.words
            if (
                criterion.kind == CriterionKind.INTEGER_RANGE
                and words is not None
                and len(words) == 2
                and words[0] > words[1]
            ):
                yield Blame(
                    f"the range goes from {words[0]} down to {words[1]}",
                    criterion.source.span("operand"),
                    label="low, high",
                    why="it never matches, and a driver that subtracts the ends gets a huge length",
                    fix="exchange the ends",
                )


def regex_invalid(subject: Subject) -> Iterator[Blame]:
    """A regex does not compile in a linear-time engine.

    ## What is wrong
    RE2 refuses the regex: a syntax error, or a construct such as a back-reference that cannot be matched in
    linear time.

    ## Why is this bad
    A regex that backtracks can take exponential time on an input that an attacker chooses, in the kernel.

    ## How to fix
    Write the regex in RE2's syntax.
    """
    for criterion, _, fault in _regexes(subject):
        if fault is not None and "too large" not in fault:
            yield Blame(
                f"the regex does not compile: {fault}",
                criterion.source.span("operand"),
                label="regex",
                why="what a linear-time engine refuses can take exponential time on an attacker's input",
                fix="write the regex in RE2's syntax",
            )


def regex_too_costly(subject: Subject) -> Iterator[Blame]:
    """A regex is over its cost budget.

    ## What is wrong
    The program that RE2 makes of the regex has more instructions than the format allows. Counted repetitions
    multiply: `.{1000}` has 8,000 of them, and `(\\pL{9}){9}` 97,000.

    ## Why is this bad
    Each byte of an input costs time in proportion to the program, on every event of every host.

    ## How to fix
    Lower the counts of repetitions, or match less with the regex and the rest with other criteria.
    """
    for criterion, instructions, fault in _regexes(subject):
        if instructions > REGEX_COST_HIGH or (fault is not None and "too large" in fault):
            size = f"{instructions:,} instructions" if fault is None else "far more instructions"
            yield Blame(
                f"the regex needs {size}, the budget is {REGEX_COST_HIGH:,}",
                criterion.source.span("operand"),
                label="regex",
                why="each byte of an input costs time in proportion, on every event of every host",
                fix="lower the counts of repetitions",
            )


def _regexes(subject: Subject) -> Iterator[tuple[Criterion, int, str | None]]:
    """Each regex with its cost in instructions, or with the reason for which it does not compile."""
    known: dict[tuple[str, bool], tuple[int, str | None]] = {}
    for instance in content_of(subject).instances:
        for criterion in instance.criteria:
            if (
                criterion.kind == CriterionKind.REGEX
                and criterion.text is not None
                and criterion.operand_length <= REGEX_HIGH
            ):
                key = (criterion.text, criterion.ignore_case)
                if key not in known:
                    known[key] = cost(*key)
                yield criterion, *known[key]


def _some(values: list[int], most: int = 8) -> str:
    """A list of numbers, cut when it is long."""
    if not values:
        return "none"
    return ", ".join(map(str, values[:most])) + (
        f" and {len(values) - most} more" if len(values) > most else ""
    )
