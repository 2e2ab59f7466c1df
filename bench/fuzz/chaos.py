"""`python -m bench.fuzz.chaos --time 60m` disturbs a campaign in every way, and reports what was lost.

The interpreter under test hangs, crashes its process, leaks memory and reads outside its tables, each for
its share of inputs. Meanwhile workers, and sometimes the campaign itself, are killed, and the campaign is
started again by the same command. Each read outside is written to a log before it is raised: at the end every
kind in the log must be a finding, whatever was killed in between, and no process may have used
more memory than its limit. Exit status 0 if nothing was lost.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from ccheck_fuzz.campaign.state.database import State

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT / "corpus" / "channel"
MEMORY = 700
"""MiB for one job."""

READER = """
import os, signal, time, zlib

LEAKED = []

def _note(kind):
    with open({log!r}, "a") as log:
        log.write(kind + "\\n")
        log.flush()
        os.fsync(log.fileno())

def step_0(data):
    _note("step_0")
    return [][len(data)]

def step_1(data):
    _note("step_1")
    return {{}}[len(data)]

def step_2(data):
    _note("step_2")
    return (1 << 3).to_bytes(0, "little")

def read(data):
    number = (zlib.crc32(data) + 1000) % 6000  # the empty input, with which libFuzzer begins, is let through
    if number == 0:
        time.sleep(3600)
    elif number == 1:
        os.kill(os.getpid(), signal.SIGSEGV)
    elif number < 40:
        LEAKED.append(bytearray(32 << 20))
    elif number < 50:
        step_0(data)
    elif number < 60:
        step_1(data)
    elif number < 70:
        step_2(data)

read.refuses = ()
"""


def main() -> int:
    """Run, and say what was lost."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--time", default="2m", help="how long: 90s, 2m, 60m")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    seconds = float(options.time[:-1]) * {"s": 1, "m": 60, "h": 3600}[options.time[-1]]
    folder = Path(tempfile.mkdtemp(prefix="ccheck-chaos-"))
    try:
        return _run(folder, seconds, options.jobs, random.Random(options.seed))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(folder: Path, seconds: float, jobs: int, chance: random.Random) -> int:
    log = folder / "log"
    log.touch()
    (folder / "chaotic.py").write_text(READER.format(log=str(log)), encoding="utf-8")
    out = folder / "out"
    until = time.monotonic() + seconds
    begun = killed = most = 0
    print(f"{seconds:.0f} s, {jobs} jobs", flush=True)
    while time.monotonic() < until:
        left = until - time.monotonic()
        campaign = _begin(folder, out, jobs, max(10.0, left))
        begun += 1
        again = time.monotonic() + chance.uniform(25, 60)
        while campaign.poll() is None and time.monotonic() < min(until, again):
            time.sleep(chance.uniform(1, 4))
            workers = _workers(campaign.pid)
            most = max([most, *(_memory(worker) for worker in workers)])
            if workers and chance.random() < 0.2:
                chance.choice(workers).kill()
                killed += 1
        if campaign.poll() is None and time.monotonic() < until - 20:
            family = psutil.Process(campaign.pid).children(recursive=True)
            campaign.kill()
            killed += 1
            campaign.wait()
            _, alive = psutil.wait_procs(family, timeout=30)
            for orphan in alive:
                print(f"LOST: worker {orphan.pid} outlived its campaign", flush=True)
                orphan.kill()
                return 1
        else:
            campaign.wait(timeout=240)
    return _judge(out, log, begun, killed, most)


def _begin(folder: Path, out: Path, jobs: int, seconds: float) -> subprocess.Popen[bytes]:
    words = [
        sys.executable, "-m", "ccheck", "fuzz", "--seeds", str(CORPUS / "field-past-inputs" / "good"),
        "--out", str(out), "--time", f"{seconds:.0f}s", "--jobs", str(jobs),
        "--config", str(CORPUS / "ccheck.toml"), "--on", "2026-01-01", "--reader", "chaotic:read",
        "--run-timeout", "3s", "--memory", str(MEMORY), "--quiet",
    ]  # fmt: skip
    before = os.environ.get("PYTHONPATH")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, (str(folder), before)))}
    return subprocess.Popen(words, cwd=folder, env=environment, stdout=subprocess.DEVNULL)


def _workers(campaign: int) -> list[psutil.Process]:
    try:
        family = psutil.Process(campaign).children(recursive=True)
        return [child for child in family if "ccheck_fuzz.campaign.workers.worker" in child.cmdline()]
    except psutil.Error:
        return []


def _memory(worker: psutil.Process) -> int:
    try:
        return int(worker.memory_info().rss) >> 20
    except psutil.Error:
        return 0


def _judge(out: Path, log: Path, begun: int, killed: int, most: int) -> int:
    """Hold what the interpreter wrote against what the campaign kept."""
    state = State(out)
    raised = set(log.read_text(encoding="utf-8").split())
    kept = {bucket.signature for bucket in state.buckets()}
    places = {word.rpartition(":")[2] for signature in kept for word in signature}
    lost = sorted(raised - places)
    runs = sum({(s.session, s.job): s.runs for s in state.samples()}.values())
    crashes = state.worker_crashes()
    kinds = {kind: sum(crash.kind == kind for crash in crashes) for kind in ("hang", "crash", "memory")}
    print(f"{begun} campaigns begun, {killed} processes killed, {runs:,} runs, crashes {json.dumps(kinds)}")
    print(f"most memory of a worker: {most} MiB of {MEMORY}; stepped outside: {', '.join(sorted(raised))}")
    print(f"buckets: {len(kept)}; lost: {', '.join(lost) or 'nothing'}")
    if not raised or not runs or not crashes:
        print("LOST: too little happened to say anything")
        return 1
    return 1 if lost or most > MEMORY * 1.3 else 0


if __name__ == "__main__":
    sys.exit(main())
