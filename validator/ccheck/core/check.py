"""The check: a name, a function, declared prerequisites, and a manual that is the function's docstring."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from ccheck.core.finding import RelatedLocation, Severity
from ccheck_schemas.span import Span

if TYPE_CHECKING:
    from ccheck.core.subject import Subject


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """What a check yields: the words and the bytes. The engine adds the check's name and severity."""

    message: str
    span: Span
    why: str
    fix: str
    label: str = ""
    related: tuple[RelatedLocation, ...] = ()

    def __post_init__(self) -> None:
        """Refuses what no report can show, while the check that yields it is still on the stack.

        Raises:
            TypeError: A value has the wrong type.
        """
        texts = (self.message, self.why, self.fix, self.label)
        if not all(isinstance(text, str) for text in texts) or not isinstance(self.span, Span):
            raise TypeError("a Diagnostic has texts (message, why, fix, label) and a Span")
        related: object = self.related
        is_list = isinstance(related, tuple | list)
        if not is_list or not all(isinstance(place, RelatedLocation) for place in self.related):
            raise TypeError(
                f"related of a Diagnostic is a tuple of RelatedLocation, not {related!r:.60}: write"
                " related=(RelatedLocation.at(span, message),)"
            )


@dataclass(frozen=True, slots=True)
class Manual:
    """A check's manual page: a heading in one line, and three sections of Markdown."""

    summary: str
    what: str
    why: str
    fix: str


_SECTIONS = ("What is wrong", "Why is this bad", "How to fix")


@dataclass(frozen=True, eq=False)
class Check:
    """One check.

    Attributes:
        judge: Yields its findings.
        requires: Checks that must have found nothing, else this one is reported as not run.
        schemas: Names of the formats that it applies to; empty means every format.
        decisive: Whether a finding at a place keeps the checks that require this one from running.
        strict: Whether findings that are not decisive keep this one from running too.
        supply: Whether it compares counts with what the driver builds supply, as the validator of 2024 did
            not.
        on_request: Whether it is made only where the user asks for the form of the compiler.
        of_reading: Whether it reports the faults of its name that a reading has, and nothing else.
    """

    judge: Callable[[Subject], Iterable[Diagnostic]]
    severity: Severity = Severity.ERROR
    requires: tuple[Check, ...] = ()
    schemas: tuple[str, ...] = ()
    decisive: Callable[[Span], bool] = lambda span: True
    strict: bool = False
    supply: bool = False
    on_request: bool = False
    of_reading: bool = False

    @cached_property
    def name(self) -> str:
        """The kebab-case id: corpus folder, SARIF rule, heading of the manual."""
        return self.judge.__name__.replace("_", "-")

    @property
    def manual(self) -> Manual:
        """The docstring, split into sections.

        Raises:
            ValueError: A section is missing or empty.
        """
        text = inspect.getdoc(self.judge) or ""
        summary, _, rest = text.partition("\n")
        parts = re.split(r"^## (.+)$", rest, flags=re.MULTILINE)
        sections = {head.strip(): body.strip() for head, body in zip(parts[1::2], parts[2::2], strict=True)}
        missing = [head for head in _SECTIONS if not sections.get(head)]
        if missing or not summary:
            raise ValueError(f"the manual of {self.name} lacks {', '.join(missing) or 'its first line'}")
        return Manual(summary.strip(), *(sections[head] for head in _SECTIONS))

    def __repr__(self) -> str:
        """A short form for messages of tests."""
        return f"<check {self.name}>"
