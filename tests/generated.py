"""`python -m tests.generated` writes the generated modules: code of the built-in schemas, and counts of checks."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from ccheck.checks import CHECKS
from ccheck.formats import FORMATS, SCHEMAS
from ccheck_schemas.generate import NotGenerated, source
from tests.conftest import ROOT

FOLDER = ROOT / "schemas" / "ccheck_schemas" / "generated"
COUNTS = ROOT / "validator" / "ccheck" / "screen" / "applying.py"


def modules() -> Iterator[tuple[Path, str]]:
    """Each module and its text, for the schemas that the generator understands."""
    for schema in SCHEMAS:
        with contextlib.suppress(NotGenerated):
            yield FOLDER / f"{schema.name}.py", source(schema)


def counts() -> str:
    """The text of the module that says how many checks are made on files of each format with a fast path."""
    fast = [known.name for known in FORMATS if not known.no_quick_way]
    lines = [f'    "{name}": {len(CHECKS.applying(name))},\n' for name in fast]
    return (
        '"""How many checks a file that takes the fast path has passed, by format.\n\n'
        "Loading the checks to count them takes longer than such a file. Written by `python -m tests.generated`.\n"
        '"""\n\n'
        f"APPLYING = {{\n{''.join(lines)}}}\n"
    )


if __name__ == "__main__":
    for path, text in [*modules(), (COUNTS, counts())]:
        path.write_text(text, encoding="utf-8")
