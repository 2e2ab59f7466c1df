"""One run, shown in many forms: for people, programs, code scanning, build servers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from ccheck.core.check import Check
    from ccheck.core.finding import RunReport

Renderer: TypeAlias = "Callable[[RunReport, Sequence[Check]], str]"


def _lazy(name: str) -> Renderer:
    """The renderer of `ccheck.report.NAME`; its module is imported on first use, for a short start."""

    def render(run: RunReport, checks: Sequence[Check]) -> str:
        text: str = import_module(f"ccheck.report.{name}").render(run, checks)
        return text

    return render


RENDERERS: Mapping[str, Renderer] = MappingProxyType(
    {name: _lazy(name) for name in ("json", "sarif", "junit", "github")}
)
"""Renders a whole run, by name of the form. For text see `ccheck.report.text`.

The second argument has all checks that the run knew, whose manuals a report may include. The text ends with a
line end.
"""
