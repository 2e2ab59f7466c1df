"""The version of ccheck, which reports and verdicts name."""

__version__ = "0.1.0"
