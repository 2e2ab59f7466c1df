"""Steps that unwrap bytes, each bounded, and back: stored, obfuscated or compressed content of a format.

A step has no input but the bytes: its keys are constants of the schema. Compressed content is unwrapped up to
a stated number of bytes and no further, so that a small file cannot ask for much memory.
"""

from __future__ import annotations

import lzma
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, Protocol, TypeAlias, assert_never, get_args

from ccheck_schemas.frozen import frozen

MOST_UNWRAPPED = 64 << 20
"""Bytes that all envelopes of one file may unwrap to together, and as many more as the file has, for each of
`DEEPEST_ENVELOPES`. No stream of the schema may unwrap to more than this.
"""
MOST_ENVELOPES = 4_096
"""Envelopes of one file, those inside others included."""
DEEPEST_ENVELOPES = 4
"""Envelopes inside each other, at most."""
_XZ_MEMORY = 128 << 20
"""Bytes that the decoder of an xz stream may take."""
_LEVEL = 6
_SEARCHED = 1 << 20
_IN, _OUT = 1 << 16, 1 << 20
"""Bytes of a stream that are given to its decoder at once, and that it may give at once."""

Kind: TypeAlias = Literal["zlib", "gzip", "raw"]
_WINDOW_BITS: dict[Kind, int] = {"zlib": 15, "gzip": 31, "raw": -15}


class ContentSchema(Protocol):
    """What an envelope knows of the schema of its content: `ccheck_schemas.schema.Schema` has more."""

    @property
    def name(self) -> str:
        """The name of the format."""

    @property
    def layout(self) -> Any:
        """Its compiled tree."""


@frozen
class Stored:
    """The bytes as they are."""

    def __str__(self) -> str:
        return "stored bytes"


