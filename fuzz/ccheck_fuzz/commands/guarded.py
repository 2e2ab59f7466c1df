"""Commands that run code of the user's, in a process that it may end: it is blamed, and nothing passes.

The command runs a second time in a process of its own. Its answer counts where that process came to its own
end and said which status it ends with.
"""

from __future__ import annotations

import faulthandler
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import metadata
from itertools import pairwise
from pathlib import Path
from types import FrameType
from typing import Any

import click

from ccheck.cli.main import FAILURE, INTERRUPTED
from ccheck.cli.subcommands import Subcommands
from ccheck.files.output import OutputLost, flush_standard_output
from ccheck.files.regular_file import read_regular_file
from ccheck.formats.registry import ENTRY_POINTS
from ccheck.text.printable import printable
from ccheck.text.toml_document import ConfigurationError
from ccheck_fuzz.process.blame import interrupts, place_in, place_of, words_of
from ccheck_fuzz.process.child import end_family, end_with_parent, leave, report_exits

_GUARDED = "ccheck_fuzz.commands.guarded"
_WHOLE = "the status is "
_INSISTS = 3
"""So many SIGINTs end a process that does not end by itself."""
_CARRIED = {"replay", "regress"}
"""Commands about folders that carry the schema that they are judged by."""


class Guarded(Subcommands):
    """A group of commands that may run code of the user's."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Remember the words of the command."""
        ctx.meta[_GUARDED] = [str(ctx.info_name), *args]
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, in a process of its own where it runs code of the user's."""
        words: list[str] = ctx.meta[_GUARDED]
        inside = "ccheck_fuzz.commands.guarded" in sys.orig_argv
        if not inside and _runs_users_code(words):
            return _watch(words)
        try:
            status = super().invoke(ctx)
        except (click.ClickException, click.Abort, click.exceptions.Exit, ConfigurationError, OutputLost):
            raise
        except BaseException as raised:
            if interrupts(raised):
                if not inside:
                    raise
                status = INTERRUPTED
            else:
                place = place_of(raised)
                if not place:
                    raise
                traceback.print_exception(raised)
                click.echo(
                    printable(f"nothing was proved: your code raised {words_of(raised)} ({place})"), err=True
                )
                return FAILURE
        if inside and status == INTERRUPTED:
            flush_standard_output()
            _end(INTERRUPTED)  # the process that watches says so
        return status


def _runs_users_code(words: Sequence[str]) -> bool:
    named = any(word.startswith("--reader") or word.rpartition("=")[2].endswith(".py") for word in words)
    return named or not _CARRIED.isdisjoint(words) or bool(metadata.entry_points(group=ENTRY_POINTS))


def _watch(words: Sequence[str]) -> int:
    """Run a command in a process of its own, and give its status."""
    folder = Path(tempfile.mkdtemp(prefix="ccheck-guarded-"))
    status_file = folder / "status"
    status_file.touch()
    try:
        with _blocked_interrupts():  # the process inherits it, and unblocks them when it can answer
            process = subprocess.Popen(  # noqa: S603 - our own module, with the user's own arguments
                [sys.executable, "-m", _GUARDED, str(status_file), *words],
                stdin=subprocess.PIPE,
                start_new_session=True,
            )
        with _passing_on(process) as passed_on:
            try:
                status = process.wait()
            finally:
                end_family(process)
        said = read_regular_file(status_file).decode("utf-8", "replace")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if said.splitlines()[-1:] == [f"{_WHOLE}{status}"]:
        return status
    if signal.SIGINT in passed_on:
        return INTERRUPTED  # it reached the process before that could answer
    click.echo(printable(f"nothing was proved: {_blame(status, said, words)}"), err=True)
    return FAILURE


def _blame(status: int, said: str, words: Sequence[str]) -> str:
    """Returns who ended the process, as far as that is known."""
    from ccheck_fuzz.process.child import exit_words

    place = place_in(said)
    own = [word for word in words if word.endswith(".py")]
    own += [other for word, other in pairwise(words) if word == "--reader"]
    whose = f"your code ({place})" if place else f"code of {' or '.join(own)}" if own else "something"
    return f"{whose} ended ccheck's process: {exit_words(status)}"


@contextmanager
def _blocked_interrupts() -> Iterator[None]:
    """Blocks SIGINT, where a system can."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _passing_on(process: subprocess.Popen[bytes]) -> Iterator[list[int]]:
    """Ctrl-C and a request to end are passed on to the process. Yields the signals that were."""
    passed_on: list[int] = []

    def pass_on(number: int, frame: FrameType | None) -> None:
        passed_on.append(number)
        if len(passed_on) >= _INSISTS:
            process.kill()
        else:
            process.send_signal(number)

    before = {number: signal.signal(number, pass_on) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield passed_on
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(status: int) -> None:
    """End the guarded process, and say that this is its own end."""
    with Path(sys.argv[0]).open("a", encoding="utf-8") as status_file:
        status_file.write(f"\n{_WHOLE}{status}\n")
    leave(status)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> None:
    """Run the command line that is given after the name of a file, which takes what ends the process."""
    from ccheck.cli import main as cli

    sys.argv[:] = sys.argv[1:]
    end_with_parent()
    signal.signal(signal.SIGINT, _interrupt)
    status_file = os.open(sys.argv[0], os.O_WRONLY | os.O_APPEND)
    faulthandler.enable(status_file, all_threads=False)
    report_exits(status_file)
    try:
        if hasattr(signal, "pthread_sigmask"):
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        cli.main()
    except KeyboardInterrupt:
        status = INTERRUPTED
    except SystemExit as left:
        status = left.code if isinstance(left.code, int) else FAILURE
    except BaseException as raised:  # noqa: BLE001 - reported with its place
        traceback.print_exception(raised)
        status = FAILURE
    _end(status)


if __name__ == "__main__":
    main()
