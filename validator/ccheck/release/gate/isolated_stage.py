"""A stage in a process of its own: if it hangs, crashes or takes too much memory, the stage is incomplete.

The gate goes on. The process is a new one that shares nothing: it receives the bytes that were read, creates
the validation context again, and reports if its materials have changed.
"""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from ccheck.release.gate.context import GateContext
from ccheck.release.gate.materials import materials
from ccheck.release.gate.result import Stage, Status
from ccheck.run.memory_limit import limit_memory
from ccheck.run.process_end import ending

MEMORY = 4 << 30
"""Bytes that the process may use, on systems with such a limit."""
LAST_WORDS = 400
"""Characters of what a process that died has said last."""


class StageLost(Exception):
    """A process that did not bring its stage to an end, and how it ended."""


@dataclass(frozen=True)
class _Task:
    """The input of the process.

    Attributes:
        context: The context without its validation.
        materials: The materials that the validation must have.
    """

    name: str
    context: GateContext
    materials: dict[str, Any]


def run_isolated(name: str, context: GateContext) -> Stage:
    """Run a stage that runs code that is not ccheck's own.

    Raises:
        StageLost: The process failed, or took longer than the policy allows; it is then ended, with all that
            it started.
    """
    if context.again is None:
        raise StageLost("what it is judged by cannot be made again in another process")
    seconds = context.policy.stage_seconds
    task = _Task(name, _portable(context), materials(context))
    process: subprocess.Popen[bytes] | None = None
    try:
        with _uninterrupted():
            process = subprocess.Popen(
                # -P: nothing is imported from the working directory.
                [sys.executable, "-P", "-m", "ccheck.release.gate.isolated_stage"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                start_new_session=True,  # Ctrl-C is heard here alone, and ends all that it started
            )
        out, err = process.communicate(pickle.dumps(task), timeout=seconds)
    except subprocess.TimeoutExpired:
        why = f"it did not end within {seconds:,} s: a hang, or too much for [gate] stage_seconds"
        raise StageLost(why) from None
    finally:
        if process is not None:
            _end(process)
    if process.returncode != 0:
        said = (out or err).decode("utf-8", "replace").strip().splitlines()
        last = f": {said[-1][:LAST_WORDS]}" if said else ""
        raise StageLost(f"its process {ending(process.returncode)}{last}")
    return _stage(out)


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Ctrl-C waits until this is over: a process that is being started could not be ended."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and all that it started, if it is still there."""
    if process.poll() is None:
        if hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
        process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()


def _portable(context: GateContext) -> GateContext:
    """The case without what cannot be handed to another process: that is made again there."""
    policy = replace(context.policy, budgets=dict(context.policy.budgets))
    return replace(context, validation=None, policy=policy)  # type: ignore[arg-type] # made again before it is used


def _stage(told: bytes) -> Stage:
    """The stage that a process reported. It is data, not objects: any code may have run there."""
    try:
        said = json.loads(told)
        name, summary, examined, details = (said[key] for key in ("name", "summary", "examined", "details"))
        if not (isinstance(name, str) and isinstance(summary, str) and isinstance(details, dict)):
            raise TypeError("a name, a summary or details of another kind")  # noqa: TRY301, RUF100 - told as the others
        if not all(type(count) is int for count in dict(examined).values()):
            raise TypeError("counts are numbers")  # noqa: TRY301, RUF100 - as above
        return Stage(name, Status(said["status"]), summary, dict(examined), details)
    except (ValueError, KeyError, TypeError, RecursionError) as wrong:
        raise StageLost(f"its process told of no stage: {wrong}") from wrong


def main() -> None:
    """Run the stage on standard input, and write it, or what it raised, to standard output."""
    out = os.fdopen(os.dup(1), "wb")
    # Whatever else is printed is not the answer, and might never end.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    limit_memory(MEMORY)
    threading.Thread(target=_follow, args=(os.getppid(),), daemon=True).start()
    try:
        told = _told()
    except BaseException as raised:  # noqa: BLE001 - the gate must hear of it, also where the stage wants to exit
        out.write(f"{type(raised).__name__}: {raised}".encode("utf-8", "backslashreplace"))
        out.close()
        sys.exit(1)
    out.write(told)
    out.close()


def _told() -> bytes:
    """The stage that standard input requests, as JSON."""
    from ccheck.release.gate.stages import stage_run

    # Written by the process that started this one, which is ours.
    task: _Task = pickle.load(sys.stdin.buffer)  # noqa: S301 - see above
    again = task.context.again
    if again is None:
        raise StageLost("it was not told how to judge")
    # This process may be ended by what it runs: nothing is examined in others besides.
    context = replace(task.context, validation=again(), again=None)
    if materials(context) != task.materials:
        raise StageLost("what the release is judged by was changed while the gate ran")
    stage = stage_run(task.name)(context)
    told = {
        "name": stage.name,
        "status": stage.status.value,
        "summary": stage.summary,
        "examined": dict(stage.examined),
        "details": dict(stage.details),
    }
    return json.dumps(told).encode()


def _follow(parent: int) -> None:
    """End with the gate, however it ends."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


if __name__ == "__main__":
    main()
