"""Diagnoses the end of a program: crashed, and where; refused, and why; or well."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from ccheck_fuzz.process.program import Ended
from ccheck_fuzz.readers.native.frames import MOST_FRAMES, Frame, own_frames, plain_name, stack
from ccheck_interpreter.trap import ForeignKind

RUST_PANIC = 101
"""The exit status of a Rust program that has panicked."""
WRAPPED = 128
"""Shells and other wrappers exit with 128 + n if signal n has ended their program."""
CANNOT_START = (126, 127)
"""The exit statuses of shells and of `env` for a program that cannot be executed or is not found."""
MOST_REPORTS = 8
"""Reports of one run that are distinguished; UBSan goes on after each."""

MOST_LINE = 2000
"""Characters of a line that are searched."""

_ERROR = re.compile(
    r"(?:ERROR: (?P<tool>\w{0,30}Sanitizer|libFuzzer):"
    r"|WARNING: (?P<warner>MemorySanitizer|ThreadSanitizer|HWAddressSanitizer):"
    r"|(?P<checker>\b[A-Z]\w{0,30}Sanitizer)(?=: (?:CHECK failed|nested bug|hard rss limit|soft rss limit)))"
    r":?\s*(?P<what>[^\n]*)"
)
_UNDEFINED = re.compile(r"^(?P<place>\S[^\n]*?:\d+|<unknown>): runtime error: (?P<what>[^\n]*)", re.MULTILINE)
_STARTUP = re.compile(
    r"Sanitizer failed to (?:allocate|deallocate|protect|mmap)[^\n]*|Shadow memory range interleaves[^\n]*"
    r"|ReserveShadowMemoryRange failed[^\n]*"
    r"|FATAL: \w+Sanitizer: (?:unexpected memory mapping|can not mmap)[^\n]*"
    r"|error while loading shared libraries: [^\n]*|ASan runtime does not come first[^\n]*"
)
_NO_LEAK_CHECK = re.compile(r"LeakSanitizer has encountered a fatal error")
_RUST = re.compile(
    r"thread '[^\n]{0,200}' (?:\(\d+\) )?panicked at (?:'(?P<old>.*?)', )?"
    r"(?P<place>[^\n,]+?):(?P<line>\d+):\d+:?\n?(?P<what>[^\n]*)"
)
_RUST_FRAME = re.compile(r"^\s+\d+: (?:0x[0-9a-f]+ - )?(\S[^\n]*)$", re.MULTILINE)
_RUST_RUNTIME = re.compile(r"_*rust|core::|std::|alloc::|__libc|_start$|main$|\S+::main$|<unknown>")
_GO = re.compile(
    r"^(?P<kind>panic|fatal error): (?P<what>[^\n]*)\n(?:.*\n){0,20}?goroutine \d+ ", re.MULTILINE
)
_ASSERTION = re.compile(
    r"(?P<place>[^\s:]{1,300}):(?P<line>\d+): [^\n]{1,500}:"
    r" Assertion `(?P<what>[^\n]*)' failed"
)
_ABORTED = (
    (re.compile(r"\*\*\* ([a-z ]+ detected) \*\*\*"), "{0}"),
    (re.compile(r"terminate called after throwing an instance of '([^'\n]*)'"), "uncaught {0}"),
    (
        re.compile(
            r"^((?:free|malloc|realloc|munmap_chunk|malloc_consolidate|corrupted)\b[^\n]*"
            r"|double free[^\n]*)$",
            re.MULTILINE,
        ),
        "{0}",
    ),
)


@dataclass(frozen=True, slots=True)
class Crash:
    """One way in which a program crashed.

    Attributes:
        kind: What reported it.
        what: The kind of fault, without any value of this run.
        where: The top frames of the target's own code, without addresses, the innermost first.
        detail: The line of the report.
        place: The innermost of the frames with its file and line, for people.
    """

    kind: ForeignKind
    what: str
    where: tuple[str, ...] = ()
    detail: str = ""
    place: str = ""


def crashes(ended: Ended, *, seconds: float, memory: int) -> tuple[Crash, ...]:
    """Returns the crashes that the end of a program reports, the gravest first; none if it ran or refused.

    Args:
        ended: How the program ended.
        seconds: The limit of time that it had.
        memory: The limit of memory that it had, in bytes.
    """
    text, output = _lines(ended.stderr), _lines(ended.stdout)
    if ended.stopped == "memory":
        return (_out_of_memory(memory, f"used {ended.rss >> 20:,} MiB of memory, at most {memory >> 20:,}"),)
    found = [*_reports(text, memory)] or [*_reports(output, memory)]
    if found:
        return tuple(found[:MOST_REPORTS])
    if ended.stopped == "time":
        return (Crash("time-out", "no end", detail=f"no end after {seconds:g} s"),)
    return tuple(_ended(ended.status, text or output))


def _lines(stream: bytes) -> str:
    """Returns what a program wrote, as text whose lines are not too long to be searched."""
    return "\n".join(line[:MOST_LINE] for line in stream.decode("utf-8", "replace").split("\n"))


def cannot_start(ended: Ended) -> str | None:
    """Returns why the program could not even begin its work, if its end shows that, or None."""
    text = ended.stderr.decode("utf-8", "replace")
    failed = _STARTUP.search(text)
    if failed is not None and ended.status:
        return failed[0].strip()
    if ended.status in CANNOT_START:
        return f"exit status {ended.status}: the program was not found, or cannot be executed"
    return None


def leak_check_failed(ended: Ended) -> bool:
    """Returns whether LeakSanitizer itself failed: it needs ptrace, which containers and tracers may deny."""
    return _NO_LEAK_CHECK.search(ended.stderr.decode("utf-8", "replace")) is not None


def said(ended: Ended) -> str:
    """Returns the last line that a program wrote, on standard error if there is one, or an empty text."""
    for stream in (ended.stderr, ended.stdout):
        lines = [line.strip() for line in stream.decode("utf-8", "replace").splitlines() if line.strip()]
        if lines:
            return lines[-1][:500]
    return ""


def signal_name(number: int) -> str:
    """Returns the name of a signal."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def status_words(ended: Ended) -> str:
    """Returns the exit status or the signal, and the limit that ended the program, in words."""
    if ended.stopped is not None:
        return f"ended by the limit of {ended.stopped}"
    return signal_name(-ended.status) if ended.status < 0 else f"exit status {ended.status}"


