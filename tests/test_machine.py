"""Files that this machine has: each passes. `pytest -m machine` runs this where CCHECK_MACHINE_FILES names a folder.

docs/formats/on-this-machine.md has the commands that fill the folder.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from ccheck.judgement import prepare

pytestmark = pytest.mark.machine

FOLDER = os.environ.get("CCHECK_MACHINE_FILES")
KINDS = {
    "regdb": ("regulatory.db", "regulatory.db-*", "regulatory.bin"),
    "devicetree": ("*.dtb",),
    "apparmor": ("*.policy",),
}
"""The files of each format, by their names."""


@pytest.mark.parametrize("schema", sorted(KINDS))
def test_files_of_this_machine_pass(schema: str) -> None:
    """No file of the format has an error, and it is recognised by its content."""
    if FOLDER is None:
        pytest.skip(
            "CCHECK_MACHINE_FILES names no folder of files to try; docs/formats/on-this-machine.md fills one"
        )
    files = sorted(
        path for form in KINDS[schema] for path in Path(FOLDER).rglob(form)
        if path.is_file() and ".p7s" not in path.name
    )  # fmt: skip
    if not files:
        pytest.skip(f"{FOLDER} holds no {', '.join(KINDS[schema])}")
    judgement = prepare(use_config=False)
    counts: Counter[str] = Counter()
    for path in files:
        report = judgement.report(str(path))
        assert report.schema == schema, path
        assert (report.verdict, report.errors) == ("pass", 0), (path, report.findings[:3])
        counts.update(finding.check for finding in report.findings)
    print(f"{len(files)} files pass, with warnings: {dict(counts)}")  # noqa: T201 - asked for with -s
