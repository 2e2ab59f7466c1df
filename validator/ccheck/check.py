"""What a schema file needs to write checks of its own: see docs/writing-checks.md."""

from ccheck.core.check import Check, Diagnostic
from ccheck.core.finding import RelatedLocation, Severity
from ccheck.core.subject import Subject

__all__ = ["Check", "Diagnostic", "RelatedLocation", "Severity", "Subject"]
