"""A campaign's report as Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from ccheck.text.printable import printable
from ccheck_fuzz.campaign.report.account import Account, Found
from ccheck_fuzz.campaign.workers.worker_crashes import headline, last_words
from ccheck_fuzz.execution.options import configuration_of

_MARKS = {"both": "±", "matched": "+", "failed": "-", "": ""}


def render(account: Account) -> str:
    """Returns the report."""
    return "\n".join(_lines(account)) + "\n"


def _lines(account: Account) -> Iterator[str]:
    errors = account.errors
    yield f"# Fuzzing {account.options.schema}: {len(errors)} {'finding' if len(errors) == 1 else 'findings'}"
    yield ""
    yield "| | |"
    yield "|---|---|"
    time = f"{account.seconds:,.0f} seconds in {len(account.sessions)} sessions"
    yield f"| runs | {account.runs:,} in {account.cpu:,.0f} CPU-seconds, {time} |"
    yield f"| reached | {account.lines:,} lines, {account.features:,} features |"
    yield f"| corpus | {account.corpus:,} inputs |"
    yield f"| engines | {', '.join(account.engines)} |"
    yield f"| configuration | {_safe(configuration_of(account.options))} |"
    yield f"| worker crashes | {len(account.worker_crashes)}, {len(account.lost)} of them outside of a run |"
    if account.problem is not None:
        yield f"| could not do its work | {_safe(account.problem)} |"
    for one in errors:
        yield from _found(one)
    for what, reported in account.information:
        yield ""
        yield f"## For information: {what}"
        yield ""
        for one in reported:
            yield f"* {_safe(one.bucket.what)} ({one.bucket.hits:,} times)"
    if account.matrix:
        yield ""
        yield "## Field × criterion kind"
        yield ""
        yield "`±` matched and failed, `+` only matched, `-` only failed, empty: never evaluated."
        yield ""
        yield f"| field | {' | '.join(account.kinds)} |"
        yield f"|---|{'---|' * len(account.kinds)}"
        for row in account.matrix:
            cells = " | ".join(_MARKS[cell] for cell in row.cells)
            yield f"| {_safe(row.type_name)} {row.version} field {row.field} | {cells} |"
    if account.worker_crashes:
        yield ""
        yield "## Worker crashes"
        yield ""
        for crash in account.worker_crashes[-50:]:
            yield f"* {_safe(headline(crash))}"
            if not crash.finding:
                yield ""
                yield from (f"    {line}" for line in last_words(crash))
                yield ""


def _found(one: Found) -> Iterator[str]:
    bucket = one.bucket
    yield ""
    yield f"## {_safe(bucket.oracle)}: {_safe(bucket.what)}"
    yield ""
    yield (
        f"Bucket {bucket.number}, {bucket.state}, {bucket.hits:,} times, first after {bucket.runs:,} runs"
        + (f"; `findings/{bucket.folder}`" if bucket.folder else "")
    )
    if one.text:
        yield ""
        # A report may hold any text of a content file: four spaces make all of it code, whatever it says.
        yield from (f"    {printable(line)}" for line in one.text.splitlines())


def _safe(text: str) -> str:
    """Text in which nothing is markup."""
    shown = printable(text)
    for character in "\\`*_{}[]<>|#":
        shown = shown.replace(character, "\\" + character)
    return shown
