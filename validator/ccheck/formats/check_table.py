"""The table of all checks, in the order in which they run.

Listed by hand, the general ones in `general` and those of each format in the table that its folder names: a
registry that is filled by importing can be empty, and an empty registry accepts every file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import overload

from ccheck.core.check import Check
from ccheck.core.finding import Severity
from ccheck.formats.checks import bounds, canonical
from ccheck.formats.checks.general import (
    CHECKSUM,
    CONTRACT,
    COVERAGE,
    FILE,
    LAYOUT,
    MAGIC,
    VERSION,
    FormatChecks,
    layout,
)
from ccheck.formats.format import Format
from ccheck.formats.registry import every, named

_PLACING = layout(
    "size-mismatch", "offset-outside-region", "offset-misaligned", "text-not-terminated", "unknown-enum-value"
)


class CheckTable(Sequence[Check]):
    """All checks: the general ones, those of each format, and those of a user's schema file (`more`).

    `applying` returns those for one format, and loads no other format for it.

    Args:
        more: The checks of the schema file.
        replaced: The format that the schema file defines; its checks replace those of an installed format of
            the same name.
    """

    def __init__(self, more: tuple[Check, ...] = (), replaced: str = "") -> None:
        self._more = more
        self._replaced = replaced

    def joined(self, more: Iterable[Check], replaced: str) -> CheckTable:
        """This table followed by the checks of a schema file, which defines the format `replaced`."""
        return CheckTable((*self._more, *more), replaced)

    def applying(self, schema: str | None) -> tuple[Check, ...]:
        """The checks for files of a format; None: for files of no known format."""
        known = None if schema is None or schema == self._replaced else named(schema)
        more = (check for check in self._more if applies(check, schema))
        return (*_table(() if known is None else (known,)), *more)

    def _every(self) -> tuple[Check, ...]:
        kept = tuple(known for known in every() if known.name != self._replaced)
        return (*_table(kept), *self._more)

    def __len__(self) -> int:
        return len(self._every())

    @overload
    def __getitem__(self, index: int) -> Check: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Check, ...]: ...

    def __getitem__(self, index: int | slice) -> Check | tuple[Check, ...]:
        return self._every()[index]

    def __iter__(self) -> Iterator[Check]:
        return iter(self._every())


CHECKS = CheckTable()
"""All checks. Each comes after the checks that it requires."""


def applies(check: Check, schema: str | None) -> bool:
    """Returns whether a check is made on files of a format, or of none."""
    return not check.schemas or schema in check.schemas


def applying(checks: Iterable[Check], schema: str | None) -> Iterable[Check]:
    """Those of the checks that are made on files of a format, in order."""
    if isinstance(checks, CheckTable):
        return checks.applying(schema)
    return (check for check in checks if applies(check, schema))


@cache
def _table(formats: tuple[Format, ...]) -> tuple[Check, ...]:
    """The general checks and those of some formats."""
    tables: list[FormatChecks] = [known.checks for known in formats]
    unused = Check(
        bounds.pool_text_unused,
        severity=Severity.WARNING,
        requires=(VERSION, *_PLACING, *(check for table in tables for check in table.placing)),
        of_reading=True,
    )
    kept = tuple(known.name for known in formats if known.checks.keeps_layout)
    # Text that nobody uses is part of a layout that recipes keep, and no part of any other.
    tidy = () if kept and len(kept) == len(formats) else (unused,)
    whole = Check(
        canonical.not_canonical,
        requires=(
            MAGIC,
            VERSION,
            *LAYOUT,
            CHECKSUM,
            *tidy,
            *(check for table in tables for check in table.whole),
        ),
        strict=True,
    )
    compiled = Check(canonical.not_as_compiled, Severity.INFO, (whole,), kept, on_request=True)
    own = (check for table in tables for check in table.checks)
    notes = (compiled,) if kept else ()
    return (*FILE, *LAYOUT, CHECKSUM, COVERAGE, *CONTRACT, *own, unused, whole, *notes)
