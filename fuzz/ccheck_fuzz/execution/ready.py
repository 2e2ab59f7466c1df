"""A campaign made ready in this process: its schema, checks, readers and oracles."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from ccheck.core.consumers import Consumer
from ccheck.core.input import read_input
from ccheck.files.regular_file import read_regular_file
from ccheck.formats.exercise.outcome import ExerciseError, RunInputs
from ccheck.formats.exercise.session import Session, plain
from ccheck.formats.registry import named
from ccheck.judging.judgement import Judgement, prepare
from ccheck.text.quoting import did_you_mean
from ccheck_fuzz.execution.setup import CampaignOptions, CampaignOptionsError
from ccheck_fuzz.formats.table import PARTS
from ccheck_fuzz.oracles.table import ORACLES, Oracle
from ccheck_fuzz.readers.function import CallableReader
from ccheck_fuzz.readers.native.reader import ExecReader
from ccheck_fuzz.readers.reader import Reader
from ccheck_fuzz.readers.reference import SessionReader
from ccheck_schemas.schema import Schema


@dataclass(frozen=True)
class CampaignContext:
    """A campaign made ready in this process.

    Attributes:
        fingerprint: Of all that decides whether an input breaks an oracle, so that a resumed campaign
            notices a change.
    """

    setup: CampaignOptions
    schema: Schema
    judgement: Judgement
    given: RunInputs
    readers: tuple[Reader, ...]
    oracles: Mapping[str, Oracle]
    fingerprint: str


def ready(setup: CampaignOptions) -> CampaignContext:
    """Make a campaign ready. Raises CampaignOptionsError, ConfigurationError or click.UsageError."""
    judgement = prepare(
        schema=setup.schema,
        config=None if setup.config is None else Path(setup.config),
        use_config=setup.use_config,
        definitions=[Path(path) for path in setup.definitions],
        consumers=None if setup.consumers is None else Path(setup.consumers),
        target=setup.target_version,
        on=None if setup.on is None else date.fromisoformat(setup.on),
    )
    schema = judgement.schema
    if schema is None:
        raise CampaignOptionsError("name one schema with --schema")
    if setup.trust_definitions:
        contracts = {parts.contract for parts in PARTS.values()}
        trusting = tuple(c for c in judgement.checks if c.judge.__module__ not in contracts)
        judgement = replace(judgement, checks=trusting, fast_path=None)
    unknown = sorted(set(setup.oracles) - set(ORACLES))
    if unknown:
        near = did_you_mean(unknown[0], ORACLES)
        raise CampaignOptionsError(
            f"no oracle is called {unknown[0]!r}; known are {', '.join(ORACLES)}{near}"
        )
    given = RunInputs(_definitions(judgement), _builds(judgement), judgement.setting.target)
    return CampaignContext(
        setup=setup,
        schema=schema,
        judgement=judgement,
        given=given,
        readers=_readers(setup, judgement, schema, given),
        oracles={name: ORACLES[name] for name in ORACLES if not setup.oracles or name in setup.oracles},
        fingerprint=_fingerprint(setup, judgement),
    )


def _readers(
    setup: CampaignOptions, judgement: Judgement, schema: Schema, given: RunInputs
) -> tuple[Reader, ...]:
    readers: list[Reader] = []
    try:
        if judgement.own_exercise is not None:
            session: Callable[[RunInputs], Session] | None = plain(judgement.own_exercise)
        else:
            known = named(schema.name)
            session = None if known is None else known.session
        reference = None if session is None else session(given)
    except ExerciseError as wrong:
        raise CampaignOptionsError(str(wrong)) from wrong
    if reference is not None:
        own = None if judgement.own_exercise is None else f"EXERCISE of {Path(setup.schema).name}"
        readers.append(SessionReader(reference, own))
    if setup.reader is not None:
        readers.append(CallableReader(setup.reader, setup.place))
    if setup.execute is not None:
        readers.append(ExecReader(setup.execute, setup.execute_seconds, setup.memory << 20, setup.place))
    if not readers:
        raise CampaignOptionsError(
            f"the format {schema.name} has no interpreter: name your own with --reader or --exec"
        )
    return tuple(readers)


def _builds(judgement: Judgement) -> tuple[Consumer, ...]:
    listed = judgement.setting.consumers
    return () if listed is None else listed.supported(judgement.setting.on)


def _definitions(judgement: Judgement) -> bytes | None:
    named = judgement.setting.definitions
    if len(named) > 1:
        raise CampaignOptionsError("a driver loads one definitions file; name one with --definitions")
    return read_input(named[0].path) if named else None


def _fingerprint(setup: CampaignOptions, judgement: Judgement) -> str:
    digest = hashlib.sha256(replace(setup, oracles=(), directory=None).to_json().encode())
    for path in (*(d.path for d in judgement.setting.definitions), *_files(judgement)):
        digest.update(read_regular_file(path))
    return digest.hexdigest()


def _files(judgement: Judgement) -> list[str]:
    consumers = judgement.setting.consumers
    return [] if consumers is None else [str(consumers.path)]
