"""The command `ccheck`: its commands by name, loaded when they are called, and what its exit status means."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from ccheck.cli.single_option import refuse_repetition
from ccheck.files.output import OutputLost, flush_standard_output, guard_standard_streams
from ccheck.run.supervise import supervise
from ccheck.text.toml_document import ConfigurationError
from ccheck.version import __version__

PASS, FINDINGS, USAGE, FAILURE, INTERRUPTED = 0, 1, 2, 3, 130
"""Exit status: nothing wrong · errors found · wrong usage, or nothing examined · ccheck itself failed, or the
report could not be written · interrupted."""

SECTIONS: Mapping[str, Mapping[str, str]] = {
    "Files": {
        "validate": "ccheck.cli.commands.validate",
        "explain": "ccheck.cli.commands.explain",
        "show": "ccheck.cli.commands.show",
        "diff": "ccheck.cli.commands.diff",
        "build": "ccheck.cli.commands.build",
        "schemas": "ccheck.cli.commands.schemas",
    },
    "Drivers": {
        "run": "ccheck.cli.commands.run",
        "generate": "ccheck.cli.commands.generate",
        "consumers": "ccheck.cli.commands.consumers",
        "replay-291": "ccheck.cli.commands.replay_291",
    },
    "Releases": {
        "gate": "ccheck.cli.commands.gate",
        "verify": "ccheck.cli.commands.verify",
        "baseline": "ccheck.cli.commands.baseline",
        "keys": "ccheck.cli.commands.keys",
        "rollout": "ccheck.cli.commands.rollout",
    },
    "Formats of your own": {
        "init": "ccheck.cli.commands.init",
    },
    "Shell": {"completion": "ccheck.cli.commands.completion"},
}
"""The commands of this package, each the attribute `command` of its module, by what they are about."""

COMMANDS: Mapping[str, str] = {name: module for own in SECTIONS.values() for name, module in own.items()}

ENTRY_POINTS = "ccheck.commands"
"""The entry-point group through which other packages add commands, so that this one never imports them."""


class Interrupted(Exception):
    """Ctrl-C, for which click would first print an empty line."""


class UserCodeRaised(Exception):
    """The exception that the user's code raised, and its place."""

    def __init__(self, raised: BaseException, place: str) -> None:
        from ccheck.core.users_code import words_of

        super().__init__(f"your code raised {words_of(raised)} ({place})")


