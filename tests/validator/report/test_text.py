"""The text report, whole."""

from __future__ import annotations

import click
from hypothesis import given
from inline_snapshot import snapshot

from ccheck.core.finding import FileReport, NotRun, RelatedLocation, RunReport, Severity, Suppressed
from ccheck.report.text import render_file, render_summary
from ccheck.text.printable import printable_path
from tests.validator.report.samples import BECAUSE, EVERYTHING, PASSING, any_file, any_run, finding, july


def shown(report: FileReport) -> str:
    """The text without colour, without its last line end: snapshots end where the text ends."""
    return render_file(report, color=False).removesuffix("\n")


def test_the_picture_of_a_finding_is_the_one_of_the_style_guide() -> None:
    """The finding of July 2024 looks as the style guide draws it, byte for byte."""
    assert shown(july()) == snapshot("""\
error[field-past-inputs]: criterion reads input 20, but consumer 7.11 supplies 20 (0 to 19)
  --> C-00000291-00000000-00000032.bin at 0x1f0, instances[1].criteria[20].field_index
        |  0  1  2  3  4  5  6  7   8  9  a  b  c  d  e  f
    1f0 | 14 00 07 00 30 02 00 00  0c 00 00 00 01 00 00 00  ....0...........
        | ^^^^^ input 20
        = why: the driver uses the number as an index: an out-of-bounds read in kernel mode
        = fix: make this criterion a wildcard, or end support for builds that supply fewer than 21 inputs
        = more: ccheck explain field-past-inputs

fail  C-00000291-00000000-00000032.bin  channel, 1,234 bytes, 1 error, 41 checks\
""")


def test_a_passing_file_is_one_line() -> None:
    """A file without findings takes one line, with its schema, size and number of checks."""
    assert shown(PASSING) == snapshot("pass  good.bin  channel, 1,234 bytes, 41 checks")


def test_proofs_are_marked_in_the_dump_or_named() -> None:
    """A proof in the file is underlined in its own row; one in another file is named with line or offset."""
    assert shown(
        july(findings=(finding(offset=0x1F0, length=2, label="input 20", related=BECAUSE),))
    ) == snapshot("""\
error[wrong-magic]: file begins with 00 00 00 00, not with aa aa aa aa
  --> C-00000291-00000000-00000032.bin at 0x1f0, header.magic
        |  0  1  2  3  4  5  6  7   8  9  a  b  c  d  e  f
    1f0 | 14 00 07 00 30 02 00 00  0c 00 00 00 01 00 00 00  ....0...........
        | ^^^^^ input 20
    ...
    230 | 2a 2e 65 78 65 00 00 00  ff 43 3a 5c 78 1b 5b 6d  *.exe....C:\\x.[m
        | -------------- operand is a regex
        = because: consumers.toml:14, consumer[0].inputs.IPC: consumer 7.11 supplies 20 inputs for IPC
        = because: definitions.bin at 0x36, types[0].field_count: type IPC version 2 has 21 fields
        = why: the driver refuses the file
        = fix: build the file again
        = more: ccheck explain wrong-magic

fail  C-00000291-00000000-00000032.bin  channel, 1,234 bytes, 1 error, 41 checks\
""")


def test_a_proof_in_the_row_of_the_guilt() -> None:
    """Guilt and proof in one row have one underline each beneath the same bytes."""
    proof = RelatedLocation("21 fields", offset=0x1F6, length=4)
    report = july(findings=(finding(offset=0x1F0, length=2, related=(proof,)),))
    assert shown(report) == snapshot("""\
error[wrong-magic]: file begins with 00 00 00 00, not with aa aa aa aa
  --> C-00000291-00000000-00000032.bin at 0x1f0, header.magic
        |  0  1  2  3  4  5  6  7   8  9  a  b  c  d  e  f
    1f0 | 14 00 07 00 30 02 00 00  0c 00 00 00 01 00 00 00  ....0...........
        | ^^^^^
        |                   ------------ 21 fields
        = why: the driver refuses the file
        = fix: build the file again
        = more: ccheck explain wrong-magic

fail  C-00000291-00000000-00000032.bin  channel, 1,234 bytes, 1 error, 41 checks\
""")


