"""The input of checks: one file as it was read, and the context that it is judged in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from ccheck.core.finding import RelatedLocation
from ccheck.core.input import InputProblem
from ccheck_schemas.span import Span

if TYPE_CHECKING:
    # Construct takes a while to import, and a subject does not need it.
    from ccheck.core.consumers import Consumers
    from ccheck_schemas.build_facts import Amount
    from ccheck_schemas.record import Envelope, Reading
    from ccheck_schemas.schema import Schema


@dataclass(frozen=True)
class Definitions:
    """A definitions file that instances are judged by.

    Attributes:
        errors: The checks that found errors in it.
        broken: Whether it breaks its schema, so that part of it was not read.
        data: Its bytes, as they were read once.
    """

    path: str
    content: Any
    errors: tuple[str, ...] = ()
    broken: bool = False
    data: bytes = b""


@dataclass(frozen=True)
class CheckContext:
    """What a file is judged against.

    Attributes:
        on: The day for which support windows are judged.
        target: The consumer version that a blob is judged for, instead of its own.
        allowed: Names of schemas whose files may pass although an importer left something out of the schema.
        canonical: Whether checks that are made on request are made.
    """

    on: date
    definitions: tuple[Definitions, ...] = ()
    consumers: Consumers | None = None
    target: str | None = None
    allowed: frozenset[str] = frozenset()
    canonical: bool = False


@dataclass(frozen=True)
class Narrowed:
    """The content of a file without the records in which no check can find anything.

    `canonical` is true if the file is known to be in canonical form, if it breaks nothing else.
    """

    content: Any
    canonical: bool


@dataclass(frozen=True)
class Content:
    """The content of an envelope, as a file of its own.

    Attributes:
        envelope: The field that it was unwrapped from.
        subject: The content.
    """

    envelope: Envelope
    subject: Subject


@dataclass(frozen=True)
class Subject:
    """One file.

    `reading` and `content` are None if no schema fits or the file could not be examined (`problem`,
    `detail`).

    Attributes:
        name: Its base name, empty for standard input.
        data: Its bytes.
        content: What its schema assembled, for the checks; records in which no check can find anything may be
            missing from it (`narrowed`).
    """

    name: str
    data: bytes
    context: CheckContext
    schema: Schema | None = None
    reading: Reading | None = None
    content: Any = None
    problem: InputProblem | None = None
    detail: str = ""
    known: tuple[str, ...] = ()
    """Names of the schemas that were tried, if none fits."""
    kind: str = ""
    """What the file is, if none fits and one of the formats has a word for it."""
    narrowed: bool = False
    canonical: bool = False
    """Whether the file is known to be in canonical form, if it breaks nothing else."""
    set_aside: bool = False
    """Whether the policy set a finding of an earlier check aside: later ones must not rely on it."""
    claimed: frozenset[str] = frozenset()
    """Names of the checks in use: each reports the faults of its name."""
    amounts: dict[str, tuple[Amount, ...]] | None = None
    """The amounts that the schema gave, by name, if the file is judged for one build after another."""
    contents: tuple[Content, ...] = ()
    """The content of its envelopes."""
    problems: tuple[str, ...] = ()
    """What is wrong with formats of other packages, which could not be tried."""

    @property
    def without_schema(self) -> str:
        """Why no schema reads the file, in words."""
        return (
            f"this is {self.kind}"
            if self.kind
            else "the content is of no known format; name one with --schema"
        )

    @property
    def whole(self) -> Span:
        """The whole file as a place."""
        return Span(0, len(self.data), "")


def proofs_of(related: tuple[tuple[str, Span], ...]) -> tuple[RelatedLocation, ...]:
    """Places that a schema names, as related."""
    return tuple(RelatedLocation(words, span.path, span.offset, span.length) for words, span in related)
