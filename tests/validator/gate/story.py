"""A folder with a policy, and the releases of March and July 2024, for the tests of the gate."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ccheck.cli.main import run
from ccheck.config.gate_policy import STAGES
from tests.conftest import ROOT

CORPUS = ROOT / "corpus" / "channel"
MARCH = CORPUS / "field-past-inputs" / "good" / "C-00000291-00000000-00000001.bin"
JULY = CORPUS / "field-past-inputs" / "bad" / "C-00000291-00000000-00000032.bin"
DAY = "2024-08-10"
POLICY = """\
format = 1
definitions = ["definitions.bin"]
consumers = "consumers.toml"

[gate]
baseline = "baseline.txt"

[gate.stages]
regress = false
fuzz = false
"""

NEXT = "2024-08-11"
WHOLE = POLICY.replace("regress = false\nfuzz = false\n", "")

Call = Callable[..., tuple[int, str, str]]


def alone(*stages: str) -> None:
    """The policy, in the working directory, with all stages off but these."""
    head, _, _ = POLICY.partition("[gate.stages]")
    off = "".join(f"{stage} = false\n" for stage in STAGES if stage not in stages)
    Path("ccheck.toml").write_text(f"{head}[gate.stages]\n{off}", encoding="utf-8")


def lay_out(folder: Path) -> None:
    """The policy, what it names, and the two releases."""
    (folder / "ccheck.toml").write_text(POLICY, encoding="utf-8")
    for file in ("definitions.bin", "consumers.toml"):
        shutil.copyfile(CORPUS / file, folder / file)
    for release, content in (("march", MARCH), ("july", JULY)):
        (folder / release).mkdir()
        shutil.copyfile(content, folder / release / content.name)


def caller(capsys: pytest.CaptureFixture[str]) -> Call:
    """What runs the command line: status, standard output, standard error."""

    def call(*args: object) -> tuple[int, str, str]:
        status = run([str(a) for a in args])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


def recorded(call: Call) -> None:
    """The baseline with what March used."""
    assert call("baseline", "add", "march", "--release", "2024-03", "--on", "2024-03-05")[0] == 0


def verify(cc: Call, *args: object, on: str = NEXT) -> tuple[int, str]:
    """`ccheck verify march.json march` with the policy: status and standard output."""
    status, out, _ = cc(
        "verify",
        "march.json",
        *(args or ("march",)),
        "--key",
        "gate.pub",
        "--config",
        "ccheck.toml",
        "--on",
        on,
    )
    return status, out


def corpus_of_july() -> None:
    """A corpus with the file of July as what once broke something."""
    folder = Path("corpus/channel/regress/july")
    folder.mkdir(parents=True)
    for file in ("definitions.bin", "consumers.toml"):
        shutil.copyfile(file, folder / file)
    (folder / "file.bin").write_bytes(JULY.read_bytes())
    (folder / "why.txt").write_text("the file of July 2024\n7.11 read past its inputs\n", encoding="utf-8")
    setup = {"schema": "channel", "use_config": False, "definitions": ["definitions.bin"]}
    setup |= {"consumers": "consumers.toml", "on": DAY}
    (folder / "setup.json").write_text(json.dumps(setup), encoding="utf-8")
