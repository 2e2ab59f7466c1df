"""The corpus that all jobs of a campaign share: a folder of inputs, stored in the state, and merged."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from ccheck_fuzz.campaign.coverage.matrix import cells
from ccheck_fuzz.campaign.progress import CampaignProgress
from ccheck_fuzz.campaign.state.database import State
from ccheck_fuzz.campaign.workers.worker_crashes import WorkerCrashes
from ccheck_fuzz.process.child import WHOLE, begin, end_family, exit_words, last_words

MERGE_SECONDS = 30.0
"""Time for merging the corpus while the search goes on, and as much more for each of its inputs."""
MERGE_SECONDS_EACH = 0.2
MERGE_MARGIN = 0.5
"""Seconds before the end of its time at which a merge stops replaying, and writes what it has."""


class SharedCorpus:
    """The corpus of one session."""

    def __init__(self, folder: Path, state: State, progress: CampaignProgress) -> None:
        self._work = folder / "work"
        self._folder = folder
        self._state = state
        self._progress = progress
        self._known: set[str] = set()
        self._merging: subprocess.Popen[bytes] | None = None
        self._merged_by = 0.0

    def __len__(self) -> int:
        return len(self._known)

    def prepare(self, seeds: Sequence[bytes]) -> None:
        """Makes the folder anew from the state and the seeds; stores what a killed session left, first."""
        corpus = self._work / "corpus"
        corpus.mkdir(parents=True, exist_ok=True)
        self.gather()
        for seed in seeds:
            self._state.keep(seed, "seed")
        shutil.rmtree(corpus)
        corpus.mkdir()
        self._known.clear()
        for data in self._state.inputs():
            name = hashlib.sha256(data).hexdigest()
            (corpus / name).write_bytes(data)
            self._known.add(name)
        self._progress.corpus = len(self._known)
        self._note_reached()

    def gather(self) -> None:
        """Stores in the state what engines added to the folder."""
        for path in sorted((self._work / "corpus").iterdir()):
            if path.name.startswith(".") or path.name in self._known:
                continue
            self._known.add(path.name)
            try:
                self._state.keep(path.read_bytes(), "found")
            except OSError:  # retired while we looked
                continue
        self._progress.corpus = len(self._known)

    def begin_merge(self, until: float | None = None) -> None:
        """Starts to minimise the corpus, in a process of its own, unless one is running.

        Args:
            until: When it must be done (`time.monotonic`); by default in a time that grows with the corpus.
        """
        if self._merging is not None:
            return
        if until is None:
            until = time.monotonic() + MERGE_SECONDS + MERGE_SECONDS_EACH * len(self._known)
        words = [str(self._folder.absolute()), f"--until={until - MERGE_MARGIN:.3f}"]
        self._merging = begin("ccheck_fuzz.campaign.coverage.merge", words, self._work / "log-merge")
        self._merged_by = until

    def end_merge(self, patience: float, crashes: WorkerCrashes) -> None:
        """Takes in the result of a merge; one that crashes is reported, and changes nothing.

        Args:
            patience: Seconds to wait for it; 0.0 leaves it running until its time is up.
            crashes: Records the crash of its process.
        """
        if self._merging is None:
            return
        try:
            self._merging.wait(max(0.0, patience))
        except subprocess.TimeoutExpired:
            if patience <= 0.0 and time.monotonic() < self._merged_by:
                return
            end_family(self._merging)
        else:
            if self._merging.returncode != WHOLE:
                log = last_words(self._work / "log-merge")
                crashes.of_helper("merge", f"{exit_words(self._merging.returncode)}\n{log}".strip())
        finally:
            if self._merging.poll() is not None:
                self._merging = None
        self._note_reached()
        live = {hashlib.sha256(data).hexdigest() for data in self._state.inputs()}
        for path in (self._work / "corpus").iterdir():
            if path.name in self._known and path.name not in live:
                path.unlink(missing_ok=True)
        self._progress.corpus = len(live)

    def stop(self) -> None:
        """Ends the merge, if one is under way."""
        if self._merging is not None:
            end_family(self._merging)
            self._merging = None

    def _note_reached(self) -> None:
        """Updates the progress with what all merges so far found to be reached."""
        reached = self._state.features()
        self._progress.lines = sum(name.startswith("line ") for name, _ in reached)
        self._progress.cells = cells(name for name, _ in reached)
