"""The campaign on disk: one SQLite file that survives whatever happens to the processes that write it."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ccheck_fuzz.campaign.state.records import Bucket, Sample, StateError, WorkerCrash
from ccheck_fuzz.oracles.broken import Broken

FORMAT = "2"


CRASHER = 2
"""An input that ended so many processes is not run again: once may be chance, or somebody's kill."""


KEPT_INPUTS = 5
"""Inputs that are kept for each bucket, the smallest."""


_TABLES = """
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS session (
    number INTEGER PRIMARY KEY, begun REAL NOT NULL, ended REAL, fingerprint TEXT NOT NULL, why TEXT);
CREATE TABLE IF NOT EXISTS sample (
    session INTEGER NOT NULL, at REAL NOT NULL, job INTEGER NOT NULL, epoch INTEGER NOT NULL,
    engine TEXT NOT NULL, runs INTEGER NOT NULL, cpu REAL NOT NULL, features INTEGER NOT NULL,
    corpus INTEGER NOT NULL, rss INTEGER NOT NULL, stable INTEGER NOT NULL, replayed INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS input (
    sha256 TEXT PRIMARY KEY, data BLOB NOT NULL, origin TEXT NOT NULL, at REAL NOT NULL,
    live INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS feature (name TEXT PRIMARY KEY, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS bucket (
    number INTEGER PRIMARY KEY, signature TEXT NOT NULL UNIQUE, oracle TEXT NOT NULL, what TEXT NOT NULL,
    information INTEGER NOT NULL, first REAL NOT NULL, last REAL NOT NULL, hits INTEGER NOT NULL,
    runs INTEGER NOT NULL, cpu REAL NOT NULL, state TEXT NOT NULL, folder TEXT, minimal BLOB);
CREATE TABLE IF NOT EXISTS hit (
    bucket INTEGER NOT NULL, sha256 TEXT NOT NULL, data BLOB NOT NULL, at REAL NOT NULL,
    PRIMARY KEY (bucket, sha256));
CREATE TABLE IF NOT EXISTS worker_crash (
    session INTEGER NOT NULL, at REAL NOT NULL, job INTEGER NOT NULL, engine TEXT NOT NULL,
    kind TEXT NOT NULL, detail TEXT NOT NULL, runs INTEGER NOT NULL, data BLOB NOT NULL,
    finding INTEGER NOT NULL);
"""


