"""What the pages name is there: commands, options, files, modules, links and anchors."""

from __future__ import annotations

import importlib
import re
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import click
import pytest

from ccheck.cli.main import COMMANDS, ccheck
from ccheck_schemas import meaning
from tests.conftest import ROOT
from tests.docs.pages import PAGES, blocks, exists, inline_code, read_page, without_blocks

LINKED = (
    *PAGES,
    "CHANGELOG.md",
)
"""Pages whose links are followed."""

OPTIONS_OF_OTHERS = {
    *("--ccheck", "--ccheck-config", "--ccheck-schema"),  # pytest, with the plug-in of ccheck
    *("--more", "--ignore"),  # pytest; the first one in the tests of ccheck
    "--hook-type",  # pre-commit
    "--gc-sections",  # linkers
    *("--genuine", "--write"),  # bench/validate.py
    *("--searcher", "--budget", "--first-seed", "--seeds", "--jobs", "--json", "--with"),  # bench.fuzz.zoo
    *("--from-nothing", "--speed-runs", "--file", "--runs", "--time"),  # bench.fuzz
}
"""Options in the pages that belong to other programs."""

PLACEHOLDERS = {"…", "WORD"}
"""What stands for any command."""

ENTRY_POINT_GROUPS = {"ccheck.commands", "ccheck.formats", "ccheck.stages"}


def commands_of_ccheck(line: str) -> Iterator[list[str]]:
    """The words of each ccheck command in a line, without `ccheck`."""
    for found in re.finditer(r"(?<!--searcher )(?:(?<=[\s|;&(/])|^)ccheck ([^|;&`]+)", line):
        yield re.findall(r"'[^']*'|\"[^\"]*\"|\S+", found[1].split(" # ")[0])


def wrong_words(words: list[str]) -> list[str]:
    """What a command line names that ccheck does not have."""
    command: click.Command = ccheck
    context = click.Context(command)
    allowed = {option for p in command.get_params(context) for option in (*p.opts, *p.secondary_opts)}
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        if words[0] in PLACEHOLDERS:
            return []
        found = command.get_command(context, words[0])
        if found is None:
            return [words[0]]
        command, words = found, words[1:]
        context = click.Context(command, parent=context)
        own = {option for p in command.get_params(context) for option in (*p.opts, *p.secondary_opts)}
        allowed = own | {"--help"}
    if "--" in words:
        words = words[: words.index("--")]
    given = [re.split(r"[=…]", word)[0].rstrip(".,") for word in words if re.match(r"--?[a-z]", word)]
    return [option for option in given if option not in allowed]


def all_options() -> set[str]:
    """Every option of every command of ccheck."""

    def walk(command: click.Command, context: click.Context) -> Iterator[str]:
        for parameter in command.get_params(context):
            yield from (*parameter.opts, *parameter.secondary_opts)
        if isinstance(command, click.Group):
            for name in command.list_commands(context):
                found = command.get_command(context, name)
                assert found is not None
                yield from walk(found, click.Context(found, parent=context))

    return set(walk(ccheck, click.Context(ccheck)))


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    found: set[str] = set()
    for heading in re.findall(r"^#+ +(.*)$", without_blocks(page.read_text(encoding="utf-8")), re.MULTILINE):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading.strip().lower())
        anchor = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
        number = 0
        while (name := f"{anchor}-{number}" if number else anchor) in found:
            number += 1
        found.add(name)
    return found


@pytest.mark.parametrize("page", PAGES)
def test_commands_and_options_are_there(page: str) -> None:
    """Each `ccheck WORD --option` of a page, in its text and in its blocks, is a command with that option."""
    text = read_page(page)
    lines = inline_code(text)
    for block in blocks(page, text):
        if block.language in ("sh", "yaml"):
            lines += block.text.replace("\\\n", " ").splitlines()
    wrong = [
        f"ccheck {' '.join(words)}: {', '.join(bad)}"
        for line in lines
        for words in commands_of_ccheck(line)
        if (bad := wrong_words(words))
    ]
    assert wrong == []


def test_options_alone_are_there() -> None:
    """An option that a page names without a command is one of ccheck's, or of a program that is listed."""
    known = all_options() | OPTIONS_OF_OTHERS
    assert len(known) > 80
    unknown = {
        (page, option)
        for page in PAGES
        for code in inline_code(read_page(page))
        if not code.startswith(("pip ", "python ", "-c "))
        for option in re.findall(r"(?<![\w-])--[a-z][a-z-]+", code)
        if option not in known
    }
    assert unknown == set()


