"""Options that may be given once: the last of several would count, and the others would be lost."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import click


class SingleOption(click.Option):
    """An option that is refused when it is given twice."""

    def add_to_parser(self, parser: Any, ctx: click.Context) -> None:
        """Adds the option to the parser of a command line."""
        super().add_to_parser(parser, ctx)
        for name in self.opts:
            own = parser._long_opt.get(name) or parser._short_opt.get(name)
            if own is not None:
                own.process = partial(self._process, own.process)

    def _process(self, process: Callable[[Any, Any], None], value: Any, state: Any) -> None:
        if self.name in state.opts:
            raise click.UsageError(f"{self.opts[0]} is given twice: {state.opts[self.name]} and {value}")
        process(value, state)


def refuse_repetition(command: click.Command) -> click.Command:
    """Makes each option of a command, and of its subcommands, that has one value a `SingleOption`."""
    for option in command.params:
        if type(option) is click.Option and not (option.multiple or option.is_flag or option.count):
            option.__class__ = SingleOption
    for inner in command.commands.values() if isinstance(command, click.Group) else ():
        refuse_repetition(inner)
    return command
