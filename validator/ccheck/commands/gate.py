"""`ccheck gate`: evidence about a release, stage by stage, and a signed verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ccheck.cli import FAILURE, FINDINGS, PASS
from ccheck.commands.options import day, require_signing, size
from ccheck.gate.baseline import Baseline, load_baseline
from ccheck.gate.case import Case
from ccheck.gate.policy import STAGES, GatePolicy
from ccheck.gate.release import ReleaseError, Taken, take_release
from ccheck.gate.result import GateResult, Stage, Status
from ccheck.gate.run import run_gate
from ccheck.gate.whole import Busy, held, write_whole
from ccheck.judgement import Judgement, prepare
from ccheck.report import RENDERERS
from ccheck.report.gate import FORMS, as_run, closing_lines, stage_lines
from ccheck.report.printable import printable

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_STATUS = {Status.PASS: PASS, Status.FAIL: FINDINGS, Status.INCOMPLETE: FAILURE}
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_OUT = click.Path(dir_okay=False, path_type=Path)

EXAMPLES = """
\b
Examples:
  ccheck gate release/ --key gate.key --verdict release.verdict.json
  ccheck gate release/ --only validate --only exercise
  ccheck gate release/ --markdown summary.md --sarif gate.sarif
"""


@click.command("gate", epilog=EXAMPLES)
@click.argument("paths", metavar="RELEASE...", nargs=-1, required=True)
@click.option("--name", help="What the release is called.  [default: the first RELEASE's name]")
@click.option("--exclude", multiple=True, metavar="GLOB", help="Files below folders that are no content.")
@click.option(
    "--only", multiple=True, type=click.Choice(STAGES), help="Run these stages alone; the others are off."
)
@click.option("--skip", multiple=True, type=click.Choice(STAGES), help="Switch a stage off.")
@click.option("--baseline", type=_OUT, help="What was released before (ccheck baseline).")
@click.option(
    "--last-good",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The folder of the release before.",
)
@click.option("--definitions", type=_FILE, multiple=True, help="The template-type definitions.")
@click.option("--consumers", type=_FILE, help="The driver builds in the field (consumers.toml).")
@click.option("--target", metavar="VERSION", help="Judge for this consumer version, not the file's own.")
@click.option("--on", callback=day, metavar="YYYY-MM-DD", help="The day of judgement, instead of today.")
@click.option("--config", type=_FILE, help="The ccheck.toml to use; otherwise the nearest above.")
@click.option("--no-config", is_flag=True, help="Use no ccheck.toml.")
@click.option("--max-size", callback=size, metavar="BYTES", help="Refuse files that are larger.")
@click.option("--key", type=_FILE, help="The private key to sign with; otherwise CCHECK_GATE_KEY.")
@click.option("--verdict", type=_OUT, help="Write the signed verdict here, whatever it says.")
@click.option("--json", "json_", type=_OUT, help="Write the whole result as JSON.")
@click.option("--markdown", type=_OUT, help="Write a summary and the release notes as Markdown.")
@click.option("--sarif", type=_OUT, help="Write findings and failed stages as SARIF.")
@click.option("--report", type=_OUT, help="Write one page of HTML that opens offline.")
@click.option("--junit", type=_OUT, help="Write findings and failed stages as JUnit XML.")
def command(
    paths: tuple[str, ...],
    name: str | None,
    exclude: tuple[str, ...],
    only: tuple[str, ...],
    skip: tuple[str, ...],
    baseline: Path | None,
    last_good: Path | None,
    definitions: tuple[Path, ...],
    consumers: Path | None,
    target: str | None,
    on: date | None,
    config: Path | None,
    no_config: bool,
    max_size: int | None,
    key: Path | None,
    verdict: Path | None,
    json_: Path | None,
    markdown: Path | None,
    sarif: Path | None,
    junit: Path | None,
    report: Path | None,
) -> int:
    """Collect evidence about a release, refuse what has none, and sign what was seen: see `docs/gate.md`.

    RELEASE is a file or a folder; every file below a folder belongs to the release. The policy is `[gate]` in
    ccheck.toml.

    Exit status: 0 the verdict is pass, 1 fail, 2 wrong usage, 3 incomplete, which is not a pass.
    """
    if key is not None and verdict is None:
        raise click.UsageError("--key signs a verdict: say where with --verdict FILE")
    signer = None if verdict is None else _signer(key)
    judgement = replace(
        prepare(
            config=config,
            use_config=not no_config,
            definitions=definitions,
            consumers=consumers,
            target=target,
            on=on,
            max_size=max_size,
        ),
        quick=None,
    )
    policy = _policy(judgement, only, skip, baseline, last_good)
    if signer is not None:
        _refuse_other_key(signer, policy)
    case = _case(name or Path(paths[0]).resolve().name, paths, exclude, judgement, policy)
    outputs = {"json": json_, "markdown": markdown, "sarif": sarif, "junit": junit, "html": report}
    _refuse_inside(paths, [verdict, *outputs.values()])
    try:
        if verdict is None or signer is None:
            result = _run(case)
        else:
            with held(verdict):
                result = _run(case)
                _sign(case, result, signer, verdict)
        for form, path in outputs.items():
            if path is not None:
                write_whole(path, _rendered(form, result, judgement).encode("utf-8", "backslashreplace"))
    except Busy as busy:
        raise click.UsageError(str(busy)) from busy
    except BrokenPipeError:  # of who read our words: not of what was to be written
        raise
    except OSError as fault:
        click.echo(
            printable(f"the gate's result could not be written: {fault.filename}: {fault.strerror}"), err=True
        )
        return FAILURE
    return _STATUS[result.verdict]


def _run(case: Case) -> GateResult:
    def tell(stage: Stage) -> None:
        for line in stage_lines(stage):
            click.echo(line)

    result = run_gate(case, tell)
    for line in closing_lines(result):
        click.echo(line)
    return result


def _rendered(form: str, result: GateResult, judgement: Judgement) -> str:
    if form == "html":
        from ccheck.report.gate_html import render

        return render(result)
    if form in FORMS:
        return FORMS[form](result)
    return RENDERERS[form](as_run(result), judgement.checks)


def _policy(
    judgement: Judgement,
    only: Sequence[str],
    skip: Sequence[str],
    baseline: Path | None,
    last_good: Path | None,
) -> GatePolicy:
    """The project's policy, with what the command line changes."""
    project = judgement.project
    policy = GatePolicy() if project is None or project.gate is None else project.gate
    stages = tuple(s for s in STAGES if s in (only or policy.stages) and s not in skip)
    if not stages:
        raise click.UsageError("every stage is off: nothing would be examined")
    return replace(
        policy,
        stages=stages,
        baseline=baseline or policy.baseline,
        last_good=last_good or policy.last_good,
    )


