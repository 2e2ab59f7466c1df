"""A description as the Python of a schema file, and what could not be carried over.

Nothing is left out silently: what is left out is a comment in its place, a `Gap`, and an `Omission` of the
schema, which fails the files that are judged by it. If the bytes of what is left out cannot be found, the
rest is an opaque field.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

from ccheck_kaitai.bits import BitFields, run_of_bits
from ccheck_kaitai.description import Attribute, Description, Gap, Names, Place, Type
from ccheck_kaitai.expression import Kind, Untranslatable, translate, truth
from ccheck_kaitai.fields.field import Field
from ccheck_kaitai.fields.node import node_of
from ccheck_kaitai.fields.target import Stop, Use
from ccheck_kaitai.scope import (
    DEPTH_REACHED,
    NOT_READ,
    Scope,
    Scopes,
    StreamNumbers,
    Taken,
    contents,
    named_types,
    texts_in,
    texts_of,
)
from ccheck_kaitai.source import KaitaiError, words
from ccheck_schemas.wrapping import DEEPEST_ENVELOPES

MEANINGS = {
    "Bounded", "BytesTo", "Delimited", "Inflate", "Opaque", "OpaqueGaps", "OpaqueRest", "Position", "ReadAt",
    "Rest", "Rotate", "Slot", "Stored", "StreamSize", "StrictEnum", "Substream", "SubstreamRest", "Text",
    "TextToNul", "UpTo", "UpToEnd", "Wrapped", "WrappedRest", "Xor", "choose", "element",
}  # fmt: skip
"""Names of a schema file that are ccheck's; all others are Construct's."""

NODES = {
    "Array", "Bytes", "Computed", "Const", "If", "Index", "IntEnum", "Omission", "Schema", "Struct", "Switch",
    "Pass", "len_",
    *(f"Int{8 * size}{form}" for size in (1, 2, 4, 8) for form in ("ub", "ul", "sb", "sl")),
    *(f"Float{8 * size}{order}" for size in (4, 8) for order in "bl"),
}  # fmt: skip
"""Names of a schema file that are Construct's or Python's, and its `Schema`."""

DEEPEST = 40
"""Types that hold each other, at most."""
RECURSION = 8
"""How deep records of a type that holds itself are read if nobody says so."""
LARGEST = 20_000
"""Fields of a type at most, with those of the types inside."""
_WIDEST = 100
"""Characters of a comment."""


_WORD = re.compile(r"[a-z_][a-z0-9_]*")

_Key: TypeAlias = tuple[Type, Use, int]
"""A Struct: its type, what the field adds to it, and how deep the type is in itself."""


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


def write(
    description: Description, source: str, recursion: int = RECURSION, *, allow_gaps: bool = False
) -> Written:
    """The schema file of a description.

    Args:
        description: The description.
        source: The name of its file, for the docstring.
        recursion: How deep records of a type that holds itself are read; less, if the schema gets too large.
        allow_gaps: Whether bytes that the description gives to no field are counted, and no finding.

    Raises:
        KaitaiError: The description has an error; the exception has the line.
    """
    try:
        return _written(description, source, recursion, allow_gaps)
    except KaitaiError as wrong:
        if wrong.line is None:
            wrong.line = description.line(wrong.place)
        raise


def _written(description: Description, source: str, recursion: int, allow_gaps: bool) -> Written:
    while True:
        writer = Writer(description, recursion)
        try:
            root = writer.struct(description.root, (), Use())
        except Stop as stop:
            root = f"{writer.use('Struct')}(\n{writer.rest(Gap(stop.place, stop.detail), ())}\n)"
        if not writer.too_large or not writer.deepest or recursion == 1:
            break
        recursion //= 2
    if allow_gaps:
        writer.use("OpaqueGaps")
    notes = tuple(writer.notes(description))
    of_types = [gap for type_ in description.types for gap in type_.gaps]
    known = {(gap.place, gap.detail): gap for gap in (*writer.gaps, *of_types)}
    gaps = sorted(known.values(), key=lambda gap: (description.line(gap.place), words(gap.place)))
    return Written(_file(description, source, root, writer, tuple(gaps)), tuple(gaps), notes)


def _next(name: str) -> str:
    """The name with the next number."""
    plain, _, number = name.rpartition("_")
    return f"{plain}_{int(number) + 1}" if plain and number.isdigit() else f"{name}_2"


class Writer:
    """The definitions of one file, each after those that it needs. Implements `fields.Target`."""

    def __init__(self, description: Description, recursion: int) -> None:
        self.gaps: list[Gap] = []
        self.noted: dict[Gap, None] = {}
        self.blocks: list[str] = []
        self.used: set[str] = set()
        self._scopes = Scopes(description)
        self._made: dict[object, str] = {}
        self._recursion = recursion
        self.deepest: dict[Type, int] = {}
        self._taken = {"SCHEMA", "CHECKS", "EXERCISE", "OMITTED", *MEANINGS, *NODES, *keyword.kwlist}
        self._open: list[_Key] = []
        self._weights: dict[_Key, int] = {}
        self._envelopes: dict[_Key, int] = {}
        self._name = description.name
        self.too_large = False

    def use(self, name: str) -> str:
        """The name, which is imported."""
        self.used.add(name)
        return name

    def unfinished(self, type_: Type) -> bool:
        """Returns whether the end of the type cannot be found."""
        return type_ in self._scopes.unfinished

    def struct(self, type_: Type, place: Place, use: Use) -> str:
        """The name of a type's Struct; see `fields.Target`."""
        key = (type_, use, self._depth(type_))
        if key not in self._made:
            self._write(type_, place, key)
        if self._open:
            holder = self._open[-1]
            self._weights[holder] = self._weights.get(holder, 0) + self._weights[key]
            self._deepen(self._envelopes.get(key, 0))
            if self._weights[holder] > LARGEST:
                self.too_large = True
                raise Stop(place, f"{type_.name} has more than {LARGEST:,} fields with all that it holds")
        return self._made[key]

    def _deepen(self, envelopes: int) -> None:
        """Notes how many envelopes are inside each other in the type that is written."""
        if self._open:
            holder = self._open[-1]
            self._envelopes[holder] = max(self._envelopes.get(holder, 0), envelopes)

    def content(self, type_: Type | None, place: Place, order: str) -> str:
        """The name of the Schema of bytes that are decoded first; see `fields.Target`."""
        inner, depth = f"{self.use('Rest')}()", 1
        use = Use(order)
        if type_ is not None:
            around, self._open = self._open, []
            try:
                inner = f"{self.use('SubstreamRest')}({self.struct(type_, place, use)})"
                depth += self._envelopes.get((type_, use, 0), 0)
            finally:
                self._open = around
        if depth > DEEPEST_ENVELOPES:
            raise Stop(place, f"processed bytes are inside each other more than {DEEPEST_ENVELOPES} deep")
        self._deepen(depth)
        key = ("content", type_, order)
        if key not in self._made:
            plain = "BYTES" if type_ is None else type_.name.upper()
            name = self._made[key] = self._named(f"{plain}_CONTENT", type_)
            said = f"{self._name}_{name.lower().removesuffix('_content')}"
            title = "processed bytes" if type_ is None else f"processed bytes: {type_.name}"
            self.blocks.append(
                f'{name} = Schema(\n    "{said}", "{title}", {self.use("Struct")}("content" / {inner}),\n'
                "    recognise=lambda data: False,\n)"
            )
        return self._made[key]

    def _depth(self, type_: Type) -> int:
        """Returns how often the types that hold each other with this one are open, at most."""
        circle = self._scopes.circle(type_)
        return max((sum(one[0] is other for one in self._open) for other in circle), default=0)

    def _write(self, type_: Type, place: Place, key: _Key) -> None:
        _, use, depth = key
        if self._scopes.endless(type_) and any(one[0] is type_ for one in self._open):
            raise Stop(place, f"the type {type_.name} holds itself, whatever a file says")
        if sum(one[0] is type_ for one in self._open) >= self._recursion:
            self._made[key] = self._too_deep(type_, use)
            self._weights[key] = 2
            return
        if len(self._open) >= DEEPEST:
            self.too_large = True
            raise Stop(place, f"types hold each other more than {DEEPEST} deep")
        if not place and any(map(type_.takes_number, type_.parameters)):
            raise Stop(place or ("params",), f"the type {type_.name} takes parameters")
        self._weights[key] = 1 + type_.fields
        self._open.append(key)
        try:
            # A type that holds itself is written inside of itself: what is ready there is not ready here.
            around = self._scopes.ready.get(type_)
            lines = [*use.first, *self._fields(type_, use.order), *use.last]
            if around is not None and any(one[0] is type_ for one in self._open[:-1]):
                self._scopes.ready[type_] = around
        finally:
            self._open.pop()
        name = self._named(f"{type_.name.upper()}_{depth}" if depth else type_.name.upper(), type_)
        self._made[key] = name
        body = "\n".join(f"    {line}" for line in lines)
        self.blocks.append(
            f"{name} = {self.use('Struct')}(\n{body}\n)" if lines else f"{name} = {self.use('Struct')}()"
        )

    def _too_deep(self, type_: Type, use: Use) -> str:
        """The name of a Struct that refuses records inside each other, as deep as none is read."""
        name = self._named(f"{type_.name.upper()}_TOO_DEEP", None)
        most = self._recursion
        depth = f"{self.use('Bounded')}({self.use('Computed')}({most + 1}), 0, {most})"
        reason = f"{type_.name} holds itself, and is read {most} deep"
        lines = [f'"{DEPTH_REACHED}" / {depth},', f'"{NOT_READ}" / {self.use("OpaqueRest")}({reason!r}),']
        # A list of them ends here.
        lines += [f"{line.partition(' / ')[0]} / Computed(1)," for line in use.last[-1:]]
        body = "\n".join(f"    {line}" for line in lines)
        self.blocks.append(f"{name} = {self.use('Struct')}(\n{body}\n)")
        self.deepest.setdefault(type_, most)
        return name

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
        yield from self.noted
        for type_, most in self.deepest.items():
            yield Gap(
                type_.place, f"the type holds itself: records are read {most} deep, deeper ones refused"
            )
        for place, what in description.defaults:
            if place not in self._scopes.used:
                yield Gap(place, f"no field that is carried over uses this {what}")
        written = {key[0] for key in self._weights}
        for type_ in description.types:
            if type_ not in written and type_ is not description.root and not self._tried(type_, written):
                yield Gap(type_.place, "no field that is carried over is of this type")
                continue
            for instance in type_.calculated.values():
                if instance.place not in self._scopes.used:
                    yield Gap(instance.place, "a calculated value that no field uses")
            for names in type_.enums.values():
                if names.place not in self._made:
                    yield Gap(names.place, "no field that is carried over has this enum")

    def _tried(self, type_: Type, written: set[Type]) -> bool:
        """Returns whether a type encloses one that was written."""
        return any(self._tried(inner, written) or inner in written for inner in type_.types.values())

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
            name = f"{type_.name.upper()}_{name}" if type_ is not None else _next(name)
        self._taken.add(name)
        return name

    def _fields(self, type_: Type, order: str) -> list[str]:
        """The lines of a type's Struct."""
        lines: list[str] = []
        attributes = type_.attributes
        scopes = self._scopes
        scopes.ready[type_] = {}
        taken = tuple(one.name for one in (*attributes, *type_.elsewhere))
        index = 0
        while index < len(attributes):
            scope = Scope(scopes, type_, index, order=order)
            run = run_of_bits(attributes[index:], type_.bit_order)
            try:
                lines += self._needed(attributes[index], scope)
                if run:
                    lines += self._bits(attributes[index : index + run], scope)
                    index += run
                    continue
                lines += self._field(attributes[index], scope)
            except Stop as stop:
                gap = Gap(stop.place or attributes[index].place, stop.detail, attributes[index].name)
                lines.append(self.rest(gap, taken))
                scopes.unfinished.add(type_)
                scopes.written[type_] = index
            if type_ in scopes.unfinished:
                for attribute in attributes[index + 1 :]:
                    lines.append(
                        self._left_out(Gap(attribute.place, "its place is not known", attribute.name))
                    )
                break
            index += 1
        scope = Scope(scopes, type_, len(attributes), order=order)
        for instance in self._in_order(type_):
            lines += self._instance(instance, scope)
        return lines + list(self._values(type_, scope))

    def _in_order(self, type_: Type) -> Iterator[Attribute]:
        """Yields the fields at a position, those first that others, or types inside them, name."""
        waiting = {one.name: one for one in type_.elsewhere}
        needs = {name: self._named_in(type_, one) & waiting.keys() - {name} for name, one in waiting.items()}
        while waiting:
            name = next((one for one in waiting if not needs[one] & waiting.keys()), next(iter(waiting)))
            yield waiting.pop(name)

    def _named_in(self, type_: Type, attribute: Attribute) -> set[str]:
        """The words in the expressions of a field, and of all types inside it."""
        texts = [*texts_in(attribute.keys)]
        for used in named_types(type_, attribute):
            texts += [text for one in self._scopes.with_inner(used) for text in texts_of(one)]
        return {word for text in texts for word in _WORD.findall(text)}

    def _needed(self, attribute: Attribute, scope: Scope) -> list[str]:
        """The fields at a position that the expressions of a field name: they are read in front of it."""
        named = {word for said in texts_in(attribute.keys) for word in _WORD.findall(said)}
        waiting = list(named)
        while waiting:
            calculated = scope.type_.calculated.get(waiting.pop())
            found = set() if calculated is None else set(_WORD.findall(str(calculated.keys["value"])))
            waiting += found - named
            named |= found
        found_lines: list[str] = []
        for instance in scope.type_.elsewhere:
            if instance.name in named and instance.name not in scope.scopes.ready[scope.type_]:
                found_lines += self._instance(instance, scope, tried=True)
        return found_lines

    def _instance(self, instance: Attribute, scope: Scope, *, tried: bool = False) -> list[str]:
        """The lines of a field at a position, unless they are there; none if it is only tried, and fails."""
        ready = scope.scopes.ready[scope.type_]
        if instance.name in ready:
            return []
        gaps, blocks, used = len(self.gaps), len(self.blocks), set(self.used)
        made, weights, names = dict(self._made), dict(self._weights), set(self._taken)
        try:
            # Read in front of what needs it, it begins where the description's parser is then.
            lines = self._field(instance, scope, "instance", position=tried)
        except Stop as stop:
            if tried:
                del self.gaps[gaps:], self.blocks[blocks:]
                self.used, self._made, self._weights, self._taken = used, made, weights, names
                return []
            return [self._left_out(Gap(stop.place or instance.place, stop.detail, instance.name))]
        ready[instance.name] = instance
        return lines

    def _values(self, type_: Type, scope: Scope) -> Iterator[str]:
        """The lines of the values that are calculated of fields, as far as they always have one."""
        if type_ in self._scopes.unfinished:
            return
        for instance in type_.calculated.values():
            self._scopes.budget = 400
            here = replace(scope, condition=instance.keys.get("if"))
            try:
                term = translate(instance.keys["value"], here.look_up)
                condition = truth(instance.keys["if"], scope.look_up) if "if" in instance.keys else None
            except Untranslatable:
                continue
            terms = [one for one in (term, condition) if one is not None]
            if term.kind not in (Kind.NUMBER, Kind.TRUTH) or not all(one.total for one in terms):
                continue
            for name in sorted(frozenset[str]().union(*(one.uses for one in terms))):
                self.use(name)
            node = f"{self.use('Computed')}({term.text})"
            if condition is not None and condition.value is None:
                node = f"{self.use('If')}({condition.text}, {node})"
            if condition is None or condition.value != 0:
                self._scopes.used.add(instance.place)
                yield f'"{instance.name}" / {node},'

    def _field(
        self, attribute: Attribute, scope: Scope, kind: str = "seq", *, position: bool = True
    ) -> list[str]:
        stream = StreamNumbers(attribute.name, Taken(scope.type_), position=position)
        field = Field(attribute, replace(scope, stream=stream), self, kind)
        try:
            node = node_of(field)
        except Stop:
            self.gaps += field.gaps
            raise
        self.noted |= dict.fromkeys(field.notes)
        if field.open:
            self._scopes.unfinished.add(scope.type_)
        doc = _comment(attribute.keys.get("doc"))
        nodes = {"pos": "Position", "size": "StreamSize"}
        return [
            *(f'"{name}" / {self.use(nodes[number])}(),' for number, name in stream.names.items()),
            *(self._left_out(gap) for gap in field.gaps),
            *field.before,
            f'"{attribute.name}" / {node},' + (f"  # {doc}" if doc else ""),
            *field.after,
        ]

    def _bits(self, run: tuple[Attribute, ...], scope: Scope) -> list[str]:
        """Neighbouring bit fields: the numbers that have their bits, and the number of each."""
        fields = BitFields(run, scope, self)
        lines = fields.lines()
        return [*(self._left_out(gap) for gap in fields.gaps), *lines]

    def _left_out(self, gap: Gap) -> str:
        self.gaps.append(gap)
        return f"# Left out: {_comment(f'{words(gap.place)}: {gap.detail}')}"


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
    if "OpaqueGaps" in writer.used:
        omitted += ', gaps=OpaqueGaps("the description gives them to no field")'
    schema = f'{note}SCHEMA = Schema("{description.name}", "{title}", {root}, recognise={known}{omitted})'
    return "\n".join([doc, "", *imports, "", ""]) + text + "\n\n" + schema + "\n"


def _omission(gap: Gap, description: Description, source: str) -> str:
    arguments = [words(gap.place), source, description.line(gap.place), _comment(gap.detail)]
    if gap.field:
        arguments.append(gap.field)
    return f"Omission({', '.join(map(repr, arguments))})"
