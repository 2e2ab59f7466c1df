"""The checks of wireless regulatory databases: rules, windows and countries."""

from __future__ import annotations

from ccheck.core.check import Check
from ccheck.core.finding import Severity
from ccheck.formats.checks.general import VERSION, FormatChecks, layout
from ccheck.formats.regdb.checks import rules as regdb

_REGDB = ("regdb",)
_WHOLE = (VERSION, *layout("truncated", "count-past-bytes", "offset-outside-file"))

TABLE = FormatChecks(
    (
        Check(regdb.regdb_band_empty, requires=(VERSION,), schemas=_REGDB),
        Check(regdb.regdb_rule_wider_than_band, requires=(VERSION,), schemas=_REGDB),
        Check(regdb.regdb_window_inverted, requires=(VERSION,), schemas=_REGDB),
        Check(regdb.regdb_country_malformed, requires=(VERSION,), schemas=_REGDB),
        Check(regdb.regdb_country_repeated, requires=(VERSION,), schemas=_REGDB),
        Check(regdb.regdb_world_missing, severity=Severity.WARNING, requires=_WHOLE, schemas=_REGDB),
    ),
    keeps_layout=True,
)
