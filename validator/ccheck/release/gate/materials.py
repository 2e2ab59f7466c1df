"""What a release was judged by, as digests: two gates with the same materials come to the same end."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from ccheck.release.gate.case import Case
from ccheck.release.gate.sources import digest_of_schema, installed


def materials(case: Case) -> dict[str, Any]:
    """The digests, in hex, as plain values; None for what was not named. No path of this machine is in it."""
    judgement = case.judgement
    setting, project = judgement.setting, judgement.project
    file = judgement.schema_file
    return {
        "ccheck.toml": None if project is None else project.sha256,
        "definitions": [hashlib.sha256(d.data).hexdigest() for d in setting.definitions],
        "consumers": None if setting.consumers is None else setting.consumers.sha256,
        "target": setting.target,
        "schema": None
        if judgement.schema is None
        else {
            "name": judgement.schema.name,
            # Schemas that were not named by a file are part of the program.
            "sha256": None if file is None else digest_of_schema(Path(file)),
        },
        "baseline": None if case.baseline is None else case.baseline.sha256,
        "last_good": {t.file.name: t.file.sha256 for t in case.last_good},
        "program": installed(),
    }
