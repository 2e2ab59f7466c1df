"""Checks of template-type definitions, and of instances against them."""

from __future__ import annotations

from collections.abc import Iterator

from ccheck.core.check import Diagnostic
from ccheck.core.finding import RelatedLocation
from ccheck.core.subject import Definitions, Subject
from ccheck.formats.channel.checks.content import (
    content_of,
    defined_types,
    duplicates,
    proof,
    some,
)
from ccheck_schemas.formats.channel.numbers import (
    Kind,
)
from ccheck_schemas.formats.channel.structure import TemplateType


def definitions_missing(subject: Subject) -> Iterator[Diagnostic]:
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
    if content.kind == Kind.INSTANCES and not subject.context.definitions:
        yield Diagnostic(
            "no template-type definitions were named to judge these instances by",
            content.header.span("kind"),
            label="instances",
            why="what was held against nothing has not passed",
            fix="name them with --definitions FILE, or in ccheck.toml",
        )


def definitions_unreadable(subject: Subject) -> Iterator[Diagnostic]:
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


def definitions_broken(subject: Subject) -> Iterator[Diagnostic]:
    """The definitions have errors of their own.

    ## What is wrong
    The template-type definitions that the instances are judged by can be read, but did not pass their own
    checks; or two files of them define one type, and not alike.

    ## Why is this bad
    In July 2024 the validator trusted definitions that were wrong. An answer that rests on broken definitions
    means nothing.

    ## How to fix
    Run `ccheck validate` on the definitions, fix them, then judge the instances.
    """
    yield from _doubtful(
        subject,
        broken=False,
        message="the definitions have errors",
        why="an answer that rests on broken definitions means nothing",
    )
    yield from _at_odds(subject)


def _at_odds(subject: Subject) -> Iterator[Diagnostic]:
    """Definitions of one type in two files that differ."""
    content = content_of(subject)
    if content.kind != Kind.INSTANCES:
        return
    first: dict[tuple[int, int], tuple[Definitions, TemplateType]] = {}
    for definitions in subject.context.definitions:
        for type_ in definitions.content.types:
            file, before = first.setdefault((type_.id, type_.version), (definitions, type_))
            if file is not definitions and _said(before) != _said(type_):
                yield Diagnostic(
                    f"type {type_.id} version {type_.version} is defined in two files, and not alike",
                    content.header.span("kind"),
                    label="instances",
                    why="which of the two a reader takes depends on how it searches",
                    fix="name only the definitions that are in use",
                    related=tuple(
                        RelatedLocation("defined here", path=t.source.path, file=d.path)
                        for d, t in ((file, before), (definitions, type_))
                    ),
                )


def _said(type_: TemplateType) -> tuple[object, ...]:
    fields = tuple((f.name, f.max_length, f.value_kind, f.flags, f.allowed_kinds) for f in type_.fields)
    return type_.name, type_.channel, fields


def _doubtful(subject: Subject, *, broken: bool, message: str, why: str) -> Iterator[Diagnostic]:
    content = content_of(subject)
    if content.kind != Kind.INSTANCES:
        return
    for definitions in subject.context.definitions:
        # That no consumers were named is reported of this file too, and is no error of the definitions.
        errors = [name for name in definitions.errors if name != "consumers-missing"]
        if errors and definitions.broken is broken:
            yield Diagnostic(
                f"{message}: {', '.join(errors)}",
                content.header.span("kind"),
                label="instances",
                why=why,
                fix="fix the definitions first: ccheck validate shows what is wrong with them",
                related=(RelatedLocation("these definitions did not pass", file=definitions.path),),
            )


def duplicate_type(subject: Subject) -> Iterator[Diagnostic]:
    """Two template types have the same id and version.

    ## What is wrong
    The definitions define a template type twice.

    ## Why is this bad
    Which of the two a reader takes depends on how it searches. Author, validator and driver can each take
    another.

    ## How to fix
    Give the second type an id or a version of its own, or remove it.
    """
    yield from duplicates(
        [
            ((t.id, t.version), t.source, f"type {t.id} version {t.version}")
            for t in content_of(subject).types
        ],
        fix="give this type an id or a version of its own",
    )


def duplicate_type_name(subject: Subject) -> Iterator[Diagnostic]:
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
            yield Diagnostic(
                f"type {type_.id} has the name of type {before.id}",
                type_.source.span("name"),
                label="again",
                why="builds are listed by the type's name: the wrong number of inputs would be compared",
                fix="give each type a name of its own",
                related=(proof("first here", before.source.span("name")),),
            )


def duplicate_field_name(subject: Subject) -> Iterator[Diagnostic]:
    """Two fields of a template type have the same name.

    ## What is wrong
    A name stands for two inputs of one type.

    ## Why is this bad
    Authors write rules by name; the rule goes to whichever field is found first.

    ## How to fix
    Give each field a name of its own.
    """
    for type_ in content_of(subject).types:
        yield from duplicates(
            [(f.name, f.source, f"field {f.index}") for f in type_.fields if f.name is not None],
            fix="give each field a name of its own",
            field="name",
        )


def unknown_template_type(subject: Subject) -> Iterator[Diagnostic]:
    """An instance is of a template type that is not defined.

    ## What is wrong
    No definitions that were named hold a template type with this id, in any version.

    ## Why is this bad
    Nobody knows what its criteria mean. A driver that looks the type up in its table finds nothing, or
    something else.

    ## How to fix
    Name the definitions that hold the type, or fix the instance's type.
    """
    known = {t.id for d in subject.context.definitions for t in d.content.types}
    for instance in content_of(subject).instances:
        if instance.type_id not in known:
            yield Diagnostic(
                f"template type {instance.type_id} is not defined; defined are {some(sorted(known))}",
                instance.source.span("type_id"),
                label=f"type {instance.type_id}",
                why="a driver that looks the type up finds nothing, or something else",
                fix="name the definitions that hold the type, or fix the instance",
            )


def unknown_type_version(subject: Subject) -> Iterator[Diagnostic]:
    """An instance is of a version of its template type that is not defined.

    ## What is wrong
    The type is defined, but not in the version that the instance names.

    ## Why is this bad
    Another version may have other fields; the criteria would be compared with the wrong inputs.

    ## How to fix
    Write the instance for a version that is defined.
    """
    versions: dict[int, list[int]] = {}
    for definitions in subject.context.definitions:
        for type_ in definitions.content.types:
            versions.setdefault(type_.id, []).append(type_.version)
    for instance in content_of(subject).instances:
        known = versions.get(instance.type_id)
        if known is not None and instance.type_version not in known:
            yield Diagnostic(
                f"version {instance.type_version} of template type {instance.type_id} is not defined; defined are {some(known)}",
                instance.source.span("type_version"),
                label=f"version {instance.type_version}",
                why="another version may have other fields; criteria would meet the wrong inputs",
                fix="write the instance for a version that is defined",
            )


def wrong_channel(subject: Subject) -> Iterator[Diagnostic]:
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
            yield Diagnostic(
                f"template type {type_.name or type_.id} is carried by channel {type_.channel}, this file is of channel {channel}",
                instance.source.span("type_id"),
                label=f"type {instance.type_id}",
                why="the part of the driver that reads this channel does not have the type's inputs",
                fix=f"move the instance to a file of channel {type_.channel}",
                related=(proof("the file's channel", header.span("channel")),),
            )
