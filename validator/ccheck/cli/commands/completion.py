"""`ccheck completion`: completion of commands and options in the shell."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command(
    "completion",
    epilog='\b\nExamples:\n  eval "$(ccheck completion bash)"                      # in ~/.bashrc\n'
    "  ccheck completion fish > ~/.config/fish/completions/ccheck.fish\n",
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the script that completes ccheck's commands and options in a shell."""
    from ccheck.cli.main import ccheck

    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"click completes nothing in {shell}")
    # The template alone is wanted: `source` of bash would start bash to ask for its version.
    completion = kind(ccheck, {}, "ccheck", "_CCHECK_COMPLETE")
    click.echo(completion.source_template % completion.source_vars())
