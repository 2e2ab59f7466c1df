"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

_Function = TypeVar("_Function", bound=Callable[..., Any])


class Day(click.ParamType):
    """A day, written 2026-11-22."""

    name = "YYYY-MM-DD"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        """The date, or a usage error."""
        if isinstance(value, date):
            return value
        try:
            return datetime.strptime(str(value), "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no time zone
        except ValueError:
            self.fail(f"{value!r} is not a day such as 2026-11-22", param, ctx)


class Size(click.ParamType):
    """A number of bytes, with or without KiB, MiB or GiB."""

    name = "BYTES"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number of bytes, or a usage error."""
        if isinstance(value, int):
            return value
        text = str(value).strip().lower()
        for unit, factor in (("kib", 1 << 10), ("mib", 1 << 20), ("gib", 1 << 30), ("", 1)):
            number = text.removesuffix(unit).strip() if unit else text
            if text.endswith(unit) and number.isascii() and number.isdigit() and int(number) > 0:
                return int(number) * factor
        self.fail(f"{value!r} is not a size such as 1048576 or 256MiB", param, ctx)


def judging(function: _Function) -> _Function:
    """The options that say what files are judged by."""
    file = click.Path(exists=True, dir_okay=False, path_type=Path)
    for option in reversed(
        (
            click.option("--schema", metavar="NAME|FILE.py", help="The format; otherwise recognised by content. A path to a Python file is run."),
            click.option("--definitions", type=file, multiple=True, help="Template-type definitions to judge instances by. May be given more than once."),
            click.option("--consumers", type=file, help="The driver builds in the field (consumers.toml)."),
            click.option("--target", metavar="VERSION", help="Judge for this consumer version instead of the file's own."),
            click.option("--on", type=Day(), help="Judge support windows and suppressions for this day instead of today."),
            click.option("--config", type=file, help="The ccheck.toml to use; otherwise the nearest above the working directory."),
            click.option("--no-config", is_flag=True, help="Use no ccheck.toml."),
            click.option("--max-size", type=Size(), help="Refuse files that are larger.  [default: 256MiB]"),
        )
    ):
        function = option(function)
    return function