class State:
    """The file `campaign.sqlite` of a campaign's folder. Each process opens it for itself, several write."""

    def __init__(self, folder: Path, *, create: bool = False) -> None:
        """Opens the state of a folder.

        Args:
            folder: The folder of the campaign.
            create: Whether to create the state.

        Raises:
            StateError: The folder has no state, or one of another version.
        """
        path = folder / "campaign.sqlite"
        if not create and not path.is_file():
            raise StateError(f"{folder} holds no campaign")
        try:
            self._db = sqlite3.connect(path, timeout=60, isolation_level=None)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.executescript(_TABLES)
        except sqlite3.DatabaseError as fault:
            raise StateError(f"{path}: {fault}") from fault
        if self.setting("format") is None:
            self.put("format", FORMAT)
        elif self.setting("format") != FORMAT:
            raise StateError(f"{path} is of another version of ccheck: format {self.setting('format')}")

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def _at_once(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def setting(self, name: str) -> str | None:
        """Returns a named word of the campaign."""
        row = self._db.execute("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def put(self, name: str, value: str) -> None:
        """Store a named word."""
        self._db.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (name, value))

    def begin(self, fingerprint: str) -> int:
        """Records the begin of a session, and returns its number."""
        with self._at_once():
            cursor = self._db.execute(
                "INSERT INTO session (begun, fingerprint) VALUES (?, ?)", (time.time(), fingerprint)
            )
        return int(cursor.lastrowid or 0)

    def end(self, session: int, why: str) -> None:
        """Records the end of a session."""
        self._db.execute(
            "UPDATE session SET ended = ?, why = ? WHERE number = ?", (time.time(), why, session)
        )

    def sessions(self) -> list[tuple[int, float, float | None, str | None]]:
        """Number, begin, end and why it ended, of all sessions."""
        return list(self._db.execute("SELECT number, begun, ended, why FROM session ORDER BY number"))

    def fingerprint(self) -> str | None:
        """That of the latest session."""
        row = self._db.execute("SELECT fingerprint FROM session ORDER BY number DESC LIMIT 1").fetchone()
        return None if row is None else str(row[0])

    def add_samples(self, samples: list[Sample]) -> None:
        """Store figures."""
        with self._at_once():
            self._db.executemany(
                "INSERT INTO sample VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (s.session, s.at, s.job, s.epoch, s.engine, s.runs, s.cpu, s.features, s.corpus, s.rss,
                     s.stable, s.replayed)
                    for s in samples
                ],
            )  # fmt: skip

    def samples(self) -> list[Sample]:
        """Returns all figures, by time."""
        return [Sample(*row) for row in self._db.execute("SELECT * FROM sample ORDER BY at, job")]

    def keep(self, data: bytes, origin: str) -> bool:
        """Add an input to the corpus; whether it is new."""
        sha = hashlib.sha256(data).hexdigest()
        cursor = self._db.execute(
            "INSERT OR IGNORE INTO input VALUES (?, ?, ?, ?, 1)", (sha, data, origin, time.time())
        )
        return cursor.rowcount == 1

    def inputs(self) -> list[bytes]:
        """Returns the live corpus, in the order in which it grew."""
        return [row[0] for row in self._db.execute("SELECT data FROM input WHERE live ORDER BY at, sha256")]

    def retire(self, digests: set[str]) -> None:
        """Takes inputs out of the live corpus, and keeps them on the disk."""
        with self._at_once():
            self._db.executemany(
                "UPDATE input SET live = 0 WHERE sha256 = ?", [(sha,) for sha in sorted(digests)]
            )

    def reached(self, names: set[str]) -> None:
        """Store features that were reached."""
        now = time.time()
        with self._at_once():
            self._db.executemany(
                "INSERT OR IGNORE INTO feature VALUES (?, ?)", [(n, now) for n in sorted(names)]
            )

    def features(self) -> list[tuple[str, float]]:
        """Returns all features that were ever reached, and when first."""
        return list(self._db.execute("SELECT name, at FROM feature ORDER BY at, name"))

    def hit(self, broken: Broken, data: bytes, runs: int, cpu: float, times: int = 1) -> bool:
        """Records that an input broke a property, and keeps the smallest inputs of the bucket.

        Only the signature distinguishes buckets. When this returns, the finding is on the disk.

        Args:
            broken: The property.
            data: The input.
            runs: The runs of the worker so far.
            cpu: The seconds of CPU time of the worker so far.
            times: How often the property was broken.

        Returns:
            Whether the bucket is new.
        """
        now = time.time()
        signature = json.dumps(broken.signature)
        with self._at_once():
            cursor = self._db.execute(
                "INSERT OR IGNORE INTO bucket (signature, oracle, what, information, first, last, hits, runs,"
                " cpu, state) VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?, 'new')",
                (signature, broken.oracle, broken.what, broken.information, now, now, runs, cpu),
            )
            new = cursor.rowcount == 1
            (number,) = self._db.execute(
                "SELECT number FROM bucket WHERE signature = ?", (signature,)
            ).fetchone()
            self._db.execute(
                "UPDATE bucket SET hits = hits + ?, last = ? WHERE number = ?", (times, now, number)
            )
            sha = hashlib.sha256(data).hexdigest()
            self._db.execute("INSERT OR IGNORE INTO hit VALUES (?, ?, ?, ?)", (number, sha, data, now))
            self._db.execute(
                "DELETE FROM hit WHERE bucket = ? AND sha256 NOT IN (SELECT sha256 FROM hit WHERE bucket = ?"
                " ORDER BY length(data), sha256 LIMIT ?)",
                (number, number, KEPT_INPUTS),
            )
        return new

    def met_again(self, signature: tuple[str, ...], times: int) -> None:
        """Counts inputs of a known bucket that are too large to keep."""
        self._db.execute(
            "UPDATE bucket SET hits = hits + ?, last = ? WHERE signature = ?",
            (times, time.time(), json.dumps(signature)),
        )

    def buckets(self) -> list[Bucket]:
        """Returns all buckets, in the order in which they were found."""
        rows = self._db.execute(
            "SELECT number, signature, oracle, what, information, first, last, hits, runs, cpu, state,"
            " folder, minimal FROM bucket ORDER BY number"
        )
        return [
            Bucket(number, tuple(json.loads(signature)), oracle, what, bool(information), *rest)
            for number, signature, oracle, what, information, *rest in rows
        ]

    def hits(self, bucket: int) -> list[bytes]:
        """Returns the kept inputs of a bucket, the smallest first."""
        rows = self._db.execute(
            "SELECT data FROM hit WHERE bucket = ? ORDER BY length(data), sha256", (bucket,)
        )
        return [row[0] for row in rows]

    def record_triage(self, bucket: int, state: str, what: str, minimal: bytes, folder: str) -> None:
        """Records that a bucket was shrunk and run again."""
        self._db.execute(
            "UPDATE bucket SET state = ?, what = ?, minimal = ?, folder = ? WHERE number = ?",
            (state, what, minimal, folder, bucket),
        )

    def record_crash(self, session: int, crash: WorkerCrash) -> None:
        """Records the crash of a worker."""
        self._db.execute(
            "INSERT INTO worker_crash VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                session, crash.at, crash.job, crash.engine, crash.kind, crash.detail, crash.runs, crash.data,
                crash.finding,
            ),
        )  # fmt: skip

    def crashers(self) -> frozenset[bytes]:
        """Returns the inputs that ended one process after another, with which no engine must begin."""
        rows = self._db.execute(
            "SELECT data FROM worker_crash WHERE finding GROUP BY data HAVING count(*) >= ?", (CRASHER,)
        )
        return frozenset(row[0] for row in rows)

    def worker_crashes(self) -> list[WorkerCrash]:
        """Returns all crashes, by time."""
        rows = self._db.execute(
            "SELECT at, job, engine, kind, detail, runs, data, finding FROM worker_crash ORDER BY at"
        )
        return [
            WorkerCrash(at, job, engine, kind, detail, runs, data, finding=bool(finding))
            for at, job, engine, kind, detail, runs, data, finding in rows
        ]
