"""The speed of loading and evaluating content: CPU time compared with a bare reader that checks nothing.

Run it as `PYTHONPATH=interpreter:. python bench/interpreter.py`; `--json` prints JSON.
"""

import argparse
import json
import sys
from collections.abc import Callable
from statistics import median
from struct import Struct
from time import process_time
from zlib import crc32

from tests.interpreter.channel_bytes import (
    INTEGER,
    FieldSpec,
    InstanceSpec,
    TypeSpec,
    definitions,
    instances,
    number,
    text,
    wildcard,
)

from ccheck_interpreter.channel.definitions import load_definitions
from ccheck_interpreter.channel.evaluate import evaluate
from ccheck_interpreter.channel.host import run
from ccheck_interpreter.channel.loader import load
from ccheck_interpreter.event import Event
from ccheck_interpreter.profile import Profile

HEADER, LINK, BODY = Struct("<4sHHIIIIII"), Struct("<II"), Struct("<HHI")
INSTANCE, CRITERION = Struct("<IIHBBIHHI"), Struct("<HHIIHH")

FIELDS = [FieldSpec("path"), FieldSpec("port", INTEGER), FieldSpec("user"), FieldSpec("command")]
DEFINITIONS = definitions(TypeSpec(1, "Net", FIELDS))
EVENT = Event("Net", (r"C:\Windows\System32\svchost.exe", 443, "SYSTEM", "svchost.exe -k netsvcs -p"))
TRUSTING = Profile("trusting", {"Net": 4})
CHECKING = Profile("checking", {"Net": 4}, bounds_check=True)


def many() -> bytes:
    """A file of 500 instances and 40 KB; most are compared up to their second or third criterion."""
    specs = []
    for index in range(500):
        criteria = [
            text(0, "prefix", "C:\\Windows", ignore_case=index % 3 == 0),
            number(1, "integer_range", 1, 1024 + index),
            text(3, ("contains", "suffix", "equals")[index % 3], f"tool-{index:03}"),
        ]
        if index % 5 == 0:
            criteria[1] = wildcard(2)
        specs.append(InstanceSpec(index + 1, criteria[: 2 + index % 2]))
    return instances(*specs)


def bare(data: bytes, event: Event) -> list[int]:
    """A reader that checks nothing but the checksum: same file, same comparisons, struct and slices."""
    if crc32(data[0x20:]) != HEADER.unpack_from(data)[8]:
        return []
    tables = {}
    at = 0x20
    while True:
        following, size = LINK.unpack_from(data, at)
        if size == 0:
            break
        kind, _, count = BODY.unpack_from(data, at + 8)
        tables[kind] = (at + 16, count)
        at = following
    matched = []
    start, count = tables[3]
    first_criterion = tables[4][0]
    inputs = [value.encode() if isinstance(value, str) else value for value in event.inputs]
    for index in range(count):
        record = INSTANCE.unpack_from(data, start + 24 * index)
        for position in range(record[5], record[5] + record[6]):
            field, kind, offset, length, _, flags = CRITERION.unpack_from(
                data, first_criterion + 16 * position
            )
            if kind == 1:
                continue
            value, operand = inputs[field], data[offset : offset + length]
            if isinstance(value, int):
                low, high = int.from_bytes(operand[:8], "little"), int.from_bytes(operand[8:], "little")
                if low <= value <= high:
                    continue
                break
            if value is None:
                break
            if flags & 1:
                value, operand = value.lower(), operand.lower()
            if kind == 4:
                found = value.startswith(operand)
            elif kind == 5:
                found = value.endswith(operand)
            else:
                found = operand in value if kind == 6 else value == operand
            if not found:
                break
        else:
            matched.append(record[0])
    return matched


def measure(tasks: dict[str, Callable[[], object]], rounds: int, repeats: int) -> dict[str, float]:
    """Median CPU seconds of one call of each task; in turns, so that a busy machine slows all alike."""
    taken: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(rounds):
        for name, task in tasks.items():
            start = process_time()
            for _ in range(repeats):
                task()
            taken[name].append((process_time() - start) / repeats)
    return {name: median(values) for name, values in taken.items()}


def main() -> None:
    """Measure, and print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--rounds", type=int, default=15, help="how often the tasks take turns")
    chosen = parser.parse_args()

    large, small = many(), instances(InstanceSpec(1, [wildcard(0)]))
    known = {profile.name: load_definitions(DEFINITIONS, profile) for profile in (TRUSTING, CHECKING)}

    def both(profile: Profile) -> tuple[int, ...]:
        return evaluate(load(known[profile.name], large, profile), EVENT).matched

    answers = {tuple(bare(large, EVENT)), both(TRUSTING), both(CHECKING)}
    if len(answers) != 1 or not all(answers):
        raise SystemExit("the readers disagree: nothing was measured")

    slow = measure(
        {
            "bare": lambda: bare(large, EVENT),
            "trusting": lambda: both(TRUSTING),
            "checking": lambda: both(CHECKING),
        },
        chosen.rounds,
        3,
    )
    fast = measure(
        {
            "bare": lambda: bare(small, EVENT),
            "trusting": lambda: load(known["trusting"], small, TRUSTING),
            "checking": lambda: load(known["checking"], small, CHECKING),
        },
        chosen.rounds,
        500,
    )
    full = measure({"own events": lambda: run(TRUSTING, DEFINITIONS, large)}, 3, 1)["own events"]
    events = run(TRUSTING, DEFINITIONS, large).events
    if chosen.json:
        sys.stdout.write(
            json.dumps({"bytes": len(large), "evaluate": slow, "load": fast, "own_events": full}) + "\n"
        )
        return
    lines = [f"load and evaluate {len(large):,} bytes, 500 instances, 1 event"]
    for name, seconds in slow.items():
        lines.append(f"  {name:10} {seconds * 1e3:8.2f} ms  {seconds / slow['bare']:5.2f} × bare")
    lines.append(f"load {len(small)} bytes")
    for name, seconds in fast.items():
        lines.append(f"  {name:10} {1 / seconds:8,.0f} /s  {seconds / fast['bare']:5.2f} × bare")
    lines.append(f"the {events:,} events of the large file, each against its instance")
    lines.append(f"  trusting   {full * 1e3:8.0f} ms")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
