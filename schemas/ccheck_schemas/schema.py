"""One format: its Construct tree, how it is recognised, and how content becomes bytes and back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import construct

from ccheck_schemas.build_facts import Amount, Fact, FactKind, Promise, merged
from ccheck_schemas.fault import FaultName
from ccheck_schemas.layout.lint import LayoutRefused, layout_of
from ccheck_schemas.layout.meanings import ComparedWithFact
from ccheck_schemas.layout.tree import Node, Stored, Struct, envelopes, meanings_of, nodes
from ccheck_schemas.record import Envelope, Reading
from ccheck_schemas.span import Span
from ccheck_schemas.vocabulary.expression import SOURCE
from ccheck_schemas.vocabulary.gaps import Gaps, OpaqueGaps

Recipe = Mapping[str, Any]
"""Content as people write it: plain mappings, lists, text and numbers, as YAML has them."""


class RecipeError(ValueError):
    """A recipe that cannot be built.

    Attributes:
        path: The key in the recipe.
        detail: What is wrong there.
    """

    def __init__(self, path: str, detail: str) -> None:
        super().__init__(f"{path}: {detail}" if path else detail)
        self.path = path
        self.detail = detail


class SchemaRefused(ValueError):
    """A schema with nodes that a strict validator cannot trust.

    Attributes:
        complaints: What is wrong, each ``place: reason``.
    """

    def __init__(self, name: str, complaints: tuple[str, ...]) -> None:
        super().__init__(f"schema {name!r} is refused:\n  " + "\n  ".join(complaints))
        self.complaints = complaints


@dataclass(frozen=True, slots=True)
class Identity:
    """How people name one element of a list of a recipe.

    Attributes:
        label: A format string over its keys.
        headline: The key whose change needs no name.
    """

    label: str
    headline: str | None = None


@dataclass(frozen=True, slots=True)
class Omission:
    """Something that an importer did not carry over from a description into a schema.

    Attributes:
        place: Where it is in the description, such as ``types.chunk.seq[2].valid``.
        source: The file name of the description.
        line: The line, from 1.
        detail: What is missing.
        field: The field that it applies to, by the schema's names.
    """

    place: str
    source: str
    line: int
    detail: str
    field: str = ""


@dataclass(frozen=True)
class Schema:
    """A format that ccheck reads. The tree is compiled and linted when a schema is created.

    Attributes:
        name: The word on the command line.
        title: One line for people.
        root: A Struct of the nodes in `meaning`.
        recognise: Returns whether bytes look like this format.
        assemble: Returns the typed content of a reading; the reading itself for a format without one.
        compose: Returns the bytes of a recipe. Raises `RecipeError`.
        describe: Returns the recipe of content. Raises `RecipeError`. A schema has both functions, or
            neither; without them a recipe is the fields of the file.
        as_compiled: Returns a recipe without what it says of the layout, so that composing it gives the bytes
            that the format's compiler writes; for a format whose readers take other layouts too, which its
            recipes keep. Without it, content has one form.
        identity: How `ccheck diff` names the elements of a recipe's lists, by the key of the list.
        target: Returns a consumer version that files can be judged for. Raises ValueError with the known
            ones.
        omitted: What an importer left out. Such a schema does not examine files whole, and they do not pass
            unless their users allow it.
        contract: Facts of a driver build that files are compared with by checks of the format itself.
        builds_required: Whether a file passes only with the driver builds that read it. Where it is false,
            a file is compared with builds if builds that read it are named.
        amounts: What is compared with facts of each driver build and is no number of the file, by the name
            of the fact: functions that return the amounts of a reading. The fact is a limit, or the count or
            set of that name in `contract`.
        promises: Returns what the content of a definitions file promises of counts.
        gaps: What bytes may be that no field reads, between the parts of a file and behind the last; without
            it they are a fault.
        why_not_described: Returns why the schema does not describe a version of the file, as the report is to
            say it, or None. It is given the version as people write it.
        layout: The compiled tree, which everything but Construct's own parser works on.
        contents: The schemas of the content of its envelopes, and of theirs, each once.
        facts: All facts of a driver build that files are compared with: those of the tree too.
        amount_facts: The fact that the amounts of each name are compared with.

    Raises:
        SchemaRefused: `lint` has complaints.
    """

    name: str
    title: str
    root: construct.Construct
    recognise: Callable[[bytes], bool]
    assemble: Callable[[Reading], Any] = lambda reading: reading
    compose: Callable[[Recipe], bytes] | None = None
    describe: Callable[[Any], Recipe] | None = None
    as_compiled: Callable[[Recipe], Recipe] | None = None
    identity: Mapping[str, Identity] = field(default_factory=dict)
    target: Callable[[str], object] | None = None
    omitted: tuple[Omission, ...] = ()
    contract: tuple[Fact, ...] = ()
    builds_required: bool = True
    amounts: Mapping[str, Callable[[Reading], Iterable[Amount]]] = field(default_factory=dict)
    promises: Callable[[Any], Iterable[Promise]] | None = None
    why_not_described: Callable[[str], str | None] = lambda version: None
    gaps: Gaps | OpaqueGaps | None = None
    layout: Struct = field(init=False, repr=False)
    contents: tuple[Schema, ...] = field(init=False, repr=False)
    facts: tuple[Fact, ...] = field(init=False, repr=False)
    amount_facts: Mapping[str, Fact] = field(init=False, repr=False)

    @property
    def identities(self) -> dict[str, Identity]:
        """How `ccheck diff` names the elements of lists, those of the content of envelopes too."""
        found = {key: identity for one in self.contents for key, identity in one.identity.items()}
        return {**found, **self.identity}

    def merged_fact(self, fact: Fact) -> Fact:
        """Returns a fact of a field with all that the schema says of it, such as names of values."""
        return next(one for one in self.facts if (one.kind, one.name) == (fact.kind, fact.name))

    def breaks(self, reading: Reading) -> int:
        """Returns in how many places a file breaks its schema, so that no recipe would build it again.

        Text that nobody uses is no such place where recipes keep the layout that was found.
        """
        aside = (FaultName.POOL_TEXT_UNUSED,) if self.as_compiled is not None else ()
        found = sum(number for name, number in reading.counts.items() if name not in aside)
        found += sum(one.content.breaks(one.reading) for one in opened(reading))
        return found or int(not reading.complete)

    def rebuild(self, data: bytes, content: Any, gaps: Sequence[tuple[int, int]] = ()) -> bytes:
        """Returns the bytes of the content of a file without faults, written again.

        A format with recipes composes its content again, in the one form of the format or, where it has
        `as_compiled`, in the layout that was found. Any other is parsed and built by its Construct tree.

        Args:
            data: The file.
            content: Its content.
            gaps: `Reading.gaps`: bytes that are no content, and are taken from the file.

        Raises:
            RecipeError: The content cannot be built.
        """
        if self.compose is not None and self.describe is not None:
            return self.compose(self.describe(content))
        try:
            built = bytearray(self.root.build(self.root.parse(data), **{SOURCE: data}))
        except construct.ConstructError as fault:
            raise RecipeError("", f"Construct refuses it: {fault}") from fault
        for start, end in gaps:
            if start <= len(built):
                built[start:end] = data[start:end]
        return bytes(built)

    def __post_init__(self) -> None:
        try:
            object.__setattr__(self, "layout", layout_of(self.root, self.gaps))
        except LayoutRefused as refused:
            raise SchemaRefused(self.name, refused.complaints) from None
        object.__setattr__(self, "contents", tuple({id(one): one for one in self._contents()}.values()))
        complaints = (*self._content_complaints(), *self._contract_complaints())
        if complaints:
            raise SchemaRefused(self.name, complaints)
        try:
            object.__setattr__(self, "facts", merged(self._facts()))
        except ValueError as differ:
            raise SchemaRefused(self.name, (str(differ),)) from None
        kinds = {fact.name: fact.kind for fact in self._compared_by_amount()}
        compared = {fact.name: fact for fact in self.facts if kinds.get(fact.name) is fact.kind}
        object.__setattr__(self, "amount_facts", compared)

    def _contents(self) -> Iterator[Schema]:
        for node in envelopes(self.layout):
            if isinstance(node.content, Schema):
                yield node.content
                yield from node.content.contents

    def _content_complaints(self) -> Iterator[str]:
        for node in envelopes(self.layout):
            if not isinstance(node.content, Schema):
                yield f"the content of an envelope is a Schema, not {node.content!r:.40}"
        named = Counter((self.name, *(one.name for one in self.contents)))
        for name, count in named.items():
            if count > 1:
                yield f"{count} schemas are named {name!r}, with those of its envelopes: rename one"

    def _contract_complaints(self) -> Iterator[str]:
        contract: object = self.contract
        if not isinstance(contract, tuple | list) or not all(isinstance(one, Fact) for one in contract):
            yield "contract: it is a tuple of Fact"
            return
        amounts: object = self.amounts
        if not isinstance(amounts, Mapping):
            yield "amounts: it maps the name of a fact to a function that gives amounts"
            return
        for name, function in amounts.items():
            if not isinstance(name, str) or not name.strip() or not callable(function):
                yield f"amounts: {name!r:.40} is no name of a fact, or has no function"
        named = Counter(fact.name for fact in self._compared_by_amount() if fact.name in amounts)
        for name, count in named.items():
            if count > 1:
                yield f"amounts: {name!r} is the name of {count} facts in contract: rename all but one"

    def _facts(self) -> Iterator[Fact]:
        yield from self.contract
        listed = {(fact.kind, fact.name) for fact in self.contract}
        found: dict[tuple[FactKind, str], list[tuple[Fact, range | None]]] = {}
        for node in nodes(self.layout):
            for one in meanings_of(node):
                if isinstance(one, ComparedWithFact):
                    held = one.fact.kind is FactKind.SET and one.amount is None
                    compared = (one.fact, _range_of(node) if held else None)
                    found.setdefault((one.fact.kind, one.fact.name), []).append(compared)
        for key, uses in found.items():
            ranges = [numbers for _, numbers in uses if numbers is not None]
            values = None
            if len(ranges) == len(uses) and key not in listed:
                values = range(min(one.start for one in ranges), max(one.stop for one in ranges))
            yield from (replace(fact, values=values) for fact, _ in uses)
        yield from self._compared_by_amount()

    def _compared_by_amount(self) -> Iterator[Fact]:
        """Yields the facts of `contract` that have amounts, and a limit for each other name."""
        stated = [
            one for one in self.contract if one.kind is not FactKind.SWITCH and one.name in self.amounts
        ]
        yield from stated
        names = {fact.name for fact in stated}
        yield from (Fact(FactKind.LIMIT, name) for name in self.amounts if name not in names)


@dataclass(frozen=True, slots=True)
class Opened:
    """An envelope of a file whose content is of a `Schema`.

    Attributes:
        envelope: The field.
        content: The schema of its content.
    """

    envelope: Envelope
    content: Schema

    @property
    def reading(self) -> Reading:
        """The reading of the content."""
        return self.envelope.reading


def opened(reading: Reading) -> Iterator[Opened]:
    """Yields the envelopes of a file that were unwrapped; not those inside their content."""
    for envelope in reading.envelopes:
        if not isinstance(envelope.content, Schema):
            raise TypeError(f"the content of {envelope.span.path} is no Schema")
        yield Opened(envelope, envelope.content)


def _range_of(node: Node) -> range | None:
    """Returns the numbers that an integer can hold."""
    if not isinstance(node, Stored):
        return None
    least, greatest = node.range
    return range(least, greatest + 1)


def file_size(reading: Reading) -> Iterable[Amount]:
    """Returns the bytes of the file: an amount for a limit of that name."""
    return (Amount(reading.size, Span(0, reading.size, "")),)
