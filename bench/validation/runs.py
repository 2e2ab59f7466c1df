"""Whole runs: start-up, many files, memory, and a file of each format."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path

from bench.validation.measure import Spent, medians, peak, spent, whole
from bench.validation.samples import LAYOUTS, good, with_fault
from ccheck.core.finding import FileReport
from ccheck.formats.registry import FORMATS
from ccheck.judging.context import ValidationContext
from ccheck.judging.preparation import prepare
from ccheck_schemas.generate.python.source import source
from ccheck_schemas.generate.refused import NotGenerated

ROOMS = ("schemas", "validator", "interpreter", "fuzz")

_GROWTH = """
import gc, os, sys
from datetime import date
from functools import partial
from pathlib import Path
from ccheck.judging.preparation import prepare
from ccheck_schemas.generate.refused import NotGenerated
from ccheck_schemas.generate.python.source import source
gc.set_threshold(200_000, 20, 20)
config, small, large = map(Path, sys.argv[1:])
validation = prepare(config=config, on=date(2026, 1, 1))
peak = lambda: int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) * 1024
validation.report(str(small))
before = peak()
validation.report(str(large))
print((peak() - before - large.stat().st_size) / 1e6)
"""


_OWN = """
from construct import Const, Int8ul, Int16ul, Int32ul, Struct, this
from ccheck_schemas.meaning import Bounded, Table
from ccheck_schemas.schema import Schema

POINT = Struct(
    "sensor" / Bounded(Int8ul, 0, 4), "percent" / Bounded(Int8ul, 0, 100), "celsius" / Int16ul, "at" / Int32ul
)
ROOT = Struct("magic" / Const(b"PTS1"), "n" / Int32ul, "points" / Table("points", this.n, POINT))
SCHEMA = Schema("points", "points of a curve", ROOT, recognise=lambda data: data[:4] == b"PTS1")
"""

_POINTS = b"PTS1" + struct.pack("<I", 5000) + 5000 * struct.pack("<BBHI", 3, 50, 60, 1)


def start(config: Path, root: Path) -> dict[str, Spent]:
    """The time of a whole command for one file of 40 KB, and of Python that does nothing."""
    with _folder() as folder:
        clean, fault = _files(folder)
        ccheck = [sys.executable, "-m", "ccheck", "validate", "--config", str(config)]
        warm, cold = (_copied(root, folder / name) for name in ("warm", "cold"))
        cold["PYTHONDONTWRITEBYTECODE"] = "1"
        subprocess.run([*ccheck, str(fault)], env=warm, capture_output=True, check=False)
        return whole(
            {
                "python -c pass": ([sys.executable, "-c", "pass"], warm),
                "ccheck validate, one file": ([*ccheck, str(clean)], warm),
                "ccheck validate, one file, none of ccheck's bytecode kept": ([*ccheck, str(clean)], cold),
                "ccheck validate, one file with a fault": ([*ccheck, str(fault)], warm),
            },
            15,
        )


def own(root: Path) -> dict[str, Spent]:
    """The time of a whole command for one file by a user's schema file."""
    with _folder() as folder:
        schema, file = folder / "points.py", folder / "points.bin"
        schema.write_text(_OWN, encoding="utf-8")
        file.write_bytes(_POINTS)
        ccheck = [
            sys.executable,
            "-m",
            "ccheck",
            "validate",
            "--no-config",
            "--schema",
            str(schema),
            str(file),
        ]
        warm = _copied(root, folder / "warm")
        subprocess.run(ccheck, env=warm, capture_output=True, check=True)
        return whole(
            {
                "python -c pass": ([sys.executable, "-c", "pass"], warm),
                "ccheck validate --schema points.py": (ccheck, warm),
            },
            15,
        )


def own_file() -> dict[str, float]:
    """Seconds of judging that file, the fast path and by all checks, when all is loaded."""
    with _folder() as folder:
        schema = folder / "points.py"
        schema.write_text(_OWN, encoding="utf-8")
        validation = prepare(schema=str(schema), use_config=False)
    if validation.fast_path is None or not validation.fast_path.passes(_POINTS, "-"):
        raise SystemExit("the file does not take the fast path; the figures would mean nothing")
    read = replace(validation, fast_path=None)
    ways = {
        "the fast path": lambda data: validation.judged(data, "", "-"),
        "read, and judged by all checks": lambda data: read.judged(data, "", "-"),
    }
    return medians(ways, _POINTS, 25)


