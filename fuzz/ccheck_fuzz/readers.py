"""What a campaign runs on each input: the reference interpreter, and users' own functions and programs."""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import CodeType
from typing import Protocol

from ccheck.formats.exercise.outcome import ExerciseError, Outcome
from ccheck.formats.exercise.session import Session
from ccheck_fuzz.blame import interrupts, text_of, traceback_of, words_of
from ccheck_fuzz.foreign import Features, ForeignOutcome, ReaderError
from ccheck_fuzz.native.reader import ExecReader
from ccheck_interpreter.trap import Operation, Provenance, Refusal, Refused, Trap, TrapData

__all__ = [
    "CallableReader",
    "ExecReader",
    "Features",
    "ForeignOutcome",
    "Reader",
    "ReaderError",
    "SessionReader",
]


class Reader(Protocol):
    """Something that reads content as a driver does."""

    @property
    def name(self) -> str:
        """What reports call it."""
        ...

    @property
    def modules(self) -> tuple[str, ...]:
        """Modules whose coverage leads the search; of a package all."""
        ...

    def outcomes(
        self, data: bytes, events: Sequence[str] | None, features: Features, *, every: bool = False
    ) -> Iterable[Outcome]:
        """What became of the bytes, in one outcome for each build."""
        ...


class SessionReader:
    """The reference interpreter, or the one that a schema file brings.

    own: Its name, where it is the user's: what it raises is then a crash of its own, and no fault of ccheck.
    """

    modules = ("ccheck_interpreter",)

    def __init__(self, session: Session, own: str | None = None) -> None:
        self._session = session
        self.own = own
        self.name = own or "reference"

    def outcomes(
        self, data: bytes, events: Sequence[str] | None, features: Features, *, every: bool = False
    ) -> Iterable[Outcome]:
        """What the builds do."""
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


class CallableReader:
    """A Python function of the user's, ``package.module:function``, called with the bytes.

    What it raises is a trap, but for `Refused` and the exceptions in its attribute ``refuses`` (ValueError
    where it has none): those are its way to say no.
    """

    def __init__(self, target: str, directory: Path | None = None) -> None:
        """Import it.

        Args:
            target: The module and the function.
            directory: Where modules are looked for first; the working directory without it.

        Raises:
            ReaderError: It cannot be imported, or is not what is needed.
        """
        self.name = target
        module_name, _, attribute = target.partition(":")
        if not attribute or not all(part.isidentifier() for part in module_name.split(".")):
            raise ReaderError(f"--target {target}: write package.module:function")
        sys.path.insert(0, str(directory or Path.cwd()))
        try:
            module = importlib.import_module(module_name)
        except ImportError as fault:
            raise ReaderError(f"--target {target}: {fault}") from fault
        except BaseException as raised:
            if interrupts(raised):
                raise
            what = words_of(raised)
            raise ReaderError(f"--target {target}: importing {module_name} raised {what}") from raised
        finally:
            sys.path.pop(0)
        function = getattr(module, attribute, None)
        if not callable(function):
            raise ReaderError(f"--target {target}: {module_name} has no function {attribute}")
        self._function: Callable[[bytes], object] = function
        self._refuses = _refusals(target, function)
        self.modules = (module_name,)
        code = getattr(function, "__code__", None)
        self._code: CodeType | None = code if isinstance(code, CodeType) else None

    def outcomes(
        self, data: bytes, events: Sequence[str] | None, features: Features, *, every: bool = False
    ) -> Iterable[Outcome]:
        """One outcome: it returned, it refused, or it raised."""
        try:
            self._function(data)
        except Refused as refused:
            yield ForeignOutcome(self.name, "python", "refuse", refusal=refused.refusal)
        except Trap as trap:
            yield ForeignOutcome(self.name, "python", "crash", trap=trap.data, output=traceback_of(trap))
        except self._refuses as said:
            refusal = Refusal(type(said).__name__, text_of(said))
            yield ForeignOutcome(self.name, "python", "refuse", refusal=refusal, output=traceback_of(said))
        except BaseException as raised:
            # SystemExit too: a reader that ends its process takes the driver with it.
            if interrupts(raised):
                raise
            yield raised_outcome(raised, self.name, self._code)
        else:
            yield ForeignOutcome(self.name, "python", "run")


def raised_outcome(raised: BaseException, name: str, code: CodeType | None) -> ForeignOutcome:
    """The crash of a Python reader that an exception is: identified by the type and by the place in its code.

    Args:
        raised: The exception.
        name: What reports call the reader.
        code: Of its function, where that is written in Python.
    """
    frames = [frame for frame in traceback.extract_tb(raised.__traceback__) if frame.filename != __file__]
    folder = None if code is None else str(Path(code.co_filename).parent)
    own = [frame for frame in frames if folder is not None and str(Path(frame.filename).parent) == folder]
    kind = type(raised).__name__
    if frames:
        where = (own or frames)[-1]
        place = f"{Path(where.filename).name}:{where.name}"
        detail = f"{words_of(raised)} ({Path(where.filename).name}:{where.lineno}, in {where.name})"
    else:
        place = name
        detail = f"{words_of(raised)} (in {name})"
    data = TrapData("exception", Operation(kind, place), detail=detail, provenance=Provenance(name))
    return ForeignOutcome(name, "python", "crash", trap=data, output=traceback_of(raised))


def _refusals(target: str, function: object) -> tuple[type[BaseException], ...]:
    """The exceptions with which a function refuses. Raises ReaderError where it names something else."""
    refuses = getattr(function, "refuses", (ValueError,))
    listed = refuses if isinstance(refuses, (tuple, list, set, frozenset)) else (refuses,)
    for one in listed:
        if not (isinstance(one, type) and issubclass(one, BaseException)):
            raise ReaderError(f"--target {target}: its attribute refuses has {one!r}, which is no exception")
    return tuple(listed)
