"""A description as the Python of a schema file, and what could not be carried over.

Nothing is left out silently: what is left out is a comment in its place, a `Gap`, and an `Omission` of the
schema, which fails the files that are judged by it. If the bytes of what is left out cannot be found, the
rest is an opaque field.
"""

from __future__ import annotations

import keyword
from collections.abc import Iterator
from dataclasses import dataclass

from ccheck_kaitai.description import Attribute, Description, Gap, Names, Place, Type
from ccheck_kaitai.fields import BITS, Field, Stop
from ccheck_kaitai.scope import Scope, Scopes, contents
from ccheck_kaitai.source import KaitaiError, words

MEANINGS = {
    "Bounded", "Delimited", "Opaque", "OpaqueRest", "ReadAt", "Rest", "Slot", "StrictEnum", "Substream",
    "SubstreamRest", "Text", "TextToNul", "UpTo", "UpToEnd",
}  # fmt: skip
"""Names of a schema file that are ccheck's; all others are Construct's."""

NODES = {
    "Array", "Bytes", "Const", "If", "IntEnum", "Omission", "Schema", "Struct", "Switch",
    *(f"Int{8 * size}{form}" for size in (1, 2, 4, 8) for form in ("ub", "ul", "sb", "sl")),
    *(f"Float{8 * size}{order}" for size in (4, 8) for order in "bl"),
}  # fmt: skip
"""Names of a schema file that are Construct's or Python's, and its `Schema`."""

DEEPEST = 30
"""Types that hold each other, at most."""
LARGEST = 20_000
"""Fields of a type at most, with those of the types inside."""
_WIDEST = 100
"""Characters of a comment."""


@dataclass(frozen=True, slots=True)
class Written:
    """A schema file.

    Attributes:
        text: Its Python.
        gaps: What was left out, in the order of the description.
        notes: What the description says that no reader of it needs.
    """

    text: str
    gaps: tuple[Gap, ...]
    notes: tuple[Gap, ...]


def write(description: Description, source: str) -> Written:
    """The schema file of a description.

    Args:
        description: The description.
        source: The name of its file, for the docstring.

    Raises:
        KaitaiError: The description has an error; the exception has the line.
    """
    try:
        return _written(description, source)
    except KaitaiError as wrong:
        if wrong.line is None:
            wrong.line = description.line(wrong.place)
        raise


def _written(description: Description, source: str) -> Written:
    writer = Writer(description)
    try:
        root = writer.struct(description.root, ())
    except Stop as stop:
        root = f"{writer.use('Struct')}(\n{writer.rest(Gap(stop.place, stop.detail), ())}\n)"
    notes = tuple(writer.notes(description))
    if writer.bit_fields:
        writer.gaps += [Gap(place, "bit fields are not looked into") for place in description.bit_orders]
    of_types = [gap for type_ in description.types for gap in type_.gaps]
    known = {(gap.place, gap.detail): gap for gap in (*writer.gaps, *of_types)}
    gaps = sorted(known.values(), key=lambda gap: (description.line(gap.place), words(gap.place)))
    return Written(_file(description, source, root, writer, tuple(gaps)), tuple(gaps), notes)


