"""`python -m tests.generated` writes the generated modules of the built-in schemas."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from ccheck.formats.registry import SCHEMAS
from ccheck_schemas.generate import NotGenerated, source
from tests.conftest import ROOT

FORMATS = ROOT / "schemas" / "ccheck_schemas" / "formats"


def modules() -> Iterator[tuple[Path, str]]:
    """Each module and its text, for the schemas that the generator understands."""
    for schema in SCHEMAS:
        with contextlib.suppress(NotGenerated):
            yield FORMATS / schema.name / "generated.py", source(schema)


if __name__ == "__main__":
    for path, text in modules():
        path.write_text(text, encoding="utf-8")
