"""The formats that add parts to fuzzing, in one table."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ccheck_fuzz.formats.channel import parts as channel
from ccheck_fuzz.formats.parts import Parts
from ccheck_fuzz.formats.sysmon import parts as sysmon

PARTS: Mapping[str, Parts] = MappingProxyType({"channel": channel.PARTS, "sysmon": sysmon.PARTS})
"""The parts by the schema's name. A format that is not here has no events."""
