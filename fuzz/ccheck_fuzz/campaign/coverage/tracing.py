"""Which lines of the readers an input reaches, by plain replay: for merging a corpus and for its coverage."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

Line = tuple[str, int]
"""File name without its folder, and line."""


def folders(packages: tuple[str, ...]) -> tuple[str, ...]:
    """Returns the folders, or files, of packages by name."""
    found = []
    for name in packages:
        module = importlib.import_module(name)
        places = list(getattr(module, "__path__", [])) or [getattr(module, "__file__", None) or ""]
        found += [str(Path(place).resolve()) for place in places if place]
    return tuple(found)


@contextmanager
def traced(within: tuple[str, ...]) -> Iterator[Callable[[], set[Line]]]:
    """Trace lines in these folders while the context is open; yields a function that returns the new lines.

    On Python 3.12 and later each line emits one event only, so that replaying a corpus costs little;
    what a later input reaches again is then not seen again.
    """
    lines: set[Line] = set()

    def take() -> set[Line]:
        taken = set(lines)
        lines.clear()
        return taken

    monitoring: Any = getattr(sys, "monitoring", None)
    if monitoring is not None:
        tool = monitoring.PROFILER_ID
        monitoring.use_tool_id(tool, "ccheck tracing")

        def note(code: CodeType, number: int) -> Any:
            if code.co_filename.startswith(within):
                lines.add((Path(code.co_filename).name, number))
            return monitoring.DISABLE

        monitoring.register_callback(tool, monitoring.events.LINE, note)
        monitoring.set_events(tool, monitoring.events.LINE)
        monitoring.restart_events()
        try:
            yield take
        finally:
            monitoring.set_events(tool, 0)
            monitoring.free_tool_id(tool)
        return

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        if not frame.f_code.co_filename.startswith(within):
            return None
        if event == "line":
            lines.add((Path(frame.f_code.co_filename).name, frame.f_lineno))
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield take
    finally:
        sys.settrace(before)
