"""`python -m tests.apparmor_items` writes the values of two facts, and the kernels that list them, into the page."""

from __future__ import annotations

from collections.abc import Iterator

from ccheck.core.consumers import load_consumers
from ccheck.core.contract import numbers_of
from ccheck.core.shipped_consumers import consumers_path
from ccheck_schemas.formats.apparmor.facts import ITEMS, STATE_FLAGS
from tests.conftest import ROOT

BEGIN, END = "<!-- items: written by python -m tests.apparmor_items -->", "<!-- end of items -->"
PAGE = ROOT / "docs" / "formats" / "apparmor.md"
PLACES = {
    "name.namespace": "a namespace in front of a name",
    "xtable.alone": "`xtable` behind file rules that have no DFA",
    "aadfa": "a DFA",
}
"""What values mean that are not just the name before an item."""


def lines() -> Iterator[str]:
    """The table: each item, what it is, and which of the shipped kernels do not read it."""
    kernels = [
        one for one in load_consumers(consumers_path("builtin:linux-lts")).builds if one.reads("apparmor")
    ]
    reads = {one.version: numbers_of(ITEMS, one.elements(ITEMS.name) or ()) for one in kernels}
    yield "| value | item | not read by |"
    yield "|---|---|---|"
    for name, number in ITEMS.names.items():
        where, point, item = name.partition(".")
        what = PLACES.get(name, f"`{item}` beside the DFA of `{where}`" if point else f"`{name}`")
        lacking = [version.partition("-")[0] for version, items in reads.items() if number not in items]
        yield f"| `{name}` | {what} | {'all' if len(lacking) == len(kernels) else ', '.join(lacking)} |"
    yield ""
    flags = ", ".join(f"`{name}` ({number:#x})" for name, number in STATE_FLAGS.names.items())
    yield f"Values of `sets.apparmor_state_flags`, flags in the highest byte of a base: {flags}. A number that none"
    yield "of these facts has is an error of consumers.toml."


def written() -> str:
    """The page with the table as it is now."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + "\n".join((BEGIN, "", *lines(), "", END)) + after


if __name__ == "__main__":
    PAGE.write_text(written(), encoding="utf-8")
