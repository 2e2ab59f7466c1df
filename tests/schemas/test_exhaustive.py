"""Each `match` over nodes of a layout, or over meanings of a number, names all of them: mypy says where one is missing."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from ccheck_schemas.layout.meanings import Meaning
from ccheck_schemas.layout.tree import Node
from tests.conftest import ROOT

PACKAGES = (
    "schemas/ccheck_schemas",
    "validator/ccheck",
    "fuzz/ccheck_fuzz",
    "kaitai/ccheck_kaitai",
)
NAMES = {kind.__name__ for kind in (*get_args(Node), *get_args(Meaning))}


def sources() -> Iterator[Path]:
    """The modules that know layouts: those that import their nodes or meanings, and these themselves."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            if "ccheck_schemas.layout" in text or path.parent.name == "layout":
                yield path


def kinds(pattern: ast.pattern) -> Iterator[str]:
    """The nodes and meanings in a pattern."""
    for part in ast.walk(pattern):
        if isinstance(part, ast.MatchClass):
            name = ast.unparse(part.cls)
            last = name.rpartition(".")[2]
            if last in NAMES and name in {last, f"tree.{last}", f"meanings.{last}"}:
                yield last


def is_never(case: ast.match_case) -> bool:
    """Whether a case is ``case _: assert_never(…)``."""
    return (
        ast.unparse(case.pattern) == "_"
        and case.guard is None
        and ast.unparse(case.body[-1]).startswith("assert_never(")
    )


def matches() -> Iterator[tuple[str, ast.Match]]:
    """Each match over nodes or meanings, and its place."""
    for path in sources():
        for part in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(part, ast.Match) and any(
                kind for case in part.cases for kind in kinds(case.pattern)
            ):
                yield f"{path.relative_to(ROOT)}:{part.lineno}", part


MATCHES = tuple(matches())


def test_there_are_such_matches() -> None:
    """The search for them finds many, of both sorts."""
    found = {kind for _, match in MATCHES for case in match.cases for kind in kinds(case.pattern)}
    assert found == NAMES
    assert len(MATCHES) > 30


@pytest.mark.parametrize(("place", "match"), MATCHES, ids=lambda each: each if isinstance(each, str) else "")
def test_each_match_ends_in_assert_never(place: str, match: ast.Match) -> None:
    """A match with a silent default would treat a new node or meaning as none, and mypy would not say so."""
    assert is_never(match.cases[-1]), (
        f"{place}: write out what has no case, and end in `case _: assert_never(…)`"
    )
