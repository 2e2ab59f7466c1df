"""One input run in a process of its own, which it may hang, fill with memory, or end.

If an interpreter of the user's does so, the finding names it; only what happens outside of all of them is a
fault of ccheck.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import click

from ccheck.config.options import is_schema_file
from ccheck.core.users_code import ending_in, interrupts, place_in
from ccheck.text.toml_document import ConfigurationError
from ccheck_fuzz.execution.context import CampaignContext, prepare_campaign
from ccheck_fuzz.execution.harness import Harness
from ccheck_fuzz.execution.options import CampaignOptions, CampaignOptionsError
from ccheck_fuzz.oracles.broken import Broken, itself, refusing
from ccheck_fuzz.process.bounds import Bounds, bound_memory
from ccheck_fuzz.process.child import (
    begin,
    end_family,
    end_with_parent,
    exit_words,
    last_stack_on_request,
    last_words,
    run_whole,
)
from ccheck_fuzz.process.heartbeat import Heartbeat, HeartbeatWriter, read_heartbeat
from ccheck_fuzz.process.program import resident
from ccheck_fuzz.readers.foreign import ForeignOutcome, ReaderError

Kind = Literal["hang", "memory", "crash"]
CRASH_KINDS = ("hang", "memory", "crash")
"""The second word of a signature if a run ended its process, or had to be ended with it."""
NOTHING = "no build and no interpreter gave an outcome"
"""Why an input was not run on which nobody said anything."""
START_SECONDS = 60.0
"""Time for the process until its run begins."""
_LOOK = 0.02


@dataclass(frozen=True, slots=True)
class ProcessCrash:
    """A process that a run ended, or that had to be ended.

    Attributes:
        kind: `hang`, `memory` or `crash`.
        detail: The signal or exit status.
        reader: The number of the user's interpreter that was running, from 1; 0 for none.
        log: What the process wrote, with its stack if available.
        data: The input.
    """

    kind: Kind
    detail: str
    reader: int
    log: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Said:
    """What one interpreter of the user's did: `run`, `refuse` or `crash`, and its words.

    Attributes:
        signature: The signature of its trap, or the reason of its refusal.
    """

    name: str
    verdict: str
    what: str
    output: str
    signature: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ran:
    """A completed run.

    Attributes:
        broken: What the input breaks.
        said: What the user's interpreters did.
        not_run: Why nothing was run, or None.
        dead: The last words of the process, if the run ended it.
    """

    broken: tuple[Broken, ...] = ()
    said: tuple[Said, ...] = ()
    not_run: str | None = None
    dead: str = ""

    def output_of(self, broken: Broken) -> str:
        """Returns all output of the interpreter that broke a property; empty if it was not the user's."""
        return next((one.output for one in self.said if one.signature == broken.signature[1:]), self.dead)


def is_crasher(signature: tuple[str, ...]) -> bool:
    """Returns whether inputs of this bucket end the process that runs them."""
    return len(signature) > 1 and signature[1] in CRASH_KINDS


def run_isolated(options: CampaignOptions, data: bytes, *, until: float | None = None) -> Ran | ProcessCrash:
    """Run an input under every build and every interpreter.

    Args:
        options: What to run it with.
        data: The input.
        until: When to give up (`time.monotonic`), which then is a Ran that says so.
    """
    folder = Path(tempfile.mkdtemp(prefix="ccheck-run-"))
    try:
        (folder / "setup.json").write_text(options.to_json(), encoding="utf-8")
        (folder / "input").write_bytes(data)
        return _watched(folder, options.bounds, data, until)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _watched(folder: Path, bounds: Bounds, data: bytes, until: float | None) -> Ran | ProcessCrash:
    log = folder / "log"
    process = begin("ccheck_fuzz.execution.isolated", [str(folder)], log)
    latest = time.monotonic() + START_SECONDS
    stuck = 0.0
    try:
        while process.poll() is None:
            time.sleep(_LOOK)
            now = time.monotonic()
            heartbeat = read_heartbeat(folder / "heartbeat")
            kind: Kind | None = None
            if resident(process.pid) > 2 * bounds.memory << 20:
                kind = "memory"
            elif heartbeat is not None and heartbeat.begun and now - heartbeat.begun > bounds.run_seconds:
                # Seen twice: one look may fall between the two writes of a quick run.
                kind = "hang" if stuck == heartbeat.begun else None
                stuck = heartbeat.begun
            if kind is not None:
                end_family(process, with_stack=True)
                return _crash(kind, process.returncode, heartbeat, log, data)
            if until is not None and now > until:
                end_family(process)
                return Ran(not_run="there was no time left to run it")
            if (heartbeat is None or not heartbeat.runs) and now > latest:
                end_family(process)
                return Ran(not_run=f"nothing was run within {START_SECONDS:g} s:\n{last_words(log)}")
    finally:
        end_family(process)
    heartbeat = read_heartbeat(folder / "heartbeat")
    try:
        result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        if heartbeat is not None and heartbeat.begun:
            return _crash("crash", process.returncode, heartbeat, log, data)
        output = last_words(log)
        how = f"{exit_words(process.returncode)} {ending_in(output)}".strip()
        return Ran(not_run=f"the process ended before its run: {how}\n{output}")
    broken = tuple(Broken(oracle, what, tuple(signature)) for oracle, what, signature in result["broken"])
    said = tuple(
        Said(name, verdict, what, output, tuple(signature))
        for name, verdict, what, output, signature in result["said"]
    )
    return Ran(broken, said, result["not_run"])


