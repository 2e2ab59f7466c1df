"""The worker processes that judge chunks of files, and what becomes of a file that crashes one.

Each worker has a pipe of its own and at most one chunk, and workers share nothing: no lock, no queue. So a
worker that dies, at any moment, leaves the others as they are, and the lost files are known.

A command on Linux forks its workers as long as it has one thread: they exist at once, with all that it
has loaded. Elsewhere, and in a program that uses ccheck as a library, they are spawned: no copy of that
process's threads, locks and open files. It costs each of them a start of about 0.2 s, in parallel.
"""

from __future__ import annotations

import contextlib
import faulthandler
import multiprocessing
import os
import pickle
import signal
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any, NoReturn

from ccheck.core.finding import FileReport
from ccheck.core.input import STANDARD_INPUT, InputError
from ccheck.run.chunks import FILES, Chunk, PreparationFailed, chunks
from ccheck.run.interrupts import Interrupts
from ccheck.run.process_end import end_at_once, end_with_parent, ending, leave, report_exits
from ccheck.run.supervise import leave_to_parent, may_fork

if TYPE_CHECKING:
    from multiprocessing.connection import _ConnectionBase
    from multiprocessing.process import BaseProcess

    from ccheck.judging.context import ValidationContext

PAUSE = 1.0
"""Seconds, at most, that count between two looks at the workers: all of them may have been stopped
meanwhile, or whoever reads the report may have been slow.
"""

ENDS = 1.0
"""Seconds for a worker that has closed its pipe to end by itself, which says how."""

STACK = 2.0
"""Seconds for a worker that is about to be ended to write its stack."""

TICK = 0.1
"""Seconds that this process waits for workers before it looks for interrupts and draws progress."""

AHEAD = 4
"""Chunks for each worker that may be judged, or wait for their turn to be reported, at one time."""

MOST = 60 if sys.platform == "win32" else 1024
"""Workers, at most: Windows waits for no more than 63 objects at once."""


class WorkerNotStarted(Exception):
    """A worker process ended before it could judge anything.

    Args:
        exitcode: Negative for a signal.
    """

    def __init__(self, exitcode: int | None) -> None:
        super().__init__(f"a worker process could not start: it {ending(exitcode)}")
        self.exitcode = exitcode


