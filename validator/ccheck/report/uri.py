"""Names of files as URIs (RFC 3986), the same on every platform."""

from __future__ import annotations

from pathlib import PurePath
from urllib.parse import quote


def _quoted(text: str) -> str:
    try:
        return quote(text.encode("utf-8", "surrogateescape"), safe="/")
    except UnicodeEncodeError:
        # A surrogate that no file system gave us; the name is shown, and cannot be opened.
        return quote(text.encode("utf-8", "surrogatepass"), safe="/")


def artifact_uri(path: str) -> str:
    """`path` percent-encoded: relative with forward slashes when it is relative, else a `file` URI."""
    pure = PurePath(path)
    if not pure.is_absolute():
        return _quoted(pure.as_posix())
    drive, rest = PurePath(pure.drive).as_posix() if pure.drive else "", pure.as_posix()
    if drive.startswith("//"):
        return f"file:{_quoted(rest)}"
    if drive:
        return f"file:///{drive}{_quoted(rest[len(drive) :])}"
    return f"file://{_quoted(rest)}"