def test_a_proof_whose_bytes_are_not_at_hand_is_named_by_offset() -> None:
    """No proof is lost when the report does not carry its row."""
    proof = RelatedLocation("the block ends here", "blocks[3]", offset=0x900, length=8)
    report = july(
        findings=(finding(offset=0x1F0, length=2, related=(proof, RelatedLocation("a rule of the format"))),)
    )
    assert shown(report) == snapshot("""\
error[wrong-magic]: file begins with 00 00 00 00, not with aa aa aa aa
  --> C-00000291-00000000-00000032.bin at 0x1f0, header.magic
        |  0  1  2  3  4  5  6  7   8  9  a  b  c  d  e  f
    1f0 | 14 00 07 00 30 02 00 00  0c 00 00 00 01 00 00 00  ....0...........
        | ^^^^^
        = because: at 0x900, blocks[3]: the block ends here
        = because: a rule of the format
        = why: the driver refuses the file
        = fix: build the file again
        = more: ccheck explain wrong-magic

fail  C-00000291-00000000-00000032.bin  channel, 1,234 bytes, 1 error, 41 checks\
""")


def test_neighbouring_rows_stand_together() -> None:
    """Bytes over two rows are underlined in both, the label behind the last."""
    report = july(size=32, findings=(finding(offset=14, length=4, label="size"),), rows=rows(32))
    assert shown(report) == snapshot("""\
error[wrong-magic]: file begins with 00 00 00 00, not with aa aa aa aa
  --> C-00000291-00000000-00000032.bin at 0xe, header.magic
        |  0  1  2  3  4  5  6  7   8  9  a  b  c  d  e  f
    000 | 00 01 02 03 04 05 06 07  08 09 0a 0b 0c 0d 0e 0f  ................
        |                                            ^^^^^
    010 | 10 11 12 13 14 15 16 17  18 19 1a 1b 1c 1d 1e 1f  ................
        | ^^^^^ size
        = why: the driver refuses the file
        = fix: build the file again
        = more: ccheck explain wrong-magic

fail  C-00000291-00000000-00000032.bin  channel, 32 bytes, 1 error, 41 checks\
""")


def test_long_guilt_is_shortened() -> None:
    """Bytes over many rows show the first and the last row."""
    report = july(size=100, findings=(finding(offset=8, length=92, label="overlap"),), rows=rows(100))
    assert shown(report) == snapshot("""\
error[wrong-magic]: file begins with 00 00 00 00, not with aa aa aa aa
  --> C-00000291-00000000-00000032.bin at 0x8, header.magic
        |  0  1  2  3  4  5  6  7   8  9  a  b  c  d  e  f
    000 | 00 01 02 03 04 05 06 07  08 09 0a 0b 0c 0d 0e 0f  ................
        |                          ^^^^^^^^^^^^^^^^^^^^^^^
    ...
    060 | 60 61 62 63                                       `abc
        | ^^^^^^^^^^^ overlap
        = why: the driver refuses the file
        = fix: build the file again
        = more: ccheck explain wrong-magic

fail  C-00000291-00000000-00000032.bin  channel, 100 bytes, 1 error, 41 checks\
""")


def test_missing_bytes_at_the_end_are_blamed() -> None:
    """A truncated file is marked behind its last byte."""
    report = july(size=10, findings=(finding(offset=10, length=0),), rows=rows(10))
    assert shown(report) == snapshot("""\
error[wrong-magic]: file begins with 00 00 00 00, not with aa aa aa aa
  --> C-00000291-00000000-00000032.bin at 0xa, header.magic
        |  0  1  2  3  4  5  6  7   8  9  a  b  c  d  e  f
    000 | 00 01 02 03 04 05 06 07  08 09                    ..........
        |                                ^ missing
        = why: the driver refuses the file
        = fix: build the file again
        = more: ccheck explain wrong-magic

fail  C-00000291-00000000-00000032.bin  channel, 10 bytes, 1 error, 41 checks\
""")


