"""The table of renderers."""

from __future__ import annotations

import subprocess
import sys

from ccheck.report import RENDERERS
from tests.validator.report.samples import CHECKS, EVERYTHING


def test_the_table() -> None:
    """The four forms of a whole run are there, and each ends with a line end."""
    assert list(RENDERERS) == ["json", "sarif", "junit", "github"]
    assert all(render(EVERYTHING, CHECKS).endswith("\n") for render in RENDERERS.values())


def test_nothing_heavy_is_imported_before_its_use() -> None:
    """Importing the table does not import the library of a form that was not asked for."""
    program = "import sys, ccheck.report, ccheck.report.text; print('junitparser' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