def _crash(
    kind: Kind, status: int | None, heartbeat: Heartbeat | None, log: Path, data: bytes
) -> ProcessCrash:
    reader = 0 if heartbeat is None else heartbeat.reader
    return ProcessCrash(kind, exit_words(status), reader, last_words(log), data)


def broken_of(made: CampaignContext, crash: ProcessCrash) -> Broken:
    """Returns the property that the crash of a process breaks: of the user's interpreter, or of ccheck.

    If the validator passes the file, that is a validator bypass. It is an error for a refused file too: no
    search gets far with an interpreter that ends its process.
    """
    bounds = made.options.bounds
    detail = (crash.detail,) if crash.kind == "crash" else ()
    place = place_in(crash.log)
    own = is_schema_file(made.options.schema) and place
    if not 0 < crash.reader <= len(made.readers):
        what = {
            "hang": f"a run does not end within {bounds.run_seconds:g} s",
            "memory": f"a run takes more than {bounds.memory} MiB of memory",
            "crash": f"a run ends its process: {crash.detail}",
        }[crash.kind]
        oracle = "schema" if own else "ccheck"
        return Broken(oracle, f"{what} ({place})" if own else what, (oracle, crash.kind, *detail))
    name = made.readers[crash.reader - 1].name
    does = {
        "hang": f"hangs: no end within {bounds.run_seconds:g} s",
        "memory": f"takes more than {bounds.memory} MiB of memory",
        "crash": f"ends its process: {crash.detail}",
    }[crash.kind] + (f" ({place})" if place else "")
    try:
        case = Harness(made, lambda data, broken: None).case_for_validator(crash.data)
        if case.passed:
            what = f"the validator passes, and {name} {does}"
            return Broken("validator-bypass", what, ("validator-bypass", crash.kind, name, *detail))
        what = f"{name} {does}; the validator refuses the file: {', '.join(refusing(case.report))}"
        return Broken("reader", what, ("reader", crash.kind, name, *detail))
    except BaseException as raised:  # what is raised is what the oracles schema and ccheck look for
        if interrupts(raised):
            raise
        return itself(raised)


def main() -> None:
    """Run the input of a folder, and write there what it breaks and what the user's interpreters said."""
    folder = Path(sys.argv[1])
    end_with_parent()
    last_stack_on_request()
    options = CampaignOptions.from_json((folder / "setup.json").read_text(encoding="utf-8"))
    data = (folder / "input").read_bytes()
    bound_memory(options.bounds)
    broken: tuple[Broken, ...] = ()
    said: list[Said] = []
    not_run = None
    try:
        made = prepare_campaign(options)
        heartbeats = HeartbeatWriter(folder / "heartbeat")
        harness = Harness(made, lambda data, broken: None, heartbeats.enter)
        heartbeats.begin(data)
        broken, outcomes = harness.broken_with_outcomes(data)
        heartbeats.end()
        not_run = None if broken or outcomes else NOTHING
        said = [said_of(one) for one in outcomes if isinstance(one, ForeignOutcome)]
    except (CampaignOptionsError, ReaderError, ConfigurationError) as wrong:
        not_run = str(wrong)
    except click.ClickException as wrong:
        not_run = wrong.format_message()
    result = {
        "broken": [[one.oracle, one.what, list(one.signature)] for one in broken],
        "said": [[one.name, one.verdict, one.what, one.output, list(one.signature)] for one in said],
        "not_run": not_run,
    }
    part = folder / "result.part"
    part.write_text(json.dumps(result), encoding="utf-8")
    part.rename(folder / "result.json")


def said_of(outcome: ForeignOutcome) -> Said:
    """Returns what an outcome says, in plain words."""
    what = ""
    signature: tuple[str, ...] = ()
    if outcome.trap is not None:
        what, signature = outcome.trap.detail, outcome.trap.signature
    elif outcome.refusal is not None:
        what, signature = outcome.refusal.message, (outcome.refusal.reason,)
    return Said(outcome.consumer, outcome.verdict, what, outcome.output, signature)


if __name__ == "__main__":
    run_whole(main)