def test_missing_bytes_behind_a_whole_row_get_a_row_of_their_own() -> None:
    """When the file ends with a row, the place behind it is an empty row."""
    report = july(size=16, findings=(finding(offset=16, length=0, label="8 bytes missing"),), rows=rows(16))
    assert shown(report) == snapshot("""\
error[wrong-magic]: file begins with 00 00 00 00, not with aa aa aa aa
  --> C-00000291-00000000-00000032.bin at 0x10, header.magic
        |  0  1  2  3  4  5  6  7   8  9  a  b  c  d  e  f
    010 |
        | ^ 8 bytes missing
        = why: the driver refuses the file
        = fix: build the file again
        = more: ccheck explain wrong-magic

fail  C-00000291-00000000-00000032.bin  channel, 16 bytes, 1 error, 41 checks\
""")


def test_an_empty_file_has_an_empty_row() -> None:
    """A file of no bytes shows the place where its first byte is missing."""
    assert shown(july(size=0, findings=(finding(offset=0, length=0),), rows={})) == snapshot("""\
error[wrong-magic]: file begins with 00 00 00 00, not with aa aa aa aa
  --> C-00000291-00000000-00000032.bin at 0x0, header.magic
        |  0  1  2  3  4  5  6  7   8  9  a  b  c  d  e  f
    000 |
        | ^ missing
        = why: the driver refuses the file
        = fix: build the file again
        = more: ccheck explain wrong-magic

fail  C-00000291-00000000-00000032.bin  channel, 0 bytes, 1 error, 41 checks\
""")


def test_guilt_beyond_the_end_is_marked_over_nothing() -> None:
    """A span that leaves the file is underlined as far as its row goes."""
    report = july(size=10, findings=(finding(offset=8, length=100, label="data"),), rows=rows(10))
    assert shown(report) == snapshot("""\
error[wrong-magic]: file begins with 00 00 00 00, not with aa aa aa aa
  --> C-00000291-00000000-00000032.bin at 0x8, header.magic
        |  0  1  2  3  4  5  6  7   8  9  a  b  c  d  e  f
    000 | 00 01 02 03 04 05 06 07  08 09                    ..........
        |                          ^^^^^^^^^^^^^^^^^^^^^^^ data
        = why: the driver refuses the file
        = fix: build the file again
        = more: ccheck explain wrong-magic

fail  C-00000291-00000000-00000032.bin  channel, 10 bytes, 1 error, 41 checks\
""")


def test_without_rows_the_offset_must_do() -> None:
    """A finding whose bytes are not at hand has no excerpt and keeps its offset."""
    assert shown(july(rows={})) == snapshot("""\
error[field-past-inputs]: criterion reads input 20, but consumer 7.11 supplies 20 (0 to 19)
  --> C-00000291-00000000-00000032.bin at 0x1f0, instances[1].criteria[20].field_index
        = why: the driver uses the number as an index: an out-of-bounds read in kernel mode
        = fix: make this criterion a wildcard, or end support for builds that supply fewer than 21 inputs
        = more: ccheck explain field-past-inputs

fail  C-00000291-00000000-00000032.bin  channel, 1,234 bytes, 1 error, 41 checks\
""")


def test_great_offsets_widen_the_gutter() -> None:
    """Offsets of more than seven digits push the bars of all lines of the excerpt."""
    row = 0x123456780
    report = july(
        size=row + 16, findings=(finding(offset=row, length=1, label="here"),), rows={row: bytes(16)}
    )
    assert shown(report) == snapshot("""\
error[wrong-magic]: file begins with 00 00 00 00, not with aa aa aa aa
  --> C-00000291-00000000-00000032.bin at 0x123456780, header.magic
          |  0  1  2  3  4  5  6  7   8  9  a  b  c  d  e  f
123456780 | 00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  ................
          | ^^ here
          = why: the driver refuses the file
          = fix: build the file again
          = more: ccheck explain wrong-magic

fail  C-00000291-00000000-00000032.bin  channel, 4,886,718,352 bytes, 1 error, 41 checks\
""")


