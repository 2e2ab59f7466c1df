"""A program of the user's as a reader, run once for each input."""

from __future__ import annotations

import errno
import json
import os
import shlex
import shutil
import tempfile
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ccheck.core.consumers import Consumer
from ccheck.formats.exercise.outcome import Outcome
from ccheck_fuzz.process.program import Ended, Guard, run
from ccheck_fuzz.readers.foreign import Features, ForeignOutcome, ReaderError
from ccheck_fuzz.readers.native.diagnosis import Crash, crashes, leak_check_failed, said, status_words
from ccheck_interpreter.trap import Operation, Provenance, Refusal, TrapData

FILE = "@@"
"""Stands for the file in a command."""
MEMORY = 2048 << 20
"""Default bytes of memory that a run may take."""

_OPTIONS: Mapping[str, str] = {
    "ASAN_OPTIONS": "hard_rss_limit_mb={memory}",
    "HWASAN_OPTIONS": "hard_rss_limit_mb={memory}",
    "MSAN_OPTIONS": "hard_rss_limit_mb={memory}",
    "TSAN_OPTIONS": "hard_rss_limit_mb={memory}",
    "UBSAN_OPTIONS": "print_stacktrace=1",
}
"""The options of sanitizers that a run adds in front of the user's own, which win."""
_LEAKS = ("ASAN_OPTIONS", "LSAN_OPTIONS")
"""The variables that may say whether leaks are looked for."""


class ExecReader:
    """A program of the user's, run once for each input.

    ``@@`` is replaced by the file, also inside a word; ``< @@`` at the end gives it the file as standard
    input. A signal, the report of a sanitizer, a panic, and breaking the limits of time and memory are traps;
    any other exit status but 0 is a refusal. If standard output is JSON of `ccheck run`, its verdicts count
    as outcomes. With builds it is run once for each, with the build's facts in the environment.
    """

    modules: tuple[str, ...] = ()

    def __init__(
        self,
        command: str,
        seconds: float,
        memory: int = MEMORY,
        directory: Path | None = None,
        builds: Sequence[Consumer] = (),
    ) -> None:
        """Parses a command, and finds its program.

        Args:
            command: In the syntax of a POSIX shell's words.
            seconds: The time that one run may take.
            memory: The bytes of resident memory that one run may take.
            directory: The working directory of the runs; that of this process without it.
            builds: The builds that it is run for; none to run it once, without facts.

        Raises:
            ReaderError: The command is empty, names no file, or its program does not exist.
        """
        self.name = command
        self._seconds = seconds
        self._memory = memory
        self._directory = directory
        try:
            words = shlex.split(command)
        except ValueError as fault:
            raise ReaderError(f"--exec {command}: {fault}") from fault
        if not words:
            raise ReaderError("--exec: the command is empty")
        self._by_input = words[-2:] == ["<", FILE] or words[-1] == f"<{FILE}"
        if self._by_input:
            del words[-2 if words[-1] == FILE else -1 :]
        elif not any(FILE in word for word in words[1:]):
            raise ReaderError(
                f"--exec {command}: it does not say where the file goes; write {FILE} for its name"
                f" (--exec '{command} {FILE}'), or '< {FILE}' at the end to give it as standard input"
            )
        self._words = words
        _require_program(command, words, directory)
        folder = Path(tempfile.mkdtemp(prefix="ccheck-exec-"))
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self._path = folder / "input"
        self._guard: Guard | None = None
        self._environment = _environment(memory)
        self._builds: list[tuple[str, Mapping[str, str]]] = [(command, {})]
        if builds:
            try:
                self._builds = [(f"{command} as {one.name}", one.environment()) for one in builds]
            except ValueError as twice:
                raise ReaderError(f"--exec {command}: {twice}") from twice
        self._leaks_checked = any("detect_leaks" in os.environ.get(name, "") for name in _LEAKS)

    def run(self, data: bytes, facts: Mapping[str, str] | None = None) -> Ended:
        """Run the program on an input once.

        Args:
            data: The input.
            facts: Environment variables of a build.

        Raises:
            ReaderError: It cannot be started.
        """
        if self._guard is None:
            self._guard = Guard(self._memory)
            weakref.finalize(self, self._guard.close)
        facts = facts or {}
        ended = self._run(data, facts)
        if not self._leaks_checked and ended.stderr and leak_check_failed(ended):
            self._leaks_checked = True
            for name in _LEAKS:
                self._environment[name] = _joined("detect_leaks=0", self._environment.get(name, ""))
            ended = self._run(data, facts)
        return ended

    def runs(self, data: bytes) -> Iterator[tuple[str, Ended]]:
        """Runs the program on an input as a campaign does: for each build, or once.

        Yields:
            The name of the run, and how it ended.

        Raises:
            ReaderError: The program cannot be started.
        """
        for name, facts in self._builds:
            yield name, self.run(data, facts)

    def _run(self, data: bytes, facts: Mapping[str, str]) -> Ended:
        if not self._by_input:
            self._path.write_bytes(data)
        words = [self._words[0], *(word.replace(FILE, str(self._path)) for word in self._words[1:])]
        try:
            return run(
                words,
                data if self._by_input else b"",
                seconds=self._seconds,
                memory=self._memory,
                directory=self._directory,
                environment={**self._environment, **facts},
                guard=self._guard,
            )
        except OSError as fault:
            raise ReaderError(f"--exec {self.name}: {_why_not(fault)}") from fault

    def outcomes(
        self, data: bytes, events: Sequence[str] | None, features: Features, *, every: bool = False
    ) -> Iterable[Outcome]:
        """Returns, for each build, one outcome for each crash, or one, or those of the program's JSON."""
        return [one for name, facts in self._builds for one in self._outcomes(name, data, facts)]

    def _outcomes(self, name: str, data: bytes, facts: Mapping[str, str]) -> Iterable[Outcome]:
        ended = self.run(data, facts)
        output = self.words(ended)
        found = crashes(ended, seconds=self._seconds, memory=self._memory)
        if found:
            return [self._crash(name, one, output) for one in found]
        reported = list(_reported(ended.stdout))
        if reported:
            return reported
        if ended.status:
            status = f"exit status {ended.status}"
            words = said(ended)
            message = f"{status}: {words}" if words else f"{status}, and it says nothing"
            refusal = Refusal(status, message)
            return [ForeignOutcome(name, "exec", "refuse", refusal=refusal, output=output)]
        return [ForeignOutcome(name, "exec", "run")]

    def words(self, ended: Ended) -> str:
        """Returns the end of a run for people: exit status or signal, standard error and standard output."""
        parts = [f"{status_words(ended)}\n"]
        for title, stream in (("standard error", ended.stderr), ("standard output", ended.stdout)):
            text = stream.decode("utf-8", "backslashreplace").replace(str(self._path), FILE)
            parts.append(f"--- {title}\n{text}" if text.strip() else f"--- {title}: nothing\n")
        return "".join(part if part.endswith("\n") else f"{part}\n" for part in parts)

    def _crash(self, name: str, crash: Crash, output: str) -> Outcome:
        operation = Operation(crash.what, " < ".join(crash.where))
        if crash.kind == "sanitizer":
            detail = f"{crash.what} in {crash.place}" if crash.place else crash.what
        else:
            detail = crash.detail
        data = TrapData(crash.kind, operation, detail=detail, provenance=Provenance(self.name))
        return ForeignOutcome(name, "exec", "crash", trap=data, output=output)


