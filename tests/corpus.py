"""The files of the corpus, and what each is judged by."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path

from ccheck.cli.recipe_file import load_yaml
from ccheck.formats.check_table import CHECKS
from ccheck.judging.context import ValidationContext
from ccheck.judging.preparation import prepare

CORPUS = Path(__file__).resolve().parent.parent / "corpus"
DAY = date(2026, 11, 22)
"""The day on which the corpus is judged; support windows depend on it."""

FEWEST = 20
"""Files, good and bad, that the corpus of a format has at least: tests edit them, and few show little."""
FEWEST_GOOD = 10
"""Good files, no two alike and judged with nothing but themselves, that it has at least."""


def enough(format_: str, found: int, fewest: int = FEWEST, what: str = "files") -> None:
    """Fails a test that would show little, because a corpus has too few files, and says what to do."""
    assert found >= fewest, (
        f"corpus/{format_} has {found} {what}, and this test needs {fewest}: add recipes to corpus/{format_}/<check>/"
    )


@cache
def setting_of(recipe: Path) -> Mapping[str, str]:
    """Returns what a recipe says of how its file is judged: `definitions`, `consumers`, `schema`, `target`.

    The values are as written: `none`, a path from the recipe's folder, or a version.
    """
    context: Mapping[str, str] = load_yaml(recipe).get("setting", {}) if recipe.exists() else {}
    return context


def beside(recipe: Path, key: str, file: str) -> Path | None:
    """Returns a file that the recipe is judged with, or None.

    It is the one that the recipe names, else one in its check's folder, else one in its format's.
    """
    named = setting_of(recipe).get(key)
    if named == "none":
        return None
    if named is not None:
        return recipe.parent / named
    return next((folder / file for folder in recipe.parents[:3] if (folder / file).exists()), None)


def without(format_: str) -> Mapping[str, str]:
    """Returns the checks that no file of a format can fail, with the reasons."""
    return tomllib.loads((CORPUS / format_ / "without.toml").read_text(encoding="utf-8"))


def format_of(file: Path) -> str:
    """Returns the name of the format whose corpus has the file."""
    return file.relative_to(CORPUS).parts[0]


def judgement_of(recipe: Path) -> ValidationContext:
    """Returns what the file of a recipe is judged by."""
    context = setting_of(recipe)
    return _prepared(
        None if context.get("schema") == "none" else format_of(recipe),
        beside(recipe, "definitions", "definitions.bin"),
        beside(recipe, "consumers", "consumers.toml"),
        context.get("target"),
        canonical=recipe.parents[1].name in _on_request(),
    )


@cache
def _on_request() -> frozenset[str]:
    """Returns the names of the checks that are made only where the user asks for them."""
    return frozenset(check.name for check in CHECKS if check.on_request)


@cache
def _prepared(
    schema: str | None,
    definitions: Path | None,
    consumers: Path | None,
    target: str | None,
    *,
    canonical: bool,
) -> ValidationContext:
    return prepare(
        schema=schema,
        use_config=False,
        definitions=[] if definitions is None else [definitions],
        consumers=consumers,
        target=target,
        on=DAY,
        canonical=canonical,
    )
