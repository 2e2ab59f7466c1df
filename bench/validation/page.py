"""The page docs/performance.md, out of the figures of one run."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from bench.validation.measure import Spent
from bench.validation.plot import plot
from ccheck.formats.channel.fast_path.applying import APPLYING

PARSE, RULES = "Construct, parse only", "Construct, layout's rules"
CSTRUCT, KAITAI = "dissect.cstruct, layout's rules", "Kaitai-style, layout's rules"
HAND, GENERATED = "struct by hand, layout's rules", "ccheck, generated code, layout's rules"
CHECKS, FAULT = "ccheck, all checks", "ccheck, all checks, one fault"


@dataclass(frozen=True)
class Table:
    """One layout at one size. seconds: by reader."""

    layout: str
    size: str
    bytes: int
    seconds: Mapping[str, float]


@dataclass(frozen=True)
class Figures:
    """All measurements of one run.

    Attributes:
        load: Processes that wanted a core, on average, before whole runs were measured.
        start: Wall and CPU time in seconds.
        many: Wall and CPU time in seconds.
        memory: Megabytes.
        formats: Name, bytes, seconds of a good file and of one with a fault.
        making: Seconds of writing and compiling the code of a schema.
        own: Wall and CPU time in seconds for one file by a user's schema.
        own_file: Seconds of judging it.
    """

    day: date
    load: float
    tables: list[Table]
    start: Mapping[str, Spent]
    many: Mapping[str, Spent]
    memory: Mapping[str, float]
    formats: list[tuple[str, int, float, float]]
    making: Mapping[str, float]
    own: Mapping[str, Spent]
    own_file: Mapping[str, float]


def table(one: Table) -> str:
    """One table as Markdown."""
    base = one.seconds[PARSE]
    lines = [
        f"### {one.bytes:,} bytes, {one.layout}",
        "",
        "| | CPU time | MB/s | against Construct's parser |",
        "|---|--:|--:|--:|",
    ]
    for name, seconds in one.seconds.items():
        speed = one.bytes / 1e6 / seconds if seconds else float("inf")
        lines.append(
            f"| {name} | {_time(seconds)} | {speed:,.1f} | {base / seconds if seconds else 0:,.1f} × |"
        )
    return "\n".join([*lines, ""])


def growth(figures: Figures) -> str:
    """The plot of how cost grows, for the first layout."""
    tables = [one for one in figures.tables if one.layout == figures.tables[0].layout]
    names = (PARSE, RULES, CSTRUCT, KAITAI, HAND, GENERATED, CHECKS, FAULT)
    lines = {name: [(float(one.bytes), one.seconds[name]) for one in tables] for name in names}
    return plot(lines, "CPU time by size of file; both axes are logarithmic")


def page(figures: Figures) -> str:
    """The whole page."""
    processor = next((line for line in _cpu() if line), platform.machine())
    tables = "\n".join(map(table, figures.tables))
    start, many, own = (
        "\n".join(f"| {name} | {_time(wall)} | {_time(cpu)} |" for name, (wall, cpu) in found.items())
        for found in (figures.start, figures.many, figures.own)
    )
    memory = "\n".join(f"| {name} | {size:.1f} MB |" for name, size in figures.memory.items())
    formats = "\n".join(
        f"| {name} | {size:,} | {_time(good)} | {_time(bad)} | {size / 1e6 / good:,.1f} |"
        for name, size, good, bad in figures.formats
    )
    making = "\n".join(f"| {name} | {_time(seconds)} |" for name, seconds in figures.making.items())
    own_file = "\n".join(f"| {name} | {_time(seconds)} |" for name, seconds in figures.own_file.items())
    return f"""# Performance

`python -m bench.validate --write` writes this page and its plot: figures of one interleaved run, each the
median of its rounds, in CPU time of one process where nothing else is said. In a round each reader has a
turn of 20 ms or more, in which it reads the file again and again. It needs `pip install -e ".[bench]"`.

Measured on {figures.day.isoformat()}: {processor}, {os.cpu_count()} cores, {platform.system()},
Python {platform.python_version()}. {_load(figures.load)}

*The layout's rules* are some 25: magic, version, sizes, limits, names, reserved fields, the chain of blocks,
the order of rows, places and ends of operands, UTF-8, the checksum. ccheck's generated code holds a file
against all that its schema says, which is more: every byte has one owner, and the items of the pool fill it.
*All checks* are the {APPLYING} of a channel file: meaning, the contract with every driver
build, and the canonical form besides.

{tables}
![How cost grows](performance.svg)

## Start

A whole command, for one file of 40 KB.

| | wall time | CPU time |
|---|--:|--:|
{start}

## Many files

One run, from the start of Python to the end of the report; CPU time of all its processes.

| | wall time | CPU time |
|---|--:|--:|
{many}

## Memory

Peak of judging one file, above the file itself.