def many(config: Path, root: Path, count: int) -> dict[str, Spent]:
    """The time of one run over many files of 40 KB, by layout and number of processes."""
    found: dict[str, Spent] = {}
    for name, layout in LAYOUTS.items():
        with _folder() as folder:
            data = good(layout, layout.counts["40 KB"])
            judging = _copied(root, folder / "warm")
            (folder / "files").mkdir()
            for i in range(count):
                (folder / "files" / f"{i:05}.bin").write_bytes(data)
            for jobs in (1, 2):
                words = ["validate", "--config", str(config), "--jobs", str(jobs), str(folder / "files")]
                key = f"{count:,} files of {len(data):,} bytes, {name}, --jobs {jobs}"
                found[key] = spent([sys.executable, "-m", "ccheck", *words], judging)
    return found


def memory(config: Path, root: Path) -> dict[str, float]:
    """Megabytes that judging the largest file takes at its peak, above the file itself."""
    found: dict[str, float] = {}
    if not Path("/proc/self/status").exists():
        return found
    os.environ["PYTHONPATH"] = _environment(root)["PYTHONPATH"]
    layout = LAYOUTS["texts"]
    with _folder() as folder:
        small, _ = _files(folder)
        data = good(layout, layout.counts["10 MB"])
        for name, large in (("a good file", data), ("with one fault", with_fault(data))):
            path = folder / "large.bin"
            path.write_bytes(large)
            found[f"{name} of {len(large):,} bytes"] = peak(_GROWTH, str(config), str(small), str(path))
    return found


def formats(root: Path, genuine: Path | None) -> list[tuple[str, int, float, float]]:
    """Format, bytes, and seconds of the largest good file of its corpus, and of the largest genuine one.

    The seconds are without and with a changed byte. A new format is measured without another line here.
    """
    found = []
    for known in FORMATS:
        corpus = root / "corpus" / known.name
        config = corpus / "ccheck.toml"
        validation = prepare(
            schema=known.name,
            use_config=config.exists(),
            config=config if config.exists() else None,
            on=date(2026, 1, 1),
        )
        files = {known.name: _largest(corpus.glob("**/good/*.bin"))}
        if genuine is not None:
            every = (path for path in genuine.glob("**/*") if path.is_file())
            largest = _largest(path for path in every if validation.report(str(path)).verdict == "pass")
            if largest is not None:
                files[f"{known.name}, genuine"] = largest
        for name, path in files.items():
            data = b"" if path is None else path.read_bytes()
            edited = bytearray(data)
            edited[len(data) // 2] ^= 0xFF
            times = medians(
                {
                    "good": partial(_judge, validation),
                    "fault": partial(_judge_instead, validation, bytes(edited)),
                },
                data,
                25,
            )
            found.append((name, len(data), times["good"], times["fault"]))
    return found


def _judge(validation: ValidationContext, data: bytes) -> FileReport:
    return validation.judged(data, "", "-")


def _judge_instead(validation: ValidationContext, data: bytes, _: bytes) -> FileReport:
    return validation.judged(data, "", "-")


def making() -> dict[str, float]:
    """Seconds that it takes to write and compile the code of a schema, of each that has some."""
    found: dict[str, float] = {}
    for known in FORMATS:
        schema = known.schema
        try:
            text = source(schema)
        except NotGenerated:
            continue
        steps = {
            f"{known.name}, writing {len(text):,} characters": lambda _, schema=schema: source(schema),
            f"{known.name}, compiling them": lambda _, text=text: compile(text, "<made>", "exec"),
        }
        found |= medians(steps, b"", 25)
    return found


def _largest(paths: Iterable[Path]) -> Path | None:
    return max(paths, key=lambda path: (path.stat().st_size, path.name), default=None)


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def _files(folder: Path) -> tuple[Path, Path]:
    """A good file of 40 KB, and one with a fault."""
    layout = LAYOUTS["texts"]
    data = good(layout, layout.counts["40 KB"])
    clean, fault = folder / "clean.bin", folder / "fault.bin"
    clean.write_bytes(data)
    fault.write_bytes(with_fault(data))
    return clean, fault


def _copied(root: Path, folder: Path) -> dict[str, str]:
    """An environment in which a copy of this checkout judges, that has no bytecode yet."""
    for room in ROOMS:
        shutil.copytree(root / room, folder / room, ignore=shutil.ignore_patterns("__pycache__"))
    return _environment(folder)


def _environment(root: Path) -> dict[str, str]:
    """An environment in which the rooms in a folder judge."""
    left_out = ("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX")
    kept = {key: value for key, value in os.environ.items() if key not in left_out}
    return {**kept, "PYTHONPATH": os.pathsep.join(str(root / room) for room in ROOMS)}
