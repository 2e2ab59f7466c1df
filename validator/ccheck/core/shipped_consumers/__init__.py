"""The driver builds that ccheck ships: files of builds with names such as `builtin:linux-lts`."""

from __future__ import annotations

import os
from pathlib import Path

from ccheck.text.quoting import did_you_mean, shown

PREFIX = "builtin:"
_FOLDER = Path(__file__).absolute().parent


def shipped_names() -> tuple[str, ...]:
    """Returns the names of the files that ccheck ships, with their prefix."""
    return tuple(sorted(f"{PREFIX}{path.stem}" for path in _FOLDER.glob("*.toml")))


def consumers_path(named: str | os.PathLike[str]) -> Path:
    """Returns the path of a file of builds that a user named: one of his own, or one that ccheck ships.

    A `Path` is always a file of his own.

    Raises:
        ValueError: ccheck ships none of that name. The message lists those that it ships.
    """
    if not isinstance(named, str) or not named.startswith(PREFIX):
        return Path(named)
    known = shipped_names()
    if named not in known:
        hint = did_you_mean(named, known)
        raise ValueError(f"ccheck ships no {shown(named)}; it ships {', '.join(known)}{hint}")
    return _FOLDER / f"{named.removeprefix(PREFIX)}.toml"


def is_shipped(path: Path | None) -> bool:
    """Returns whether a file of builds is one that ccheck ships."""
    return path is not None and path.absolute().parent == _FOLDER


def shown_path(path: Path) -> Path:
    """Returns the path of a file of builds as reports name it."""
    if is_shipped(path):
        return Path(f"{PREFIX}{path.stem}")
    return path.absolute() if str(path).startswith(PREFIX) else path
