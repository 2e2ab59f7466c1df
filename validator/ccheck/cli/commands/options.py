"""Options that several commands share."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import date
from functools import wraps
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from ccheck.config.options import Options
from ccheck.core.extras import how_to_install
from ccheck.core.shipped_consumers import PREFIX, consumers_path, shipped_names


def day(ctx: click.Context, param: click.Parameter, value: str | None) -> date | None:
    """A day, written 2026-11-22; a usage error when it is not one."""
    try:
        return None if value is None else date.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is not a day such as 2026-11-22", ctx, param) from None


def size(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    """A number of bytes, with or without KiB, MiB or GiB; a usage error when it is not one."""
    if value is None:
        return None
    match = re.fullmatch(r"([1-9][0-9]{0,11})\s*(k|m|g)?(?:ib)?", value.strip().lower(), re.ASCII)
    if match is None:
        raise click.BadParameter(f"{value!r} is not a size such as 1048576 or 256MiB", ctx, param)
    return int(match[1]) << {None: 0, "k": 10, "m": 20, "g": 30}[match[2]]


def duration(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    """Returns a time such as 90s, 10m, 8h or 2d, in seconds; a usage error when it is not one."""
    if value is None:
        return None
    match = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,3})?)\s*([smhd]?)", value.strip().lower(), re.ASCII)
    if match is None or not float(match[1]):
        raise click.BadParameter(f"{value!r} is not a time such as 60s, 10m, 8h or 2d", ctx, param)
    return float(match[1]) * {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}[match[2]]


class ConsumersFile(click.Path):
    """A file of driver builds: one of the user's own, or one that ccheck ships."""

    def __init__(self) -> None:
        super().__init__(exists=True, dir_okay=False, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Returns the path of the file."""
        try:
            path = consumers_path(value)
        except ValueError as unknown:
            self.fail(str(unknown), param, ctx)
        if f"{PREFIX}{value}" in shipped_names() and not path.exists():
            self.fail(f"{value!r} does not exist; ccheck ships {PREFIX}{value}", param, ctx)
        return super().convert(path, param, ctx)


class OwnConsumersFile(click.Path):
    """A file of driver builds that is written or compared with binaries: none that ccheck ships."""

    def __init__(self) -> None:
        super().__init__(dir_okay=False, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Returns the path of the file."""
        if str(value).startswith(PREFIX):
            self.fail("builds that ccheck ships are not written, and have no binaries", param, ctx)
        return super().convert(value, param, ctx)


CONSUMERS_OPTION = click.option(
    "--consumers",
    type=ConsumersFile(),
    metavar="FILE|builtin:NAME",
    help="The driver builds that read the files: consumers.toml, or one that ccheck ships"
    " (`ccheck consumers list`).",
)


def require_signing() -> None:
    """A usage error where the packages that sign and verify are not installed."""
    for package in ("cryptography", "securesystemslib"):
        if find_spec(package) is None:
            raise click.UsageError(f"verdicts need {package}: {how_to_install('gate')}")


@dataclass(frozen=True, slots=True)
class Judging:
    """What files are judged by, as given on the command line."""

    schema: str | None
    definitions: tuple[Path, ...]
    consumers: Path | None
    target: str | None
    on: date | None
    config: Path | None
    no_config: bool
    max_size: int | None
    file_timeout: float | None

    def named(self) -> Options:
        """The same as `ccheck.judging.preparation.prepare` names it."""
        return {
            "schema": self.schema,
            "definitions": self.definitions,
            "consumers": self.consumers,
            "target": self.target,
            "on": self.on,
            "config": self.config,
            "use_config": not self.no_config,
            "max_size": self.max_size,
            "file_timeout": self.file_timeout,
        }


def together(kind: type[Any], name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """A command that receives its options as one object, with a field for each."""

    @wraps(function)
    def called(**given: Any) -> Any:
        own = {field.name: given.pop(field.name) for field in fields(kind)}
        return function(**given, **{name: kind(**own)})

    return called


def judging(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say what files are judged by, given as one argument `by`."""
    function = together(Judging, "by", function)
    file = click.Path(exists=True, dir_okay=False, path_type=Path)
    for option in reversed(
        (
            click.option(
                "--schema",
                metavar="NAME|FILE.py",
                help="The format; otherwise recognised by content. A path to a Python file is run.",
            ),
            click.option(
                "--definitions",
                type=file,
                multiple=True,
                help="Template-type definitions to judge instances by. May be given more than once.",
            ),
            CONSUMERS_OPTION,
            click.option(
                "--target",
                metavar="VERSION",
                help="Judge for this consumer version instead of the file's own.",
            ),
            click.option(
                "--on",
                callback=day,
                metavar="YYYY-MM-DD",
                help="Judge support windows and suppressions for this day instead of today.",
            ),
            click.option(
                "--config",
                type=file,
                help="The ccheck.toml to use; otherwise the nearest above the working directory.",
            ),
            click.option("--no-config", is_flag=True, help="Use no ccheck.toml."),
            click.option(
                "--max-size",
                callback=size,
                metavar="BYTES",
                help="Refuse files that are larger.  [default: 256MiB]",
            ),
            click.option(
                "--file-timeout",
                callback=duration,
                metavar="TIME",
                help="How long a schema, check or interpreter that is not ccheck's own may take for one file:"
                " 90s, 10m.  [default: 5m]",
            ),
        )
    ):
        function = option(function)
    return function
