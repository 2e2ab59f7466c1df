"""Reports to render: the finding of July 2024, one of everything, and arbitrary ones."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import strategies as st

from ccheck.core.check import Check, Diagnostic
from ccheck.core.finding import (
    FileReport,
    Finding,
    NotLookedInto,
    NotRun,
    RelatedLocation,
    RunReport,
    Severity,
    Suppressed,
)

NAME = "C-00000291-00000000-00000032.bin"

JULY = Finding(
    check="field-past-inputs",
    severity=Severity.ERROR,
    message="criterion reads input 20, but consumer 7.11 supplies 20 (0 to 19)",
    path="instances[1].criteria[20].field_index",
    offset=0x1F0,
    length=2,
    why="the driver uses the number as an index: an out-of-bounds read in kernel mode",
    fix="make this criterion a wildcard, or end support for builds that supply fewer than 21 inputs",
    label="input 20",
)

JULY_ROWS = {
    0x1F0: bytes.fromhex("14000700300200000c00000001000000"),
    0x230: b"*.exe\0\0\0\xffC:\\x\x1b[m",
}

BECAUSE = (
    RelatedLocation("operand is a regex", "instances[1].criteria[20].operand", 0x230, 5),
    RelatedLocation(
        "consumer 7.11 supplies 20 inputs for IPC", "consumer[0].inputs.IPC", file="consumers.toml", line=14
    ),
    RelatedLocation(
        "type IPC version 2 has 21 fields", "types[0].field_count", 0x36, 2, file="definitions.bin"
    ),
)


def finding(check: str = "wrong-magic", severity: Severity = Severity.ERROR, **changes: object) -> Finding:
    """A small finding at the start of a file."""
    facts: dict[str, object] = {
        "message": "file begins with 00 00 00 00, not with aa aa aa aa",
        "path": "header.magic",
        "offset": 0,
        "length": 4,
        "why": "the driver refuses the file",
        "fix": "build the file again",
    }
    return Finding(check, severity, **(facts | changes))  # type: ignore[arg-type] # tests name the fields


def july(**changes: object) -> FileReport:
    """The report on the file of July 2024: one error, no proof."""
    facts: dict[str, object] = {
        "path": NAME,
        "schema": "channel",
        "size": 1234,
        "sha256": "ab" * 32,
        "findings": (JULY,),
        "checks_run": 41,
        "rows": JULY_ROWS,
    }
    return FileReport(**(facts | changes))  # type: ignore[arg-type] # tests name the fields


PASSING = FileReport("good.bin", "channel", 1234, "cd" * 32, checks_run=41)

EVERYTHING = RunReport(
    (
        PASSING,
        july(
            findings=(
                finding(
                    "field-past-inputs",
                    message=JULY.message,
                    path=JULY.path,
                    offset=0x1F0,
                    length=2,
                    label=JULY.label,
                    related=BECAUSE,
                ),
                finding("unused-pool-text", Severity.WARNING, message="2 bytes of pool are not used"),
                finding("test-content", Severity.INFO, message="flag test is set"),
            ),
            suppressed=(
                Suppressed(
                    finding("unused-pool-text", Severity.WARNING), "the tail is a stamp", "2026-12-31"
                ),
            ),
            not_run=(
                NotRun("not-canonical", "blocked by wrong-checksum"),
                NotRun("duplicate-id", "blocked by wrong-checksum"),
            ),
            beyond={"field-past-inputs": 1200, "duplicate-id": 1},
            not_looked_into=(
                NotLookedInto("header.certificate", 204, "signed by another tool"),
                NotLookedInto("seq[1].valid", 0, "channel.ksy:7: a condition", omitted=True),
            ),
        ),
        FileReport("empty.bin", None, 0, "ef" * 32),
    ),
    program_version="0.1.0",
    interrupted=True,
    unexamined=("later.bin", "last.bin"),
)


def field_past_inputs(_subject: object) -> Iterator[Diagnostic]:
    """A criterion reads an input that a build does not supply.

    ## What is wrong
    The `field_index` is not below the number of inputs.

    ## Why is this bad
    An out-of-bounds read in kernel mode.

    ## How to fix
    Make the criterion a wildcard.
    """
    yield from ()


def unused_pool_text(_subject: object) -> Iterator[Diagnostic]:
    """Text in the pool that nothing refers to.

    ## What is wrong
    Bytes of the pool that no record names.

    ## Why is this bad
    They travel to every machine for nothing.

    ## How to fix
    Build the file again.
    """
    yield from ()


CHECKS = (Check(field_past_inputs), Check(unused_pool_text, severity=Severity.WARNING))

any_text = st.text(st.characters(exclude_categories=()), max_size=12) | st.sampled_from(
    [
        "\x1b[31m",
        "a\r\nb",
        "\u202egnp.exe",
        "\udcff\ud800",
        "\x00\x7f\x85\u2028",
        "]](]]>",
        "::error::%0A",
        "\ufffe\uffff",
    ]
)
_small = st.integers(0, 0x60)
_proofs = st.builds(
    RelatedLocation,
    message=any_text,
    path=any_text,
    offset=st.none() | _small,
    length=_small,
    file=st.none() | any_text,
    line=st.none() | st.integers(1, 99),
)
_findings = st.builds(
    Finding,
    check=any_text,
    severity=st.sampled_from(Severity),
    message=any_text,
    path=any_text,
    offset=_small,
    length=_small,
    why=any_text,
    fix=any_text,
    label=any_text,
    related=st.lists(_proofs, max_size=3).map(tuple),
)
_rows = st.dictionaries(st.sampled_from(range(0, 0x60, 16)), st.binary(max_size=16), max_size=6)
any_file = st.builds(
    FileReport,
    path=any_text,
    schema=st.none() | any_text,
    size=_small,
    sha256=st.just("ab" * 32),
    findings=st.lists(_findings, max_size=3).map(tuple),
    not_run=st.lists(st.builds(NotRun, any_text, any_text), max_size=2).map(tuple),
    suppressed=st.lists(st.builds(Suppressed, _findings, any_text, any_text), max_size=2).map(tuple),
    beyond=st.dictionaries(any_text, st.integers(1, 5000), max_size=2),
    checks_run=_small,
    rows=_rows,
    not_looked_into=st.lists(
        st.builds(NotLookedInto, any_text, _small, any_text, st.booleans()), max_size=3
    ).map(tuple),
)
any_run = st.builds(
    RunReport,
    files=st.lists(any_file, max_size=3).map(tuple),
    program_version=any_text,
    interrupted=st.booleans(),
    unexamined=st.lists(any_text, max_size=2).map(tuple),
)
"""Runs with any text in every place that takes text: controls, surrogates, marks of direction."""