def _require_program(command: str, words: Sequence[str], directory: Path | None) -> None:
    """Raise ReaderError where the program of a command is not there, or is not executable."""
    if not words:
        raise ReaderError(f"--exec {command}: it names no program")
    program = words[0]
    if not os.path.dirname(program):  # noqa: PTH120 - of a name on the PATH there is none
        if shutil.which(program) is None:
            there = Path(directory or "", program).is_file()
            hint = f"; write ./{program} for the file in this folder" if there else ""
            raise ReaderError(f"--exec {command}: no program {program} is on the PATH{hint}")
        return
    path = Path(directory or "", program)
    if path.is_dir():
        raise ReaderError(f"--exec {command}: {program} is a folder")
    if not path.exists():
        raise ReaderError(f"--exec {command}: there is no file {program}")
    if shutil.which(str(path.absolute())) is None:
        raise ReaderError(f"--exec {command}: {program} is not executable (chmod +x {program})")


def _why_not(fault: OSError) -> str:
    if fault.errno == errno.ENOEXEC:
        return "it is not a program that this system runs; a script needs a first line such as #!/bin/sh"
    if fault.errno == errno.ENOENT:
        return "it cannot be started: the interpreter in its first line, or its loader, is not there"
    return str(fault)


def _environment(memory: int) -> dict[str, str]:
    """Returns the environment of the runs: limits for sanitizers, then the user's own options, which win."""
    environment = dict(os.environ)
    for name, ours in _OPTIONS.items():
        own = environment.get(name, "")
        # Reports are read from standard error: where the user sends them elsewhere, they would be missed.
        to_here = "log_path=stderr" if "log_path" in own else ""
        environment[name] = _joined(ours.format(memory=max(1, memory >> 20)), own, to_here)
    environment.setdefault("RUST_BACKTRACE", "1")
    return environment


def _joined(*options: str) -> str:
    return ":".join(option for option in options if option)


def _reported(output: bytes) -> Iterator[Outcome]:
    """Yields the outcomes in the JSON that `ccheck run --format json` prints.

    None for any other output.
    """
    if output.lstrip()[:1] != b"{":
        return
    try:
        said: Any = json.loads(output)
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
            detail = f"{trap.get('kind', '')} at {trap.get('field', '')}"
            data = TrapData("exception", operation, detail=detail)
        refused = read.get("refusal")
        refusal = None if refused is None else Refusal("refused", str(refused))
        count = read.get("instances")
        yield Outcome(
            str(read.get("consumer", "exec")), "exec", read["verdict"], trap=data, refusal=refusal,
            instances=count if isinstance(count, int) else -1,
        )  # fmt: skip
