"""Runs the user's own interpreters on a known-good file before the search.

An interpreter that dies on that file would "crash" on every input.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import click

from ccheck.text.printable import printable
from ccheck_fuzz.execution.context import CampaignContext
from ccheck_fuzz.execution.harness import Harness
from ccheck_fuzz.execution.isolated import ProcessCrash, Said, broken_of, run_isolated
from ccheck_fuzz.model.test_input import split
from ccheck_fuzz.process.program import Ended
from ccheck_fuzz.readers.foreign import ReaderError
from ccheck_fuzz.readers.native.diagnosis import cannot_start, crashes
from ccheck_fuzz.readers.native.reader import ExecReader

MOST_SEEDS = 2
"""Known-good seeds that are tried: an interpreter that dies on all of them cannot be searched with."""
MOST_LOOKED = 64
"""Seeds that are judged to find them."""
MOST_LINES = 60
"""Lines of an interpreter's output that are shown."""


def seed_check(made: CampaignContext, seeds: Sequence[bytes], say: Callable[[str], None]) -> str | None:
    """Run the user's interpreters on seeds that the validator passes.

    Args:
        made: The campaign.
        seeds: Inputs to choose from.
        say: Takes a line for people.

    Returns:
        Why the campaign cannot begin, with the interpreter's own output; None if it can.

    Raises:
        click.UsageError: A program cannot be started at all.
    """
    options = made.options
    readers = [reader for reader in made.readers if isinstance(reader, ExecReader)]
    if options.reader is None and not readers and not any(getattr(r, "own", None) for r in made.readers):
        return None
    good = list(_known_good(made, seeds))
    if not good:
        say("note: no seed passes the validator: your interpreter is not tried before the search")
    for reader in readers:
        problem = _program(reader, made, good or list(seeds[:1]), say, is_good=bool(good))
        if problem is not None:
            return problem
    if options.reader is None and not any(getattr(reader, "own", None) for reader in made.readers):
        return None
    return _function(made, good, say)


def _known_good(made: CampaignContext, seeds: Sequence[bytes]) -> Iterator[bytes]:
    harness = Harness(made, lambda data, broken: None)
    found = 0
    for seed in sorted(set(seeds), key=lambda data: (len(data), data))[:MOST_LOOKED]:
        if harness.passes(seed):
            yield seed
            found += 1
            if found == MOST_SEEDS:
                return


def _program(
    reader: ExecReader,
    made: CampaignContext,
    seeds: Sequence[bytes],
    say: Callable[[str], None],
    *,
    is_good: bool,
) -> str | None:
    """Returns why a program cannot be searched with; None if it runs, or refuses, one of the seeds."""
    options = made.options
    problem = None
    for seed in seeds:
        content = split(seed).content
        say(printable(f"trying {reader.name} on a known-good seed of {len(content):,} bytes"))
        try:
            ends = list(reader.runs(content))
        except ReaderError as wrong:
            raise click.UsageError(str(wrong)) from wrong
        died = None
        for name, ended in ends:
            unable = cannot_start(ended)
            if unable is not None:
                return _words(name, f"cannot start: {unable}", reader.words(ended))
            found = crashes(ended, seconds=options.execute_seconds, memory=options.memory << 20)
            if is_good and found and _dies(ended):
                what = f"on a known-good seed of {len(content):,} bytes: {found[0].detail}"
                died = died or _words(name, what, reader.words(ended))
            elif found:
                say(printable(f"note: {name} on a known-good seed: {found[0].detail}"))
            elif ended.status:
                last = reader.words(ended).splitlines()
                say(printable(f"note: {name} refuses a known-good seed: {' '.join(last[:3])}"))
        if died is None:
            return None
        problem = problem or died
    return problem


def _dies(ended: Ended) -> bool:
    """Returns whether the program was ended, and did not only mention something, as UBSan does."""
    return ended.stopped is not None or ended.status != 0


def _function(made: CampaignContext, seeds: Sequence[bytes], say: Callable[[str], None]) -> str | None:
    """Returns why a Python function, or the interpreter of a schema file, cannot be searched with."""
    problem = None
    for seed in seeds:
        names = ", ".join(r.name for r in made.readers if r.modules and getattr(r, "own", r.name) is not None)
        say(printable(f"trying {names} on a known-good seed of {len(split(seed).content):,} bytes"))
        ran = run_isolated(made.options, seed)
        if isinstance(ran, ProcessCrash):
            if not ran.reader:
                return _words("ccheck", f"on a known-good seed: {broken_of(made, ran).what}", ran.log)
            problem = problem or _words(
                made.readers[ran.reader - 1].name,
                f"on a known-good seed: {broken_of(made, ran).what}",
                ran.log,
            )
            continue
        if ran.not_run is not None:
            return _words("your interpreter", "could not be run", ran.not_run)
        died = [one for one in ran.said if one.verdict == "crash" and one.name != made.options.execute]
        if not died:
            for one in _refusing(ran.said, made):
                say(printable(f"note: {one.name} refuses a known-good seed: {one.what}"))
            return None
        one = died[0]
        problem = problem or _words(one.name, f"on a known-good seed: {one.what}", one.output)
    return problem


def _refusing(said: Sequence[Said], made: CampaignContext) -> Iterator[Said]:
    return (one for one in said if one.verdict == "refuse" and one.name != made.options.execute)


def _words(name: str, what: str, output: str) -> str:
    lines = output.strip().splitlines()
    shown = [f"  {printable(line.expandtabs())}" for line in lines[:MOST_LINES]]
    if len(lines) > MOST_LINES:
        shown.append(f"  ... {len(lines) - MOST_LINES:,} more lines")
    return "\n".join([printable(f"{name} {what}"), *shown])
