"""Two readings of the same bytes compared: what the schema read, and what a driver loaded."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

from ccheck.formats.exercise.outcome import RunInputs

Agreed = set[Hashable]
"""What two readings said alike of parts of files before, and what came of it: in another file it would again.
Who has many files hands the same set to all of them; it is kept short.
"""

Agreement = Callable[[bytes, Any, RunInputs, Sequence[str] | None, Agreed], tuple[str, str] | None]
"""Compares two readings of a file: the first difference (path without indices, one line), or None.

The arguments are the bytes, the typed content of a schema that found nothing wrong with them, what they are
run with, events, and what was agreed on before. None too if the build that checks everything refuses the
file: that is another question.
"""