@dataclass(frozen=True, slots=True)
class _Task:
    """A chunk; `deaths` is how many workers its only file has ended."""

    chunk: Chunk
    deaths: int = 0


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a worker sends, once when it is ready and then for each chunk.

    Attributes:
        packed: The pickled reports of the chunk, which stay packed until their turn.
        trace: The traceback of what the worker raised while it prepared itself.
    """

    packed: bytes = b""
    trace: str = ""


@dataclass(slots=True)
class _Worker:
    """A worker process.

    Attributes:
        log: The pipe to which it writes its stack.
        spent: Seconds on its task.
    """

    process: BaseProcess
    pipe: _ConnectionBase[Any, Any]
    log: _ConnectionBase[Any, Any]
    task: _Task | None = None
    ready: bool = False
    spent: float = 0.0

    def end(self) -> None:
        """Kill the process, which may have closed its pipe and still run."""
        self.process.kill()
        self.process.join()
        self.pipe.close()
        self.log.close()

    def stack(self) -> str:
        """Returns its Python stack, or nothing if it does not write one."""
        if self.process.pid is None or not hasattr(signal, "SIGUSR1"):
            return ""
        with contextlib.suppress(OSError):  # it has ended
            os.kill(self.process.pid, signal.SIGUSR1)
        return self.said(STACK)

    def said(self, wait_for: float = 0.0) -> str:
        """Returns what is in its log, nothing if nothing comes in so many seconds."""
        if not hasattr(os, "set_blocking") or sys.platform == "win32":
            return ""
        said = b""
        os.set_blocking(self.log.fileno(), False)
        with contextlib.suppress(OSError):  # nothing is left to read
            while wait([self.log], wait_for) and (more := os.read(self.log.fileno(), 1 << 16)):
                said, wait_for = said + more, TICK
        return said.decode("utf-8", "replace")


class Workers:
    """Worker processes for one run over `files`; the arguments are those of `ccheck.run.batch.examine`.

    `start` is the position of the first file, `chunk` the number of files of a full chunk.
    """

    def __init__(
        self,
        files: Sequence[str],
        prepare: Callable[[], ValidationContext],
        validation: ValidationContext,
        jobs: int,
        interrupts: Interrupts,
        tick: Callable[[], None],
        data: Mapping[int, bytes],
        start: int = 0,
        chunk: int = FILES,
    ) -> None:
        self._files = files
        self._prepare = prepare
        self._validation = validation
        self._jobs = min(jobs, MOST)
        self._interrupts = interrupts
        self._tick = tick
        self._workers: list[_Worker] = []
        self._standard_input: dict[int, bytes | InputError] = dict(data)
        self._chunks = chunks(files, start, chunk)
        self._waiting: deque[_Task] = deque()
        self._answers: dict[int, tuple[Chunk, _Answer]] = {}
        self._limit = validation.time_limit
        self._looked = time.monotonic()
        self._next = start
        """The position of the file whose report is due."""

    def reports(self) -> Generator[tuple[int, FileReport], None, None]:
        """The position and report of each file, in order; to be used once."""
        try:
            while self._next < len(self._files):
                if self._interrupts.noted:
                    raise KeyboardInterrupt
                self._hand_out()
                self._collect(0 if self._next in self._answers else TICK)
                self._end_late()
                self._tick()
                yield from self._due()
        except KeyboardInterrupt:
            yield from self._rest()
            raise
        finally:
            self._end()

    def _due(self) -> Iterator[tuple[int, FileReport]]:
        """The reports of the next chunk, if it was judged."""
        if self._next in self._answers:
            chunk, answer = self._answers.pop(self._next)
            self._next = chunk.stop
            yield from zip(chunk, _unpacked(answer), strict=True)

    def _rest(self) -> Iterator[tuple[int, FileReport]]:
        """After an interrupt: what is judged already, in order, though files before it are not."""
        with contextlib.suppress(WorkerNotStarted, PreparationFailed):
            self._collect(0)
        self._end()
        for _, (chunk, answer) in sorted(self._answers.items()):
            yield from zip(chunk, _unpacked(answer), strict=False)

    def _hand_out(self) -> None:
        """Give each worker that has no chunk a chunk; start a worker if there are too few."""
        for worker in list(self._workers):
            if worker.task is None and (task := self._take()) is not None:
                self._give(worker, task)
        while len(self._workers) < self._jobs and (task := self._take()) is not None:
            worker = self._start()
            self._workers.append(worker)
            self._give(worker, task)

    def _take(self) -> _Task | None:
        """The next task, unless the reports that wait for their turn would become too many."""
        if not self._waiting:
            chunk = next(self._chunks, None)
            if chunk is None:
                return None
            self._waiting.append(_Task(chunk))
        first = self._waiting[0].chunk.start
        far = first >= self._next + AHEAD * self._jobs * FILES
        # Standard input may come late: what was named before it is reported first.
        if far or (self._files[first] == STANDARD_INPUT and first != self._next):
            return None
        return self._waiting.popleft()

    def _give(self, worker: _Worker, task: _Task) -> None:
        if self._files[task.chunk.start] == STANDARD_INPUT and task.chunk.start not in self._standard_input:
            with self._interrupts.heeded():
                self._standard_input[task.chunk.start] = self._validation.bytes_of(STANDARD_INPUT)
        worker.task, worker.spent = task, 0.0
        try:
            worker.pipe.send([(self._files[place], self._standard_input.get(place)) for place in task.chunk])
        except OSError:
            worker.task = None  # it died without work; the task has not met it
            self._waiting.appendleft(task)
            self._lost(worker)

    def _start(self) -> _Worker:
        forked = may_fork()
        ours, theirs = multiprocessing.Pipe()
        log, stack = multiprocessing.Pipe(duplex=False)
        process: BaseProcess
        if forked:
            close = [one for worker in self._workers for one in (worker.pipe, worker.log)] + [ours, log]
            process = multiprocessing.get_context("fork").Process(
                target=_work_forked, args=(theirs, stack, self._validation, close), daemon=True
            )
        else:
            process = multiprocessing.get_context("spawn").Process(
                target=_work, args=(theirs, stack, self._prepare), daemon=True
            )
        with _no_interrupt_for_children(spawned=not forked):
            process.start()
        theirs.close()  # else its end would not be seen when the worker dies
        stack.close()
        return _Worker(process, ours, log)

    def _collect(self, timeout: float) -> None:
        """Take the answers that are there, waiting for one at most `timeout` seconds."""
        by_pipe: dict[object, _Worker] = {worker.pipe: worker for worker in self._workers}
        ready = wait([worker.pipe for worker in self._workers], timeout)
        for pipe in ready:
            worker = by_pipe[pipe]
            try:
                answer: _Answer = worker.pipe.recv()
            except (EOFError, OSError):
                self._lost(worker)
                continue
            if not worker.ready:
                if answer.trace:
                    raise PreparationFailed(answer.trace)
                worker.ready = True
            elif worker.task is not None:
                self._answers[worker.task.chunk.start] = (worker.task.chunk, answer)
                worker.task = None
        if not ready:
            # A pipe stays open after the death of its worker where a process that a check started holds it.
            for worker in list(self._workers):
                if not worker.process.is_alive() and not worker.pipe.poll():
                    self._lost(worker)

    def _end_late(self) -> None:
        """End the workers whose file takes too long.

        The time is wall-clock time: code that waits for ever takes no processor time.
        """
        now = time.monotonic()
        passed, self._looked = min(now - self._looked, PAUSE), now
        if self._limit is None:
            return
        for worker in list(self._workers):
            if worker.task is None or not worker.ready:
                continue
            worker.spent += passed
            if worker.spent > self._limit and not worker.pipe.poll():
                stack = worker.stack()
                self._workers.remove(worker)
                worker.end()
                path, data = self._lost_file(worker.task)
                self._answer(worker.task, self._validation.late(path, data, stack))

    def _lost_file(self, task: _Task) -> tuple[str, bytes | InputError]:
        """The name and bytes of the file of a task that was lost."""
        path = self._files[task.chunk.start]
        data = self._standard_input.get(task.chunk.start)
        return path, self._validation.bytes_of(path) if data is None else data

    def _answer(self, task: _Task, report: FileReport) -> None:
        self._answers[task.chunk.start] = (task.chunk, _Answer(pickle.dumps([report])))

    def _lost(self, worker: _Worker) -> None:
        """A worker has died. Its files are judged one by one, and a file that ends two more is the reason."""
        self._workers.remove(worker)
        stack = worker.said()
        worker.process.join(ENDS)
        worker.end()
        exitcode = worker.process.exitcode
        if not worker.ready:
            raise WorkerNotStarted(exitcode)
        task = worker.task
        if task is None:
            return
        if len(task.chunk) > 1:
            self._waiting.extendleft(_Task(range(p, p + 1)) for p in reversed(task.chunk))
        elif task.deaths == 0:
            self._waiting.appendleft(replace(task, deaths=1))
        else:
            path, data = self._lost_file(task)
            self._answer(task, self._validation.lost(path, data, f"the process {ending(exitcode)}", stack))

    def _end(self) -> None:
        """End all workers. They hold nothing that must be saved."""
        for worker in self._workers:
            worker.process.kill()
        for worker in self._workers:
            worker.end()
        self._workers.clear()


def _unpacked(answer: _Answer) -> list[FileReport]:
    reports: list[FileReport] = pickle.loads(answer.packed)  # noqa: S301 - packed by our own worker
    return reports


@contextlib.contextmanager
def _no_interrupt_for_children(*, spawned: bool) -> Iterator[None]:
    """A child started within ignores Ctrl-C, even before its first line runs.

    Ctrl-C reaches the whole process group; only this process decides what it means.
    """
    if sys.platform == "win32":
        import ctypes

        ctypes.windll.kernel32.SetConsoleCtrlHandler(None, True)
        try:
            yield
        finally:
            ctypes.windll.kernel32.SetConsoleCtrlHandler(None, False)
    else:
        if spawned:
            from multiprocessing import resource_tracker

            resource_tracker.ensure_running()  # first: it unblocks the signal when it has started
        before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work_forked(
    pipe: _ConnectionBase[Any, Any],
    stack: _ConnectionBase[Any, Any],
    validation: ValidationContext,
    close: Sequence[_ConnectionBase[Any, Any]],
) -> NoReturn:
    """The worker process as a copy of this one; `close` has the pipes that belong only to this one."""
    for one in close:
        one.close()
    leave_to_parent()
    _work(pipe, stack, lambda: validation)


def _work(
    pipe: _ConnectionBase[Any, Any],
    stack: _ConnectionBase[Any, Any],
    prepare: Callable[[], ValidationContext],
) -> NoReturn:
    """The worker process: judge the files that come through the pipe until it is closed.

    Args:
        pipe: The pipe of files and answers.
        stack: The pipe to which it writes its Python stack when it crashes or exits, or on SIGUSR1.
        prepare: Creates what files are judged by.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    began = multiprocessing.parent_process()
    end_with_parent(None if began is None else began.pid)
    faulthandler.enable(stack.fileno(), all_threads=False)
    report_exits(stack.fileno())
    if hasattr(signal, "SIGUSR1"):
        os.set_blocking(stack.fileno(), False)  # a stack that does not fit is cut, and never waited for
        faulthandler.register(signal.SIGUSR1, stack.fileno(), all_threads=False)
    os.dup2(2, 1)  # what a check prints is not the report
    threading.Thread(target=_follow_parent, daemon=True).start()
    with contextlib.suppress(EOFError, OSError):  # the parent has gone
        try:
            validation = prepare()
        except BaseException:  # noqa: BLE001 - whatever it is, the parent must hear of it
            pipe.send(_Answer(trace=traceback.format_exc()))
            leave(1)
        pipe.send(_Answer())
        while True:
            pipe.send(_judged(validation, pipe.recv()))
    leave(0)


