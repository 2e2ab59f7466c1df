"""The table of checks: not empty, each with a manual, each behind what it requires."""

from __future__ import annotations

import re

from ccheck import __version__
from ccheck.config.project import load_project
from ccheck.formats.check_table import CHECKS
from ccheck.formats.registry import SCHEMAS
from tests.conftest import ROOT
from tests.manuals import PATH, render


def test_the_table_is_full_and_its_names_are_ids() -> None:
    """There are checks, their names are kebab-case, and no two share one."""
    names = [check.name for check in CHECKS]
    assert len(names) > 40
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", name) for name in names)


def test_each_check_stands_behind_what_it_requires() -> None:
    """A prerequisite comes earlier in the table and applies to every format that the check applies to."""
    seen: list[object] = []
    for check in CHECKS:
        for required in check.requires:
            assert required in seen, f"{check.name} requires {required.name}, which does not stand before it"
            assert not required.schemas or set(check.schemas) <= set(required.schemas)
        seen.append(check)
    assert sum(1 for check in CHECKS if check.requires) > 40


def test_each_format_of_a_check_exists() -> None:
    """A check that names a format which is not there would never run."""
    known = {schema.name for schema in SCHEMAS}
    for check in CHECKS:
        assert set(check.schemas) <= known


def test_each_check_has_a_whole_manual() -> None:
    """Every manual has a first line that ends in a full stop, and its three sections."""
    for check in CHECKS:
        assert check.manual.summary.endswith("."), check.name


def test_the_manual_of_all_checks_is_current() -> None:
    """docs/checks.md is what the checks say of themselves; `python -m tests.manuals` renews it."""
    current = PATH.read_text(encoding="utf-8") == render()
    assert current, "run `python -m tests.manuals`: docs/checks.md is not what the checks say of themselves"


def test_the_version_is_one() -> None:
    """The version of the package is that of the distribution."""
    assert f'version = "{__version__}"' in (ROOT / "pyproject.toml").read_text()


def test_the_corpus_configuration_loads() -> None:
    """The ccheck.toml of the corpus, which README uses, is valid."""
    project = load_project(ROOT / "corpus" / "channel" / "ccheck.toml", known_checks={c.name for c in CHECKS})
    assert project.definitions
    assert project.consumers is not None
