"""The fast path to a pass: generated code and screens, without the schemas and checks being loaded at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from ccheck.core.consumers import Consumer, Consumers
from ccheck.core.contract import missing
from ccheck.core.finding import FileReport
from ccheck.core.input import InputError, read_input
from ccheck.formats.channel.fast_path import content as channel
from ccheck.formats.channel.fast_path.applying import APPLYING
from ccheck.formats.channel.fast_path.type_rules import RulesByType
from ccheck.formats.fast_path import passed
from ccheck_schemas.formats.channel.facts import FACTS
from ccheck_schemas.formats.channel.generated import accept
from ccheck_schemas.formats.channel.numbers import MAGIC

if TYPE_CHECKING:
    from ccheck.core.subject import Narrowed
    from ccheck_schemas.record import Reading
    from ccheck_schemas.schema import Schema

SCHEMA = "channel"
"""The format that has a fast path."""


@dataclass(frozen=True)
class ChannelFastPath:
    """What files are compared with: the builds in their support window, and the rules of defined types."""

    builds: tuple[Consumer, ...]
    rules: RulesByType | None

    def passes(self, data: bytes, name: str) -> bool:
        """Returns whether a file passes every check; False if that is not certain.

        Args:
            data: The bytes of the file.
            name: The file's base name.
        """
        if data[:4] != MAGIC:
            return False
        columns = accept(data)
        if columns is None:
            return False
        return channel.definitions(columns, name, self.builds) is not None or (
            self.rules is not None and channel.instances(columns, name, self.rules, self.builds)
        )

    def report(self, data: bytes, name: str, path: str) -> FileReport | None:
        """The report of a file that passes every check; None if that is not certain.

        name: the file's base name. path: as the user named it.
        """
        return passed(data, path, SCHEMA, APPLYING) if self.passes(data, name) else None

    def narrow(self, schema: Schema, reading: Reading) -> Narrowed | None:
        """The content of a file in which a check may find something; None if all of it must be checked."""
        if schema.name != SCHEMA or self.rules is None:
            return None
        found = channel.suspects(reading, self.rules)
        if found is None:
            return None
        # Who narrows has loaded them to read the file.
        from ccheck.core.subject import Narrowed
        from ccheck_schemas.formats.channel.structure import assemble

        return Narrowed(assemble(reading, found.instances), canonical=found.canonical)


def prepare(consumers: Consumers | None, on: date, definitions: Sequence[Path]) -> ChannelFastPath:
    """The fast path for what was named.

    Definitions that are not right, or are not one file, leave files of instances without it; a build that
    lacks a fact leaves all files without it.
    """
    supported = () if consumers is None else consumers.supported(on)
    builds = tuple(build for build in supported if build.reads(SCHEMA))
    if any(missing(FACTS, build) for build in builds):
        return ChannelFastPath((), None)
    types = None
    if len(definitions) == 1:
        path = definitions[0]
        try:
            data = read_input(path)
        except InputError:
            data = b""
        columns = accept(data) if data[:4] == MAGIC else None
        if columns is not None:
            types = channel.definitions(columns, path.name, builds)
    return ChannelFastPath(builds, None if types is None else RulesByType(types, builds))
