"""One run of a program: within limits of time and memory, its output kept, none of its processes left."""

from __future__ import annotations

import contextlib
import ctypes
import os
import secrets
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

import psutil

from ccheck_fuzz.process.memory_group import MemoryGroup, make_memory_group

MOST_OUTPUT = 1 << 20
"""Bytes of each stream that are kept: the first half of so many and the last half."""
_CHUNK = 1 << 16
_LOOK = 0.05
"""Seconds between looks at the memory of the processes, and at whether the program has ended."""
_DRAIN = 0.2
"""Seconds for reading what is left in the pipes after the program has ended or was killed."""
_SUBREAPER = 36
"""PR_SET_CHILD_SUBREAPER, from <linux/prctl.h>."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended.

    Attributes:
        status: The exit status, or minus the number of the signal.
        stopped: `time` or `memory` if a limit ended the program, else None.
        stdout: Its standard output; the middle of very long output is cut out.
        stderr: Its standard error; the middle of very long output is cut out.
        rss: The most bytes of memory that its processes were seen to use together, 0 for short runs; the
            limit if the kernel ended them.
    """

    status: int
    stopped: Literal["time", "memory"] | None
    stdout: bytes
    stderr: bytes
    rss: int = 0


class _Kept:
    """The first and the last bytes of a stream."""

    def __init__(self) -> None:
        self._first = bytearray()
        self._last = bytearray()
        self._cut = 0

    def add(self, data: bytes) -> None:
        half = MOST_OUTPUT // 2
        room = half - len(self._first)
        self._first += data[: max(0, room)]
        self._last += data[max(0, room) :]
        if len(self._last) > 2 * half:
            self._cut += len(self._last) - half
            del self._last[:-half]

    def whole(self) -> bytes:
        more = max(0, len(self._last) - MOST_OUTPUT // 2)
        cut = self._cut + more
        if not cut:
            return bytes(self._first + self._last)
        note = f"\n[... {cut:,} bytes left out ...]\n".encode()
        return bytes(self._first) + note + bytes(self._last[more:])


def run(
    words: Sequence[str],
    data: bytes,
    *,
    seconds: float,
    memory: int,
    directory: Path | None = None,
    environment: Mapping[str, str] | None = None,
    guard: Guard | None = None,
) -> Ended:
    """Run a program in a process group of its own, and end the whole group with it.

    Memory is not limited by RLIMIT_DATA or RLIMIT_AS, which sanitizers do not survive. The guard's control
    group limits it, if there is one; besides, the resident memory of all its processes is watched from
    outside.

    Args:
        words: The program and its arguments.
        data: Its standard input.
        seconds: The wall-clock time that it may take.
        memory: The bytes of resident memory that its processes may use together.
        directory: Its working directory.
        environment: Its environment variables.
        guard: Ends the process group if this process is killed; has the control group.

    Raises:
        OSError: The program cannot be started.
    """
    if os.name != "posix":
        return _run_anywhere(words, data, seconds, directory, environment)
    adopted = _children()
    process = subprocess.Popen(  # noqa: S603 - the user's own command, given to be run
        words,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=directory,
        env=environment if guard is None else guard.marked(environment),
        start_new_session=True,
        bufsize=0,
    )
    if guard is not None:
        guard.watch(process.pid)
    group = None if guard is None else guard.group_of(process.pid)
    outputs = {"stdout": _Kept(), "stderr": _Kept()}
    until = time.monotonic() + seconds
    try:
        stopped, rss = _follow(process, data, outputs, until, memory, adopted)
    finally:
        _end(process, adopted)
        if guard is not None:
            guard.watch(0)
    if group is not None and group.new_kills():
        stopped, rss = "memory", max(rss, memory)
    return Ended(process.returncode, stopped, outputs["stdout"].whole(), outputs["stderr"].whole(), rss)


def _run_anywhere(
    words: Sequence[str],
    data: bytes,
    seconds: float,
    directory: Path | None,
    environment: Mapping[str, str] | None,
) -> Ended:
    """Run a program on a system without process groups, with only a limit of time."""
    try:
        done = subprocess.run(  # noqa: S603 - the user's own command, given to be run
            words,
            input=data,
            capture_output=True,
            timeout=seconds,
            cwd=directory,
            env=environment,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        return Ended(-1, "time", late.stdout or b"", late.stderr or b"")
    return Ended(done.returncode, None, done.stdout, done.stderr)


def _follow(
    process: subprocess.Popen[bytes],
    data: bytes,
    outputs: Mapping[str, _Kept],
    until: float,
    memory: int,
    adopted: frozenset[int],
) -> tuple[Literal["time", "memory"] | None, int]:
    """Feed and read the program until it ends, or must be ended; returns the broken limit and peak memory."""
    left = memoryview(data)
    most = 0
    looked = time.monotonic()
    with selectors.DefaultSelector() as selector, contextlib.ExitStack() as closing:
        for name in outputs:
            stream: IO[bytes] = getattr(process, name)
            closing.callback(stream.close)
            os.set_blocking(stream.fileno(), False)
            selector.register(stream, selectors.EVENT_READ, name)
        stdin = process.stdin
        if stdin is None:
            raise OSError("the program has no standard input")
        closing.callback(_close, stdin)
        os.set_blocking(stdin.fileno(), False)
        if left:
            selector.register(stdin, selectors.EVENT_WRITE, "stdin")
        else:
            _close(stdin)
        ended: float | None = None
        while True:
            ready = selector.select(_LOOK if ended is None else 0.0) if selector.get_map() else []
            for key, _ in ready:
                if key.data == "stdin":
                    left = _feed(stdin, left)
                    if not left:
                        selector.unregister(stdin)
                        _close(stdin)
                    continue
                read = _read(key.fd)
                if read is None:
                    continue
                if read:
                    outputs[key.data].add(read)
                else:
                    selector.unregister(key.fileobj)
            now = time.monotonic()
            reading = any(key.data != "stdin" for key in selector.get_map().values())
            if ended is not None:
                # What it started may hold the pipes open for ever: they get a moment, and no more.
                if not reading or not ready or now > ended + _DRAIN:
                    return None, most
                continue
            if process.poll() is not None:
                ended = now
                continue
            if now >= until:
                return "time", most
            if now - looked >= _LOOK:
                looked = now
                most = max(most, resident(process.pid, *(_children() - adopted)))
                if most > memory:
                    return "memory", most
            if not reading:
                # It has closed its output and goes on: there is nothing to wait for but its end.
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(_LOOK)


def _read(descriptor: int) -> bytes | None:
    try:
        return os.read(descriptor, _CHUNK)
    except BlockingIOError:
        return None
    except OSError:
        return b""


def _feed(stdin: IO[bytes], left: memoryview) -> memoryview:
    """Write what the pipe takes, and give the rest; nothing is left for a program that does not read."""
    try:
        return left[os.write(stdin.fileno(), left[:_CHUNK]) :]
    except BlockingIOError:
        return left
    except OSError:
        return memoryview(b"")


def _close(stream: IO[bytes]) -> None:
    with contextlib.suppress(OSError):
        stream.close()


def _end(process: subprocess.Popen[bytes], adopted: frozenset[int]) -> None:
    """Kill the process group, and what left the group and was adopted by this process."""
    with contextlib.suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL)
    if process.poll() is None:
        process.kill()
    process.wait()
    for _ in range(16):  # an orphan may have started more
        orphans = _children() - adopted - {process.pid}
        if not orphans:
            return
        for orphan in orphans:
            _kill_tree(orphan)


def _kill_tree(orphan: int) -> None:
    with contextlib.suppress(psutil.Error):
        for child in psutil.Process(orphan).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                child.kill()
    with contextlib.suppress(OSError):
        os.kill(orphan, signal.SIGKILL)
    with contextlib.suppress(OSError):
        os.waitpid(orphan, 0)


def _children(pid: int | str = "self") -> frozenset[int]:
    """Returns the children of a process by the kernel's own list; empty without one."""
    found: set[int] = set()
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208 - a dozen times as fast, in every run
            with open(f"/proc/{pid}/task/{thread}/children", encoding="ascii") as listed:  # noqa: PTH123 - see above
                found.update(map(int, listed.read().split()))
    except OSError:
        pass
    return frozenset(found)


def resident(*pids: int) -> int:
    """Returns the resident bytes of processes and of all that they started."""
    if not Path("/proc/self/status").exists():
        return sum(map(_resident_anywhere, pids))
    total = 0
    seen: set[int] = set()
    waiting = list(pids)
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        waiting += _children(one)
        with contextlib.suppress(OSError, ValueError, IndexError):
            status = Path(f"/proc/{one}/status").read_text(encoding="utf-8", errors="replace")
            total += int(status.partition("VmRSS:")[2].split()[0]) << 10
    return total


def _resident_anywhere(pid: int) -> int:
    total = 0
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        for one in (process, *process.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                total += int(one.memory_info().rss)
    return total


class Guard:
    """A process that ends the program when this one is killed, and cannot do so itself.

    It waits for the end of its standard input, which comes with the end of this process, however it ends.
    """

    # It ends the process group that it was given last, and all that bears its mark; then it removes the
    # control group, which must be empty: what was killed takes a moment to end.
    _SCRIPT = (
        'g=0; while read -r n; do g=$n; done; [ "$g" -gt 0 ] && kill -s KILL -- "-$g"; '
        'for e in /proc/[0-9]*/environ; do if grep -aqs "$1" "$e"; then '
        'p=${e#/proc/}; kill -s KILL "${p%/environ}"; fi; done; '
        'for t in 1 2 3 4 5 6 7 8 9 10; do [ -d "$2" ] || break; rmdir "$2" && break; sleep 0.2; done'
    )

    def __init__(self, memory: int | None = None) -> None:
        """Starts it, if there is a shell for it.

        Args:
            memory: The bytes that the program may use, for the control group; None for no such group.
        """
        self.group = None if memory is None else make_memory_group(memory)
        folder = "" if self.group is None else str(self.group.folder)
        self.mark = f"CCHECK_GUARD={secrets.token_hex(16)}"
        self._process: subprocess.Popen[bytes] | None = None
        if sys.platform == "linux":
            # What leaves its group when its parent has ended becomes a child of this process, which ends it.
            with contextlib.suppress(OSError, AttributeError):  # a C library of another kind
                ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
        if os.name == "posix":
            with contextlib.suppress(OSError):
                self._process = subprocess.Popen(  # noqa: S603 - a script of ours, with nothing put into it
                    [
                        "/bin/sh",
                        "-c",
                        self._SCRIPT,
                        "guard",
                        self.mark,
                        folder,
                    ],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                    bufsize=0,
                )

    def marked(self, environment: Mapping[str, str] | None) -> dict[str, str]:
        """Returns an environment that marks a program, and all that it starts, as one to end."""
        name, _, value = self.mark.partition("=")
        return {**(os.environ if environment is None else environment), name: value}

    def group_of(self, pid: int) -> MemoryGroup | None:
        """Returns the control group of a program that was just started, or None without one.

        What it has started by then is outside, and its memory is watched all the same.
        """
        if self.group is not None:
            try:
                self.group.add(pid)
            except ProcessLookupError:
                pass  # it has ended already
            except OSError:  # the group is delegated, but that of this process is not
                self.group.remove()
                self.group = None
        return self.group

    def watch(self, group: int) -> None:
        """Tell it which process group is to end with this process; 0 for none."""
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.write(f"{group}\n".encode())

    def close(self) -> None:
        """End it."""
        if self._process is not None:
            if self._process.stdin is not None:
                _close(self._process.stdin)
            self._process.wait()
            self._process = None
        if self.group is not None:
            self.group.remove()
            self.group = None
