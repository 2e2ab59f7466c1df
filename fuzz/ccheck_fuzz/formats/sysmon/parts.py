"""Events that match Sysmon rules blobs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from ccheck_fuzz.formats.parts import Event, Parts
from ccheck_interpreter.sysmon.generate import generate_sysmon
from ccheck_interpreter.sysmon.loader import CHECKING, TRUSTING, load
from ccheck_interpreter.sysmon.tables import TargetError, target
from ccheck_interpreter.trap import Refused, Trap


def _events(data: bytes, definitions: bytes | None, most: int) -> Iterator[Event]:
    version = int.from_bytes(data[:4], "little")
    with suppress(TargetError):
        driver = target(f"{version >> 16}.{version & 0xFFFF}")
        for build in (CHECKING, TRUSTING):
            # Where one build refuses the blob or the other traps, the events up to there still match.
            with suppress(Refused, Trap):
                for event in generate_sysmon(load(data, driver, build)):
                    yield {"event_id": event.event_id, "fields": list(event.fields)}
                return


PARTS = Parts(_events, _events)
