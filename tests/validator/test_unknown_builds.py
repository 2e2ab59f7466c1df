"""Builds without facts, and tables by build: each place that prints a table names them, and none mistakes them."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from ccheck.cli.main import run
from ccheck.config.gate_policy import STAGES
from tests.conftest import ROOT

Cli = Callable[..., tuple[int, str, str]]
POLICY = ROOT / "corpus" / "apparmor" / "base.bin"
CHANNEL = ROOT / "corpus" / "channel"
SCHEMA = json.loads((ROOT / "docs" / "report.schema.json").read_text(encoding="utf-8"))
UBUNTU = "not read: its AppArmor has patches of its own"
OTHERS = "not read: only the releases that are named as versions here were"
LTS = ("--no-config", "--consumers", "builtin:linux-lts")

BUILD = """\
format = 2

[[consumer]]
name = "mine"
version = "1"
platform = "linux-x64"
pointer_bits = 64
supported_from = 2020-01-01
formats = ["regdb"]

[consumer.sets]
regdb_versions = [20]
regdb_rule_lengths = [16, 18, 20]

[consumer.limits]
regdb_rules = 128

"""
OTHER = '[[unknown]]\nname = "{}"\nwhy = "nobody asked"\nformats = ["{}"]\n\n'


@pytest.fixture
def cc(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Cli:
    """Run the command line in an empty folder: status, standard output, standard error."""
    monkeypatch.chdir(tmp_path)

    def call(*args: object) -> tuple[int, str, str]:
        status = run([str(one) for one in args])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


def listing(*unknown: tuple[str, str], name: str = "c.toml") -> Path:
    """Writes a file of builds with one build, and builds without facts: name and format of each."""
    path = Path(name)
    path.write_text(BUILD + "".join(OTHER.format(*one) for one in unknown), encoding="utf-8")
    return path


def test_a_misspelt_format_of_unknown_builds_is_an_error(cc: Cli) -> None:
    """A row that no format has would be left out of each table without a word."""
    file = ROOT / "corpus" / "regdb" / "base.bin"
    builds = listing(("others", "regbd"))
    status, _, err = cc("validate", "--no-config", "--consumers", builds, file)
    assert status == 2
    assert 'c.toml:21: unknown[0].formats: "regbd" is no format in use; did you mean regdb?' in err
    assert cc("validate", "--no-config", "--consumers", listing(("others", "regdb")), file)[0] == 0


def test_names_of_unknown_builds_are_compared_too(cc: Cli) -> None:
    """A build and builds without facts of one name, or two of those, could not be told apart."""
    builds = listing(("mine", "regdb"), ("others", "regdb"), ("others", "apparmor"))
    status, _, err = cc("consumers", "list", builds)
    assert status == 2
    assert 'c.toml:19: unknown[0].name: "mine" is the name of consumer[0] too, line 3' in err
    assert 'c.toml:29: unknown[2].name: "others" is the name of unknown[1] too, line 23' in err


def test_run_names_them(cc: Cli) -> None:
    """The table of `ccheck run` ends with them, its JSON lists them, and --consumer leaves them out."""
    status, out, _ = cc("run", *LTS, POLICY)
    assert status == 0
    assert f"\nother releases                unknown  {OTHERS}\n" in out
    assert out.endswith(f"\nkernels of Ubuntu             unknown  {UBUNTU}\n")
    (done,) = [json.loads(line) for line in cc("run", *LTS, POLICY, "--format", "json")[1].splitlines()]
    assert done["unknown"] == [
        {"consumer": "other releases", "why": OTHERS},
        {"consumer": "kernels of Ubuntu", "why": UBUNTU},
    ]
    assert len(done["outcomes"]) == 7
    assert "unknown" not in cc("run", *LTS, POLICY, "--consumer", "linux-6.1")[1]


def test_consumers_list_names_them_and_each_window(cc: Cli) -> None:
    """`ccheck consumers list FILE` says when each build is supported, and of which nothing is stated."""
    builds = listing(("others", "regdb"))
    text = builds.read_text(encoding="utf-8")
    builds.write_text(
        text.replace("2020-01-01\n", "2020-01-01\nsupported_until = 2026-06-30\n"), encoding="utf-8"
    )
    status, out, _ = cc("consumers", "list", builds)
    assert status == 0
    assert out == (
        "mine                 1, linux-x64: regdb; supported from 2020-01-01 to 2026-06-30\n"
        "others               unknown: regdb; nobody asked\n"
    )


def test_diff_names_what_changed_of_them(cc: Cli) -> None:
    """`ccheck diff --consumers` says which builds without facts are new, gone, or described anew."""
    old = listing(("gone", "regdb"), ("kept", "regdb"), ("same", "regdb"), name="old.toml")
    new = listing(("kept", "apparmor"), ("same", "regdb"), ("new", "regdb"), name="new.toml")
    status, out, _ = cc("diff", "--consumers", old, new)
    assert status == 0
    assert out == (
        "- gone is not named as unknown any more\n"
        "~ kept (unknown) formats: regdb → apparmor\n"
        "+ new is named as unknown, for regdb: nobody asked\n"
    )


def test_the_gate_names_them_in_every_form(cc: Cli) -> None:
    """Output, JSON, Markdown, page and signed verdict of the gate name the builds without facts."""
    off = "".join(f"{stage} = false\n" for stage in STAGES if stage != "validate")
    policy = f'format = 1\nconsumers = "c.toml"\n[gate]\n[gate.stages]\n{off}'
    Path("ccheck.toml").write_text(policy, encoding="utf-8")
    listing(("others", "regdb"), ("of another format", "apparmor"))
    Path("release").mkdir()
    Path("release", "regulatory.db").write_bytes((ROOT / "corpus" / "regdb" / "base.bin").read_bytes())
    assert cc("keys", "new", "gate")[0] == 0
    forms = ("--json", "g.json", "--markdown", "g.md", "--report", "g.html")
    words = ("--key", "gate.key", "--verdict", "v.json", *forms)
    status, out, err = cc("gate", "release", *words)
    assert status == 0, out + err
    assert "\nunknown     others: nobody asked\n" in out
    row = {"name": "others", "why": "nobody asked", "formats": ["regdb"]}
    whole = json.loads(Path("g.json").read_text(encoding="utf-8"))
    assert whole["unknown"] == [row]
    of_files = {**SCHEMA, "required": [], "properties": {"files": SCHEMA["properties"]["files"]}}
    Draft202012Validator(of_files).validate({"files": whole["reports"]})
    assert "* others: nobody asked\n" in Path("g.md").read_text(encoding="utf-8")
    assert "<strong>others</strong>: nobody asked" in Path("g.html").read_text(encoding="utf-8")
    signed = json.loads(Path("v.json").read_text(encoding="utf-8"))["payload"]
    assert json.loads(base64.b64decode(signed))["predicate"]["unknown"] == [row]


@pytest.mark.parametrize(
    "words",
    [
        (*LTS, POLICY, ROOT / "corpus" / "regdb", ROOT / "corpus" / "devicetree" / "base.bin"),
        (*LTS, ROOT / "corpus" / "apparmor"),
        (*LTS, "--consumer", "linux-6.1", "--no-per-build", POLICY),
        (*LTS, "--consumer", "linux-6.1", POLICY, ROOT / "pyproject.toml"),
        ("--no-config", "--consumers", "builtin:sysmon", ROOT / "corpus" / "sysmon" / "base.bin"),
        ("--config", CHANNEL / "ccheck.toml", "--per-build", CHANNEL / "field-past-inputs"),
        ("--config", CHANNEL / "ccheck.toml", "--max-findings", "1", CHANNEL),
        ("--no-config", "--canonical", ROOT / "corpus" / "devicetree"),
        ("--no-config", ROOT / "corpus" / "apparmor" / "all-zero", ROOT / "README.md"),
    ],
)
def test_real_reports_have_the_published_shape(cc: Cli, words: tuple[object, ...]) -> None:
    """Reports of real files, of each format and with each kind of table, are what the schema describes."""
    report = json.loads(cc("validate", "--format", "json", *words)[1])
    assert report["files"]
    Draft202012Validator(SCHEMA).validate(report)


def test_the_table_and_the_interpreter_agree(cc: Cli) -> None:
    """What a kernel's facts pass, it runs; what they fail, it does not. What only ccheck refuses is marked so."""
    folder = ROOT / "corpus" / "apparmor"
    unread = {"all-zero", "file-empty", "unrecognised-content"}
    files = [one for one in sorted(folder.rglob("*.bin")) if one.relative_to(folder).parts[0] not in unread]
    reports = json.loads(cc("validate", "--format", "json", *LTS, *files)[1])["files"]
    seen: Counter[tuple[str | None, str]] = Counter()
    for file, report in zip(files, reports, strict=True):
        table = {one["build"]: one for one in report["builds"]}
        for outcome in json.loads(cc("run", "--format", "json", *LTS, file)[1])["outcomes"]:
            runs = outcome["verdict"] == "run" and not outcome["telemetry"]
            row = table[outcome["consumer"]]
            assert (row["verdict"] == "pass") is (row["refused_by"] is None)
            assert runs or row["verdict"] == "fail", (file, row, outcome)
            assert not (runs and row["refused_by"] == "build"), (file, row, outcome)
            seen[row["refused_by"], outcome["verdict"]] += 1
    assert seen["ccheck", "run"] > 50
    assert seen["build", "refuse"] > 100


def test_the_table_says_what_ccheck_alone_refuses(cc: Cli) -> None:
    """Linux 5.15 takes a key twice: its row says that the reason is none of its facts."""
    file = ROOT / "corpus" / "apparmor" / "apparmor-key-repeated" / "bad" / "twice.bin"
    out = cc("validate", *LTS, file)[1]
    (row,) = [line for line in out.splitlines() if line.startswith("linux-5.15 ")]
    words = "refused by ccheck for every build, whatever its facts: the key 'k' has data already"
    assert row.split("fail     ")[1] == words
    out = cc("validate", *LTS, ROOT / "corpus" / "regdb" / "base-19.bin")[1]
    assert "refused by ccheck" not in out