def _follow_parent() -> None:
    """End this worker with its parent, also when that is killed in the middle of a long file."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        end_at_once(1)


def _judged(validation: ValidationContext, files: Sequence[tuple[str, bytes | InputError | None]]) -> _Answer:
    reports = [validation.report(path, data) for path, data in files]
    try:
        return _Answer(_packed(reports))
    except Exception:  # noqa: BLE001 - what a user's check puts into a finding can be anything
        return _Answer(
            _packed(
                [_sendable(validation, *file, report) for file, report in zip(files, reports, strict=True)]
            )
        )


def _packed(reports: list[FileReport]) -> bytes:
    """Reports as bytes that the other process can read."""
    packed = pickle.dumps(reports)
    pickle.loads(packed)  # noqa: S301 - packed one line above
    return packed


def _sendable(
    validation: ValidationContext, path: str, data: bytes | InputError | None, report: FileReport
) -> FileReport:
    """A report, or that of a crash if it cannot be sent."""
    from ccheck.judging.crash import ExaminationCrashed, examination

    try:
        with examination():
            _packed([report])
    except ExaminationCrashed as crash:
        detail = f"its report cannot be sent to the process that prints it: {crash.detail}"
        return validation.crashed(path, validation.bytes_of(path) if data is None else data, detail)
    return report
