"""Steps, time and memory in proportion to the file."""

from __future__ import annotations

import time
from collections.abc import Iterator

from ccheck_fuzz.oracles.broken import Broken
from ccheck_fuzz.oracles.case import OracleCase

SECONDS = 1.0
"""CPU seconds that judging a file may take, besides `SECONDS_PER_BYTE`."""


SECONDS_PER_BYTE = 100e-6
"""About twenty times what judging takes on a slow machine: the oracle is for what grows out of proportion."""


MEMORY = 16 << 20
"""Bytes that judging a file may take at once, besides `MEMORY_PER_BYTE`."""


MEMORY_PER_BYTE = 8192
"""About twenty times what judging takes for the files that need most for their size."""


STEPS = 65_536
"""Steps that all builds and events of a case may take for each event, besides `STEPS_PER_BYTE`."""


STEPS_PER_BYTE = 64


def resources(case: OracleCase) -> Iterator[Broken]:
    """Steps of the builds, and memory and time of the validator are proportional to the file.

    Time is measured again before it is believed, as CPU time; the limits are far from what any file needs.
    """
    size = len(case.data)
    for outcome in case.outcomes:
        most = (1 + outcome.events) * (STEPS + STEPS_PER_BYTE * size)
        if outcome.steps > most:
            what = f"{outcome.consumer} takes {outcome.steps:,} steps for {size:,} bytes, at most {most:,}"
            yield Broken("resources", what, ("resources", "steps"))
    most_seconds = SECONDS + SECONDS_PER_BYTE * size
    if _takes_longer(case, most_seconds):
        what = f"the validator takes more than {most_seconds:.1f} s for {size:,} bytes"
        yield Broken("resources", what, ("resources", "time"))
        return  # while memory is measured, everything takes several times as long
    most_bytes = MEMORY + MEMORY_PER_BYTE * size
    if case.memory > most_bytes:
        what = f"the validator takes more than {most_bytes >> 20} MiB of memory for {size:,} bytes"
        yield Broken("resources", what, ("resources", "memory"))


def _takes_longer(case: OracleCase, most: float) -> bool:
    if case.seconds <= most:
        return False
    for _ in range(2):
        before = time.process_time()
        _ = case.again().report
        if time.process_time() - before <= most:
            return False
    return True
