"""The subject of a campaign, in words that survive the process: schema, setting, readers, oracles."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ccheck.config.options import near
from ccheck.text import strict_json
from ccheck_fuzz.process.bounds import Bounds


class CampaignOptionsError(Exception):
    """A campaign that cannot be set up as it is worded."""


@dataclass(frozen=True)
class CampaignOptions:
    """A campaign in words.

    Paths are absolute, so that every process finds them. A finding stores all of it: see
    `ccheck_fuzz.corpus.carried`.

    Attributes:
        schema: A name or the path of a Python file.
        trust_definitions: Whether to compare no counts with what the driver builds supply, as the validator
            of July 2024 did not; a switch for tutorials and benchmarks.
        reader: The user's own interpreter, ``package.module:function``.
        execute: The user's own program, ``./reader @@``.
        per_build: Whether the program is run once for each build, with its facts in the environment.
        directory: Where the two are searched and run; the working directory if that folder does not exist.
        run_seconds: The seconds that one run may take.
        memory: The MiB that one process may use.
        oracles: The names of the oracles; empty for all.
    """

    schema: str
    config: str | None = None
    use_config: bool = True
    definitions: tuple[str, ...] = ()
    consumers: str | None = None
    target_version: str | None = None
    on: str | None = None
    trust_definitions: bool = False
    reader: str | None = None
    execute: str | None = None
    execute_seconds: float = 10.0
    per_build: bool = False
    directory: str | None = None
    run_seconds: float = 10.0
    memory: int = 2048
    oracles: tuple[str, ...] = ()
    max_size: int = 65_536

    def to_json(self) -> str:
        """Returns the words as JSON."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> CampaignOptions:
        """Returns the words out of JSON."""
        read: dict[str, Any] = {}
        for key, value in strict_json.loads(text).items():
            read[key] = tuple(value) if isinstance(value, list) else value
        return cls(**read)

    @property
    def bounds(self) -> Bounds:
        """What one process may use. A program that does not end is ended before its worker is."""
        program = 0.0 if self.execute is None else self.execute_seconds
        return Bounds(self.run_seconds + program, self.memory)

    @property
    def place(self) -> Path | None:
        """The directory for the user's own interpreters, if it still exists."""
        return Path(self.directory) if self.directory is not None and Path(self.directory).is_dir() else None


def configuration_of(options: CampaignOptions) -> str:
    """Returns the ccheck.toml of a campaign as reports name it, or `none`."""
    return "none" if options.config is None else str(near(Path(options.config)))
