"""What the release changes in meaning: its notes can be written."""

from __future__ import annotations

from ccheck.release.gate.case import Case
from ccheck.release.gate.notes import notes
from ccheck.release.gate.result import Stage, concluded
from ccheck.text.quoting import counted


def run(case: Case) -> Stage:
    """Compare each file with the one that it takes the place of; a file that cannot be is a gap."""
    _, gaps, count = notes(case)
    compared = sum(case.before(taken) is not None for taken in case.files)
    examined = {"files": len(case.files) - len(gaps), "compared": compared, "changes": count}
    new = len(case.files) - compared
    summary = f"{counted(compared, 'file')} compared with the release before, {new:,} new"
    return concluded("diff", examined, summary=summary, gaps=gaps)