def test_what_was_set_aside_or_not_done_is_said() -> None:
    """Findings suppressed or beyond the limit and checks not run take a line each before the verdict."""
    report = july(
        findings=(),
        suppressed=(Suppressed(finding(), "agreed with the driver team", "2026-12-31"),),
        not_run=(
            NotRun("not-canonical", "blocked by wrong-checksum"),
            NotRun("duplicate-id", "blocked by wrong-magic"),
            NotRun("loose-text", "blocked by wrong-checksum"),
        ),
        beyond={"unknown-flag": 3, "duplicate-id": 1200},
    )
    assert shown(report) == snapshot("""\
suppressed: wrong-magic at 0x0, header.magic: agreed with the driver team (until 2026-12-31)
beyond the limit: 1,200 more duplicate-id, 3 more unknown-flag (--max-findings shows more)
skipped: not-canonical, loose-text (blocked by wrong-checksum); duplicate-id (blocked by wrong-magic)
pass  C-00000291-00000000-00000032.bin  channel, 1,234 bytes, 41 checks\
""")


def test_a_warning_does_not_fail_a_file() -> None:
    """A file with warnings alone passes, and the line says so."""
    report = july(findings=(finding("unused-pool-text", Severity.WARNING),), rows={})
    assert shown(report) == snapshot("""\
warning[unused-pool-text]: file begins with 00 00 00 00, not with aa aa aa aa
  --> C-00000291-00000000-00000032.bin at 0x0, header.magic
        = why: the driver refuses the file
        = fix: build the file again
        = more: ccheck explain unused-pool-text

pass  C-00000291-00000000-00000032.bin  channel, 1,234 bytes, 1 warning, 41 checks\
""")


def test_a_file_that_no_check_saw_fails() -> None:
    """Nothing was compared, so nothing is green."""
    assert shown(july(schema=None, findings=(), checks_run=0)) == snapshot(
        "fail  C-00000291-00000000-00000032.bin  no schema fits, 1,234 bytes, no check ran"
    )


def test_content_cannot_move_the_cursor() -> None:
    """Escapes and marks of direction from names, messages and content are shown, not obeyed."""
    report = july(
        path="\x1b[2Jevil\u202e.bin",
        findings=(finding(message="name is \x1b]0;x\x07\r\n\udcff", offset=0x230, length=16, path="a\tb"),),
    )
    assert shown(report) == snapshot("""\
error[wrong-magic]: name is \\x1b]0;x\\x07\\r\\n\\udcff
  --> $'\\x1b[2Jevil\\u202e.bin' at 0x230, a\\tb
        |  0  1  2  3  4  5  6  7   8  9  a  b  c  d  e  f
    230 | 2a 2e 65 78 65 00 00 00  ff 43 3a 5c 78 1b 5b 6d  *.exe....C:\\x.[m
        | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        = why: the driver refuses the file
        = fix: build the file again
        = more: ccheck explain wrong-magic

fail  $'\\x1b[2Jevil\\u202e.bin'  channel, 1,234 bytes, 1 error, 41 checks\
""")