def test_a_wrong_command_is_found() -> None:
    """The test sees commands, groups, and options."""
    assert wrong_words(["validat", "x"]) == ["validat"]
    assert wrong_words(["keys", "nwe", "x"]) == ["nwe"]
    assert wrong_words(["validate", "--confg", "x"]) == ["--confg"]
    assert wrong_words(["validate", "--config", "x", "--", "--confg"]) == []
    assert wrong_words(["rollout", "plan", "--ring=x", "--rings"]) == ["--rings"]
    assert wrong_words(["fuzz", "status", "night", "-x"]) == ["-x"]
    assert wrong_words(["fuzz", "--time", "8h", "--tim"]) == ["--tim"]
    assert list(commands_of_ccheck("a; ccheck show x | ccheck run y")) == [["show", "x"], ["run", "y"]]


def test_each_command_is_in_the_readme() -> None:
    """README names each command of the program."""
    assert [
        name for name in COMMANDS if name != "completion" and f"`ccheck {name}" not in read_page("README.md")
    ] == []


def test_files_and_modules_are_there() -> None:
    """A path into the project, and a dotted name of ccheck's packages, lead to something."""
    tops = {path.name for path in ROOT.iterdir() if not path.name.startswith(".venv")}
    seen = 0
    wrong = []
    for page in PAGES:
        for code in inline_code(read_page(page)):
            for path in re.findall(r"^(?:python |[A-Z_]+=\S+ )*((?:[\w.-]+/)+[\w.-]+\.[a-z0-9]+)", code):
                if path.partition("/")[0] in tops:
                    seen += 1
                    wrong += [] if exists(ROOT / path) else [(page, path)]
            for name in re.findall(r"(?<![\w./])ccheck(?:_\w+)?(?:\.[a-zA-Z_]\w*)+", code):
                if name not in ENTRY_POINT_GROUPS and not re.fullmatch(
                    r"ccheck\.(toml|xml|sarif)|ccheck_contract\.h", name
                ):
                    seen += 1
                    wrong += [] if importable(name) else [(page, name)]
            for name in re.findall(r"python -m ([\w.]+)", code):
                seen += 1
                wrong += [] if find_spec(name) else [(page, name)]
    assert wrong == []
    assert seen > 20


def importable(name: str) -> bool:
    """Whether a dotted name is a module, or something in one."""
    module, _, attribute = name.rpartition(".")
    try:
        found = find_spec(name) is not None
    except ModuleNotFoundError:
        found = False
    return found or (find_spec(module) is not None and hasattr(importlib.import_module(module), attribute))


@pytest.mark.parametrize("page", LINKED)
def test_links_lead_to_files_and_headings(page: str) -> None:
    """Every relative link of a page leads to a file that is kept with the project, and to a heading of it."""
    path = ROOT / page
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    kept = {ROOT / name for name in listed.stdout.splitlines()}
    for target in re.findall(r"\]\(([^)\s]+)\)", without_blocks(read_page(page))):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        to = (path.parent / name).resolve() if name else path
        assert to in kept or any(to in file.parents for file in kept), f"{page} links to {target}"
        if anchor:
            assert anchor in anchors(to), f"{page} links to {target}"


def test_each_page_is_linked_from_the_readme() -> None:
    """No page is out of reach: README, or a page that it links to, links there."""
    reached = {"README.md"}
    for _ in range(3):
        for page in tuple(reached):
            for target in re.findall(r"\]\(([^)\s#]+)", read_page(page)):
                to = ((ROOT / page).parent / target).resolve()
                if "://" not in target and to.suffix == ".md" and to.is_relative_to(ROOT):
                    reached.add(to.relative_to(ROOT).as_posix())
    alone = sorted(set(PAGES) - reached)
    assert not alone, f"link these from README.md, or from a page that it links to: {', '.join(alone)}"


def test_the_page_of_the_vocabulary_names_each_node() -> None:
    """docs/writing-checks.md shows how each node and each meaning is written."""
    page = read_page("docs/writing-checks.md")
    nodes = {name for name in meaning.__all__ if isinstance(getattr(meaning, name), type)}
    nodes -= {"Expression", "FieldError", "Meaning"}
    assert len(nodes) > 30
    missing = sorted(name for name in nodes if not re.search(rf"`[^`\n]*\b{name}\(", page))
    assert not missing, f"docs/writing-checks.md: add a row of the vocabulary for {', '.join(missing)}"
