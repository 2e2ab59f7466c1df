"""Broken properties, and the property that an exception breaks."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from types import MappingProxyType

from ccheck.core.finding import FileReport, Severity
from ccheck.core.users_code import place_of, text_of, words_of


@dataclass(frozen=True)
class Broken:
    """A property that an input breaks.

    Attributes:
        oracle: The name of the oracle.
        what: One line for people.
        signature: What stays the same while the input shrinks: oracle, kind, operation, and field path
            without indices, as far as the oracle knows them.
    """

    oracle: str
    what: str
    signature: tuple[str, ...]

    @property
    def information(self) -> bool:
        """Whether it is informational."""
        return self.oracle in INFORMATION


def refusing(report: FileReport) -> tuple[str, ...]:
    """Returns the checks that refuse a file, each once."""
    return tuple(dict.fromkeys(f.check for f in report.findings if f.severity is Severity.ERROR))


INFORMATION: Mapping[str, str] = MappingProxyType(
    {
        "over-strict": "refused, and no harm to any build",
        "needs-validator": "builds without bounds checks would trap, and the validator refuses the file",
    }
)
"""The informational oracles, and what they report."""


def itself(raised: BaseException) -> Broken:
    """Returns what an exception breaks that is neither a finding nor a trap, by its kind and its place.

    If it came through code of the user's, which then is a schema or a check, the oracle is *schema*.
    """
    kind, place = type(raised).__name__, place_of(raised)
    if place:
        function = place.rpartition(", in ")
        where = f"{function[0].rpartition(':')[0]}:{function[2]}"
        return Broken("schema", f"{words_of(raised)} ({place})", ("schema", kind, where))
    frames = traceback.extract_tb(raised.__traceback__)
    place = f"{PurePath(frames[-1].filename).name}:{frames[-1].name}" if frames else "nowhere"
    what = f"ccheck itself fails: {kind}: {text_of(raised)} in {place}"
    return Broken("ccheck", what, ("ccheck", kind, place))
