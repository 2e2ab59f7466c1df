"""A description as the Python of a schema file, and what could not be carried over.

What is left out is never passed over in silence: it is a comment where it would stand, and a `Gap`. Where the
bytes behind it cannot be found, the record ends there, so that its files have findings and do not pass.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ccheck.kaitai.description import Attribute, Description, Names, Place, Type, words
from ccheck.kaitai.fields import Field, Gap, Stop
from ccheck.kaitai.scope import Scope, Scopes, contents

MEANINGS = {"At", "Bounded", "Region", "StrictEnum", "Text", "TextToNul", "UpTo", "UpToEnd"}
"""Names of a schema file that are ccheck's; all others are Construct's."""

NODES = {
    "Array", "Bytes", "Const", "If", "IntEnum", "Schema", "Struct", "Switch",
    *(f"Int{8 * size}{form}" for size in (1, 2, 4, 8) for form in ("ub", "ul", "sb", "sl")),
    *(f"Float{8 * size}{order}" for size in (4, 8) for order in "bl"),
}  # fmt: skip
"""Names of a schema file that are Construct's or Python's, and its `Schema`."""

_BITS = re.compile(r"b([1-9][0-9]?)(?:le|be)?", re.ASCII)
_WIDEST = 100
"""Characters of a comment."""


@dataclass(frozen=True, slots=True)
class Written:
    """A schema file. text: its Python. gaps: what was left out, in the order in which it was met."""

    text: str
    gaps: tuple[Gap, ...]


def write(description: Description, source: str) -> Written:
    """The schema file of a description. source: the name of its file, for the docstring."""
    writer = Writer(description)
    try:
        root = writer.struct(description.root, ())
    except Stop as stop:
        writer.gaps.append(Gap(stop.place, stop.detail))
        root = f"{writer.use('Struct')}()"
    return Written(_file(description, source, root, writer), tuple(writer.gaps))


class Writer:
    """The definitions of one file, each behind those that it needs. Is what `fields.Target` asks for."""

    def __init__(self, description: Description) -> None:
        self.gaps: list[Gap] = []
        self.blocks: list[str] = []
        self.used: set[str] = set()
        self._scopes = Scopes(description)
        self._made: dict[object, str] = {}
        self._taken = {"SCHEMA", "CHECKS", "EXERCISE", *MEANINGS, *NODES}
        self._open: set[Type] = set()

    def use(self, name: str) -> str:
        """The name, which is imported."""
        self.used.add(name)
        return name

    def unfinished(self, type_: Type) -> bool:
        """Whether the end of the type cannot be found."""
        return type_ in self._scopes.unfinished

    def struct(self, type_: Type, place: Place) -> str:
        """The name of a type's Struct. Raises Stop for a type that holds itself, or takes parameters."""
        if type_ in self._made:
            return self._made[type_]
        if type_ in self._open:
            raise Stop(place, f"the type {type_.name} holds itself, which lets a file choose the depth")
        if type_.parameters:
            raise Stop(place, f"the type {type_.name} takes parameters")
        self._open.add(type_)
        lines = self._fields(type_)
        self._open.discard(type_)
        name = self._named(type_.name.upper(), type_)
        self._made[type_] = name
        body = "\n".join(f"    {line}" for line in lines)
        self.blocks.append(
            f"{name} = {self.use('Struct')}(\n{body}\n)" if lines else f"{name} = {self.use('Struct')}()"
        )
        return name

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
        """A name that is not taken: with that of the type around where it must be."""
        while name in self._taken:
            type_ = None if type_ is None else type_.up
            name = f"{type_.name.upper()}_{name}" if type_ is not None else f"{name}_"
        self._taken.add(name)
        return name

    def _fields(self, type_: Type) -> list[str]:
        """The lines of a type's Struct."""
        lines: list[str] = []
        attributes = type_.attributes
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
                behind = len(attributes) - index - 1
                lines.append(self._left_out(Gap(stop.place or attributes[index].place, stop.detail)))
                if behind:
                    lines.append(f"# Left out with it: {behind} more, whose place is not known.")
                self._scopes.unfinished.add(type_)
                return lines
            if type_ in self._scopes.unfinished:
                behind = len(attributes) - index - 1
                if behind:
                    gap = Gap(attributes[index + 1].place, f"{behind} fields, whose place is not known")
                    lines.append(self._left_out(gap))
                return lines
            index += 1
        for instance in type_.elsewhere:
            try:
                if instance.name in {attribute.name for attribute in attributes}:
                    raise Stop(instance.place, "there is a field of this name")
                lines += self._field(instance, Scope(self._scopes, type_, len(attributes)))
            except Stop as stop:
                lines.append(self._left_out(Gap(stop.place or instance.place, stop.detail)))
        return lines

    def _field(self, attribute: Attribute, scope: Scope) -> list[str]:
        field = Field(attribute, scope, self)
        node = field.node()
        if field.open:
            self._scopes.unfinished.add(scope.type_)
        doc = _comment(attribute.keys.get("doc"))
        return [
            *(self._left_out(gap) for gap in field.gaps),
            f'"{attribute.name}" / {node},' + (f"  # {doc}" if doc else ""),
        ]

    def _bits(self, run: tuple[Attribute, ...]) -> list[str]:
        """Bit fields that fill whole bytes, as those bytes."""
        size = sum(_bits_of(attribute) for attribute in run)
        if size % 8:
            raise Stop(run[0].place, "bit fields that do not fill whole bytes")
        names = ", ".join(attribute.name for attribute in run)
        gap = Gap(run[0].place, f"bit fields ({names}); their bytes are not looked into")
        return [self._left_out(gap), f'"bits_of_{run[0].name}" / {self.use("Bytes")}({size // 8}),']

    def _left_out(self, gap: Gap) -> str:
        self.gaps.append(gap)
        return f"# Left out: {_comment(f'{words(gap.place)}: {gap.detail}')}"


def _bits_of(attribute: Attribute) -> int:
    """How many bits a bit field has; 0 for another field."""
    match = _BITS.fullmatch(str(attribute.keys.get("type")))
    return 0 if match is None else int(match[1])


def _run_of_bits(attributes: tuple[Attribute, ...]) -> int:
    """How many bit fields stand at the beginning, plain ones."""
    count = 0
    for attribute in attributes:
        if not _bits_of(attribute) or attribute.keys.keys() & {"if", "repeat"}:
            break
        count += 1
    return count


def _magic(type_: Type, depth: int = 0) -> bytes | None:
    """The bytes that all files begin with, where they are said to."""
    first = type_.attributes[0] if type_.attributes else None
    if first is None or depth > 8 or first.keys.keys() & {"if", "repeat"}:
        return None
    if "contents" in first.keys:
        return contents(first.keys["contents"])
    said = first.keys.get("type")
    inner = type_.find_type(said) if isinstance(said, str) else None
    return None if inner is None else _magic(inner, depth + 1)


def _comment(said: object) -> str:
    """Text as a comment of one line."""
    line = str(said).strip().partition("\n")[0] if said is not None else ""
    line = "".join(letter if letter.isprintable() else " " for letter in line)
    return line if len(line) <= _WIDEST else line[: _WIDEST - 2].rstrip() + " …"


def _file(description: Description, source: str, root: str, writer: Writer) -> str:
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
    imports.append("from ccheck_schemas.schema import Schema")
    schema = f'{note}SCHEMA = Schema("{description.name}", "{title}", {root}, recognise={known})'
    return "\n".join([doc, "", *imports, "", ""]) + text + "\n\n" + schema + "\n"
