"""One job of a campaign: a process in which an engine runs inputs until its epoch is over, or it dies.

Nothing of ccheck is imported at the top: an engine may have to see the interpreter being imported.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Hashable
from pathlib import Path

from ccheck_fuzz.engines.engine import Engine, Search
from ccheck_fuzz.engines.table import ENGINES
from ccheck_fuzz.process.bounds import Bounds, bound_memory, step_back
from ccheck_fuzz.process.child import end_with_parent, last_stack_on_request, run_whole

LOOKED = 64
"""Runs between looks at the clock."""
FLUSHED = 2.0
"""Seconds between writing how often known buckets were met."""


def main() -> None:
    """Run one epoch of one job."""
    arguments = _arguments()
    end_with_parent()
    last_stack_on_request()
    step_back(arguments.nice)
    bound_memory(Bounds(memory=arguments.memory))
    engine = ENGINES[arguments.engine]()
    sys.path.insert(0, arguments.directory)  # where a user's own module may lie
    # None where all that is run are programs, whose code no engine of Python's sees.
    engine.instrument(tuple(filter(None, arguments.instrument.split(","))))
    sys.path.pop(0)
    _search(arguments, engine)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="ccheck fuzz (worker)")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--job", type=int, required=True)
    parser.add_argument("--engine", required=True)
    parser.add_argument("--instrument", required=True)
    parser.add_argument("--directory", default="", help="of the user's own modules")
    parser.add_argument("--until", type=float, required=True, help="time.monotonic() of the end")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--runs", type=int, default=0)
    parser.add_argument("--memory", type=int, required=True, help="MiB")
    parser.add_argument("--nice", type=int, default=10)
    return parser.parse_args()


def _search(arguments: argparse.Namespace, engine: Engine) -> None:
    from ccheck_fuzz.campaign.state.database import State
    from ccheck_fuzz.campaign.workers.finding_buffer import FindingBuffer
    from ccheck_fuzz.engines.dictionary import dictionary
    from ccheck_fuzz.execution.context import prepare_campaign
    from ccheck_fuzz.execution.harness import Harness
    from ccheck_fuzz.execution.options import CampaignOptions
    from ccheck_fuzz.mutate.scheduler import MutationScheduler
    from ccheck_fuzz.process.heartbeat import HeartbeatWriter

    state = State(arguments.folder)
    made = prepare_campaign(CampaignOptions.from_json(state.setting("options") or ""))
    work = arguments.folder / "work"
    heartbeats = HeartbeatWriter(work / f"heartbeat-{arguments.job}")
    findings = FindingBuffer(state, heartbeats)
    harness = Harness(made, findings.found, heartbeats.enter)
    crashers = state.crashers()
    flushed = time.monotonic()

    def run(data: bytes) -> set[Hashable]:
        nonlocal flushed
        if data in crashers:
            return set()
        heartbeats.begin(data)
        features = harness.run(data)
        heartbeats.refused = harness.refused
        heartbeats.end()
        if heartbeats.runs % LOOKED == 0:
            now = time.monotonic()
            if now - flushed >= FLUSHED:
                flushed = now
                findings.flush()
        return features

    def report_progress(features: int, corpus: int) -> None:
        heartbeats.features = features
        heartbeats.corpus = max(corpus, heartbeats.corpus)

    def stable(same: bool) -> None:
        heartbeats.replayed += 1
        heartbeats.stable += same

    words = work / f"dictionary-{arguments.job}"
    words.write_text(dictionary(made.schema), encoding="utf-8")
    inputs = state.inputs()
    # What is not run is no parent to an engine; a seed is too good to lose.
    harness.accepted += [data for data in inputs if data in crashers]
    scheduler = MutationScheduler(made, inputs, harness.accepted)
    engine.search(
        Search(
            run=run,
            mutate=scheduler.mutate,
            cross=scheduler.cross,
            corpus=work / "corpus",
            dictionary=words,
            seed=arguments.seed,
            until=arguments.until,
            max_size=made.options.max_size,
            report_progress=report_progress,
            stable=stable,
            runs=arguments.runs,
        )
    )
    findings.flush()
    state.close()


if __name__ == "__main__":
    run_whole(main)
