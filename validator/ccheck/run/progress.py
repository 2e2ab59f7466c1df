"""How far a run has come: one line on the terminal of standard error, out of the way of every other line."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from types import TracebackType
from typing import TextIO

from ccheck.core.finding import FileReport
from ccheck.text.quoting import counted

AFTER = 1.0
"""Seconds after which a run of few files gets a line."""

MANY = 200
"""Files of which more get a line at once."""

EVERY = 0.1
"""Seconds from one drawing to the next."""


class Progress:
    """The line of one run over `total` files. It is drawn by `tick`, and only if `stream` is a terminal.

    Writers to another stream call `clear` before. As a context it removes the line at the end.
    """

    def __init__(
        self, total: int, stream: TextIO, *, wanted: bool = True, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._total = total
        self._stream = stream
        self._shown = wanted and stream.isatty()
        self._clock = clock
        self._start = clock()
        self._next = self._start + (0 if total > MANY else AFTER)
        self._drawn = 0
        self._files = self._bytes = self._findings = 0

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.clear()

    def count(self, report: FileReport) -> None:
        """Count a file that was examined."""
        self._files += 1
        self._bytes += report.size
        self._findings += len(report.findings) + sum(report.beyond.values())

    def tick(self) -> None:
        """Draw the line if it is time to."""
        if not self._shown or (now := self._clock()) < self._next:
            return
        self._next = now + EVERY
        # Not into the last column: some terminals go to the next line there.
        line = self._line(now - self._start)[: _columns(self._stream) - 1]
        self._write(f"\r{line.ljust(self._drawn)}")
        self._drawn = len(line)

    def clear(self) -> None:
        """Take the line away until the next `tick`."""
        if self._drawn:
            self._write(f"\r{' ' * self._drawn}\r")
            self._drawn = 0

    def _line(self, elapsed: float) -> str:
        parts = [f"{self._files:,} of {counted(self._total, 'file')}"]
        if self._files and elapsed > 0:
            left = round((self._total - self._files) * elapsed / self._files)
            parts += [f"{self._bytes / elapsed / 1e6:.1f} MB/s", counted(self._findings, "finding")]
            parts += [f"{left // 60}:{left % 60:02} left"]
        return "  ".join(parts)

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:
            # The terminal has gone. That is no reason to lose the report.
            self._shown, self._drawn = False, 0


def _columns(stream: TextIO) -> int:
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except (OSError, ValueError):
        return 80
