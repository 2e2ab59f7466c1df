"""The interface of a fast path: it passes a file, or is uncertain and returns nothing."""

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
        """Returns whether a file passes every check; False if that is not certain.

        Args:
            data: The bytes of the file.
            name: The file's base name.
        """
        ...

    def report(self, data: bytes, name: str, path: str) -> FileReport | None:
        """The report of a file that passes every check; None if that is not certain.

        Args:
            data: The bytes of the file.
            name: The file's base name.
            path: The path as the user named it.
        """
        ...

    def narrow(self, schema: Schema, reading: Reading) -> Narrowed | None:
        """The content of a file in which a check may find something; None if all of it must be checked."""
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
    """The report of a file that passes so many checks.

    Args:
        data: The bytes of the file.
        path: The path as the user named it.
        schema: The format's name.
        checks: The number of checks.
    """
    return FileReport(
        path=path, schema=schema, size=len(data), sha256=hashlib.sha256(data).hexdigest(), checks_run=checks
    )
