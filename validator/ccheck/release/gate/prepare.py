"""A release prepared for the gate, from the options and `[gate]` of ccheck.toml."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Unpack

import click

from ccheck.config.gate_policy import STAGES, GatePolicy
from ccheck.config.options import Options
from ccheck.judging.context import ValidationContext
from ccheck.judging.preparation import prepare
from ccheck.release.baseline import Baseline, load_baseline
from ccheck.release.gate.context import GateContext
from ccheck.release.gate.release import ReleaseError, ReleaseFile, read_release
from ccheck.text.printable import is_well_formed, printable


def prepare_without_fast_path(**options: Unpack[Options]) -> ValidationContext:
    """What `prepare` returns for these options, without a fast path: every check runs."""
    return replace(prepare(**options), fast_path=None)


def prepare_gate(
    paths: Sequence[str],
    *,
    name: str | None = None,
    exclude: Sequence[str] = (),
    only: Sequence[str] = (),
    skip: Sequence[str] = (),
    baseline: Path | None = None,
    last_good: Path | None = None,
    **options: Unpack[Options],
) -> GateContext:
    """The release that paths name, each file read once, and its context; options override the project's file.

    Args:
        paths: Files and folders of the release.
        name: The name of the release.
        exclude: Globs of files to leave out.
        only: The stages to run; all of the policy by default.
        skip: The stages to skip.
        baseline: The record of what earlier releases used.
        last_good: The files of the last good release.
        **options: What files are judged by.

    Raises:
        ConfigurationError: Something that was named cannot be used. click.UsageError: The same, or nothing is
            examined.
    """
    # One day for all that is judged, also when it ends meanwhile.
    options["on"] = options.get("on") or date.today()
    validation = prepare_without_fast_path(**options)
    policy = _policy(validation, only, baseline, last_good)
    skipped = _skipped(policy, only, skip)
    try:
        files = read_release(paths, exclude, validation.max_size)
        before: tuple[ReleaseFile, ...] = ()
        if policy.last_good is not None:
            before = read_release([str(policy.last_good)], exclude, validation.max_size)
    except ReleaseError as refused:
        raise click.UsageError(str(refused)) from refused
    if not files:
        raise click.UsageError("nothing to examine: the release holds no files")
    _refuse_empty_folders(paths, files, exclude)
    for file in (*files, *before):
        if not is_well_formed(file.identity.name):
            raise click.UsageError(
                f"{file.identity.path}: its name is not UTF-8, and cannot be written in a verdict"
            )
    known, problem = _baseline(policy)
    called = name or Path(paths[0]).resolve().name
    if not is_well_formed(called):
        raise click.UsageError("the release's name is not UTF-8: give it another with --name")
    return GateContext(
        name=called,
        files=files,
        validation=validation,
        policy=policy,
        last_good=before,
        baseline=known,
        baseline_problem=problem,
        skipped=skipped,
        again=partial(prepare_without_fast_path, **options),
    )


def _refuse_empty_folders(paths: Sequence[str], files: Sequence[ReleaseFile], exclude: Sequence[str]) -> None:
    """Checks that something is examined below each named folder, unless a glob leaves files out.

    Raises:
        click.UsageError: A folder has nothing to examine.
    """
    empty = [
        path
        for path in paths
        if Path(path).is_dir() and not any(Path(one.identity.path).is_relative_to(path) for one in files)
    ]
    if empty and not exclude:
        raise click.UsageError(printable(f"nothing to examine below {', '.join(empty)}"))


def _policy(
    validation: ValidationContext,
    only: Sequence[str],
    baseline: Path | None,
    last_good: Path | None,
) -> GatePolicy:
    """The project's policy, with the requested changes."""
    project = validation.project
    policy = GatePolicy() if project is None or project.gate is None else project.gate
    made = replace(
        policy,
        stages=tuple(stage for stage in STAGES if stage in policy.stages or stage in only),
        baseline=baseline or policy.baseline,
        last_good=last_good or policy.last_good,
    )
    if made.expires(validation.context.on) is None:
        raise click.UsageError(f"a verdict of {validation.context.on} would count beyond the last year, 9999")
    return made


def _skipped(policy: GatePolicy, only: Sequence[str], skip: Sequence[str]) -> frozenset[str]:
    """The stages that the policy wants, and that are not run this time."""
    for name in (*only, *skip):
        if name not in STAGES:
            raise click.UsageError(f"there is no stage {name!r}; there are {', '.join(STAGES)}")
    run = {stage for stage in policy.stages if stage in (only or policy.stages) and stage not in skip}
    if not run:
        raise click.UsageError("every stage is off: nothing would be examined")
    return frozenset(policy.stages) - run


def _baseline(policy: GatePolicy) -> tuple[Baseline | None, str]:
    """The baseline, or why there is none. One that is there and cannot be read is an error."""
    if policy.baseline is None or "first_use" not in policy.stages:
        return None, ""
    if not policy.baseline.exists():
        return None, f"there is no baseline {policy.baseline.name} yet: ccheck baseline add makes it"
    return load_baseline(policy.baseline), ""
