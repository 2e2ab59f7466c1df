"""`ccheck explain`: the manuals of the checks."""

from __future__ import annotations

import difflib
from pathlib import Path

import click

from ccheck.config.user_schema import UserSchemaError, load_user_schema
from ccheck.core.check import Check
from ccheck.formats.check_table import CHECKS

EXAMPLES = """
\b
Examples:
  ccheck explain
  ccheck explain field-past-inputs
  ccheck explain --schema mine.py my-own-check
"""


@click.command("explain", epilog=EXAMPLES)
@click.argument("name", required=False, metavar="[CHECK]")
@click.option(
    "--schema",
    type=click.Path(path_type=Path),
    metavar="FILE.py",
    help="Explain the checks of this schema file too.",
)
def command(name: str | None, schema: Path | None) -> None:
    """Print the manual of a check, or the list of all checks."""
    checks = CHECKS
    if schema is not None:
        try:
            user = load_user_schema(schema)
            checks = CHECKS.joined(user.checks, user.schema.name)
        except UserSchemaError as fault:
            raise click.UsageError(str(fault)) from fault
    if name is None:
        width = max(len(check.name) for check in checks)
        for check in checks:
            click.echo(f"{check.name:{width}}  {check.severity.value:7}  {check.manual.summary}")
        return
    for check in checks:
        if check.name == name:
            click.echo(page(check))
            return
    near = difflib.get_close_matches(name, [c.name for c in checks], 3, cutoff=0.5)
    hint = f"; did you mean {', '.join(near)}?" if near else "; `ccheck explain` lists all checks"
    own = "" if schema is not None else " A check of your own is explained with --schema FILE.py."
    raise click.UsageError(f"{name!r} is not a check{hint}{own}")


def page(check: Check) -> str:
    """The manual page of a check as Markdown, as in `docs/checks.md`."""
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
