"""A Python function of the user's as a reader."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import CodeType

from ccheck.core.consumers import Consumer
from ccheck.core.users_code import interrupts, text_of, traceback_of, words_of
from ccheck.formats.exercise.outcome import Outcome
from ccheck_fuzz.readers.foreign import Features, ForeignOutcome, ReaderError
from ccheck_fuzz.readers.raised import raised_outcome
from ccheck_interpreter.trap import Refusal, Refused, Trap


class CallableReader:
    """A Python function of the user's, ``package.module:function``, called with the bytes.

    What it raises is a trap, except for `Refused` and the exceptions in its attribute ``refuses`` (ValueError
    by default), with which it refuses the bytes. If it has a parameter called ``build``, it is called once
    for each driver build, with the build's facts.
    """

    def __init__(self, reader: str, directory: Path | None = None, builds: Sequence[Consumer] = ()) -> None:
        """Imports the function.

        Args:
            reader: The module and the function.
            directory: Where modules are searched first; the working directory without it.
            builds: The builds that it is called for.

        Raises:
            ReaderError: It cannot be imported, or is no function of this kind.
        """
        self.name = reader
        module_name, _, attribute = reader.partition(":")
        if not attribute or not all(part.isidentifier() for part in module_name.split(".")):
            raise ReaderError(f"--reader {reader}: write package.module:function")
        sys.path.insert(0, str(directory or Path.cwd()))
        try:
            module = importlib.import_module(module_name)
        except ImportError as fault:
            raise ReaderError(f"--reader {reader}: {fault}") from fault
        except BaseException as raised:
            if interrupts(raised):
                raise
            what = words_of(raised)
            raise ReaderError(f"--reader {reader}: importing {module_name} raised {what}") from raised
        finally:
            sys.path.pop(0)
        function = getattr(module, attribute, None)
        if not callable(function):
            raise ReaderError(f"--reader {reader}: {module_name} has no function {attribute}")
        self._function: Callable[..., object] = function
        self._builds: list[tuple[str, dict[str, object]]] = [(reader, {})]
        if _takes_build(reader, function):
            if not builds:
                raise ReaderError(
                    f"--reader {reader}: it takes a build, and no build of --consumers is supported on"
                    " the day and reads the format"
                )
            self._builds = [(f"{reader} as {one.name}", {"build": one.as_mapping()}) for one in builds]
        self._refuses = _refusals(reader, function)
        self.modules = (module_name,)
        code = getattr(function, "__code__", None)
        self._code: CodeType | None = code if isinstance(code, CodeType) else None

    def outcomes(
        self, data: bytes, events: Sequence[str] | None, features: Features, *, every: bool = False
    ) -> Iterable[Outcome]:
        """Returns one outcome for each build: it returned, it refused, or it raised."""
        return [self._outcome(name, data, given) for name, given in self._builds]

    def _outcome(self, name: str, data: bytes, given: dict[str, object]) -> Outcome:
        try:
            self._function(data, **given)
        except Refused as refused:
            return ForeignOutcome(name, "python", "refuse", refusal=refused.refusal)
        except Trap as trap:
            return ForeignOutcome(name, "python", "crash", trap=trap.data, output=traceback_of(trap))
        except self._refuses as said:
            refusal = Refusal(type(said).__name__, text_of(said))
            return ForeignOutcome(name, "python", "refuse", refusal=refusal, output=traceback_of(said))
        except BaseException as raised:
            # SystemExit too: a reader that ends its process takes the driver with it.
            if interrupts(raised):
                raise
            return raised_outcome(raised, name, self._code)
        return ForeignOutcome(name, "python", "run")


def _takes_build(reader: str, function: Callable[..., object]) -> bool:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # a function of C that has none
        return False
    if "build" not in signature.parameters:
        return False
    try:
        signature.bind(b"", build={})
    except TypeError as wrong:
        raise ReaderError(f"--reader {reader}: it cannot be called as f(data, build=...): {wrong}") from wrong
    return True


def _refusals(reader: str, function: object) -> tuple[type[BaseException], ...]:
    """Returns the exceptions with which a function refuses.

    Raises:
        ReaderError: It names something else.
    """
    refuses = getattr(function, "refuses", (ValueError,))
    listed = refuses if isinstance(refuses, (tuple, list, set, frozenset)) else (refuses,)
    for one in listed:
        if not (isinstance(one, type) and issubclass(one, BaseException)):
            raise ReaderError(f"--reader {reader}: its attribute refuses has {one!r}, which is no exception")
    return tuple(listed)
