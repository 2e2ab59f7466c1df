"""What a quick way to a pass is: it passes a file, or has a doubt and says nothing."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Protocol

from ccheck.core.finding import FileReport

if TYPE_CHECKING:
    from ccheck.core.subject import Narrowed
    from ccheck_schemas.record import Reading
    from ccheck_schemas.schema import Schema


class QuickWay(Protocol):
    """A quick way for the files of one format."""

    def passes(self, data: bytes, name: str) -> bool:
        """Whether a file passes every check; False where that is not certain. name: the file's base name."""
        ...

    def report(self, data: bytes, name: str, path: str) -> FileReport | None:
        """The report of a file that passes every check; None where that is not certain.

        name: the file's base name. path: as the user named it.
        """
        ...

    def narrow(self, schema: Schema, reading: Reading) -> Narrowed | None:
        """The content of a file as far as a check may blame it; None where all of it must be looked at."""
        ...


def passed(data: bytes, path: str, schema: str, checks: int) -> FileReport:
    """The report of a file that passes so many checks. schema: the format's name."""
    return FileReport(
        path=path, schema=schema, size=len(data), sha256=hashlib.sha256(data).hexdigest(), checks_run=checks
    )