def _case(
    name: str, paths: Sequence[str], exclude: Sequence[str], judgement: Judgement, policy: GatePolicy
) -> Case:
    try:
        files = take_release(paths, exclude, judgement.max_size)
        before: tuple[Taken, ...] = ()
        if policy.last_good is not None:
            before = take_release([str(policy.last_good)], exclude, judgement.max_size)
    except ReleaseError as refused:
        raise click.UsageError(str(refused)) from refused
    if not files:
        raise click.UsageError("nothing to examine: the release holds no files")
    known, problem = _baseline(policy)
    return Case(name, files, judgement, policy, before, known, problem)


def _baseline(policy: GatePolicy) -> tuple[Baseline | None, str]:
    """The baseline, or why there is none. One that is there and cannot be read is an error."""
    if policy.baseline is None or "first_use" not in policy.stages:
        return None, ""
    if not policy.baseline.exists():
        return None, f"there is no baseline {policy.baseline.name} yet: ccheck baseline add makes it"
    return load_baseline(policy.baseline), ""


def _refuse_inside(paths: Sequence[str], outputs: Sequence[Path | None]) -> None:
    """What is written below a folder of the release would be a part of the release."""
    folders = [Path(path).resolve() for path in paths if Path(path).is_dir()]
    for output in outputs:
        if output is not None and any(output.resolve().is_relative_to(folder) for folder in folders):
            raise click.UsageError(f"{output} lies in the release, and would become a part of it")


def _signer(key: Path | None) -> Ed25519PrivateKey:
    require_signing()
    from ccheck.gate.keys import KeyFault, private_key

    try:
        return private_key(key)
    except KeyFault as fault:
        raise click.UsageError(str(fault)) from fault


def _refuse_other_key(signer: Ed25519PrivateKey, policy: GatePolicy) -> None:
    """A policy that names a public key wants it and no other."""
    from ccheck.gate.keys import KeyFault, public_key, public_pem

    if policy.key is None:
        return
    try:
        wanted = public_key(policy.key)
    except KeyFault as fault:
        raise click.UsageError(f"[gate] key: {fault}") from fault
    if public_pem(wanted) != public_pem(signer.public_key()):
        raise click.UsageError(f"the private key is not that of {policy.key.name}, which the policy names")


def _sign(case: Case, result: GateResult, signer: Ed25519PrivateKey, path: Path) -> None:
    from ccheck.gate.envelope import seal
    from ccheck.gate.verdict import statement

    write_whole(path, seal(statement(case, result), signer))
    click.echo(printable(f"signed      {path}"))
