"""`ccheck explain`: the manuals of the checks."""

from __future__ import annotations

import difflib

import click

from ccheck.check import Check
from ccheck.checks import CHECKS


@click.command("explain", epilog="\b\nExamples:\n  ccheck explain\n  ccheck explain field-past-inputs\n")
@click.argument("name", required=False, metavar="[CHECK]")
def command(name: str | None) -> None:
    """Print the manual of a check, or the list of all checks."""
    if name is None:
        width = max(len(check.name) for check in CHECKS)
        for check in CHECKS:
            click.echo(f"{check.name:{width}}  {check.severity.value:7}  {check.manual.summary}")
        return
    for check in CHECKS:
        if check.name == name:
            click.echo(page(check))
            return
    near = difflib.get_close_matches(name, [c.name for c in CHECKS], 3, cutoff=0.5)
    hint = f"; did you mean {', '.join(near)}?" if near else "; `ccheck explain` lists all checks"
    raise click.UsageError(f"{name!r} is not a check{hint}")


def page(check: Check) -> str:
    """The manual page of a check as Markdown, which is also what `docs/checks.md` holds."""
    manual = check.manual
    formats = ", ".join(check.schemas) if check.schemas else "every format"
    needs = ", ".join(required.name for required in check.requires) or "nothing"
    if len(check.requires) > 6:
        needs = f"{len(check.requires)} checks of structure and bounds"
    sections = (("What is wrong", manual.what), ("Why is this bad", manual.why), ("How to fix", manual.fix))
    return (
        f"# {check.name}\n\n{manual.summary}\n\n"
        f"Severity: {check.severity.value} · Formats: {formats} · Needs: {needs}\n\n"
        + "\n\n".join(f"## {head}\n\n{text}" for head, text in sections)
    )
