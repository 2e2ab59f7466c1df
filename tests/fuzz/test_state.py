"""The campaign on disk keeps what it records, whichever process crashes."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from ccheck_fuzz.campaign.state.database import KEPT_INPUTS, State
from ccheck_fuzz.campaign.state.file_lock import file_lock
from ccheck_fuzz.campaign.state.records import StateError, WorkerCrash
from ccheck_fuzz.oracles.broken import Broken

BYPASS = Broken("validator-bypass", "it traps", ("validator-bypass", "kind", "operation"))


def test_a_finding_is_on_the_disk_when_hit_returns(tmp_path: Path) -> None:
    """A process that is killed right after `hit` has lost nothing."""
    program = f"""
import os, signal
from pathlib import Path
from ccheck_fuzz.oracles.broken import Broken
from ccheck_fuzz.campaign.state.database import State
state = State(Path({str(tmp_path)!r}), create=True)
state.hit(Broken("validator-bypass", "it traps", ("validator-bypass", "kind", "operation")), b"bytes", 7, 0.5)
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", program], check=False)
    assert done.returncode == -signal.SIGKILL
    (bucket,) = State(tmp_path).buckets()
    assert (bucket.signature, bucket.runs, bucket.hits, bucket.state) == (BYPASS.signature, 7, 1, "new")
    assert State(tmp_path).hits(bucket.number) == [b"bytes"]


def test_the_smallest_inputs_of_a_bucket_are_kept(tmp_path: Path) -> None:
    """However many inputs break a property alike, one bucket keeps the smallest few and counts the rest."""
    state = State(tmp_path, create=True)
    assert state.hit(BYPASS, b"x" * 100, 1, 0.1)
    for size in range(99, 0, -1):
        assert not state.hit(BYPASS, b"x" * size, 1, 0.1)
    state.met_again(BYPASS.signature, 5)
    (bucket,) = state.buckets()
    assert bucket.hits == 105
    assert [len(data) for data in state.hits(bucket.number)] == list(range(1, KEPT_INPUTS + 1))


def test_the_corpus_is_kept_and_retired(tmp_path: Path) -> None:
    """An input is kept once; one that is retired is no longer given, and not kept as new again."""
    state = State(tmp_path, create=True)
    assert state.keep(b"one", "seed")
    assert not state.keep(b"one", "found")
    assert state.keep(b"two", "found")
    import hashlib

    state.retire({hashlib.sha256(b"one").hexdigest()})
    assert state.inputs() == [b"two"]
    assert not state.keep(b"one", "found")


def test_crashes_and_sessions_are_remembered(tmp_path: Path) -> None:
    """What a worker died of, and the input it was in, are there for the next session."""
    state = State(tmp_path, create=True)
    session = state.begin("fingerprint")
    state.record_crash(session, WorkerCrash(1.0, 0, "atheris", "hang", "SIGKILL", 12, b"input", finding=True))
    state.end(session, "time")
    assert [crash.data for crash in State(tmp_path).worker_crashes()] == [b"input"]
    assert [(number, why) for number, _, _, why in state.sessions()] == [(1, "time")]
    assert state.fingerprint() == "fingerprint"


def test_a_folder_without_a_campaign_is_refused(tmp_path: Path) -> None:
    """Opening is not creating, and a file that is no database is said to be none."""
    with pytest.raises(StateError, match="holds no campaign"):
        State(tmp_path)
    (tmp_path / "campaign.sqlite").write_bytes(b"not a database, but long enough to look at" * 50)
    with pytest.raises(StateError, match="file is not a database"):
        State(tmp_path)


def test_a_campaign_of_another_version_is_refused(tmp_path: Path) -> None:
    """A format that this version does not know is not guessed at."""
    State(tmp_path, create=True).put("format", "99")
    with pytest.raises(StateError, match="another version"):
        State(tmp_path)


def test_two_campaigns_do_not_share_a_folder(tmp_path: Path) -> None:
    """The second gets an error; when the first process is gone, however it went, the folder is free."""
    with (
        file_lock(tmp_path),
        pytest.raises(StateError, match="another campaign works in"),
        file_lock(tmp_path),
    ):
        pass
    program = f"""
import os, signal
from pathlib import Path
from ccheck_fuzz.campaign.state.file_lock import file_lock
with file_lock(Path({str(tmp_path)!r})):
    os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -signal.SIGKILL
    with file_lock(tmp_path):
        pass


@pytest.mark.skipif(os.name != "posix", reason="a limit on file size is POSIX")
def test_a_full_disk_is_an_error_and_keeps_what_was_there(tmp_path: Path) -> None:
    """Where nothing more can be written the write fails with a clear error, and the state stays whole."""
    State(tmp_path, create=True).hit(BYPASS, b"small", 1, 0.1)
    program = f"""
import resource, signal, sqlite3, sys
from pathlib import Path
from ccheck_fuzz.campaign.state.database import State
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
state = State(Path({str(tmp_path)!r}))
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
try:
    for number in range(100):
        state.keep(bytes([number]) * 50_000, "found")
except sqlite3.OperationalError as fault:
    print(fault)
    sys.exit(9)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (9, "")
    assert [bucket.hits for bucket in State(tmp_path).buckets()] == [1]
    with sqlite3.connect(tmp_path / "campaign.sqlite") as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_an_input_that_ended_two_processes_is_deadly(tmp_path: Path) -> None:
    """What ended one process may be chance; a process that died before its first run was in no input."""
    state = State(tmp_path, create=True)
    for data, runs in ((b"once", 3), (b"twice", 3), (b"twice", 9), (b"", 0), (b"", 0)):
        state.record_crash(
            1, WorkerCrash(1.0, 0, "atheris", "crash", "SIGSEGV", runs, data, finding=runs > 0)
        )
    assert state.crashers() == {b"twice"}
