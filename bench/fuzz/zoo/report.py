"""The figures of the zoo as Markdown, and the place for them in a page."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path

from bench.fuzz.zoo.measurement import Measurement
from bench.fuzz.zoo.outcome import Hunted
from bench.fuzz.zoo.plant import Plant

BEGIN, END = "<!-- zoo: begin -->", "<!-- zoo: end -->"
RATIO = 100
"""How many times longer than our own search the others should take."""
SEARCHERS = ("ccheck", "naive", "hypothesis")


def page(chosen: Sequence[Plant], hunted: Sequence[Hunted], measured: Sequence[Measurement]) -> str:
    """How it was measured, a summary, and a row for each fault."""
    by_plant = {plant.name: [one for one in hunted if one.plant == plant.name] for plant in chosen}
    lines = [
        *(
            f"* `python -m bench.fuzz.zoo {each.words}`, {each.on}, {each.where}"
            for each in measured
            if each.hunts
        ),
        "",
        *_summary(by_plant),
        "",
        "| fault | reported by | ccheck: runs, CPU-s | naive Atheris | Hypothesis |",
        "|---|---|---|---|---|",
    ]
    for plant in chosen:
        own = by_plant[plant.name]
        reported = sorted({one.oracle for one in own if one.found})
        cells = [_cell([one for one in own if one.searcher == name]) for name in SEARCHERS]
        lines.append(f"| {plant.name} | {', '.join(reported) or '–'} | {' | '.join(cells)} |")
    controls = [one for one in hunted if one.plant == "control"]
    if controls:
        what = "; ".join(one.what for one in controls if one.found)
        runs = sum(one.runs for one in controls)
        lines += ["", f"Without a fault, {len(controls)} hunts found {what or 'nothing'} in {runs:,} runs."]
    odd = [one for one in hunted if one.died]
    lines += [f"* {one.plant}, {one.searcher}, seed {one.seed}: {one.died.splitlines()[-1]}" for one in odd]
    return "\n".join(lines)


def _summary(by_plant: dict[str, list[Hunted]]) -> Iterable[str]:
    for name in SEARCHERS:
        tried = {plant: [one for one in own if one.searcher == name] for plant, own in by_plant.items()}
        tried = {plant: own for plant, own in tried.items() if own}
        if not tried:
            continue
        found = [plant for plant, own in tried.items() if any(one.found for one in own)]
        every = [plant for plant, own in tried.items() if all(one.found for one in own)]
        runs = _middle([statistics.median(_runs(own)) for own in tried.values()])
        seconds = _middle([statistics.median(one.spent for one in own) for own in tried.values()])
        budgets = sorted({one.budget for own in tried.values() for one in own})
        yield (
            f"* {name}, {' or '.join(f'{budget:g}' for budget in budgets)} CPU-seconds for each fault and "
            f"seed, {_seeds(tried.values())}: {len(found)} of {len(tried)} faults found, {len(every)} by "
            f"every seed; median over all faults: {runs} runs, {seconds} CPU-seconds"
            + (f"; missed: {', '.join(sorted(set(tried) - set(found)))}" if len(found) < len(tried) else "")
        )
    for other in SEARCHERS[1:]:
        yield from _beside(by_plant, other)


def _seeds(hunts: Iterable[Sequence[Hunted]]) -> str:
    """How many seeds were measured of each fault."""
    counts = [len(own) for own in hunts]
    least, most = min(counts), max(counts)
    return f"{most} seeds" if least == most else f"{least} to {most} seeds"


def _beside(by_plant: dict[str, list[Hunted]], other: str) -> Iterable[str]:
    """How much longer another searcher takes, and what only it finds."""
    spent: list[tuple[float, float]] = []
    found = 0
    alone = []
    for plant, own in by_plant.items():
        ours = [one for one in own if one.searcher == "ccheck"]
        theirs = [one for one in own if one.searcher == other]
        if not ours or not theirs:
            continue
        own_time, their_time = (statistics.median(one.spent for one in hunts) for hunts in (ours, theirs))
        spent.append((max(1e-3, own_time), their_time))
        found += any(one.found for one in theirs)
        if any(one.found for one in theirs) and not any(one.found for one in ours):
            alone.append(plant)
    if spent:
        ratios = [theirs / ours for ours, theirs in spent]
        least, longer = (statistics.median(each) for each in zip(*spent, strict=True))
        large = sum(ratio >= RATIO for ratio in ratios)
        yield (
            f"* {other}: its median CPU time over all faults is {longer / least:,.0f} times that of ccheck's "
            f"own search. Fault by fault it takes {statistics.median(ratios):,.0f} times as long (the "
            f"median), and at least {RATIO} times for {large} of {len(ratios)}. Where it found nothing, its "
            f"whole budget counts, so all this is a lower bound for all but {found} faults. Found by it "
            f"alone: {', '.join(alone) or 'nothing'}"
        )


def _runs(own: Sequence[Hunted]) -> list[float]:
    return [one.runs if one.found else float("inf") for one in own]


def _middle(values: Sequence[float]) -> str:
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
