"""`python -m tests.generated` writes the generated modules: code of the built-in schemas, and counts of checks."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from ccheck.formats.check_table import CHECKS
from ccheck.formats.registry import FORMATS, SCHEMAS
from ccheck_schemas.generate.python.source import source
from ccheck_schemas.generate.refused import NotGenerated
from tests.conftest import ROOT

FORMATS_OF_SCHEMAS = ROOT / "schemas" / "ccheck_schemas" / "formats"
FORMATS_OF_CHECKS = ROOT / "validator" / "ccheck" / "formats"

COUNT = '''"""How many checks a file that takes the fast path has passed.

Loading the checks to count them takes longer than such a file. Written by `python -m tests.generated`.
"""

APPLYING = {number}
'''


def modules() -> Iterator[tuple[Path, str]]:
    """Each module and its text, for the schemas that the generator understands."""
    for schema in SCHEMAS:
        with contextlib.suppress(NotGenerated):
            yield FORMATS_OF_SCHEMAS / schema.name / "generated.py", source(schema)


def counts() -> Iterator[tuple[Path, str]]:
    """The modules that say how many checks are made on files of each format with a fast path, and their texts."""
    for known in FORMATS:
        if not known.no_fast_path:
            place = FORMATS_OF_CHECKS / known.name / "fast_path" / "applying.py"
            yield place, COUNT.format(number=len(CHECKS.applying(known.name)))


if __name__ == "__main__":
    for path, text in (*modules(), *counts()):
        path.write_text(text, encoding="utf-8")
