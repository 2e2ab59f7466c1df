"""A campaign made ready in this process: its schema, checks, readers and oracles."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from ccheck.core.consumers import Consumer
from ccheck.core.contract import NoReader
from ccheck.core.input import read_input
from ccheck.files.regular_file import read_regular_file
from ccheck.formats.exercise.outcome import ExerciseError, RunInputs
from ccheck.formats.exercise.session import Session, plain
from ccheck.formats.registry import named
from ccheck.judging.context import ValidationContext
from ccheck.judging.preparation import prepare
from ccheck.text.quoting import did_you_mean
from ccheck_fuzz.execution.options import CampaignOptions, CampaignOptionsError
from ccheck_fuzz.oracles.table import ORACLES, Oracle
from ccheck_fuzz.readers.function import CallableReader
from ccheck_fuzz.readers.native.reader import ExecReader
from ccheck_fuzz.readers.reader import Reader
from ccheck_fuzz.readers.reference import SessionReader
from ccheck_schemas.schema import Schema


@dataclass(frozen=True)
class CampaignContext:
    """A campaign that is ready to run in this process.

    Attributes:
        fingerprint: Identifies all that decides whether an input breaks an oracle, so that a resumed campaign
            notices a change.
    """

    options: CampaignOptions
    schema: Schema
    validation: ValidationContext
    given: RunInputs
    readers: tuple[Reader, ...]
    oracles: Mapping[str, Oracle]
    fingerprint: str


def prepare_campaign(options: CampaignOptions) -> CampaignContext:
    """Prepare a campaign.

    Raises:
        CampaignOptionsError: The options do not fit together.
        ConfigurationError: The configuration has an error. click.UsageError: A file cannot be read.
    """
    validation = prepare(
        schema=options.schema,
        config=None if options.config is None else Path(options.config),
        use_config=options.use_config,
        definitions=[Path(path) for path in options.definitions],
        consumers=None if options.consumers is None else Path(options.consumers),
        target=options.target_version,
        on=None if options.on is None else date.fromisoformat(options.on),
    )
    schema = validation.schema
    if schema is None:
        raise CampaignOptionsError("name one schema with --schema")
    if options.trust_definitions:
        trusting = tuple(check for check in validation.checks if not check.supply)
        validation = replace(validation, checks=trusting, fast_path=None)
    unknown = sorted(set(options.oracles) - set(ORACLES))
    if unknown:
        near = did_you_mean(unknown[0], ORACLES)
        raise CampaignOptionsError(
            f"no oracle is called {unknown[0]!r}; known are {', '.join(ORACLES)}{near}"
        )
    given = RunInputs(_definitions(validation), _builds(validation, schema), validation.context.target)
    return CampaignContext(
        options=options,
        schema=schema,
        validation=validation,
        given=given,
        readers=_readers(options, validation, schema, given),
        oracles={name: ORACLES[name] for name in ORACLES if not options.oracles or name in options.oracles},
        fingerprint=_fingerprint(options, validation),
    )


def _readers(
    options: CampaignOptions, validation: ValidationContext, schema: Schema, given: RunInputs
) -> tuple[Reader, ...]:
    readers: list[Reader] = []
    try:
        if validation.own_exercise is not None:
            session: Callable[[RunInputs], Session] | None = plain(validation.own_exercise)
        else:
            known = named(schema.name)
            session = None if known is None else known.session
        reference = None if session is None else session(given)
    except ExerciseError as wrong:
        raise CampaignOptionsError(str(wrong)) from wrong
    if reference is not None:
        own = None if validation.own_exercise is None else f"EXERCISE of {Path(options.schema).name}"
        readers.append(SessionReader(reference, own))
    if options.reader is not None:
        readers.append(CallableReader(options.reader, options.place, given.builds))
    if options.execute is not None:
        readers.append(
            ExecReader(
                options.execute,
                options.execute_seconds,
                options.memory << 20,
                options.place,
                _builds_to_run(options, given),
            )
        )
    if not readers:
        raise CampaignOptionsError(
            f"the format {schema.name} has no interpreter: name your own with --reader or --exec"
        )
    return tuple(readers)


def _builds_to_run(options: CampaignOptions, given: RunInputs) -> tuple[Consumer, ...]:
    if options.per_build and not given.builds:
        raise CampaignOptionsError(
            "--per-build runs the program once for each build: name them with --consumers"
        )
    return given.builds if options.per_build else ()


def _builds(validation: ValidationContext, schema: Schema) -> tuple[Consumer, ...]:
    try:
        return validation.builds_to_run(schema)
    except NoReader as none:
        raise CampaignOptionsError(str(none)) from none


def _definitions(validation: ValidationContext) -> bytes | None:
    named = validation.context.definitions
    if len(named) > 1:
        raise CampaignOptionsError("a driver loads one definitions file; name one with --definitions")
    return read_input(named[0].path) if named else None


def _fingerprint(options: CampaignOptions, validation: ValidationContext) -> str:
    digest = hashlib.sha256(replace(options, oracles=(), directory=None).to_json().encode())
    for path in (*(d.path for d in validation.context.definitions), *_files(validation)):
        digest.update(read_regular_file(path))
    return digest.hexdigest()


def _files(validation: ValidationContext) -> list[str]:
    consumers = validation.context.consumers
    return [] if consumers is None else [str(consumers.file)]
