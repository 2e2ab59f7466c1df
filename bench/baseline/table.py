"""A schema file without checks: its good files take the fast path."""

from tests.user.sensor import SENSOR

from ccheck_schemas.schema import Schema

SCHEMA = Schema("table", "a table of rules", SENSOR, recognise=lambda data: data[:4] == b"SNSR")
