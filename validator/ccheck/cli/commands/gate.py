"""`ccheck gate`: evidence about a release, stage by stage, and a signed verdict."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ccheck.cli.commands.options import Judging, judging, require_signing
from ccheck.cli.main import FAILURE, FINDINGS, PASS
from ccheck.config.gate_policy import STAGES, GatePolicy
from ccheck.files.atomic_write import Busy, held, write_whole
from ccheck.files.output import refuse_overwriting
from ccheck.judging.context import ValidationContext
from ccheck.release.gate.context import GateContext
from ccheck.release.gate.prepare import prepare_gate
from ccheck.release.gate.report.text import FORMS, as_run, closing_lines, opening_lines, stage_lines
from ccheck.release.gate.result import GateResult, Stage, Status
from ccheck.release.gate.run import run_gate
from ccheck.report import RENDERERS
from ccheck.text.printable import printable

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
    "--only", multiple=True, type=click.Choice(STAGES), help="Run these stages alone, to look into something."
)
@click.option(
    "--skip", multiple=True, type=click.Choice(STAGES), help="Do not run a stage: what is skipped is no pass."
)
@click.option("--baseline", type=_OUT, help="What was released before (ccheck baseline).")
@click.option(
    "--last-good",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The folder of the release before.",
)
@judging
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
    by: Judging,
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
    context = prepare_gate(
        paths,
        name=name,
        exclude=exclude,
        only=only,
        skip=skip,
        baseline=baseline,
        last_good=last_good,
        **by.named(),
    )
    if signer is not None:
        _refuse_other_key(signer, context.policy)
    outputs = {"json": json_, "markdown": markdown, "sarif": sarif, "junit": junit, "html": report}
    _refuse_overwriting(context, paths, [verdict, *outputs.values()], key)
    try:
        if verdict is None or signer is None:
            result = _run(context)
        else:
            with held(verdict):
                result = _run(context)
                _sign(context, result, signer, verdict)
        for form, path in outputs.items():
            if path is not None:
                write_whole(
                    path, _rendered(form, result, context.validation).encode("utf-8", "backslashreplace")
                )
    except Busy as busy:
        raise click.UsageError(str(busy)) from busy
    except OSError as fault:
        click.echo(
            printable(f"the gate's result could not be written: {fault.filename}: {fault.strerror}"), err=True
        )
        return FAILURE
    return _STATUS[result.verdict]


def _run(context: GateContext) -> GateResult:
    def tell(stage: Stage) -> None:
        for line in stage_lines(stage):
            click.echo(line)

    for line in opening_lines(context.validation.configuration):
        click.echo(line)
    result = run_gate(context, tell)
    for line in closing_lines(result):
        click.echo(line)
    return result


def _rendered(form: str, result: GateResult, validation: ValidationContext) -> str:
    if form == "html":
        from ccheck.release.gate.report.page import render

        return render(result)
    if form in FORMS:
        return FORMS[form](result)
    return RENDERERS[form](as_run(result), validation.checks)


def _refuse_overwriting(
    context: GateContext, paths: Sequence[str], outputs: Sequence[Path | None], key: Path | None
) -> None:
    """Refuse outputs that would become part of the release, or that would replace an input."""
    named = [path for path in (*paths, context.policy.last_good) if path is not None]
    folders = [Path(path).resolve() for path in named if Path(path).is_dir()]
    read = (
        *(file for file in paths if not Path(file).is_dir()),
        *context.validation.sources,
        *(file for file in (context.policy.baseline, context.policy.key, key) if file is not None),
    )
    taken = {Path(place).resolve() for place in read}
    for output in outputs:
        if output is None:
            continue
        place = output.resolve()
        if any(place.is_relative_to(folder) for folder in folders):
            raise click.UsageError(f"{output} lies in the release, and would become a part of it")
        if place in taken:
            raise click.UsageError(f"{output} would be written twice, or over what was read")
        refuse_overwriting(output, read)
        taken.add(place)


def _signer(key: Path | None) -> Ed25519PrivateKey:
    require_signing()
    from ccheck.release.verdict.keys import KeyFault, private_key

    try:
        return private_key(key)
    except KeyFault as fault:
        raise click.UsageError(str(fault)) from fault


def _refuse_other_key(signer: Ed25519PrivateKey, policy: GatePolicy) -> None:
    """A policy that names a public key wants it and no other."""
    from ccheck.release.verdict.keys import KeyFault, public_key, public_pem

    if policy.key is None:
        return
    try:
        wanted = public_key(policy.key)
    except KeyFault as fault:
        raise click.UsageError(f"[gate] key: {fault}") from fault
    if public_pem(wanted) != public_pem(signer.public_key()):
        raise click.UsageError(f"the private key is not that of {policy.key.name}, which the policy names")


def _sign(context: GateContext, result: GateResult, signer: Ed25519PrivateKey, path: Path) -> None:
    from ccheck.release.verdict.envelope import seal
    from ccheck.release.verdict.statement import statement

    write_whole(path, seal(statement(context, result), signer))
    click.echo(printable(f"signed      {path}"))
