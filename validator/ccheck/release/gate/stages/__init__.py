"""The stages of a gate, in one visible table; other packages bring theirs through an entry-point group."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module, metadata
from types import MappingProxyType

from ccheck.config.gate_policy import STAGES
from ccheck.core.extras import how_to_install
from ccheck.release.gate.context import StageRun

ENTRY_POINTS = "ccheck.stages"
"""The entry-point group through which the fuzz package brings its stages: validator never imports it."""

OWN: Mapping[str, str] = MappingProxyType(
    {
        "validate": "ccheck.release.gate.stages.validate",
        "exercise": "ccheck.release.gate.stages.exercise",
        "first_use": "ccheck.release.gate.stages.first_use",
        "faults": "ccheck.release.gate.stages.faults",
        "diff": "ccheck.release.gate.stages.diff",
    }
)
"""The stages of this package, each the function `run` of its module. The others are brought."""


class StageMissing(Exception):
    """A stage whose package is not installed."""


def stage_run(name: str) -> StageRun:
    """The function of a stage.

    Raises:
        StageMissing: No package has the stage.
    """
    if name in OWN:
        run: StageRun = import_module(OWN[name]).run
        return run
    entries = tuple(metadata.entry_points(group=ENTRY_POINTS, name=name))
    if not entries:
        raise StageMissing("no installed package brings it")
    if len(entries) > 1:
        raise StageMissing(f"several packages bring it: {', '.join(entry.value for entry in entries)}")
    try:
        plugins: StageRun = entries[0].load()
    except ModuleNotFoundError as missing:
        raise StageMissing(f"it needs {missing.name}: {how_to_install('fuzz')}") from missing
    return plugins


__all__ = ["ENTRY_POINTS", "OWN", "STAGES", "StageMissing", "stage_run"]