def _reports(text: str, memory: int) -> Iterator[Crash]:
    """Yields the reports of sanitizers: first those that end a program, then those of UBSan."""
    ended_in: set[str] = set()
    for match in _ERROR.finditer(text) if "Sanitizer" in text or "libFuzzer" in text else ():
        tool = match["tool"] or match["warner"] or match["checker"]
        what = match["what"]
        line = f"{tool}: {what}"
        if "hard rss limit" in what or "soft rss limit" in what:
            yield _out_of_memory(memory, line)
        elif not _STARTUP.match(f"{tool} {what}"):
            frames = own_frames(stack(text[match.end() :].splitlines()))
            ended_in.update(frame.name for frame in frames[:1])
            yield _sanitized(_fault(what), frames, line)
        if tool != "ThreadSanitizer":  # the others end the program; what follows is about the same fault
            break
    # What UBSan mentions in the same function on the way to a report is the same fault.
    seen: set[tuple[object, ...]] = set()
    for match in _UNDEFINED.finditer(text) if ": runtime error: " in text else ():
        after = text[match.end() :].partition(": runtime error: ")[0]
        frames = own_frames(stack(after.splitlines()))
        place = re.fullmatch(r"(.*?)(?::(\d+))?(?::(\d+))?", match["place"])
        source, line = (PurePath(place[1]).name, place[2] or "0") if place is not None else ("", "0")
        where = frames or (Frame(f"{source}:{line}"),)
        crash = _sanitized(
            _undefined(match["what"]), where, f"{source}:{line}: runtime error: {match['what']}"
        )
        if where[0].name not in ended_in and (crash.what, crash.where) not in seen:
            seen.add((crash.what, crash.where))
            yield crash


