"""The figures of the zoo as Markdown, and the place for them in a page."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

from bench.fuzz.zoo.outcome import Hunted
from bench.fuzz.zoo.plant import Plant

BEGIN, END = "<!-- zoo: begin -->", "<!-- zoo: end -->"
SEARCHERS = ("ccheck", "naive", "hypothesis")


def page(chosen: Sequence[Plant], hunted: Sequence[Hunted], budget: float, words: str) -> str:
    """A summary and a row for each fault."""
    by_plant = {plant.name: [one for one in hunted if one.plant == plant.name] for plant in chosen}
    where = f"Python {platform.python_version()}, {platform.system()} on {platform.machine()}"
    lines = [
        f"`python -m bench.fuzz.zoo {words}`, {date.today().isoformat()}, {where}, {os.cpu_count()} cores, "
        f"shared. A hunt ends after {budget:g} CPU-seconds.",
        "",
        *_summary(by_plant, budget),
        "",
        "| fault | told by | ccheck: runs, CPU-s | naive Atheris | Hypothesis |",
        "|---|---|---|---|---|",
    ]
    for plant in chosen:
        own = by_plant[plant.name]
        told = sorted({one.oracle for one in own if one.found})
        cells = [_cell([one for one in own if one.searcher == name]) for name in SEARCHERS]
        lines.append(f"| {plant.name} | {', '.join(told) or '–'} | {' | '.join(cells)} |")
    controls = [one for one in hunted if one.plant == "control"]
    false = [one for one in controls if one.found]
    runs = sum(one.runs for one in controls)
    what = "; ".join(one.what for one in false)
    lines += [
        "",
        f"Without a fault, {len(controls)} hunts of the same length found {what or 'nothing'} "
        f"in {runs:,} runs.",
    ]
    odd = [one for one in hunted if one.died]
    lines += [f"* {one.plant}, {one.searcher}, seed {one.seed}: {one.died.splitlines()[-1]}" for one in odd]
    return "\n".join(lines)


def _summary(by_plant: dict[str, list[Hunted]], budget: float) -> Iterable[str]:
    for name in SEARCHERS:
        tried = {plant: [one for one in own if one.searcher == name] for plant, own in by_plant.items()}
        tried = {plant: own for plant, own in tried.items() if own}
        if not tried:
            continue
        found = [plant for plant, own in tried.items() if any(one.found for one in own)]
        every = [plant for plant, own in tried.items() if all(one.found for one in own)]
        runs = _most([statistics.median(_runs(own)) for own in tried.values()])
        seconds = _most([statistics.median(_seconds(own, budget)) for own in tried.values()])
        yield (
            f"* {name}: {len(found)} of {len(tried)} faults found, {len(every)} by every seed; "
            f"over all faults the median is {runs} runs and {seconds} CPU-seconds"
            + (f"; missed: {', '.join(sorted(set(tried) - set(found)))}" if len(found) < len(tried) else "")
        )
    for other in SEARCHERS[1:]:
        ratios = [
            statistics.median(_seconds(theirs, budget)) / max(1e-3, statistics.median(_seconds(ours, budget)))
            for own in by_plant.values()
            if (ours := [one for one in own if one.searcher == "ccheck"])
            and (theirs := [one for one in own if one.searcher == other])
        ]
        if ratios:
            alone = [
                plant
                for plant, own in by_plant.items()
                if any(one.found for one in own if one.searcher == other)
                and not any(one.found for one in own if one.searcher == "ccheck")
            ]
            yield (
                f"* {other} takes {statistics.median(ratios):,.0f} times the CPU time of ccheck's own search "
                "(median over the faults; what was not found counts as the whole time: the truth is more); "
                f"found by it alone: {', '.join(alone) or 'nothing'}"
            )


def _runs(own: Sequence[Hunted]) -> list[float]:
    return [one.runs if one.found else float("inf") for one in own]


def _seconds(own: Sequence[Hunted], budget: float) -> list[float]:
    return [one.seconds if one.found else budget for one in own]


def _most(values: Sequence[float]) -> str:
    middle = statistics.median(values)
    return (
        f"{middle:,.2f}" if middle < 100 else "more than all" if middle == float("inf") else f"{middle:,.0f}"
    )


def _cell(own: Sequence[Hunted]) -> str:
    found = [one for one in own if one.found]
    if not own:
        return ""
    if not found:
        return f"not found ({len(own)} seeds)"
    part = "" if len(found) == len(own) else f" ({len(found)} of {len(own)} seeds)"
    runs = statistics.median(one.runs for one in found)
    return f"{runs:,.0f}, {statistics.median(one.seconds for one in found):.2f}{part}"


def put_in(path: Path, text: str) -> None:
    """Put the text between the marks of a page."""
    before, _, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise SystemExit(f"{path} has no marks {BEGIN} and {END}")
    path.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")
