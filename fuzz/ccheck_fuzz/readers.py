"""What a campaign runs on each input: the reference interpreter, and the user's own, called or executed."""

from __future__ import annotations

import importlib
import json
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback
import weakref
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from ccheck.exercise.outcome import Outcome
from ccheck.exercise.session import Session
from ccheck_interpreter.trap import ForeignKind, Operation, Provenance, Refusal, Refused, Trap, TrapData

Features = set[Hashable]


class ReaderError(Exception):
    """A user's interpreter that cannot be used at all: not found, not callable, not executable."""


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
    """The reference interpreter."""

    name = "reference"
    modules = ("ccheck_interpreter",)

    def __init__(self, session: Session) -> None:
        self._session = session

    def outcomes(
        self, data: bytes, events: Sequence[str] | None, features: Features, *, every: bool = False
    ) -> Iterable[Outcome]:
        """What the builds do."""
        return self._session.outcomes(data, events, features, every=every)


class CallableReader:
    """A Python function of the user's, ``package.module:function``, called with the bytes.

    What it raises is a trap, but for `Refused` and the exceptions in its attribute ``refuses`` (ValueError
    where it has none): those are its way to say no.
    """

    def __init__(self, target: str) -> None:
        """Import it. Raises ReaderError."""
        self.name = target
        module_name, _, attribute = target.partition(":")
        if not attribute:
            raise ReaderError(f"--target {target}: write package.module:function")
        sys.path.insert(0, str(Path.cwd()))
        try:
            module = importlib.import_module(module_name)
        except ImportError as fault:
            raise ReaderError(f"--target {target}: {fault}") from fault
        finally:
            sys.path.pop(0)
        function = getattr(module, attribute, None)
        if not callable(function):
            raise ReaderError(f"--target {target}: {module_name} has no function {attribute}")
        self._function: Callable[[bytes], object] = function
        self._refuses: tuple[type[Exception], ...] = tuple(getattr(function, "refuses", (ValueError,)))
        self._file = str(getattr(module, "__file__", ""))
        self.modules = (module_name,)

    def outcomes(
        self, data: bytes, events: Sequence[str] | None, features: Features, *, every: bool = False
    ) -> Iterable[Outcome]:
        """One outcome: it returned, it refused, or it raised."""
        try:
            self._function(data)
        except Refused as refused:
            yield Outcome(self.name, "python", "refuse", refusal=refused.refusal)
        except Trap as trap:
            yield Outcome(self.name, "python", "crash", trap=trap.data)
        except self._refuses as said:
            yield Outcome(self.name, "python", "refuse", refusal=Refusal(type(said).__name__, str(said)))
        except Exception as raised:  # noqa: BLE001 - whatever else a user's reader raises is what is looked for
            yield Outcome(self.name, "python", "crash", trap=self._trap(raised))
        else:
            yield Outcome(self.name, "python", "run")

    def _trap(self, raised: Exception) -> TrapData:
        frames = traceback.extract_tb(raised.__traceback__)
        own = [frame for frame in frames if frame.filename == self._file] or list(frames)
        where = own[-1]
        operation = Operation(f"{where.name}", f"{Path(where.filename).name}:{where.name}")
        detail = f"{type(raised).__name__}: {raised} (line {where.lineno})"
        return TrapData("exception", operation, detail=detail, provenance=Provenance(self.name))


class ExecReader:
    """A program of the user's, run once for each input; ``@@`` stands for the file, without it the bytes are
    standard input.

    A signal, the report of a sanitizer and a time-out are traps; any other exit status but 0 is its way to
    say no. Where standard output is JSON of `ccheck run`, its verdicts count as outcomes.
    """

    modules: tuple[str, ...] = ()

    def __init__(self, command: str, seconds: float) -> None:
        """Raises ReaderError for a command that is empty."""
        self.name = command
        self._words = shlex.split(command)
        self._seconds = seconds
        if not self._words:
            raise ReaderError("--exec: the command is empty")
        folder = Path(tempfile.mkdtemp(prefix="ccheck-exec-"))
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self._path = folder / "input"

    def outcomes(
        self, data: bytes, events: Sequence[str] | None, features: Features, *, every: bool = False
    ) -> Iterable[Outcome]:
        """One outcome, or those that the program's JSON has."""
        by_file = "@@" in self._words
        if by_file:
            self._path.write_bytes(data)
        words = [str(self._path) if word == "@@" else word for word in self._words]
        try:
            done = subprocess.run(  # noqa: S603 - the user's own command, asked for by the user
                words,
                input=b"" if by_file else data,
                capture_output=True,
                timeout=self._seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            detail = f"no end after {self._seconds:g} s"
            yield self._crash("time-out", "run", "", detail)
            return
        except OSError as fault:
            raise ReaderError(f"--exec {self.name}: {fault}") from fault
        sanitizer = _SANITIZER.search(done.stderr)
        if sanitizer is not None:
            place = _FRAME.search(done.stderr, sanitizer.end())
            name = "unknown" if place is None else place[1].decode("utf-8", "replace")
            what = sanitizer[2].decode("utf-8", "replace")
            yield self._crash("sanitizer", name, what, f"{sanitizer[1].decode()}: {what}")
        elif done.returncode < 0:
            name = _signal_name(-done.returncode)
            yield self._crash("signal", name, "", f"ended by {name}")
        else:
            yield from self._said(done.returncode, done.stdout)

    def _said(self, status: int, output: bytes) -> Iterable[Outcome]:
        told = list(_told(output))
        if told:
            yield from told
        elif status:
            yield Outcome(self.name, "exec", "refuse", refusal=Refusal(f"exit status {status}", ""))
        else:
            yield Outcome(self.name, "exec", "run")

    def _crash(self, kind: ForeignKind, operation: str, field: str, detail: str) -> Outcome:
        where = Provenance(self.name)
        data = TrapData(kind, Operation(operation, field), detail=detail, provenance=where)
        return Outcome(self.name, "exec", "crash", trap=data)


_MOST_OUTPUT = 1 << 20
_SANITIZER = re.compile(rb"(ERROR: \w+Sanitizer|runtime error): ([\w-]+)[^\n]*")
_FRAME = re.compile(rb"#\d+ 0x[0-9a-f]+ in ([\w:~<>]+) (?!.*(?:/lib/|sanitizer_common|/usr/))")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _told(output: bytes) -> Iterable[Outcome]:
    """The outcomes in the JSON that `ccheck run --format json` prints; none where it is anything else."""
    try:
        said: Any = json.loads(output[:_MOST_OUTPUT])
    except (ValueError, RecursionError):
        return
    outcomes = said.get("outcomes") if isinstance(said, Mapping) else None
    for read in outcomes if isinstance(outcomes, list) else ():
        if not isinstance(read, Mapping) or read.get("verdict") not in ("crash", "refuse", "skip", "run"):
            continue
        trap = read.get("trap")
        data = None
        if isinstance(trap, Mapping):
            operation = Operation(str(trap.get("operation", "")), str(trap.get("field", "")))
            data = TrapData("exception", operation, detail=str(trap.get("kind", "")))
        refused = read.get("refusal")
        refusal = None if refused is None else Refusal("refused", str(refused))
        count = read.get("instances")
        yield Outcome(
            str(read.get("consumer", "exec")), "exec", read["verdict"], trap=data, refusal=refusal,
            instances=count if isinstance(count, int) else -1,
        )  # fmt: skip
