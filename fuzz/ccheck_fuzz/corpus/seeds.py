"""Seeds: files that a campaign begins with, from files and folders."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ccheck.core.input import InputError, list_files, read_input

_SKIPPED = {".yaml", ".yml", ".md", ".toml", ".json", ".txt", ".py"}
"""What lies beside content files, and is none."""


def gather(paths: Iterable[Path], max_size: int) -> tuple[list[bytes], list[str]]:
    """Returns the distinct content files below paths, the smallest first.

    Args:
        paths: Files and folders.
        max_size: The bytes of the largest file to return.

    Returns:
        The files, and what was skipped and why, one line each.
    """
    found: dict[bytes, None] = {}
    passed_over: list[str] = []
    for path in paths:
        try:
            listing = list_files([str(path)])
        except OSError as fault:
            passed_over.append(f"{fault.filename}: {fault.strerror}")
            continue
        if str(listing.left_out):
            passed_over.append(f"{path}: {listing.left_out}")
        for file in map(Path, listing.files):
            if file != path and file.suffix in _SKIPPED:
                continue
            try:
                data = read_input(file)
            except InputError as fault:
                passed_over.append(f"{file}: {fault.detail}")
                continue
            if len(data) > max_size:
                passed_over.append(
                    f"{file}: {len(data):,} bytes, inputs have at most {max_size:,} (--max-size)"
                )
                continue
            found[data] = None
    return sorted(found, key=lambda data: (len(data), data)), passed_over