class Writer:
    """The definitions of one file, each after those that it needs. Implements `fields.Target`."""

    def __init__(self, description: Description) -> None:
        self.gaps: list[Gap] = []
        self.blocks: list[str] = []
        self.used: set[str] = set()
        self._scopes = Scopes(description)
        self._made: dict[object, str] = {}
        self._taken = {"SCHEMA", "CHECKS", "EXERCISE", "OMITTED", *MEANINGS, *NODES, *keyword.kwlist}
        self._open: dict[Type, int] = {}
        self._weights: dict[Type, int] = {}
        self.bit_fields = False

    def use(self, name: str) -> str:
        """The name, which is imported."""
        self.used.add(name)
        return name

    def unfinished(self, type_: Type) -> bool:
        """Returns whether the end of the type cannot be found."""
        return type_ in self._scopes.unfinished

    def struct(self, type_: Type, place: Place) -> str:
        """The name of a type's Struct.

        Raises:
            Stop: The type contains itself, or takes parameters.
        """
        if type_ not in self._made:
            self._write(type_, place)
        if self._open:
            holder = next(reversed(self._open))
            self._open[holder] += self._weights[type_]
            if self._open[holder] > LARGEST:
                raise Stop(place, f"{holder.name} has more than {LARGEST:,} fields with all that it holds")
        return self._made[type_]

    def _write(self, type_: Type, place: Place) -> None:
        if type_ in self._open:
            raise Stop(place, f"the type {type_.name} holds itself, which lets a file choose the depth")
        if type_.parameters:
            raise Stop(place or ("params",), f"the type {type_.name} takes parameters")
        if len(self._open) >= DEEPEST:
            raise Stop(place, f"types hold each other more than {DEEPEST} deep")
        self._open[type_] = 1 + len(type_.attributes) + len(type_.elsewhere)
        try:
            lines = self._fields(type_)
        finally:
            self._weights[type_] = self._open.pop(type_)
        name = self._named(type_.name.upper(), type_)
        self._made[type_] = name
        body = "\n".join(f"    {line}" for line in lines)
        self.blocks.append(
            f"{name} = {self.use('Struct')}(\n{body}\n)" if lines else f"{name} = {self.use('Struct')}()"
        )

    def rest(self, gap: Gap, taken: tuple[str, ...]) -> str:
        """A field of all remaining bytes, which are not looked into.

        Args:
            gap: What was left out.
            taken: The names of other fields.
        """
        name = "not_looked_into"
        while name in taken:
            name += "_"
        self.gaps.append(gap)
        use = f"{self.use('OpaqueRest')}({gap.detail!r}, dropped={words(gap.place)!r})"
        return f'# Left out: {_comment(f"{words(gap.place)}: {gap.detail}")}\n    "{name}" / {use},'

    def notes(self, description: Description) -> Iterator[Gap]:
        """What the description says that no field needs: it is not in the schema, and nothing is lost."""
        if not self.bit_fields:
            yield from (Gap(place, "there are no bit fields") for place in description.bit_orders)
        for place, what in description.defaults:
            if place not in self._scopes.used:
                yield Gap(place, f"no field that is carried over uses this {what}")
        for type_ in description.types:
            if type_ not in self._made and type_ is not description.root and not self._tried(type_):
                yield Gap(type_.place, "no field that is carried over is of this type")
                continue
            for instance in type_.calculated.values():
                if instance.place not in self._scopes.used:
                    yield Gap(instance.place, "a calculated value that no field uses")
            for names in type_.enums.values():
                if names.place not in self._made:
                    yield Gap(names.place, "no field that is carried over has this enum")

    def _tried(self, type_: Type) -> bool:
        """Returns whether a type encloses one that was written."""
        return any(self._tried(inner) or inner in self._made for inner in type_.types.values())

    def enum(self, names: Names) -> str:
        """The name of an enum's class."""
        if names.place not in self._made:
            words_ = [(word.upper(), value) for value, word in names.values]
            self._made[names.place] = self._class(names.name, words_, f"{words(names.place)}.")
        return self._made[names.place]

    def values(self, field: str, values: tuple[int, ...]) -> str:
        """The name of a class of plain values."""
        key = (field, values)
        if key not in self._made:
            pairs = [(f"V_{value}".replace("-", "MINUS_"), value) for value in values]
            self._made[key] = self._class(f"{field}_value", pairs, f"Values of {field}.")
        return self._made[key]

    def _class(self, name: str, pairs: list[tuple[str, int]], doc: str) -> str:
        class_ = self._named("".join(part.capitalize() for part in name.split("_")), None)
        members = "\n".join(f"    {word} = {value:#x}" for word, value in dict(pairs).items())
        self.blocks.append(f'class {class_}({self.use("IntEnum")}):\n    """{doc}"""\n\n{members}')
        return class_

    def _named(self, name: str, type_: Type | None) -> str:
        """A name that is not taken: qualified with the name of the outer type if necessary."""
        while name in self._taken:
            type_ = None if type_ is None else type_.up
            name = f"{type_.name.upper()}_{name}" if type_ is not None else f"{name}_"
        self._taken.add(name)
        return name

    def _fields(self, type_: Type) -> list[str]:
        """The lines of a type's Struct."""
        lines: list[str] = []
        attributes = type_.attributes
        taken = tuple(one.name for one in (*attributes, *type_.elsewhere))
        index = 0
        while index < len(attributes):
            run = _run_of_bits(attributes[index:])
            try:
                if run:
                    lines += self._bits(attributes[index : index + run])
                    index += run
                    continue
                lines += self._field(attributes[index], Scope(self._scopes, type_, index))
            except Stop as stop:
                gap = Gap(stop.place or attributes[index].place, stop.detail, attributes[index].name)
                lines.append(self.rest(gap, taken))
                self._scopes.unfinished.add(type_)
                self._scopes.written[type_] = index
            if type_ in self._scopes.unfinished:
                for attribute in attributes[index + 1 :]:
                    lines.append(
                        self._left_out(Gap(attribute.place, "its place is not known", attribute.name))
                    )
                break
            index += 1
        for instance in type_.elsewhere:
            try:
                lines += self._field(instance, Scope(self._scopes, type_, len(attributes)), "instance")
            except Stop as stop:
                lines.append(self._left_out(Gap(stop.place or instance.place, stop.detail, instance.name)))
        return lines

    def _field(self, attribute: Attribute, scope: Scope, kind: str = "seq") -> list[str]:
        field = Field(attribute, scope, self, kind)
        try:
            node = field.node()
        except Stop:
            self.gaps += field.gaps
            raise
        if field.open:
            self._scopes.unfinished.add(scope.type_)
        doc = _comment(attribute.keys.get("doc"))
        return [
            *(self._left_out(gap) for gap in field.gaps),
            f'"{attribute.name}" / {node},' + (f"  # {doc}" if doc else ""),
        ]

    def _bits(self, run: tuple[Attribute, ...]) -> list[str]:
        """Neighbouring bit fields, as the whole bytes that they take."""
        self.bit_fields = True
        size = (sum(_bits_of(attribute) for attribute in run) + 7) // 8
        detail = "bit fields are not looked into"
        lines = [self._left_out(Gap(attribute.place, detail, attribute.name)) for attribute in run]
        opaque = f"{self.use('Opaque')}({size}, {detail!r}, dropped={words(run[0].place)!r})"
        return [*lines, f'"{run[0].name}" / {opaque},']

    def _left_out(self, gap: Gap) -> str:
        self.gaps.append(gap)
        return f"# Left out: {_comment(f'{words(gap.place)}: {gap.detail}')}"


