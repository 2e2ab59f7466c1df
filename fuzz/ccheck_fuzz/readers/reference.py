"""The reference interpreter, or the one that a schema file brings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ccheck.core.users_code import interrupts
from ccheck.formats.exercise.outcome import ExerciseError, Outcome
from ccheck.formats.exercise.session import Session
from ccheck_fuzz.readers.foreign import Features, ReaderError
from ccheck_fuzz.readers.raised import raised_outcome


class SessionReader:
    """The reference interpreter, or that of a schema file.

    Args:
        own: Its name, if it is the user's: an exception is then a crash of its own, and no fault of
            ccheck.
    """

    modules = ("ccheck_interpreter",)

    def __init__(self, session: Session, own: str | None = None) -> None:
        self._session = session
        self.own = own
        self.name = own or "reference"

    def outcomes(
        self, data: bytes, events: Sequence[str] | None, features: Features, *, every: bool = False
    ) -> Iterable[Outcome]:
        """Returns what the builds do."""
        if self.own is None:
            return self._session.outcomes(data, events, features, every=every)
        try:
            return tuple(self._session.outcomes(data, events, features, every=every))
        except ExerciseError as wrong:
            raise ReaderError(f"{self.own}: {wrong}") from wrong
        except BaseException as raised:
            if interrupts(raised):
                raise
            return (raised_outcome(raised, self.own, None),)
