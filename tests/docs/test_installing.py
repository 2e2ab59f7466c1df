"""Whatever says how to install ccheck or its extras names what works."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib

import pytest

from ccheck.core.extras import EXTRAS, how_to_install
from tests.conftest import ROOT
from tests.docs.pages import PAGES, read_page

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_the_packages_of_an_extra_are_those_of_the_project() -> None:
    """A message that names packages names all of the extra, but for those that only some machines can install."""
    for extra, packages in EXTRAS.items():
        listed = [line for line in PROJECT["optional-dependencies"][extra] if ";" not in line]
        assert sorted(re.split(r"[<>=]", line)[0] for line in listed) == sorted(packages)
    assert how_to_install("gate") == "python -m pip install 'securesystemslib[crypto]'"


def test_no_message_sends_a_user_to_an_index_without_ccheck() -> None:
    """No source says `pip install ccheck-content`: the package is not in the public index."""
    sources = [
        p for top in ("schemas", "validator", "interpreter", "fuzz") for p in (ROOT / top).rglob("*.py")
    ]
    assert len(sources) > 100
    lines = [line for path in sources for line in path.read_text(encoding="utf-8").splitlines()]
    assert [line for line in lines if "pip install" in line and "ccheck" in line] == []
    assert len([line for line in lines if "pip install" in line]) == 2  # extras, and Atheris


def test_one_page_says_how_to_install() -> None:
    """Commands that install ccheck stand in docs/install.md and in README; other pages link there."""
    for page in PAGES:
        installs = re.findall(r"pip install (?!\./blower)\S.*", read_page(page))
        if page == "docs/install.md":
            assert len(installs) >= 2
        elif page == "README.md":
            assert len(installs) == 2
        else:
            assert [line for line in installs if '-e ".[bench]"' not in line] == [], page
        if page.startswith("docs/") and "```sh" in read_page(page) and page != "docs/install.md":
            assert "install.md" in read_page(page), page


@pytest.mark.parametrize(
    ("absent", "words", "says"),
    [
        ("psutil", ("fuzz", "--out", "x"), how_to_install("fuzz")),
        ("rich", ("fuzz", "--out", "x"), how_to_install("fuzz")),
        ("securesystemslib", ("keys", "new", "x"), how_to_install("gate")),
    ],
)
def test_a_command_without_its_packages_says_what_to_install(
    absent: str, words: tuple[str, ...], says: str
) -> None:
    """Where a package is not installed, the command ends with status 2 and the command that installs it."""
    code = (
        "import importlib.machinery, sys\n"
        "found = importlib.machinery.PathFinder.find_spec\n"
        "def find_spec(name, path=None, target=None):\n"
        f"    return None if name.partition('.')[0] == {absent!r} else found(name, path, target)\n"
        "importlib.machinery.PathFinder.find_spec = find_spec\n"
        "from ccheck.__main__ import main\n"
        f"sys.argv = ['ccheck', *{words!r}]\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stdout + done.stderr
    assert says in done.stderr


def test_the_quality_gate_runs_the_test_command_of_the_readme() -> None:
    """README's second command is a line of .ci/run."""
    (_, command) = re.findall(r"^python3 -m venv .*$", read_page("README.md"), re.MULTILINE)
    assert command in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
