"""`python bench/validate.py` measures how fast content is judged, compared with readers that judge less.

`--write` puts the figures into docs/performance.md and docs/performance.svg. It takes about five minutes, and
needs `pip install -e ".[bench]"`. Nothing here is a test: these figures depend on the machine.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import os
import zlib
from datetime import date
from pathlib import Path

from bench.validation import by_hand, page, runs, with_construct, with_cstruct, with_kaitai
from bench.validation.measure import Reader, medians
from bench.validation.samples import LAYOUTS, good, with_fault
from ccheck.judging.context import ValidationContext
from ccheck.judging.judge import examine, judge
from ccheck.judging.preparation import prepare
from ccheck_schemas.formats.channel.generated import accept

ROOT = Path(__file__).resolve().parent.parent
CONFIG = ROOT / "corpus" / "channel" / "ccheck.toml"
ROUNDS = {"40 KB": 15, "1 MB": 5, "10 MB": 3}


def readers(validation: ValidationContext, fault: bytes) -> dict[str, Reader]:
    """All readers, by name.

    Args:
        validation: What files are judged by.
        fault: The file with one fault, which two readers read instead.
    """
    return {
        "Construct, parse only": with_construct.parse,
        "Construct, layout's rules": with_construct.faults,
        "dissect.cstruct, layout's rules": with_cstruct.faults,
        "Kaitai-style, layout's rules": with_kaitai.faults,
        "struct by hand, layout's rules": by_hand.faults,
        "ccheck, generated code, layout's rules": accept,
        "ccheck, all checks": lambda data: validation.judged(data, "", "-"),
        "ccheck, all checks, one fault": lambda data: validation.judged(fault, "", "-"),
        "ccheck, all checks on all records, one fault": lambda data: judge(
            examine(fault, "", validation.context, validation.schemas),
            "-",
            validation.checks,
            validation.policy,
        ),
        "sha256": lambda data: hashlib.sha256(data).digest(),
        "zlib.crc32": zlib.crc32,
    }


def main() -> None:
    """Measure, print, and write if requested."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write docs/performance.md and its plot")
    parser.add_argument("--sizes", nargs="+", default=list(ROUNDS), choices=list(ROUNDS))
    parser.add_argument("--files", type=int, default=10_000, help="how many files the run of many judges")
    parser.add_argument(
        "--genuine", type=Path, help="a folder of genuine files, to measure the largest of each format"
    )
    given = parser.parse_args()
    gc.set_threshold(200_000, 20, 20)  # as the command line does
    validation = prepare(config=CONFIG, on=date(2026, 1, 1))
    tables = []
    for layout in LAYOUTS.values():
        for size in given.sizes:
            data = good(layout, layout.counts[size])
            fault = with_fault(data)
            require_comparable(validation, data, fault)
            found = medians(readers(validation, fault), data, ROUNDS[size])
            tables.append(page.Table(layout.title, size, len(data), found))
            print(page.table(tables[-1]), flush=True)
    load = os.getloadavg()[0] - 1 if hasattr(os, "getloadavg") else 0.0  # this process is one of them
    figures = page.Figures(
        date.today(),
        load,
        tables,
        runs.start(CONFIG, ROOT),
        runs.many(CONFIG, ROOT, given.files),
        runs.memory(CONFIG, ROOT),
        runs.formats(ROOT, given.genuine),
        runs.making(),
        runs.own(ROOT),
        runs.own_file(),
    )
    text = page.page(figures)
    print(text)
    if given.write:
        (ROOT / "docs" / "performance.md").write_text(text, encoding="utf-8")
        (ROOT / "docs" / "performance.svg").write_text(page.growth(figures), encoding="utf-8")


def require_comparable(validation: ValidationContext, data: bytes, fault: bytes) -> None:
    """Ends the program where a file that is measured is not what the figures say."""
    passed, failed = validation.judged(data, "", "-"), validation.judged(fault, "", "-")
    quick = validation.fast_path is not None and validation.fast_path.report(data, "", "-") is not None
    found = [finding.check for finding in failed.findings]
    others = (by_hand.faults, with_construct.faults, with_cstruct.faults, with_kaitai.faults)
    right = all(faults(data) == 0 and faults(fault) > 0 for faults in others) and accept(data) is not None
    if not (quick and right and passed.verdict == "pass" and found == ["unknown-enum-value"]):
        raise SystemExit("a file that is measured is not what it should be; the figures would mean nothing")


if __name__ == "__main__":
    main()
