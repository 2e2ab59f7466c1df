"""`python -m bench.mutate FILE…` measures how long a mutation takes; without files, on the file of July 2024.

For each mutator and for `Mutator.mutate` as a whole: the median and the mean, in microseconds of CPU time.
Nothing here is a test: these figures depend on the machine.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random
from statistics import mean, median
from time import process_time_ns

from ccheck.formats.registry import SCHEMAS, recognise
from ccheck_fuzz.model import opened, rebuilt
from ccheck_fuzz.mutate import MUTATIONS, Context, Mutator
from ccheck_fuzz.mutate.interesting_values import interesting_values

ROOT = Path(__file__).resolve().parent.parent
JULY = ROOT / "corpus/channel/field-past-inputs/bad/C-00000291-00000000-00000032.bin"
TIMES = 400
WALK = 20_000


def main(paths: list[Path]) -> None:
    """Measure each file and print a table."""
    for path in paths:
        data = path.read_bytes()
        schema = recognise(data) or SCHEMAS[0]
        mutator = Mutator(schema, interesting_values(schema, [data]), [data])
        context = Context(mutator.interesting, mutator.others, 1 << 16)
        model = mutator.models.get(data)
        print(f"{path.name}: {len(data):,} bytes, {schema.name}")
        row("read and take apart", [timed(partial(opened, schema, data)) for _ in range(50)])
        row("lay out anew", [timed(partial(rebuilt, model)) for _ in range(TIMES)])
        random = Random(1)
        for mutation, _ in MUTATIONS:
            times = [timed(partial(mutation, model, random, context)) for _ in range(TIMES)]
            row(mutation.__name__, times)
        times = []
        current = data
        for _ in range(WALK):
            begun = process_time_ns()
            made = mutator.mutate(current, random, 4096)
            times.append((process_time_ns() - begun) / 1e9)
            # Half of the runs go on with the mutant, as a campaign goes on with what was new.
            current = made if random.random() < 0.5 else data
        row("mutate, as a campaign asks", times)


def timed(work: Callable[[], object]) -> float:
    """Seconds that a call takes."""
    begun = process_time_ns()
    work()
    return (process_time_ns() - begun) / 1e9


def row(name: str, times: list[float]) -> None:
    """One line of the table."""
    print(f"  {name:30} median {median(times) * 1e6:8.1f} µs   mean {mean(times) * 1e6:8.1f} µs")


if __name__ == "__main__":
    main([Path(name) for name in sys.argv[1:]] or [JULY])
