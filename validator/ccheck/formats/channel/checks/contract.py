"""The contract with the consumers: what every driver build in the support window can do with a channel file.

This is the comparison that nobody made in July 2024: content against the driver, and not against the
definitions alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ccheck.core.check import Diagnostic
from ccheck.core.consumers import Consumer
from ccheck.core.contract import lacks
from ccheck.core.finding import RelatedLocation
from ccheck.core.subject import Subject
from ccheck.formats.channel.builds import (
    counts_inputs,
    inputs_for,
    inputs_key,
)
from ccheck.formats.channel.checks.content import content_of, defined_types, matched_fields
from ccheck.formats.checks.contract import builds_of, in_file, joined
from ccheck_schemas.formats.channel.facts import INPUTS
from ccheck_schemas.formats.channel.numbers import CriterionKind
from ccheck_schemas.formats.channel.structure import TemplateType


def _inputs(type_: TemplateType, build: Consumer) -> int | None:
    return inputs_for(build, type_.name, type_.version) if type_.name is not None else None


def _named(subject: Subject, build: Consumer, words: str, key: str | None = None) -> RelatedLocation:
    """A line of consumers.toml."""
    line = build.line if key is None else build.lines.get(key, build.line)
    return in_file(subject, words, line, build, key or "")


def _inputs_proof(subject: Subject, build: Consumer, type_: TemplateType, inputs: int) -> RelatedLocation:
    key = inputs_key(build, type_.name or "", type_.version)
    return _named(
        subject,
        build,
        f"{build.name} ({build.platform}) supplies {inputs} inputs for {type_.name}",
        f"counts.inputs.{key}",
    )


def definitions_past_inputs(subject: Subject) -> Iterator[Diagnostic]:
    """The definitions promise an input that a supported build does not supply.

    ## What is wrong
    A template type has a field whose index is not below the number of inputs of some supported build, and the
    field is not marked `optional`.

    ## Why is this bad
    This is where July 2024 began, in February: the definitions said 21 inputs, the driver's call site
    supplied 20, and everyone who wrote or checked content believed the definitions.

    ## How to fix
    Correct the definitions or the number of inputs in `consumers.toml`. If newer builds do supply the input,
    mark the field `optional`: instances may then match on it only with a wildcard, until every supported
    build supplies it.
    """
    too_few = _too_few(subject)
    for type_ in content_of(subject).types:
        for field in type_.fields:
            short = too_few(type_, field.index)
            if short and not field.optional:
                count = len(type_.fields)
                builds = joined([f"{b.name} supplies {n}" for b, n in short])
                yield Diagnostic(
                    f"type {type_.name} promises input {field.index} (of {count}), but {builds}",
                    field.source.span(),
                    label=f"input {field.index}",
                    why="whoever writes content for this field makes those builds read past their inputs",
                    fix="correct the definitions, or mark the field optional and allow only wildcards while those builds are supported",
                    related=tuple(_inputs_proof(subject, b, type_, n) for b, n in short),
                )


_Short = list[tuple[Consumer, int]]
"""Builds that supply too few inputs, and how many."""


def _too_few(subject: Subject) -> Callable[[TemplateType, int], _Short]:
    """Returns what names the builds that know a type and do not supply an input; each answer is computed once."""
    builds = builds_of(subject)
    known: dict[tuple[int, int, int], _Short] = {}

    def too_few(type_: TemplateType, index: int) -> _Short:
        place = (type_.id, type_.version, index)
        if place not in known:
            found = lacks(INPUTS, (type_.name or "", type_.version), index, builds)
            known[place] = [(one.build, one.stated) for one in found if isinstance(one.stated, int)]
        return known[place]

    return too_few


def type_not_supplied(subject: Subject) -> Iterator[Diagnostic]:
    """A supported build does not know the template type of an instance.

    ## What is wrong
    The build's `inputs` in `consumers.toml` do not list the template type, so the build supplies nothing for
    it.

    ## Why is this bad
    A build that does not know a type has no inputs for it: it refuses the instance, or evaluates it on
    whatever is there.

    ## How to fix
    Add the number of inputs to `consumers.toml` if the build knows the type; else do not ship the instance to
    it, or end its support.
    """
    types, builds = defined_types(subject), builds_of(subject)
    for instance in content_of(subject).instances:
        type_ = types.get((instance.type_id, instance.type_version))
        if type_ is None:
            continue
        lacking = [b for b in builds if _inputs(type_, b) is None]
        if lacking:
            yield Diagnostic(
                f"template type {type_.name} is not known to {joined([b.name for b in lacking])}",
                instance.source.span("type_id"),
                label=f"type {instance.type_id}",
                why="a build that does not know the type has no inputs for it",
                fix="list the type's inputs for these builds if they have them, or end their support",
                related=tuple(
                    _named(subject, b, f"{b.name} ({b.platform}) lists no {type_.name}", "counts.inputs")
                    for b in lacking
                ),
            )


def input_count_refused(subject: Subject) -> Iterator[Diagnostic]:
    """A supported build refuses the file, because it counts another number of inputs.

    ## What is wrong
    The build compares the number of fields of the template type with the number of inputs that it supplies
    (`input_count_check` in `consumers.toml`), and they differ.

    ## Why is this bad
    The build does what July 2024 taught: it refuses the file. Its hosts are then without this content, all of it.

    ## How to fix
    Ship the file only to builds whose inputs are those of the definitions, or end support for the others.
    """
    types, builds = defined_types(subject), builds_of(subject)
    told: set[tuple[int, int]] = set()
    for instance in content_of(subject).instances:
        key = (instance.type_id, instance.type_version)
        type_ = types.get(key)
        if type_ is None or key in told:
            continue
        told.add(key)
        count = len(type_.fields)
        supplied = [(build, _inputs(type_, build)) for build in builds if counts_inputs(build)]
        refusing = [(build, n) for build, n in supplied if n is not None and n != count]
        if refusing:
            yield Diagnostic(
                f"type {type_.name} has {count} fields, so the file is refused by {joined([f'{b.name} ({n})' for b, n in refusing])}",
                instance.source.span("type_id"),
                label=f"type {instance.type_id}",
                why="a build that compares the counts refuses the whole file, and its hosts are without it",
                fix="ship the file only to builds with as many inputs, or end support for the others",
                related=tuple(_inputs_proof(subject, build, type_, n) for build, n in refusing),
            )


def field_past_inputs(subject: Subject) -> Iterator[Diagnostic]:
    """A criterion reads an input that a supported build does not supply.

    ## What is wrong
    A criterion that is not a wildcard has a field index that is not below the number of inputs which a driver
    build supplies for the template type.

    ## Why is this bad
    The driver uses the number as an index into an array of pointers: an out-of-bounds read in kernel mode. On
    19 July 2024 the first criterion on the 21st field that was not a wildcard told builds that supplied 20
    inputs to read one more, and 8.5 million hosts crashed and looped. A wildcard is never fetched, so content
    with wildcards there had passed every test before.

    ## How to fix
    Make the criterion a wildcard, or leave the field out, until every supported build supplies the input.
    Never raise the number in `consumers.toml` without the driver's own count.
    """
    too_few = _too_few(subject)
    for _, criterion, type_, _ in matched_fields(subject):
        index = criterion.field_index
        short = [] if criterion.kind == CriterionKind.WILDCARD else too_few(type_, index)
        if not short:
            continue
        counts = {inputs for _, inputs in short}
        names = [build.name for build, _ in short]
        if len(counts) == 1:
            inputs = counts.pop()
            supplies = (
                f"consumer {names[0]} supplies" if len(names) == 1 else f"consumers {joined(names)} supply"
            )
            what = f"{supplies} {inputs} (0 to {inputs - 1})" if inputs else f"{supplies} none"
        else:
            what = "consumers supply fewer: " + joined([f"{build.name} {inputs}" for build, inputs in short])
        yield Diagnostic(
            f"criterion reads input {index}, but {what}",
            criterion.source.span("field_index"),
            label=f"input {index}",
            why="the driver uses the number as an index: an out-of-bounds read in kernel mode",
            fix=f"make this criterion a wildcard, or end support for builds that supply fewer than {index + 1} inputs",
            related=tuple(_inputs_proof(subject, build, type_, inputs) for build, inputs in short),
        )