@frozen
class Xor:
    """Each byte combined with the next byte of a key, which repeats.

    Attributes:
        key: A byte as a number, or bytes.
    """

    key: int | bytes

    def __post_init__(self) -> None:
        key: object = self.key
        if isinstance(key, int) and not isinstance(key, bool) and 0 <= key <= 0xFF:
            return
        if not isinstance(key, bytes):
            raise ValueError(f"key={key!r:.60} is no byte from 0 to 255 and no bytes: a key is a constant")
        if not key:
            raise ValueError("key is empty: give its bytes, or write Stored()")

    def __str__(self) -> str:
        return "bytes under a key"

    def applied(self, data: bytes) -> bytes:
        """Returns the bytes combined with the key, which is its own inverse."""
        key = bytes([self.key]) if isinstance(self.key, int) else self.key
        if len(key) == 1:
            return data.translate(bytes(one ^ key[0] for one in range(256)))
        whole = (key * (len(data) // len(key) + 1))[: len(data)]
        number = int.from_bytes(data, "little") ^ int.from_bytes(whole, "little")
        return number.to_bytes(len(data), "little")


@frozen
class Rotate:
    """Each byte rotated.

    Attributes:
        bits: By how many bits to the left unwrapping rotates it, 1 to 7.
    """

    bits: int

    def __post_init__(self) -> None:
        bits: object = self.bits
        if not isinstance(bits, int) or isinstance(bits, bool) or not 1 <= bits <= 7:
            raise ValueError(f"bits={bits!r:.60}: a byte is rotated by 1 to 7 bits")

    def __str__(self) -> str:
        return "rotated bytes"

    def applied(self, data: bytes, bits: int) -> bytes:
        """Returns the bytes rotated by a number of bits to the left."""
        return data.translate(bytes((one << bits | one >> 8 - bits) & 0xFF for one in range(256)))


@frozen
class Inflate:
    """A deflate stream.

    Attributes:
        kind: Its header and checksum: those of ``zlib``, of ``gzip``, or none (``raw``).
        limit: The most bytes that it may unwrap to.
    """

    kind: Kind = "zlib"
    limit: int = MOST_UNWRAPPED

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise ValueError(f"kind={self.kind!r:.60} is none of {', '.join(get_args(Kind))}")
        _require_limit(self.limit)

    def __str__(self) -> str:
        return "deflate stream" if self.kind == "raw" else f"{self.kind} stream"


@frozen
class Xz:
    """An xz stream.

    Attributes:
        limit: The most bytes that it may unwrap to.
    """

    limit: int = MOST_UNWRAPPED

    def __post_init__(self) -> None:
        _require_limit(self.limit)

    def __str__(self) -> str:
        return "xz stream"


Step: TypeAlias = Stored | Xor | Rotate | Inflate | Xz


def _require_limit(limit: object) -> None:
    if not isinstance(limit, int) or isinstance(limit, bool) or not 1 <= limit <= MOST_UNWRAPPED:
        raise ValueError(f"limit={limit!r:.60}: state the most bytes of the content, 1 to {MOST_UNWRAPPED:,}")


@dataclass(frozen=True, slots=True)
class Damaged:
    """A stream that is no such stream, or ends too early.

    Attributes:
        step: The step, in words.
        reason: What is wrong with it.
    """

    step: str
    reason: str


@dataclass(frozen=True, slots=True)
class TooLarge:
    """A stream that unwraps to more bytes than are allowed.

    Attributes:
        step: The step, in words.
        limit: The bytes that are allowed.
        of_file: Whether that is what is left of `MOST_UNWRAPPED`, and no limit of the schema.
    """

    step: str
    limit: int
    of_file: bool


@dataclass(frozen=True, slots=True)
class Behind:
    """Bytes behind the end of a stream, which another reader may take for more content.

    Attributes:
        step: The step, in words.
        size: Their number.
        in_field: Whether they are the last bytes of the field, and not of what an earlier step unwrapped.
    """

    step: str
    size: int
    in_field: bool


@dataclass(frozen=True, slots=True)
class Unwrapped:
    """What unwrapping gives.

    Attributes:
        content: The content; None if the envelope cannot be opened.
        spent: The bytes that it took, whether they are kept or not.
        problems: What is wrong.
    """

    content: bytes | None
    spent: int
    problems: tuple[Damaged | TooLarge | Behind, ...] = ()


@dataclass(frozen=True)
class Wrapping:
    """The steps of an envelope, in the order in which they unwrap it.

    Raises:
        ValueError: There are none, or something else is among them.
    """

    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        if not self.steps:
            raise ValueError("an envelope has a step; Stored() is that of bytes as they are")
        for step in self.steps:
            if not isinstance(step, Stored | Xor | Rotate | Inflate | Xz):
                raise ValueError(
                    f"{step!r:.60} is no step: write Stored(), Xor(…), Rotate(…), Inflate(…), Xz(…)"
                )

    @cached_property
    def one_to_one(self) -> bool:
        """Whether each byte of the content is one byte of the field, at the same place."""
        return not any(isinstance(step, Inflate | Xz) for step in self.steps)

    @property
    def levels(self) -> range:
        """The levels of compression that are tried where a file does not say its own; the usual one first."""
        if self.one_to_one:
            return range(0)
        return range(7 if any(isinstance(step, Xz) for step in self.steps) else 10)

    def __str__(self) -> str:
        return ", then ".join(map(str, self.steps))

    def unwrap(self, data: bytes, most: int = MOST_UNWRAPPED) -> Unwrapped:
        """Returns the content of the bytes of a field, whatever they are.

        Args:
            data: The bytes.
            most: The bytes that all its steps may unwrap to, together.
        """
        problems: list[Damaged | TooLarge | Behind] = []
        if self.one_to_one and len(data) > most:
            return Unwrapped(None, 0, (TooLarge(str(self), most, of_file=True),))
        spent, mapped = len(data) if self.one_to_one else 0, True
        for step in self.steps:
            match step:
                case Stored():
                    continue
                case Xor():
                    data = step.applied(data)
                case Rotate():
                    data = step.applied(data, step.bits)
                case Inflate() | Xz():
                    limit = min(step.limit, most - spent)
                    opened = _Opened(step, limit)
                    problem = opened.problem(data, of_file=limit < step.limit)
                    spent += min(opened.size, limit)
                    if problem is not None:
                        return Unwrapped(None, spent, (*problems, problem))
                    out, behind = b"".join(opened.parts), opened.behind
                    if behind:
                        problems.append(Behind(str(step), behind, mapped))
                    data, mapped = out, False
                case _:
                    assert_never(step)
        return Unwrapped(data, spent, tuple(problems))

    def wrap(self, content: bytes, level: int | None = None) -> bytes:
        """Returns the bytes of a field with this content.

        Args:
            content: The content.
            level: The level of compression, 0 to 9; None for the usual one.
        """
        level = _LEVEL if level is None else level
        for step in reversed(self.steps):
            match step:
                case Stored():
                    continue
                case Xor():
                    content = step.applied(content)
                case Rotate():
                    content = step.applied(content, 8 - step.bits)
                case Inflate():
                    packer = zlib.compressobj(level, zlib.DEFLATED, _WINDOW_BITS[step.kind])
                    content = packer.compress(content) + packer.flush()
                case Xz():
                    content = lzma.compress(content, lzma.FORMAT_XZ, preset=level)
                case _:
                    assert_never(step)
        return content

    def levels_of(self, content: bytes, data: bytes) -> Iterator[int | None]:
        """Yields the levels at which wrapping the content gives these bytes; None, the usual one, first.

        Others than the usual one are tried for content of 1 MiB at most.
        """
        others = self.levels if len(content) <= _SEARCHED else ()
        for level in (None, *(level for level in others if level != _LEVEL)):
            if self.wrap(content, level) == data:
                yield level


class _Opened:
    """A stream while it is unwrapped.

    Attributes:
        parts: What it unwrapped to.
        size: Their bytes, at most one more than its limit.
        behind: The bytes behind its end.
    """

    def __init__(self, step: Inflate | Xz, limit: int) -> None:
        self.step = step
        self.limit = limit
        self.parts: list[bytes] = []
        self.size = self.behind = 0

    def problem(self, data: bytes, *, of_file: bool) -> Damaged | TooLarge | None:
        """Unwraps a stream; returns why it cannot be."""
        words = str(self.step)
        try:
            ended = self._inflate(data) if isinstance(self.step, Inflate) else self._unxz(data)
        except (zlib.error, lzma.LZMAError) as bad:
            return Damaged(words, _words(bad))
        if self.size > self.limit:
            return TooLarge(words, self.limit, of_file)
        return None if ended else Damaged(words, "it ends before its end mark")

    def _add(self, part: bytes) -> None:
        self.parts.append(part)
        self.size += len(part)

    @property
    def _room(self) -> int:
        return min(_OUT, self.limit + 1 - self.size)

    def _inflate(self, data: bytes) -> bool:
        assert isinstance(self.step, Inflate)  # noqa: S101 - for the type checker
        unpacker = zlib.decompressobj(_WINDOW_BITS[self.step.kind])
        for at in range(0, len(data), _IN):
            pending = data[at : at + _IN]
            while pending and not unpacker.eof and self._room > 0:
                self._add(unpacker.decompress(pending, self._room))
                pending = unpacker.unconsumed_tail
            if unpacker.eof:
                self.behind = len(unpacker.unused_data) + max(0, len(data) - at - _IN)
                return True
            if self._room <= 0:
                return False
        while self._room > 0:  # what is left inside the decoder
            part = unpacker.decompress(b"", self._room)
            if not part:
                break
            self._add(part)
        return unpacker.eof

    def _unxz(self, data: bytes) -> bool:
        decoder = lzma.LZMADecompressor(lzma.FORMAT_XZ, _XZ_MEMORY)
        while not decoder.eof and self._room > 0:
            self._add(decoder.decompress(b"" if self.parts else data, self._room))
            if decoder.needs_input:
                break
        self.behind = len(decoder.unused_data) if decoder.eof else 0
        return decoder.eof


def _words(bad: Exception) -> str:
    """Returns what is wrong with a stream."""
    words = str(bad).rpartition("decompressing data: ")[2] or "it is damaged"
    return words[:1].lower() + words[1:]
