"""What the release changes in meaning: its notes can be written."""

from __future__ import annotations

from ccheck.release.gate.context import GateContext
from ccheck.release.gate.notes import notes
from ccheck.release.gate.result import Stage, concluded
from ccheck.text.quoting import counted


def run(context: GateContext) -> Stage:
    """Compare each file with the one that it takes the place of; a file that cannot be is a gap."""
    _, gaps, count = notes(context)
    compared = sum(context.before(file) is not None for file in context.files)
    examined = {"files": len(context.files) - len(gaps), "compared": compared, "changes": count}
    new = len(context.files) - compared
    summary = f"{counted(compared, 'file')} compared with the release before, {new:,} new"
    return concluded("diff", examined, summary=summary, gaps=gaps)
