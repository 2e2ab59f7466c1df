"""The report for GitHub Actions: whole, and free of commands that content could forge."""

from __future__ import annotations

import re

from hypothesis import given
from inline_snapshot import snapshot

from ccheck.core.finding import RunReport
from ccheck.report import RENDERERS
from tests.validator.report.samples import CHECKS, EVERYTHING, any_run, finding, july

COMMAND = re.compile(r"::(?:error|warning|notice) (?:file=[^,:]+,)?title=[^,:]*::(?P<message>.*)")


def rendered(run: RunReport) -> str:
    """The commands, one line each, and the line that sums up."""
    return RENDERERS["github"](run, CHECKS)


def test_everything() -> None:
    """Findings annotate their file, with place, related, why and fix; the last line sums up."""
    assert rendered(EVERYTHING).replace("%0A", "\n  ") == snapshot("""\
ccheck: configuration: none
::error file=C-00000291-00000000-00000032.bin,title=field-past-inputs::criterion reads input 20, but consumer 7.11 supplies 20 (0 to 19)
  at 0x1f0, instances[1].criteria[20].field_index
  because: at 0x230, instances[1].criteria[20].operand: operand is a regex
  because: consumers.toml:14, consumer[0].inputs.IPC: consumer 7.11 supplies 20 inputs for IPC
  because: definitions.bin at 0x36, types[0].field_count: type IPC version 2 has 21 fields
  why: the driver refuses the file
  fix: build the file again
::warning file=C-00000291-00000000-00000032.bin,title=unused-pool-text::2 bytes of pool are not used
  at 0x0, header.magic
  why: the driver refuses the file
  fix: build the file again
::notice file=C-00000291-00000000-00000032.bin,title=test-content::flag test is set
  at 0x0, header.magic
  why: the driver refuses the file
  fix: build the file again
::notice file=C-00000291-00000000-00000032.bin,title=unused-pool-text (suppressed)::file begins with 00 00 00 00, not with aa aa aa aa
  at 0x0, header.magic
  suppressed until 2026-12-31: the tail is a stamp
::warning file=C-00000291-00000000-00000032.bin,title=duplicate-id::1 more beyond the limit of findings
::warning file=C-00000291-00000000-00000032.bin,title=field-past-inputs::1,200 more beyond the limit of findings
::warning file=C-00000291-00000000-00000032.bin,title=checks skipped::not-canonical (blocked by wrong-checksum), duplicate-id (blocked by wrong-checksum)
::notice file=C-00000291-00000000-00000032.bin,title=not looked into::204 of 1,234 bytes not looked into: header.certificate; not carried over into the schema: seq[1].valid
::error file=empty.bin,title=no check ran::no check ran on this file
::error file=later.bin,title=not examined::the run ended before this file
::error file=last.bin,title=not examined::the run ended before this file
::error title=interrupted::the run was interrupted
ccheck: 3 files examined: 1 passed, 2 failed; 1 error, 1 warning; 1 suppressed; 1,201 beyond the limit; 2,468 bytes, 204 not looked into
""")  # a command is one line


def test_special_characters() -> None:
    """Percent signs, colons, commas and line ends cannot end a property or begin a command."""
    report = july(
        path="a,b:c%.bin",
        findings=(finding("x::y", message="100%0A\n::error::forged", path="", why="w", fix="f"),),
    )
    assert rendered(RunReport((report,), "0.1.0")) == snapshot("""\
ccheck: configuration: none
::error file=a%2Cb%3Ac%25.bin,title=x%3A%3Ay::100%250A\\n::error::forged%0Aat 0x0%0Awhy: w%0Afix: f
ccheck: 1 file examined: 0 passed, 1 failed; 1 error, 0 warnings; 1,234 bytes
""")


def test_nothing_examined_is_an_error() -> None:
    """A run without files is an error, and standard input annotates no file."""
    assert rendered(RunReport((), "0.1.0")) == snapshot("""\
ccheck: configuration: none
::error title=nothing examined::nothing was examined
ccheck: 0 files examined: 0 passed, 0 failed; 0 errors, 0 warnings; 0 bytes
""")
    assert "file=" not in rendered(RunReport((july(path="-"),), "0.1.0"))


@given(any_run)
def test_each_line_is_one_command(run: RunReport) -> None:
    """Whatever stands in a run, there is one well-formed command for each thing found, a first and a last line."""
    first, *commands, last = rendered(run).removesuffix("\n").split("\n")
    assert first.startswith("ccheck: configuration: ")
    assert last.startswith("ccheck: ")
    assert all(line.isprintable() for line in (first, *commands, last))
    commands = [line for line in commands if "title=ccheck::" not in line]
    for line in commands:
        match = COMMAND.fullmatch(line)
        assert match, line
        assert re.fullmatch(r"(?:[^%]|%25|%0A)*", match["message"])
    errors = sum(report.errors + (not report.checks_run) for report in run.files)
    errors += len(run.unexamined) + run.interrupted + (not run.files)
    assert sum(line.startswith("::error ") for line in commands) == errors
