"""The materials of a judgement as digests: two gates with the same materials have the same result."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from ccheck.release.gate.context import GateContext
from ccheck.release.gate.sources import digest_of_schema, installed


def materials(context: GateContext) -> dict[str, Any]:
    """The digests, in hex, as plain values; None for what was not named. No path of this machine is in it."""
    validation = context.validation
    used, project = validation.context, validation.project
    path = validation.schema_file
    return {
        "ccheck.toml": None if project is None else project.sha256,
        "definitions": [hashlib.sha256(d.data).hexdigest() for d in used.definitions],
        "consumers": None if used.consumers is None else used.consumers.sha256,
        "target": used.target,
        "schema": None
        if validation.schema is None
        else {
            "name": validation.schema.name,
            # Schemas that were not named by a file are part of the program.
            "sha256": None if path is None else digest_of_schema(Path(path)),
        },
        "baseline": None if context.baseline is None else context.baseline.sha256,
        "last_good": {file.identity.name: file.identity.sha256 for file in context.last_good},
        "program": installed(),
    }
