"""One format, and the names of its parts, each loaded on first use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    # Construct and the interpreter take a while to import; a file that is of no use for them does without.
    from ccheck.formats.checks.general import FormatChecks
    from ccheck.formats.exercise.agreement import Agreement
    from ccheck.formats.exercise.evidence import Gather
    from ccheck.formats.exercise.outcome import Exercise, RunInputs
    from ccheck.formats.exercise.session import Session
    from ccheck.formats.fast_path import PrepareFastPath
    from ccheck_schemas.build_facts import Fact
    from ccheck_schemas.schema import Schema


class FormatError(Exception):
    """A part of a format that is not where the format says, or is not what it must be."""


@dataclass(frozen=True)
class Format:
    """A format and the names of its parts, each written ``module:name``.

    Attributes:
        recogniser: Whether bytes look like the format, a function in a module that imports little, because
            every format is tried.
        definition: The `Schema`.
        rules: The `FormatChecks`.
        interpreter: The `Exercise` of `ccheck run`, if there is one.
        runs_by_build: Whether the interpreter behaves as each driver build that is named. If not, it behaves
            as readers of its own.
        readiness: The `Session` in which a campaign runs files by the hundred thousand; without one each run
            starts from scratch.
        agreement: The `Agreement` that compares the schema's reading with the interpreter's.
        proof: What a release gate collects about a file, if that is more than what each build does and which
            words of the schema the file uses.
        contract: The facts of a driver build that its files are compared with, in a module that imports
            little; without it they come from the schema.
        fast: Prepares the `FastPath` of good files.
        no_fast_path: Why there is none.
        relatives: What bytes are that belong to the format and that no schema describes, in words; a function
            of bytes in a module that imports little, which returns an empty text for all others.
    """

    name: str
    recogniser: str
    definition: str
    rules: str
    interpreter: str = ""
    readiness: str = ""
    agreement: str = ""
    proof: str = ""
    contract: str = ""
    fast: str = ""
    no_fast_path: str = ""
    relatives: str = ""
    runs_by_build: bool = True

    @cached_property
    def recognise(self) -> Callable[[bytes], bool]:
        """Whether bytes look like this format.

        Raises:
            FormatError: The part cannot be loaded, as for all parts.
        """
        found: Callable[[bytes], bool] = self._part(self.recogniser)
        return found

    def relative(self, data: bytes) -> str:
        """Returns what bytes are that belong to the format and that no schema describes, or an empty text."""
        return str(self._part(self.relatives)(data)) if self.relatives else ""

    @cached_property
    def schema(self) -> Schema:
        """The schema."""
        from ccheck_schemas.schema import Schema

        found = self._part(self.definition)
        if not isinstance(found, Schema) or found.name != self.name:
            raise FormatError(f"format {self.name!r}: {self.definition} is not a Schema of that name")
        return found

    @cached_property
    def facts(self) -> tuple[Fact, ...]:
        """The facts of a driver build that its files are compared with."""
        found: tuple[Fact, ...] = self._part(self.contract) if self.contract else self.schema.facts
        return found

    @cached_property
    def checks(self) -> FormatChecks:
        """The checks that are the format's own."""
        from ccheck.formats.checks.general import FormatChecks

        found = self._part(self.rules)
        if not isinstance(found, FormatChecks):
            raise FormatError(f"format {self.name!r}: {self.rules} is not FormatChecks")
        for check in found.checks:
            if check.schemas != (self.name,):
                raise FormatError(f"format {self.name!r}: the check {check.name} is not for it alone")
        return found

    @cached_property
    def exercise(self) -> Exercise | None:
        """Runs a file in the interpreter; None if the format has none."""
        found: Exercise | None = self._part(self.interpreter) if self.interpreter else None
        return found

    @cached_property
    def session(self) -> Callable[[RunInputs], Session] | None:
        """Prepares builds once for many files; None if the format has no interpreter."""
        from ccheck.formats.exercise.session import plain

        if self.readiness:
            found: Callable[[RunInputs], Session] = self._part(self.readiness)
            return found
        return None if self.exercise is None else plain(self.exercise)

    @cached_property
    def gather(self) -> Gather | None:
        """Runs a file for a release gate; None if the format has no interpreter."""
        from ccheck.formats.exercise.evidence import plain

        if self.proof:
            found: Gather = self._part(self.proof)
            return found
        return None if self.exercise is None else plain(self.exercise, self.schema)

    @cached_property
    def agree(self) -> Agreement | None:
        """Compares two readings; None if the format has only one."""
        found: Agreement | None = self._part(self.agreement) if self.agreement else None
        return found

    @cached_property
    def fast_path(self) -> PrepareFastPath | None:
        """Prepares the fast path of good files; None if the format has none."""
        found: PrepareFastPath | None = self._part(self.fast) if self.fast else None
        return found

    def _part(self, where: str) -> Any:
        module, _, name = where.partition(":")
        try:
            return getattr(import_module(module), name)
        except (ImportError, AttributeError) as fault:
            raise FormatError(f"format {self.name!r}: {where} cannot be loaded: {fault}") from fault
