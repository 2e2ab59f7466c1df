"""Content through the reference interpreter, under each driver build: what would it do with the file?"""

from __future__ import annotations

from collections.abc import Mapping

from ccheck.exercise import channel, sysmon
from ccheck.exercise.outcome import Exercise

EXERCISES: Mapping[str, Exercise] = {"channel": channel.run, "sysmon": sysmon.run}
"""The interpreter of each format that has one, by the schema's name."""
