"""A finding's folder run again: what its file breaks now.

What ended or hung the process that ran it is run in a process of its own.
"""

from __future__ import annotations

import json
from pathlib import Path

import click

from ccheck.config.options import is_schema_file
from ccheck.files.regular_file import read_regular_file, read_regular_text
from ccheck.text.toml_document import ConfigurationError
from ccheck_fuzz.corpus.carried import SETUP, options_of
from ccheck_fuzz.execution.context import CampaignContext, prepare_campaign
from ccheck_fuzz.execution.harness import Harness
from ccheck_fuzz.execution.isolated import (
    NOTHING,
    ProcessCrash,
    Ran,
    broken_of,
    is_crasher,
    run_isolated,
    said_of,
)
from ccheck_fuzz.execution.options import CampaignOptionsError
from ccheck_fuzz.model.test_input import Input
from ccheck_fuzz.oracles.broken import Broken
from ccheck_fuzz.readers.foreign import ForeignOutcome, ReaderError

__all__ = ["NotRun", "made_of", "options_of", "reproduce", "rerun", "signature_of", "test_input_of"]


class NotRun(Exception):
    """A finding that cannot be run here: its interpreter, or something that it is judged by, is not there."""


def test_input_of(folder: Path) -> Input:
    """Returns the file and its events."""
    events = folder / "events.jsonl"
    lines = None
    if events.exists():
        text = read_regular_text(events, errors="surrogateescape")
        lines = tuple(line for line in text.split("\n") if line.strip())
    return Input(read_regular_file(folder / "file.bin"), lines)


def signature_of(folder: Path) -> tuple[str, ...]:
    """Returns the signature of what the folder says that its file once broke; empty if it does not say.

    Raises:
        NotRun: What it says is no report.
    """
    for name in ("report.json", "once.json"):
        try:
            once = json.loads(read_regular_text(folder / name))
            return tuple(map(str, once["signature"]))
        except OSError:
            continue
        except (ValueError, TypeError, LookupError) as wrong:
            raise NotRun(f"{name}: {type(wrong).__name__}: {wrong}") from wrong
    return ()


def made_of(folder: Path) -> CampaignContext:
    """Returns the context of a folder's setting.

    Raises:
        NotRun: The folder has no usable setting.
    """
    try:
        return prepare_campaign(options_of(folder))
    except (CampaignOptionsError, ReaderError, ConfigurationError) as wrong:
        raise NotRun(str(wrong)) from wrong
    except click.ClickException as wrong:
        raise NotRun(wrong.format_message()) from wrong
    except (OSError, ValueError, TypeError) as wrong:
        raise NotRun(f"{SETUP}: {type(wrong).__name__}: {wrong}") from wrong


def reproduce(folder: Path) -> tuple[Broken, ...]:
    """Returns all that the file of a finding breaks now.

    Raises:
        NotRun: The file cannot be run.
    """
    return rerun(folder).broken


def rerun(folder: Path) -> Ran:
    """Returns what the file of a finding breaks now, and the output of the user's interpreters.

    A function or schema file of the user's runs in a process of its own, which it may end; so does what
    once ended one.

    Raises:
        NotRun: The file cannot be run.
    """
    signature = signature_of(folder)
    ran = _run(folder, is_crasher(signature))
    # What the finding is about comes first.
    broken = tuple(sorted(ran.broken, key=lambda one: one.signature != signature))
    return Ran(broken, ran.said, dead=ran.dead)


def _run(folder: Path, crasher: bool) -> Ran:
    try:
        data = test_input_of(folder).pack()
        options = options_of(folder)
    except (OSError, ValueError, TypeError) as wrong:
        raise NotRun(f"its input or setting cannot be read: {type(wrong).__name__}: {wrong}") from wrong
    if options.reader is not None or is_schema_file(options.schema) or crasher:
        ran = run_isolated(options, data)
        if isinstance(ran, ProcessCrash):
            return Ran((broken_of(made_of(folder), ran),), dead=ran.log)
        if ran.not_run is not None:
            raise NotRun(ran.not_run)
        return ran
    made = made_of(folder)
    try:
        broken, outcomes = Harness(made, lambda data, broken: None).broken_with_outcomes(data)
    except ReaderError as wrong:
        raise NotRun(str(wrong)) from wrong
    if not broken and not outcomes:
        raise NotRun(NOTHING)
    return Ran(broken, tuple(said_of(one) for one in outcomes if isinstance(one, ForeignOutcome)))
