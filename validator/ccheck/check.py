"""What a schema file needs to write checks of its own: see docs/writing-checks.md."""

from ccheck.core.check import Blame, Check
from ccheck.core.finding import Proof, Severity
from ccheck.core.subject import Subject

__all__ = ["Blame", "Check", "Proof", "Severity", "Subject"]