| | |
|---|--:|
{memory}

## Each format

The largest good file of its corpus, and the same with one byte changed in its middle; and the largest genuine
file, where a folder of those was named (`--genuine DIR`).

| format | bytes | good | one byte changed | MB/s |
|---|--:|--:|--:|--:|
{formats}

## Schemas of one's own

A whole command, for one file of 40 KB by a schema file without checks of its own.

| | wall time | CPU time |
|---|--:|--:|
{own}

The same file, when all is loaded.

| | CPU time |
|---|--:|
{own_file}

What it takes to make the code of a schema, once in each run.

| | |
|---|--:|
{making}

## Goals

{goals(figures)}
{_WHY}"""


_WHY = """
**How a good file is judged.** What every row of a table must be is asked of whole columns, by functions of
Python that run in C: which bytes may stand there, the least and the greatest number, how runs of rows follow
each other. Only rows that name an item of a pool are looked at further. The checks of meaning judge each
shape of an instance once, and then operands alone.

**Where a ratio is missed.** The goals were set by a trial whose hand-written loop was 85 times Construct's
parser. The same kind of loop over these files, which says nothing about what is wrong, is the bound that the
tables show. ccheck's generated code does more than that loop: it keeps account of every item of the pool,
because a byte without an owner is a fault, and with a text or a range in two rows of three that account
costs more than the rows. Tried as well, and slower: one loop over all rows with `Struct.iter_unpack` (1.8
times the hand-written loop for both layouts), and items kept as one number each, walked in the end.

**One fault.** A file in which something is wrong is not judged by a second parser: the reader looks at all
rows of a table at once, by functions that are written out of the schema, and makes records only of rows that
break something or that the checks of meaning may blame. *All checks on all records* is what that saves: the
same findings from the whole content, against which tests hold the shorter way.

**Whole runs.** A file of the run of many costs what the tables say for all checks, and little more for
reading and reporting; two idle cores take half its CPU time. For 3 seconds they would have to judge a file
in 0.6 ms.
"""


def goals(figures: Figures) -> str:
    """Each goal, its measurement, and whether it is met."""
    rows = []
    for one in figures.tables:
        if one.size == "1 MB":
            continue
        s = one.seconds
        kind = one.layout.partition(":")[0]
        for words, least, value in (
            ("generated code ÷ Construct, parse only", 60, s[PARSE] / s[GENERATED]),
            ("generated code ÷ Construct, layout's rules", 100, s[RULES] / s[GENERATED]),
            ("generated code ÷ Kaitai-style", 10, s[KAITAI] / s[GENERATED]),
            ("generated code ÷ dissect.cstruct", 15, s[CSTRUCT] / s[GENERATED]),
        ):
            rows.append((f"{words}, {kind}, {one.size}", f"≥ {least} ×", f"{value:.1f} ×", value >= least))
        ratio = s[GENERATED] / s[HAND]
        rows.append(
            (f"generated code against by hand, {kind}, {one.size}", "≤ 1.3", f"{ratio:.1f}", ratio <= 1.3)
        )
        if one.size == "10 MB":
            late = s[FAULT]
            rows.append((f"one fault, {kind}, {one.bytes:,} bytes", "≤ 1 s", _time(late), late <= 1))
    nothing, *commands = figures.start.items()
    for (name, spent), most in zip(commands, (0.06, 0.15), strict=False):
        over = spent[0] - nothing[1][0]
        rows.append((f"{name}, above {nothing[0]}, wall time", f"≤ {_time(most)}", _time(over), over <= most))
    for name, (wall, _) in figures.many.items():
        if name.endswith("--jobs 2") and name.startswith("10,000"):
            rows.append((f"{name}, wall time", "≤ 3 s", f"{wall:.1f} s", wall <= 3))
    for name, size in figures.memory.items():
        rows.append((f"memory above the file, {name}", "≤ 20 MB", f"{size:.1f} MB", size <= 20))
    lines = ["| goal | | measured | |", "|---|--:|--:|---|"]
    lines += [
        f"| {words} | {goal} | {value} | {'met' if met else 'missed'} |" for words, goal, value, met in rows
    ]
    return "\n".join([*lines, ""])


def _load(load: float) -> str:
    """What else the machine did."""
    cores = os.cpu_count() or 1
    if load <= cores / 2:
        return "The machine was idle."
    return (
        f"Other programs used the machine: on average {load:.1f} processes wanted its {cores} cores, so that "
        "wall times are too long; CPU times suffer less."
    )


def _time(seconds: float) -> str:
    if seconds >= 1:
        return f"{seconds:.2f} s"
    return f"{seconds * 1e3:.2f} ms" if seconds >= 1e-4 else f"{seconds * 1e6:.0f} µs"


def _cpu() -> list[str]:
    """The processor's name, if the system reports it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:  # noqa: PTH123 - no path of this project
            return [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    except OSError:
        return []
