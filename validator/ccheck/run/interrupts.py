"""Ctrl-C while work is done: noted at once, heeded where the report stays correct."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Iterator
from types import FrameType, TracebackType
from typing import Any

INSISTS = 0.5
"""Seconds after which another Ctrl-C is the user's who insists. A sooner one is the same: launchers pass on
what the terminal has sent to the whole process group.
"""


class Interrupts:
    """Within it a first Ctrl-C is only noted, so that no report is cut in the middle.

    Within `heeded` it stops the work at once, and a second one always does. Both raise KeyboardInterrupt.
    """

    def __init__(self) -> None:
        self.noted = False
        self._open = False
        self._since = 0.0
        self._before: Any = None
        self._mine = False

    def __enter__(self) -> Interrupts:
        # Only the main thread may set handlers; elsewhere nobody presses Ctrl-C. A launcher that had us
        # ignore it (a shell's background job) is obeyed.
        if threading.current_thread() is threading.main_thread():
            self._before = signal.getsignal(signal.SIGINT)
            self._mine = self._before is not None and self._before != signal.SIG_IGN
        if self._mine:
            signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._mine:
            signal.signal(signal.SIGINT, self._before)

    @contextlib.contextmanager
    def heeded(self) -> Iterator[None]:
        """A stretch of work that may be stopped anywhere."""
        self._open = True
        try:
            if self.noted:
                raise KeyboardInterrupt
            yield
        finally:
            self._open = False

    def _note(self, number: int, frame: FrameType | None) -> None:
        now = time.monotonic()
        if self.noted and now - self._since < INSISTS:
            return
        insists, self.noted, self._since = self.noted, True, now
        if self._open or insists:
            raise KeyboardInterrupt
