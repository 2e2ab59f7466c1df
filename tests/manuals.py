"""`python -m tests.manuals` writes docs/checks.md out of the manuals of all checks."""

from __future__ import annotations

from ccheck.cli.commands.explain import page
from ccheck.formats.check_table import CHECKS
from tests.conftest import ROOT

PATH = ROOT / "docs" / "checks.md"


def render() -> str:
    """The page of all checks."""
    head = "# All checks\n\nWritten by `python -m tests.manuals` from the checks themselves; `ccheck explain CHECK` prints one.\n"
    table = ["| check | severity | |", "|---|---|---|"]
    table += [f"| [{c.name}](#{c.name}) | {c.severity.value} | {c.manual.summary} |" for c in CHECKS]
    pages = [page(check).replace("\n## ", "\n### ").replace("# ", "## ", 1) for check in CHECKS]
    return "\n".join([head, *table, "", "\n\n".join(pages)]) + "\n"


if __name__ == "__main__":
    PATH.write_text(render(), encoding="utf-8")
