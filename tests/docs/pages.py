"""The Markdown pages of the project, and the code blocks in them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import ROOT

PAGES = tuple(
    path.relative_to(ROOT).as_posix()
    for path in (
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        ROOT / "corpus" / "README.md",
        *sorted((ROOT / "docs").rglob("*.md")),
    )
)
"""The pages whose blocks are run."""

NOTES = ("not run", "file", "append to", "part of", "printed by")
"""What a comment above a block may say: `<!-- file: ccheck.toml -->`."""

FENCE = re.compile(r" *(```+)(.*)")
NOTE = re.compile(r"<!-- ([a-z ]+): (.*) -->")


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block of a page.

    Attributes:
        place: Page and line, for messages.
        language: The first word behind the fence; empty where there is none.
        status: The exit status that each command of the block has, from `exits N` behind the fence.
        text: The lines of the block.
        note: What the comment above the block says: one of NOTES; empty where there is none.
        detail: What follows the colon of the comment.
    """

    place: str
    language: str
    status: int
    text: str
    note: str
    detail: str


def read_page(page: str) -> str:
    """The text of a page."""
    return (ROOT / page).read_text(encoding="utf-8")


def blocks(page: str, text: str) -> list[Block]:
    """The blocks of a page, in order. Raises ValueError for a page that the tests would not see whole."""
    found: list[Block] = []
    lines = text.splitlines()
    at = 0
    while at < len(lines):
        opening = FENCE.fullmatch(lines[at])
        if opening is None:
            indented = lines[at].startswith("    ") and (at == 0 or not lines[at - 1].strip())
            if indented or lines[at].lstrip().startswith("~~~"):
                raise ValueError(f"{page}:{at + 1}: a block without a ``` fence")
            at += 1
            continue
        before = next((line.strip() for line in reversed(lines[:at]) if line.strip()), "")
        above = NOTE.fullmatch(before)
        if above is not None and above[1] not in NOTES:
            raise ValueError(f"{page}:{at}: {above[1]!r} is none of {', '.join(NOTES)}")
        begin = at + 1
        at = begin
        while at < len(lines) and lines[at].strip() != opening[1]:
            at += 1
        if at == len(lines):
            raise ValueError(f"{page}:{begin}: a block without an end")
        language, _, rest = opening[2].strip().partition(" ")
        status = re.fullmatch(r"(?:exits ([0-9]+))?", rest)
        if status is None:
            raise ValueError(f"{page}:{begin}: {rest!r} is not 'exits N'")
        note, detail = (above[1], above[2]) if above else ("", "")
        body = "".join(f"{line}\n" for line in lines[begin:at])
        found.append(Block(f"{page}:{begin}", language, int(status[1] or 0), body, note, detail))
        at += 1
    return found


def all_blocks() -> dict[str, list[Block]]:
    """The blocks of each page."""
    return {page: blocks(page, read_page(page)) for page in PAGES}


def without_blocks(text: str) -> str:
    """A page's text with its blocks and comments left out."""
    text = re.sub(r"^ *(```+).*?^ *\1 *$", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)


def inline_code(text: str) -> list[str]:
    """What stands between backticks outside of blocks."""
    return [
        re.sub(r"\s+", " ", code).strip()
        for _, code in re.findall(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", without_blocks(text), re.DOTALL)
    ]


def exists(path: Path) -> bool:
    """Whether a path is there, inside the project."""
    return path.exists() and path.resolve().is_relative_to(ROOT)
