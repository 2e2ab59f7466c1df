"""Seeds: files that a campaign begins with, from files and folders."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ccheck.intake import NotTaken, take

_SKIPPED = {".yaml", ".yml", ".md", ".toml", ".json", ".txt", ".py"}
"""What lies beside content files, and is none."""


def gather(paths: Iterable[Path], max_size: int) -> tuple[list[bytes], list[str]]:
    """The content files below paths, each once, the smallest first; and what was passed over, and why."""
    found: dict[bytes, None] = {}
    passed_over: list[str] = []
    for path in paths:
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            if file.is_dir():
                continue
            inside = file.relative_to(path).parts if file != path else ()
            if any(part.startswith(".") for part in inside) or (file != path and file.suffix in _SKIPPED):
                continue
            try:
                data = take(str(file))
            except NotTaken as fault:
                passed_over.append(f"{file}: {fault.detail}")
                continue
            if len(data) > max_size:
                passed_over.append(
                    f"{file}: {len(data):,} bytes, inputs have at most {max_size:,} (--max-size)"
                )
                continue
            found[data] = None
    return sorted(found, key=lambda data: (len(data), data)), passed_over