def _bits_of(attribute: Attribute) -> int:
    """Returns how many bits a bit field has; 0 for another field."""
    match = BITS.fullmatch(str(attribute.keys.get("type")))
    return 0 if match is None else int(match[1])


def _run_of_bits(attributes: tuple[Attribute, ...]) -> int:
    """Returns how many plain bit fields come first."""
    count = 0
    for attribute in attributes:
        if not _bits_of(attribute) or attribute.keys.keys() & {
            "if",
            "repeat",
            "size",
            "size-eos",
            "contents",
        }:
            break
        count += 1
    return count


def _magic(type_: Type, depth: int = 0) -> bytes | None:
    """The bytes that all files begin with, if the description states them."""
    first = type_.attributes[0] if type_.attributes else None
    if first is None or depth > 8 or first.keys.keys() & {"if", "repeat"}:
        return None
    if "contents" in first.keys:
        return contents(first.keys["contents"])
    inner = type_.find_type(first.keys.get("type"))
    return None if inner is None else _magic(inner, depth + 1)


def _comment(said: object) -> str:
    """Text as a comment of one line."""
    line = str(said).strip().partition("\n")[0] if said is not None else ""
    line = "".join(letter if letter.isprintable() else " " for letter in line)
    return line if len(line) <= _WIDEST else line[: _WIDEST - 2].rstrip() + " …"


def _file(description: Description, source: str, root: str, writer: Writer, gaps: tuple[Gap, ...]) -> str:
    title = _comment(description.title).replace("\\", "/").replace('"', "'")
    magic = _magic(description.root)
    if magic is None:
        known = "lambda data: False"
        note = "# No bytes tell these files: name the schema when you judge them.\n"
    else:
        known = f"lambda data: data[:{len(magic)}] == {magic!r}"
        note = ""
    source = _comment(source).replace("\\", "/").replace('"', "'")
    doc = f'"""{title}: imported from {source}, a Kaitai Struct description."""'
    imports = ["from __future__ import annotations", ""]
    if "IntEnum" in writer.used:
        imports += ["from enum import IntEnum", ""]
    nodes = sorted(writer.used - MEANINGS - {"IntEnum"})
    text = "\n\n".join(writer.blocks)
    nodes += ["this"] if "this" in text else []
    imports.append(f"from construct import {', '.join(nodes)}")
    imports.append("")
    meanings = sorted(writer.used & MEANINGS)
    if meanings:
        imports.append(f"from ccheck_schemas.meaning import {', '.join(meanings)}")
    imports.append(f"from ccheck_schemas.schema import {'Omission, ' if gaps else ''}Schema")
    omitted = ""
    if gaps:
        lines = "".join(f"    {_omission(gap, description, source)},\n" for gap in gaps)
        note = f"OMITTED = (\n{lines})\n# What is not carried over: ccheck explain not-looked-into\n\n{note}"
        omitted = ", omitted=OMITTED"
    schema = f'{note}SCHEMA = Schema("{description.name}", "{title}", {root}, recognise={known}{omitted})'
    return "\n".join([doc, "", *imports, "", ""]) + text + "\n\n" + schema + "\n"


def _omission(gap: Gap, description: Description, source: str) -> str:
    arguments = [words(gap.place), source, description.line(gap.place), _comment(gap.detail)]
    if gap.field:
        arguments.append(gap.field)
    return f"Omission({', '.join(map(repr, arguments))})"
