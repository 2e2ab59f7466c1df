"""The version of ccheck, for reports and verdicts."""

__version__ = "0.1.0"
