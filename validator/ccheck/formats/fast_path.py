"""What a fast path to a pass is: it passes a file, or has a doubt and says nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

from ccheck.core.finding import FileReport

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from ccheck.core.consumers import Consumers
    from ccheck.core.subject import Narrowed
    from ccheck_schemas.record import Reading
    from ccheck_schemas.schema import Schema


class FastPath(Protocol):
    """A fast path for the files of one format."""

    def passes(self, data: bytes, name: str) -> bool:
        """Returns whether a file passes every check; False where that is not certain. name: the file's base
        name.
        """
        ...

    def report(self, data: bytes, name: str, path: str) -> FileReport | None:
        """The report of a file that passes every check; None where that is not certain.

        name: the file's base name. path: as the user named it.
        """
        ...

    def narrow(self, schema: Schema, reading: Reading) -> Narrowed | None:
        """The content of a file as far as a check may blame it; None where all of it must be looked at."""
        ...


PrepareFastPath: TypeAlias = "Callable[[Consumers | None, date, Sequence[Path]], FastPath]"
"""Makes a fast path for the builds that are listed, the day of judgement and the files of definitions."""


@dataclass(frozen=True)
class FirstOf:
    """The fast paths of several formats: a file takes the first that is certain."""

    paths: tuple[FastPath, ...]

    def passes(self, data: bytes, name: str) -> bool:
        """As `FastPath.passes`."""
        return any(path.passes(data, name) for path in self.paths)

    def report(self, data: bytes, name: str, path: str) -> FileReport | None:
        """As `FastPath.report`."""
        reports = (one.report(data, name, path) for one in self.paths)
        return next((report for report in reports if report is not None), None)

    def narrow(self, schema: Schema, reading: Reading) -> Narrowed | None:
        """As `FastPath.narrow`."""
        found = (path.narrow(schema, reading) for path in self.paths)
        return next((narrowed for narrowed in found if narrowed is not None), None)


def passed(data: bytes, path: str, schema: str, checks: int) -> FileReport:
    """The report of a file that passes so many checks. schema: the format's name."""
    return FileReport(
        path=path, schema=schema, size=len(data), sha256=hashlib.sha256(data).hexdigest(), checks_run=checks
    )
