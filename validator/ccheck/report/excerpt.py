"""The excerpt of the hex dump: rows of 16 bytes with the guilty bytes and their proof marked beneath."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

ROW = 16
_GUTTER = 7
_RULER = " 0  1  2  3  4  5  6  7   8  9  a  b  c  d  e  f"


@dataclass(frozen=True, slots=True)
class Mark:
    """Bytes to underline.

    Attributes:
        offset: The offset of the bytes in the file.
        length: The number of bytes; 0 marks the place where bytes are missing.
        sign: `^` for the wrong bytes and `-` for those that prove it.
        words: The text after the last underline.
    """

    offset: int
    length: int
    sign: str
    words: str

    @property
    def rows(self) -> tuple[int, ...]:
        """The offsets of the first and the last row that it touches, ascending, no row twice."""
        first = self.offset - self.offset % ROW
        last = max(self.offset, self.offset + self.length - 1)
        return tuple(sorted({first, last - last % ROW}))


@dataclass(frozen=True, slots=True)
class Line:
    """A line of an excerpt: the text left of the bar, whether there is a bar, and the text right of it.

    Attributes:
        sign: Empty for bytes and rulers, else the sign of the mark in `body`.
    """

    gutter: str
    bar: bool
    body: str
    sign: str = ""


def shows(mark: Mark, rows: Mapping[int, bytes], size: int) -> tuple[int, ...]:
    """The rows in which `mark` can be drawn: those that are known, and the empty one at the end of the file.

    Args:
        mark: The bytes to underline.
        rows: The known rows, by offset.
        size: The bytes of the whole file.
    """
    return tuple(row for row in mark.rows if row in rows or row == size)


def excerpt(marks: Sequence[Mark], rows: Mapping[int, bytes], size: int) -> Iterator[Line]:
    """The lines that show all marks: rows ascend, dots part distant rows; none when no row is known."""
    places = {row for mark in marks for row in shows(mark, rows, size)}
    if not places:
        return
    width = max(_GUTTER, len(f"{max(places):x}"))
    yield Line(" " * width, True, _RULER)
    before: int | None = None
    for row in sorted(places):
        if before is not None and row != before + ROW:
            yield Line("...".rjust(width), False, "")
        yield Line(f"{row:03x}".rjust(width), True, _dump(rows.get(row, b"")))
        for mark in marks:
            shown = shows(mark, rows, size)
            if row in shown:
                yield Line(" " * width, True, _underline(mark, row, last=row == shown[-1]), mark.sign)
        before = row


def _column(index: int) -> int:
    return 3 * index + (index >= ROW // 2)


def _dump(data: bytes) -> str:
    cells = " ".join(f"{byte:02x}" for byte in data[:8])
    if len(data) > ROW // 2:
        cells += "  " + " ".join(f"{byte:02x}" for byte in data[8:])
    text = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in data)
    return f"{cells:<{_column(ROW - 1) + 2}}  {text}".rstrip()


def _underline(mark: Mark, row: int, *, last: bool) -> str:
    start = max(mark.offset - row, 0)
    end = min(mark.offset + mark.length - row, ROW)
    width = _column(end - 1) + 2 - _column(start) if end > start else 1
    body = " " * _column(start) + mark.sign * width
    return f"{body} {mark.words}".rstrip() if last else body
