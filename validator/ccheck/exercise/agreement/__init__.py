"""Two readings of the same bytes held against each other: what the schema read, and what a driver loaded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ccheck.exercise.outcome import Given

Agreement = Callable[[bytes, Any, Given, Sequence[str] | None], tuple[str, str] | None]
"""Given the bytes, the typed content of a schema that found nothing wrong with them, what they are run with
and events: where the readings differ (path without indices, one line), or None. None too when the build that
checks everything refuses the file: that is another question.
"""
