"""What checks say of a file whichever builds it is judged for, said once and kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace
from itertools import chain, islice

from ccheck.core.check import Check
from ccheck.core.subject import CheckContext, Subject
from ccheck_schemas.record import Envelope

_MOST_KEPT = 10_000
"""What a check says more of is not kept."""

_OF_BUILDS = ("consumers", "definitions")
"""What a context has of driver builds; definitions are judged for each build."""


class _WatchedContext(CheckContext):
    """A context that notes whether a check looks at driver builds."""

    def __init__(self, context: CheckContext) -> None:
        super().__init__(**{one.name: getattr(context, one.name) for one in fields(context)})
        object.__setattr__(self, "asked", [])

    def __getattribute__(self, name: str) -> object:
        if name in _OF_BUILDS:
            object.__getattribute__(self, "asked").append(name)
        return super().__getattribute__(name)


class Alike:
    """What checks said of one file without looking at driver builds: for another build they say the same."""

    def __init__(self) -> None:
        self._said: dict[tuple[Check, bool], tuple[object, ...]] = {}
        self._inside: dict[int, Alike] = {}

    def of(self, envelope: Envelope) -> Alike:
        """Returns what checks said of the content of an envelope of the file."""
        return self._inside.setdefault(id(envelope), Alike())

    def said(self, check: Check, subject: Subject) -> Iterable[object]:
        """Returns what a check says of the file, from before if it is the same for all builds.

        Args:
            check: The check.
            subject: The file; all subjects differ in their builds, and in what was set aside, alone.
        """
        known = self._said.get((check, subject.set_aside))
        if known is not None:
            return known
        context = _WatchedContext(subject.context)
        made: object = check.judge(replace(subject, context=context))
        if not isinstance(made, Iterable):
            return made  # type: ignore[return-value]  # who asked refuses it
        rest = iter(made)
        first = tuple(islice(rest, _MOST_KEPT + 1))
        if len(first) > _MOST_KEPT:
            return chain(first, rest)
        if not vars(context)["asked"]:
            self._said[check, subject.set_aside] = first
        return first
