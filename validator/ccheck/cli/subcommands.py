"""A command that has commands of its own, each listed with its whole first sentence."""

from __future__ import annotations

import click


class Subcommands(click.Group):
    """A group whose help says what each command does in a whole sentence, however long."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands, by name."""
        found = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        rows = [(name, one.get_short_help_str(limit=400)) for name, one in found if one and not one.hidden]
        with formatter.section("Commands"):
            formatter.write_dl(rows)
