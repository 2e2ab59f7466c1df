"""Kept findings: folders below `corpus/<format>/regress`, run in the tests."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from ccheck.config.options import is_schema_file
from ccheck.files.regular_file import read_regular_text
from ccheck_fuzz.corpus.carried import SETUP, carry_on, words_of
from ccheck_fuzz.corpus.reproduce import NotRun, reproduce
from ccheck_fuzz.oracles.broken import Broken

WHY = "why.txt"
_INPUT = ("file.bin", "events.jsonl", "recipe.yaml")


class RegressError(Exception):
    """A folder that cannot be kept, or run again."""


@dataclass(frozen=True, slots=True)
class Regressed:
    """One folder run again.

    Attributes:
        folder: The folder.
        why: The two lines.
        broken: What it breaks now; nothing, if all is well.
    """

    folder: Path
    why: str
    broken: tuple[Broken, ...]


def keep(finding: Path, corpus: Path, why: str, name: str | None) -> Path:
    """Copy a finding's folder to the corpus, where it is run again for good.

    Args:
        finding: The folder of the finding.
        corpus: The folder of the corpus.
        why: Two lines or more: what the file is, and what it once did.
        name: The name of the new folder; None for one from the finding.

    Raises:
        RegressError: The folder is no finding, or the name is taken.
    """
    if not (finding / "setup.json").is_file() or not (finding / "file.bin").is_file():
        raise RegressError(f"{finding} is not a finding's folder: it has no setup.json and file.bin")
    lines = [line.strip() for line in why.splitlines() if line.strip()]
    if len(lines) < 2:
        raise RegressError("say why in two lines: what the file is, and what it once did")
    try:
        schema = words_of(finding).schema
    except (OSError, ValueError, TypeError, AttributeError) as fault:
        raise RegressError(f"{finding} cannot be read: {fault}") from fault
    format_name = "own" if is_schema_file(schema) else schema
    final = corpus / format_name / "regress" / (name or finding.name.lstrip("0123456789-"))
    if final.exists():
        raise RegressError(f"{final} is there already: give it another --name")
    part = final.with_name(f".{final.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    for file in _INPUT:
        if (finding / file).is_file():
            shutil.copyfile(finding / file, part / file)
    carry_on(finding, part, final)
    (part / WHY).write_text("\n".join(lines) + "\n", encoding="utf-8")
    report = finding / "report.json"
    if report.is_file():
        reported = json.loads(read_regular_text(report))
        once = {"oracle": reported["oracle"], "signature": reported["signature"], "what": reported["what"]}
        (part / "once.json").write_text(json.dumps(once, indent=1) + "\n", encoding="utf-8")
    part.rename(final)
    return final


def kept(corpus: Path) -> list[Path]:
    """Returns the folders below a corpus that are run again; also those in which something is missing."""
    return sorted(path for path in corpus.glob("*/regress/[!.]*") if path.is_dir())


def regress_one(folder: Path) -> Regressed:
    """Run one folder again.

    Raises:
        RegressError: The folder cannot be run.
    """
    why = folder / WHY
    for name in (WHY, "file.bin", SETUP):
        if not (folder / name).is_file():
            what = (
                f"{name} of {folder} is not a regular file"
                if (folder / name).exists()
                else f"{folder} has no {name}"
            )
            raise RegressError(f"{what}: it was not run")
    try:
        found = reproduce(folder)
    except NotRun as wrong:
        raise RegressError(f"{folder} cannot be run again: {wrong}") from wrong
    broken = tuple(b for b in found if not b.information)
    return Regressed(folder, read_regular_text(why).strip(), broken)