def test_colour() -> None:
    """With colour the head, the marks and the gutter are styled, and the dump is not."""
    report = july(findings=(finding(offset=0x1F0, length=2, label="input 20", related=BECAUSE[:1]),))
    styled = render_file(report, color=True).replace("\x1b[", "<").splitlines()
    assert styled == snapshot(
        [
            "<31m<1merror[wrong-magic]<0m<1m: file begins with 00 00 00 00, not with aa aa aa aa<0m",
            "<34m<1m  --><0m C-00000291-00000000-00000032.bin at 0x1f0, header.magic",
            "<34m<1m        |<0m  0  1  2  3  4  5  6  7   8  9  a  b  c  d  e  f",
            "<34m<1m    1f0 |<0m 14 00 07 00 30 02 00 00  0c 00 00 00 01 00 00 00  ....0...........",
            "<34m<1m        |<0m<31m<1m ^^^^^ input 20<0m",
            "<34m<1m    ...<0m",
            "<34m<1m    230 |<0m 2a 2e 65 78 65 00 00 00  ff 43 3a 5c 78 1b 5b 6d  *.exe....C:\\x.[m",
            "<34m<1m        |<0m<34m<1m -------------- operand is a regex<0m",
            "        <34m<1m=<0m <1mwhy<0m: the driver refuses the file",
            "        <34m<1m=<0m <1mfix<0m: build the file again",
            "        <34m<1m=<0m <1mmore<0m: ccheck explain wrong-magic",
            "",
            "<31m<1mfail<0m  C-00000291-00000000-00000032.bin  channel, 1,234 bytes, 1 error, 41 checks",
        ]
    )


def test_summary() -> None:
    """The summary counts files, verdicts, findings and bytes, and says that the run was interrupted."""
    assert render_summary(EVERYTHING, color=False) == snapshot("""\
3 files examined: 1 passed, 2 failed; 1 error, 1 warning; 1 suppressed; 1,201 beyond the limit; 2,468 bytes, 204 not looked into
interrupted: 2 files not reached
""")


def test_summary_of_a_good_run() -> None:
    """A run in which everything passed is one line."""
    assert render_summary(RunReport((PASSING,), "0.1.0"), color=False) == snapshot(
        "1 file examined: 1 passed, 0 failed; 0 errors, 0 warnings; 1,234 bytes\n"
    )


def test_summary_of_nothing() -> None:
    """A run that examined nothing says so; files that were named and not examined are counted."""
    assert render_summary(RunReport((), "0.1.0"), color=False) == snapshot("nothing was examined\n")
    assert render_summary(RunReport((), "0.1.0", unexamined=("a", "b")), color=False) == snapshot("""\
nothing was examined
not examined: 2 files
""")


@given(any_file)
def test_text_is_always_printable(report: FileReport) -> None:
    """Whatever stands in a report, its text holds printable characters and line ends alone."""
    text = render_file(report, color=False)
    assert all(c == "\n" or c.isprintable() for c in text)
    assert text.endswith("\n")


@given(any_file)
def test_colour_changes_no_words(report: FileReport) -> None:
    """The coloured text without its styles is the plain text."""
    assert click.unstyle(render_file(report, color=True)) == render_file(report, color=False)


@given(any_file)
def test_every_finding_is_shown(report: FileReport) -> None:
    """There is one arrow for each finding, and one line at the end with the verdict."""
    lines = render_file(report, color=False).splitlines()
    assert sum(line.startswith("  --> ") for line in lines) == len(report.findings)
    assert lines[-1].startswith(f"{report.verdict}  ")


@given(any_run)
def test_summary_is_always_printable(run: RunReport) -> None:
    """The summary holds printable characters and line ends alone."""
    assert all(c == "\n" or c.isprintable() for c in render_summary(run, color=False))


def rows(size: int) -> dict[int, bytes]:
    """The rows of a file whose byte at offset n is n."""
    data = bytes(range(size))
    return {start: data[start : start + 16] for start in range(0, size, 16)}


def test_no_two_paths_look_the_same() -> None:
    """A line end and a backslash with an n, a byte and its escape, a control of Latin 1 and a byte: all differ."""
    paths = [
        "a\nb",
        "a\\nb",
        "a\udcff",
        "a\\udcff",
        "a\\xff",
        "a\x85",
        "a\udc85",
        "$'a\\nb'",
        "$'a\nb'",
        "a'b",
        "\u202e",
    ]
    shown_as = [printable_path(path) for path in paths]
    assert len(set(shown_as)) == len(paths)
    assert all(text.isprintable() for text in shown_as)
    assert shown_as[:4] == ["$'a\\nb'", "a\\nb", "$'a\\xff'", "a\\udcff"]
