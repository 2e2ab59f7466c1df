"""`python -m bench.fuzz.zoo.hunt` is one hunt in one process: until a finding, or until its time is up.

The environment selects the packages: a copy with a bug in it. The result is one JSON file.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from bench.fuzz.zoo.searchers import SEARCHERS

LOOKED = 0.05
"""Seconds between looks at the CPU time."""


def main() -> int:
    """Hunt. Ends the process itself."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--format", required=True)
    parser.add_argument("--searcher", required=True, choices=sorted(SEARCHERS))
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--budget", type=float, required=True, help="CPU-seconds")
    parser.add_argument("--sources", type=Path, required=True, help="where the packages must come from")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    for name in ("ccheck_fuzz", "ccheck", "ccheck_schemas"):
        place = Path(importlib.import_module(name).__file__ or "")
        if not place.is_relative_to(options.sources):
            raise SystemExit(f"{name} comes from elsewhere: {place}")
    runs = 0
    begun: float | None = None
    looked = 0.0

    def end(data: bytes, found: Any) -> None:
        spent = 0.0 if begun is None else time.process_time() - begun
        said = None
        if found is not None:
            said = {
                "oracle": found.oracle, "what": found.what, "signature": found.signature, "data": data.hex()
            }  # fmt: skip
        options.out.write_text(json.dumps({"runs": runs, "seconds": spent, "found": said}), encoding="utf-8")
        sys.stdout.flush()
        # No engine is asked: some would call it a crash, others go on.
        os._exit(0)

    def ran() -> None:
        nonlocal runs, begun, looked
        now = time.perf_counter()
        if begun is None:
            begun = time.process_time()
        elif now - looked > LOOKED:  # to ask for CPU time takes longer than a run on some systems
            looked = now
            if time.process_time() - begun > options.budget:
                end(b"", None)
        runs += 1

    def found(data: bytes, broken: Any) -> None:
        if not broken.information:
            end(data, broken)

    SEARCHERS[options.searcher](options.format, options.seed, found, ran)
    return 3


if __name__ == "__main__":
    sys.exit(main())
