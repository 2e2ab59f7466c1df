"""`ccheck keys`: keys that sign verdicts."""

from __future__ import annotations

import os
from pathlib import Path

import click

from ccheck.cli.commands.options import require_signing
from ccheck.cli.main import PASS
from ccheck.cli.subcommands import Subcommands
from ccheck.text.printable import printable


@click.group("keys", cls=Subcommands, epilog="\b\nExample:\n  ccheck keys new gate\n")
def command() -> None:
    """Keys that sign verdicts: Ed25519, in PEM."""


@command.command("new", epilog="\b\nExample:\n  ccheck keys new gate\n")
@click.argument("name", metavar="NAME", type=click.Path(path_type=Path))
def new(name: Path) -> int:
    """Make NAME.key, which signs and must stay secret, and NAME.pub, which verifies.

    No file is overwritten. NAME.key has no password: a build server keeps it among its secrets, in
    CCHECK_GATE_KEY.
    """
    require_signing()
    from ccheck.release.verdict.keys import named, new_pair, public_key

    private, public = new_pair()
    secret, open_ = name.with_name(name.name + ".key"), name.with_name(name.name + ".pub")
    _create(secret, private, 0o600)
    try:
        _create(open_, public, 0o644)
    except BaseException:
        secret.unlink(missing_ok=True)
        raise
    click.echo(printable(f"{secret} signs: keep it secret"))
    click.echo(printable(f"{open_} verifies: its id is {named(public_key(open_)).keyid}"))
    return PASS


def _create(path: Path, data: bytes, mode: int) -> None:
    """Write a file that is not there yet, readable for nobody else from its first byte on, or none."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError as there:
        raise click.UsageError(f"{path} is there already; a key is never overwritten") from there
    except OSError as fault:
        raise click.UsageError(f"{path}: {fault.strerror}") from fault
    try:
        with open(handle, "wb") as file:  # noqa: PTH123 - an open descriptor
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError as fault:
        path.unlink(missing_ok=True)
        raise click.UsageError(f"{path}: {fault.strerror}") from fault
    except BaseException:
        path.unlink(missing_ok=True)
        raise
