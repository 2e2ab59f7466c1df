"""The recorded units by name, each with the items of its digests."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType

from tests.corpus import CORPUS, DAY, beside, judgement_of, setting_of

from bench.baseline.mutants import OWN, STREAMS, mutant
from bench.baseline.program import SHIPPED, Item, command_lines, every_check, judged, ran, together
from ccheck.judging.preparation import prepare
from ccheck.report import RENDERERS

ROOT = CORPUS.parent
VIEWS = ("input", "judgement", "reading", "text")
"""What is compared of each item. The digests of a unit are in this order."""
BLOCK = 250
"""Mutants of a unit."""
SHARES: Mapping[str, float] = MappingProxyType({"bytes": 0.25, "fields": 0.5, "sealed": 0.25})
"""The share of each stream in the mutants of a format."""
DIGITS = 10
"""Hexadecimal digits of a digest. It finds a change; it need not withstand an attack."""
FORMS = ("text", "json", "sarif")
CONTENT = frozenset({".bin", ".db", ".dtb"})

COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "a file that is missing": "validate --no-config corpus/missing.bin",
        "a file that is too large": "validate --no-config --max-size 10 corpus/sysmon/base.bin",
        "a folder without files": "validate --no-config corpus/channel/without.toml/none",
        **{
            f"a folder as {form}": f"validate --on {DAY} --config corpus/channel/ccheck.toml --format {form}"
            " --jobs 1 --exclude *.yaml --exclude *.toml corpus/channel/field-past-inputs corpus/sysmon"
            for form in ("text", *RENDERERS)
        },
        "checks": "explain",
        "schemas": "schemas",
    }
)
"""Other recorded command lines, by name."""

Unit = Callable[[], Iterator[Item]]


def genuine() -> Path:
    """Returns the folder of genuine files, which need not exist."""
    return Path(os.environ.get("CCHECK_SHARED_DATA", ROOT.parent / "shared" / "data")).absolute()


def units(mutants: int) -> dict[str, Unit]:
    """Returns all units by name.

    Args:
        mutants: Mutants of each shipped format, at most; a schema file has a quarter. Blocks are always
            whole.
    """
    found: dict[str, Unit] = {}
    for path in sorted(CORPUS.rglob("*.bin")):
        found[path.relative_to(ROOT).as_posix()] = partial(_of_corpus, path)
    folder = genuine()
    for path in sorted(folder.rglob("*")):
        if path.suffix in CONTENT and path.is_file():
            name = path.relative_to(folder).as_posix()
            found[f"genuine/{name}"] = partial(_of_genuine, folder, name)
    for format_, most in (*((name, mutants) for name in SHIPPED), *((name, mutants // 4) for name in OWN)):
        for stream in STREAMS:
            for first in range(0, int(most * SHARES[stream]) // BLOCK * BLOCK, BLOCK):
                name = f"mutants/{format_}/{stream}/{first:05}-{first + BLOCK - 1:05}"
                found[name] = partial(_of_mutants, format_, stream, first)
    for line in command_lines():
        words = [*line.split(), "--help"]
        found[f"help/{line or 'ccheck'}"] = partial(_of_command, " ".join(words), words)
    for check in sorted(every_check()):
        found[f"manual/{check}"] = partial(_of_command, check, ["explain", check])
    for name, line in COMMANDS.items():
        found[f"command/{name}"] = partial(_of_command, name, line.split())
    return dict(sorted(found.items()))


def digests(items: Sequence[Item]) -> str:
    """Returns the digests of the views of a unit's items, `-` for a view that none of them has."""
    found = []
    for view in VIEWS:
        digest, any_ = hashlib.sha256(), False
        for item in items:
            if view in item.views:
                any_ = True
                for part in (item.name, item.views[view]):
                    raw = part.encode("utf-8", "surrogatepass")
                    digest.update(len(raw).to_bytes(8, "big") + raw)
        found.append(digest.hexdigest()[:DIGITS] if any_ else "-")
    return " ".join(found)


def _of_corpus(path: Path) -> Iterator[Item]:
    """A file of the corpus, judged as its recipe says, and in the hands of each command."""
    recipe = path.with_suffix(".yaml")
    name = path.relative_to(ROOT).as_posix()
    yield judged(path.read_bytes(), path.name, name, judgement_of(recipe)).item
    words = ["--no-config", "--on", DAY.isoformat()]
    for option, file in (("definitions", "definitions.bin"), ("consumers", "consumers.toml")):
        found = beside(recipe, option, file)
        if found is not None:
            words += [f"--{option}", os.path.relpath(found, ROOT)]
    if "target" in setting_of(recipe):
        words += ["--target", setting_of(recipe)["target"]]
    yield from _commands(name, words, ROOT)


def _of_genuine(folder: Path, name: str) -> Iterator[Item]:
    path = folder / name
    by = prepare(use_config=False, on=DAY)
    yield judged(path.read_bytes(), path.name, name, by).item
    yield from _commands(name, ["--no-config", "--on", DAY.isoformat()], folder)


def _commands(name: str, words: Sequence[str], folder: Path) -> Iterator[Item]:
    for form in FORMS:
        yield ran(["validate", *words, "--format", form, name], folder)
    yield ran(["run", *words, name], folder)
    yield ran(["show", name], folder)
    yield ran(["show", "--yaml", name], folder)


def _of_mutants(format_: str, stream: str, first: int) -> Iterator[Item]:
    reports = []
    for seed in range(first, first + BLOCK):
        made = mutant(format_, stream, seed)
        found = judged(made.data, made.name, f"{seed:05}/{made.name}", made.by)
        yield found.item
        if found.report is not None:
            reports.append(found.report)
    yield together(reports, made.by)


def _of_command(name: str, words: Sequence[str]) -> Iterator[Item]:
    yield ran(words, ROOT, name)
