"""A search of our own on `sys.monitoring`: every platform, Python 3.12 or later, no dependency."""

from __future__ import annotations

import gc
import platform
import random
import sys
import time
from collections.abc import Hashable
from types import CodeType
from typing import Any

from ccheck_fuzz.engines.engine import Search
from ccheck_fuzz.engines.shared import Shared
from ccheck_fuzz.mutate.scheduler import smaller

_CROSSED = 8
"""One input of this many comes from two parents."""
_LOOKED = 2.0
"""Seconds between looks at what other engines found."""


class Monitoring:
    """Keeps every input that reached a line, or a feature, that none reached before.

    A line emits one event and is then switched off, so that a run over known ground costs nothing.
    """

    name = "monitoring"

    def __init__(self) -> None:
        self._packages: tuple[str, ...] = ()
        self._lines = 0

    def missing(self) -> str | None:
        """Returns why it cannot work here."""
        if _monitoring() is None:
            return f"sys.monitoring came with Python 3.12, this is {platform.python_version()}"
        return None

    def instrument(self, packages: tuple[str, ...]) -> None:
        """Remember the packages; their code is watched from the start of the search."""
        self._packages = packages

    def search(self, search: Search) -> None:
        """Search until the time is up."""
        self._watch()
        gc.freeze()
        # The objects of one run are freed by counting references; looking for cycles in every few hundred
        # runs, and through all that is kept, only takes time.
        gc.disable()
        chance = random.Random(search.seed)
        shared = Shared(search.corpus)
        seen: set[Hashable] = set()
        corpus: list[bytes] = []
        done = 0
        looked = -_LOOKED

        def run(data: bytes) -> bool:
            nonlocal done
            before = self._lines
            reached = search.run(data)
            done += 1
            if self._lines == before and reached <= seen:
                return False
            seen.update(reached)
            return True

        while time.monotonic() < search.until and not (search.runs and done >= search.runs):
            now = time.monotonic()
            if now - looked >= _LOOKED:
                looked = now
                corpus += [data for data in shared.news() if run(data) or not corpus]
                search.report_progress(len(seen), len(corpus))
                gc.collect(0)
            data = self._next(corpus, chance, search)
            if run(data):
                corpus.append(data)
                shared.add(data)
                search.report_progress(len(seen), len(corpus))
                search.stable(search.run(data) <= seen)

    def _next(self, corpus: list[bytes], chance: random.Random, search: Search) -> bytes:
        """Returns the next input: half of all come from the newest eighth of the corpus."""
        if not corpus:
            return search.mutate(b"", search.max_size, chance.getrandbits(31))
        newest = corpus[-max(1, len(corpus) // 8) :]
        parent = smaller(newest if chance.random() < 0.5 else corpus, chance)
        if chance.randrange(_CROSSED) == 0:
            return search.cross(parent, chance.choice(corpus), search.max_size, chance.getrandbits(31))
        return search.mutate(parent, search.max_size, chance.getrandbits(31))

    def _watch(self) -> None:
        """Count each line of the packages when it runs for the first time."""
        monitoring = _monitoring()
        monitoring.use_tool_id(monitoring.COVERAGE_ID, "ccheck fuzz")
        event = monitoring.events.LINE

        def line(code: CodeType, number: int) -> Any:
            self._lines += 1
            return monitoring.DISABLE

        monitoring.register_callback(monitoring.COVERAGE_ID, event, line)
        for code in _codes(self._packages):
            monitoring.set_local_events(monitoring.COVERAGE_ID, code, event)


def _monitoring() -> Any:
    """Returns the module, which is new in Python 3.12."""
    return getattr(sys, "monitoring", None)


def _codes(packages: tuple[str, ...]) -> list[CodeType]:
    """Returns the code of all functions in the loaded modules of the packages, nested ones too."""
    found: dict[int, CodeType] = {}

    def add(code: CodeType) -> None:
        if id(code) in found:
            return
        found[id(code)] = code
        for constant in code.co_consts:
            if isinstance(constant, CodeType):
                add(constant)

    def look(value: object, module: str) -> None:
        inner: Any = getattr(value, "__wrapped__", None) or getattr(value, "__func__", None) or value
        if getattr(inner, "fget", None) is not None:
            inner = inner.fget
        code = getattr(inner, "__code__", None)
        if isinstance(code, CodeType) and getattr(inner, "__module__", None) == module:
            add(code)
        elif isinstance(inner, type) and inner.__module__ == module:
            for member in vars(inner).values():
                if not isinstance(member, type):
                    look(member, module)

    for name, module in sorted(sys.modules.items()):
        if any(name == package or name.startswith(f"{package}.") for package in packages):
            for value in list(vars(module).values()):
                look(value, name)
    return list(found.values())