def _sanitized(what: str, frames: Sequence[Frame], detail: str) -> Crash:
    where = tuple(frame.name for frame in frames)
    return Crash("sanitizer", what, where, detail, frames[0].place if frames else "")


def _out_of_memory(memory: int, detail: str) -> Crash:
    limit = "" if "at most" in detail else f" (limit {memory >> 20:,} MiB)"
    return Crash("memory", "out of memory", detail=detail + limit)


def _fault(what: str) -> str:
    """Returns the kind of fault in a report's first line: `heap-buffer-overflow`, `SEGV`, `data race`."""
    if "memory leaks" in what:
        return "memory-leak"
    cut = re.split(r"\s+on\s+|\s*\(|\s*:\s|\s0x|,|\s+in thread", what, maxsplit=1)[0]
    words = re.sub(r"\d+", "", cut).strip(" :").split()
    if words[:1] == ["attempting"]:
        words = words[:2]
    return "-".join(words[:4]) or "unknown"


def _undefined(what: str) -> str:
    """Returns the kind of fault in a line of UBSan, without the values, types and addresses in it."""
    cut = re.split(r":\s", what, maxsplit=1)[0]
    cut = re.sub(r"'[^']*'|0x[0-9a-fA-F]+|-?\d[\d.e+]*(?:-bit|-byte)?|\b(?:nan|-?inf)\b", " ", cut)
    return " ".join(cut.replace(",", " ").split()[:12]).strip() or "runtime error"


def _ended(status: int, text: str) -> Iterator[Crash]:
    """Yields what the status says, with the words of the program where they say what happened."""
    panic = _RUST.search(text) if "panicked at" in text else None
    if panic is not None and status in (RUST_PANIC, -signal.SIGABRT, WRAPPED + signal.SIGABRT):
        place = f"{PurePath(panic['place']).name}:{panic['line']}"
        what = panic["old"] or panic["what"]
        called = [plain_name(name) for name in _RUST_FRAME.findall(text[panic.end() :])]
        rust = tuple(name for name in called if not _RUST_RUNTIME.match(name))[:MOST_FRAMES]
        yield Crash("panic", "panic", rust or (place,), f"panicked at {place}: {what}", place)
        return
    go = _GO.search(text) if "\ngoroutine " in text else None
    if go is not None and status == 2:
        frames = re.findall(r"^([\w./*()\-]+)\([^\n]*\)\n\t", text[go.end() :], re.MULTILINE)
        own = tuple(name for name in frames if not name.startswith(("runtime.", "main.main", "panic")))[:3]
        yield Crash("panic", go["kind"], own or tuple(frames[:1]), f"{go['kind']}: {go['what']}")
        return
    if status == RUST_PANIC:
        yield Crash("panic", "panic", detail=f"exit status {status}, as of a Rust program that panicked")
        return
    number = -status if status < 0 else status - WRAPPED if WRAPPED < status < WRAPPED + 32 else 0
    if not number:
        return
    name = signal_name(number)
    detail = f"ended by {name}" if status < 0 else f"exit status {status}: ended by {name}"
    asserted = next(
        map(_ASSERTION.search, (line for line in text.split("\n") if ": Assertion `" in line)), None
    )
    if asserted is not None:
        place = f"{PurePath(asserted['place']).name}:{asserted['line']}"
        yield Crash(
            "signal",
            name,
            ("assertion", place),
            f"{detail}: assertion `{asserted['what']}' at {place}",
            place,
        )
        return
    for pattern, words in _ABORTED:
        match = pattern.search(text)
        if match is not None:
            said_so = words.format(match[1].strip())
            yield Crash("signal", name, (re.sub(r"0x[0-9a-f]+|\d+", "", said_so),), f"{detail}: {said_so}")
            return
    yield Crash("signal", name, (), detail)