class Commands(click.Group):
    """The commands of this package and of the entry-point group, imported only on use."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Reads the options before the command.

        Raises:
            Interrupted: Ctrl-C.
        """
        try:
            return super().make_context(info_name, args, parent, **extra)
        except KeyboardInterrupt as raised:
            raise Interrupted from raised

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command that was named.

        Raises:
            Interrupted: Ctrl-C.
            UserCodeRaised: The user's code raised an exception.
        """
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.Abort, click.exceptions.Exit, ConfigurationError, OutputLost):
            raise
        except BaseException as raised:
            from ccheck.core.users_code import interrupts, place_of

            if interrupts(raised):
                raise Interrupted from raised
            if place := place_of(raised):
                raise UserCodeRaised(raised, place) from raised
            raise

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, this package's first and in their own order."""
        from importlib import metadata

        return [
            *COMMANDS,
            *sorted(e.name for e in metadata.entry_points(group=ENTRY_POINTS) if e.name not in COMMANDS),
        ]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands by topic, each with a whole sentence.

        A command of another package names its section in its attribute `section`.
        """
        placed = {name: title for title, names in SECTIONS.items() for name in names}
        sections: dict[str, list[tuple[str, str]]] = {title: [] for title in SECTIONS}
        for name in self.list_commands(ctx):
            one = self.get_command(ctx, name)
            if one is not None:
                title = placed.get(name) or str(getattr(one, "section", "More"))
                sections.setdefault(title, []).append((name, one.get_short_help_str(limit=200)))
        for title, rows in sections.items():
            with formatter.section(title):
                formatter.write_dl(rows)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a command."""
        if cmd_name in COMMANDS:
            command: click.Command = import_module(COMMANDS[cmd_name]).command
            return refuse_repetition(command)
        # Loaded here: it takes as long as all the rest of a short run.
        from importlib import metadata

        for entry in metadata.entry_points(group=ENTRY_POINTS, name=cmd_name):
            try:
                loaded: click.Command = entry.load()
            except ModuleNotFoundError as missing:
                return _absent(cmd_name, missing)
            return refuse_repetition(loaded)
        return None

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """Find the command; a name that is nearly one gets a hint."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as wrong:
            import difflib

            near = difflib.get_close_matches(args[0], self.list_commands(ctx), 1)
            if near and "Did you mean" not in wrong.message:
                raise click.UsageError(f"{wrong.message} Did you mean {near[0]!r}?", ctx) from wrong
            raise


def _absent(name: str, missing: ModuleNotFoundError) -> click.Command:
    """A placeholder for a command whose packages are not installed; it reports that."""
    from ccheck.core.extras import how_to_install

    needs = f"it needs {missing.name}: {how_to_install('fuzz')}"

    def say() -> None:
        raise click.UsageError(f"{name} cannot run here, {needs}")

    settings = {"ignore_unknown_options": True, "allow_extra_args": True}
    return click.Command(name, callback=say, context_settings=settings, help=f"Not installed: {needs}.")


@click.group(
    cls=Commands,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="ccheck")
def ccheck() -> None:
    """Check binary content before a kernel driver reads it.

    Begin with `ccheck validate FILE`; `ccheck COMMAND --help` says more of each.

    Exit status: 0 nothing wrong, 1 errors found, 2 wrong usage or nothing examined, 3 ccheck itself failed or
    the report could not be written, 130 interrupted.
    """


def main() -> None:
    """Run the command line: bad content is a finding, bad usage a message, a bug a traceback."""
    # A file becomes many small objects that live until its report: looking for garbage among them as often
    # as Python does takes as long as reading them.
    gc.set_threshold(200_000, 20, 20)
    guard_standard_streams()
    report_status = supervise(sys.argv[1:])
    try:
        status = run()
        # What is still buffered belongs to the report: a status that came before it would be no answer.
        flush_standard_output()
    except OutputLost as lost:
        status = _say(str(lost), FAILURE)
    except KeyboardInterrupt:
        status = _say("interrupted", INTERRUPTED)
    report_status(status)


def run(args: list[str] | None = None) -> int:
    """Run the command line with `args` (default: the process's own) and give its exit status."""
    try:
        status = _run(list(sys.argv[1:] if args is None else args))
    except (Interrupted, KeyboardInterrupt, click.Abort):
        return _say("interrupted", INTERRUPTED)
    except OutputLost as lost:
        return _say(str(lost), FAILURE)
    except click.ClickException as wrong:
        _show(wrong)
        return USAGE
    except ConfigurationError as wrong:
        click.echo(f"Error: {wrong}", err=True)
        return USAGE
    except SystemExit as left:
        # click exits so after shell completion, and when the reader of the report has gone
        # before its end, with a status that here means something else: what was seen is not the answer.
        if "_CCHECK_COMPLETE" in os.environ and isinstance(left.code, int):
            return left.code
        return _say("standard output was closed before the end of the report", FAILURE)
    except UserCodeRaised as fault:
        from ccheck.core.users_code import users_traceback_of
        from ccheck.text.printable import printable

        click.echo(users_traceback_of(fault.__cause__ or fault), err=True, nl=False)
        return _say(printable(f"nothing was proved: {fault}"), FAILURE)
    except Exception:  # noqa: BLE001 - the last resort: a bug must not look like a finding
        import traceback

        traceback.print_exc()
        return _say(f"ccheck {__version__} itself failed; this is a bug, and nothing was proved", FAILURE)
    return _say("interrupted", status) if status == INTERRUPTED else status


def _run(args: list[str]) -> int:
    _refuse_ambiguous(args)
    status = ccheck.main(args=args, prog_name="ccheck", standalone_mode=False)
    return status if isinstance(status, int) else PASS


def _refuse_ambiguous(args: list[str]) -> None:
    """Refuses an option that is also the name of a file.

    Globs and hooks may put file names in place of options, and a file called `--config=x.bin` must not choose
    how the others are judged.
    """
    for position, word in enumerate(args):
        if word == "--":
            # What follows it is a name; only `-` is standard input there too.
            args = args[position:]
            break
        if len(word) > 1 and word.startswith("-") and os.path.lexists(word):
            raise click.UsageError(
                f"{word!r} is an option and the name of a file: put -- before the names of files, or write"
                f" {os.path.join(os.curdir, word)!r}"  # noqa: PTH118 - a Path drops the dot
            )
    if "-" in args and os.path.lexists("-"):
        raise click.UsageError("'-' is standard input and the name of a file: write './-' for the file")


def _say(line: str, status: int) -> int:
    """Print one line on standard error, and give the status."""
    click.echo(line, err=True)
    return status


def _show(wrong: click.ClickException) -> None:
    """Print a message of wrong usage. It may name a file, and names may hold what steers a terminal."""
    from io import StringIO

    from ccheck.text.printable import printable

    words = StringIO()
    wrong.show(file=words)
    for line in words.getvalue().splitlines():
        click.echo(printable(line), err=True)
