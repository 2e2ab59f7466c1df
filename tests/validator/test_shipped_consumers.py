"""The builds that ccheck ships for formats with public readers, and formats that do not require builds."""

from __future__ import annotations

import json
import re
import struct
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import click
import pytest

from ccheck.api import validate
from ccheck.cli.main import ccheck, run
from ccheck.cli.single_option import SingleOption
from ccheck.core.consumers import load_consumers
from ccheck.core.contract import missing
from ccheck.core.finding import FileReport
from ccheck.core.shipped_consumers import consumers_path, shipped_names
from ccheck.formats.registry import FORMATS, named
from ccheck.formats.sysmon.builds import builds
from ccheck.judging.preparation import prepare
from ccheck_schemas.formats.sysmon.tables import FIRST_KNOWN_LAYOUT, generations
from tests.conftest import ROOT

Cli = Callable[..., tuple[int, str, str]]
DAY = date(2026, 11, 1)
OPTIONAL = tuple(known.name for known in FORMATS if not known.schema.builds_required)


@pytest.fixture
def cc(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Run the command line from the root of the project: status, standard output, standard error."""
    monkeypatch.chdir(ROOT)

    def call(*args: object) -> tuple[int, str, str]:
        status = run([str(one) for one in args])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


def built(format_: str, content: Any) -> bytes:
    """Returns the bytes of content."""
    known = named(format_)
    assert known is not None
    assert known.schema.compose is not None
    return known.schema.compose(content)


def verdicts(cc: Cli, file: Path, consumers: str, *more: str) -> dict[str, str]:
    """Returns the verdict for each build of which facts are stated, as `ccheck validate` writes it."""
    _, out, _ = cc("validate", "--no-config", "--format", "json", "--consumers", consumers, *more, file)
    (report,) = json.loads(out)["files"]
    return {one["build"]: one["verdict"] for one in report["builds"] if one["verdict"] != "unknown"}


def policy(**profile: Any) -> dict[str, Any]:
    """Returns the content of a policy of one profile."""
    plain = {"version": 7, "name": "/usr/bin/a", "file": {"rules": [{"path": "/etc/a", "allow": ["read"]}]}}
    return {"profiles": [{**plain, **profile}]}


def tree(depth: int) -> dict[str, Any]:
    """Returns the content of a devicetree with nodes so deep in each other, the root included."""
    node: dict[str, Any] = {"name": "n", "properties": []}
    for _ in range(depth - 2):
        node = {"name": "n", "properties": [], "nodes": [node]}
    return {"root": {"properties": [], "nodes": [node]}}


def test_each_optional_format_has_shipped_builds_that_state_all_its_facts() -> None:
    """A shipped build states every fact of each format that it reads, and each such format has builds."""
    reading: dict[str, int] = {}
    for name in shipped_names():
        listed = load_consumers(consumers_path(name))
        assert str(listed.path) == name
        for build in listed.builds:
            for format_ in build.formats or ():
                known = named(format_)
                assert known is not None, (name, build.name, format_)
                assert missing(known.facts, build) == (), (name, build.name)
                reading[format_] = reading.get(format_, 0) + 1
    assert set(reading) == set(OPTIONAL) == {"sysmon", "regdb", "devicetree", "apparmor"}


@pytest.mark.parametrize("name", [name for name in shipped_names() if name != "builtin:sysmon"])
def test_each_shipped_fact_says_where_it_was_read(name: str) -> None:
    """Behind each fact, or in the comment above it, stand a file of the source and a function."""
    facts = 0
    comment = ""
    for line in consumers_path(name).read_text(encoding="utf-8").splitlines():
        fact, _, said = line.partition("#")
        if not fact.strip():
            comment = said
            continue
        if re.match(r"(regdb|apparmor|devicetree)_\w+ = ", fact):
            facts += 1
            assert re.search(r"\.c\b|arch/|unpack_", f"{said} {comment}"), line
        comment = ""
    assert facts > 2


def test_the_builds_of_sysmon_are_those_of_its_tables() -> None:
    """The shipped file is what the tables of the generations give."""
    assert consumers_path("builtin:sysmon").read_text(encoding="utf-8") == builds()


REFUSING = {
    "sysmon-unknown-event",
    "sysmon-event-not-filtered",
    "sysmon-field-past-table",
    "sysmon-field-of-sibling",
    "sysmon-unknown-operator",
    "sysmon-version-of-target",
}
CONTRACT = {"count-exceeded", "value-not-understood"}


def _blobs() -> Iterator[bytes]:
    """Yields blobs of the corpus, and some with another event, field, operator or version."""
    known = named("sysmon")
    assert known is not None
    random = Random(7)
    for path in sorted((ROOT / "corpus" / "sysmon").rglob("good/*.bin")):
        data = path.read_bytes()
        yield data
        places = [
            record.span(name).offset
            for record in _records(known.schema, data)
            for name in ("event_id", "field_id", "filter_type")
            if name in record.values
        ]
        for _ in range(6):
            changed = bytearray(data)
            at = random.choice(places)
            changed[at : at + 4] = random.randrange(32).to_bytes(4, "little")
            yield bytes(changed)
        for version in (0x0009000A, 0x00090014, 0x000D0000, 0x00100000):
            yield version.to_bytes(4, "little") + data[4:]


def _records(schema: Any, data: bytes) -> Iterator[Any]:
    from ccheck_schemas.read import read

    for event in read(schema.layout, data).root.get("events") or ():
        yield event
        yield from event.get("filters") or ()


def _found(report: FileReport, of: set[str]) -> set[str]:
    """Returns the checks that found something; a blob of another major version is a warning for a target."""
    return {one.check for one in report.findings if one.check in of}


def test_a_target_is_the_short_form_of_the_shipped_build_of_its_version() -> None:
    """`--target 4.70` refuses what the shipped build of 4.70 refuses, and nothing else."""
    refused = compared = 0
    blobs = list(_blobs())
    for generation in generations():
        if generation.binary < FIRST_KNOWN_LAYOUT:
            continue
        options: Any = {"schema": "sysmon", "use_config": False, "on": DAY}
        target = prepare(**options, target=generation.schema)
        build = prepare(
            **options, consumers=consumers_path("builtin:sysmon"), builds=(f"sysmon-{generation.schema}",)
        )
        for data in blobs[:: 1 if generation.schema in ("4.32", "4.81") else 7]:
            ours = target.judged(data, "a.bin", "a.bin")
            theirs = build.judged(data, "a.bin", "a.bin")
            assert not _found(ours, CONTRACT)
            by_target, by_build = _found(ours, REFUSING), _found(theirs, CONTRACT)
            assert bool(by_target) is bool(by_build), (
                generation.schema,
                data[:64].hex(),
                by_target,
                by_build,
            )
            compared += 1
            refused += bool(by_target)
    assert 50 < refused < compared - 50


def test_which_kernels_take_a_policy(cc: Cli, tmp_path: Path) -> None:
    """The items of a profile, its version, mode and DFAs decide; each fact is from the source."""
    file = tmp_path / "policy.bin"
    old = {"linux-5.4", "linux-5.10", "linux-5.15", "linux-6.1"}
    before_7 = old | {"linux-6.6", "linux-6.12"}
    rules = [{"path": "a", "accept": 1}]
    perms = {"entries": [{}, {"allow": 1}, {}]}
    flagged = {"perms": perms, "permsv": 3, "rules": rules}
    tags = {
        "texts": ["t\0"],
        "headers": [{"mask": 1, "count": 1, "size": 3, "tags": 0}],
        "sets": [1, 0],
    }
    zeros = [0] * 256
    wide = [
        {"id": kind, "values": values} | ({"size": 4} if kind in ("default", "next", "check") else {})
        for kind, values in {
            "accept": [0, 0], "accept2": [0, 0], "base": [0, 0], "default": [0, 0], "next": zeros, "check": zeros,
        }.items()
    ]  # fmt: skip
    cases: list[tuple[dict[str, Any], set[str]]] = [
        (policy(), set()),
        (policy(version=8), {"linux-5.4"}),
        (policy(version=9), old),
        (policy(mode="prompt"), old),
        (policy(file={"rules": rules, "xtable": [f"n{at}" for at in range(12)]}), set()),
        (policy(file={"rules": rules, "xtable": [f"n{at}" for at in range(13)]}), old),
        (policy(file={"xtable": ["n"]}), {"linux-6.6"}),
        (policy(rlimits={"mask": 1, "limits": [0] * 16}), set()),
        (policy(file={"perms": perms, "rules": rules}), old),
        (policy(file=flagged), before_7),
        (policy(kill=9), before_7),
        (policy(file={"tables": wide}), before_7),
        (policy(policydb={"rules": rules, "dfa_start": 1}), old),
        (policy(policydb={"rules": rules, "xtable": []}), old),
        (policy(file={"rules": rules, "start": 1}), old),
        (policy(xmatch={"rules": rules, "length": 1, "start": 1}), old),
        # Linux 7.2 reads tags, and takes none: its reader of their headers returns 1 where it succeeds.
        (policy(file={"tags": tags} | flagged), before_7 | {"linux-7.2"}),
        (policy(name=":n:/usr/bin/a"), {"linux-5.10", "linux-5.15", "linux-6.6"}),
        (policy(disconnected_ipc="/i"), before_7 | {"linux-7.2"}),
    ]
    for content, refusing in cases:
        file.write_bytes(built("apparmor", content))
        found = verdicts(cc, file, "builtin:linux-lts")
        assert len(found) == 7
        assert {name for name, verdict in found.items() if verdict == "fail"} == refusing, content


OLD = ("5.4", "5.10", "5.15", "6.6")
"""Kernels that compare no start states, default states of differences, and chains."""


@pytest.mark.parametrize(
    ("file", "crash", "run"),
    [
        ("apparmor-name-empty/bad/namespace_alone", ("5.4", "5.15", "6.6"), ()),
        ("apparmor-chain-endless/bad/two_states", OLD, ()),
        ("apparmor-chain-endless/bad/to_itself", (), ()),
        ("apparmor-chain-endless/good/ends", OLD, ("6.1", "6.12", "7.2")),
        ("apparmor-start-outside/bad/policydb", OLD, ()),
        ("apparmor-start-outside/bad/file_start_in_policydb", ("6.6",), ()),
        ("apparmor-key-repeated/bad/twice", (), ("5.4", "5.15")),
        ("apparmor-namespace-mixed/bad/two_items", (), (*OLD, "6.1", "6.12")),
        ("apparmor-namespace-mixed/bad/none_and_name", (), ()),
        ("apparmor-namespace-mixed/bad/none_and_item", (), (*OLD, "6.1", "6.12", "7.2")),
        ("apparmor-namespace-mixed/bad/item_and_none", (), (*OLD, "6.1", "6.12", "7.2")),
        (
            "apparmor-namespace-mixed/bad/name_and_none",
            ("5.10", "5.15", "6.6"),
            ("5.4", "6.1", "6.12", "7.2"),
        ),
        ("apparmor-namespace-mixed/good/one_in_two_forms", (), ("6.1", "6.12", "7.2")),
        ("apparmor-namespace-mixed/good/hat_of_a_namespace", (), (*OLD, "6.1", "6.12", "7.2")),
        ("apparmor-rename-freed/bad/former_name", (*OLD, "6.1", "6.12", "7.2"), ()),
        ("apparmor-permission-outside/bad/of_an_attachment", ("6.6", "6.12", "7.2"), ()),
        ("apparmor-permission-outside/bad/of_others", ("7.2",), ()),
        ("apparmor-table-size-wrong/good/states_of_4_bytes", (), ("7.2",)),
        ("apparmor-tags-inconsistent/good/two_tags", (), ()),
        ("apparmor-mode-unknown/good/prompt", (), ("6.6", "6.12", "7.2")),
        ("apparmor-text-cut/bad/name", (), (*OLD, "6.1", "6.12", "7.2")),
    ],
)
def test_each_kernel_does_what_its_facts_say(
    cc: Cli, file: str, crash: tuple[str, ...], run: tuple[str, ...]
) -> None:
    """Under the shipped kernels a file crashes some, runs in others, and is refused by the rest."""
    words = ("run", "--no-config", "--consumers", "builtin:linux-lts", "--format", "json")
    _, out, _ = cc(*words, ROOT / "corpus" / "apparmor" / f"{file}.bin")
    outcomes = json.loads(out)["outcomes"]
    verdicts = {one["consumer"].removeprefix("linux-"): one["verdict"] for one in outcomes}
    assert set(verdicts) == {*OLD, "6.1", "6.12", "7.2"}
    assert {name for name, verdict in verdicts.items() if verdict == "crash"} == set(crash)
    assert {name for name, verdict in verdicts.items() if verdict == "run"} == set(run)


FORMS: tuple[dict[str, str], ...] = (
    {"name": "{0}"},
    {"name": "{0}", "namespace": "n"},
    {"name": "{0}", "namespace": "m"},
    {"name": ":n:{0}"},
    {"name": "a//{0}"},
)
"""How a profile states its namespace; the last one is a child, and states none."""


def test_where_profiles_of_several_namespaces_go(cc: Cli, tmp_path: Path) -> None:
    """A kernel passes a load only where it runs, and each profile goes where it states; both readings agree."""
    files: list[Path] = []
    for forms in (*product(FORMS, repeat=2), *product(FORMS[:2] + FORMS[3:], repeat=3)):
        profiles: list[dict[str, Any]] = [
            {key: value.format(name) for key, value in form.items()}
            for form, name in zip(forms, "abc", strict=False)
        ]
        profiles[0]["version"] = 7
        file = tmp_path / f"{len(files)}.bin"
        file.write_bytes(built("apparmor", {"profiles": profiles}))
        files.append(file)
    words = ("--no-config", "--consumers", "builtin:linux-lts", "--format", "json")
    reports = json.loads(cc("validate", *words, *files)[1])["files"]
    differ: Counter[int] = Counter()
    for file, report in zip(files, reports, strict=True):
        table = {one["build"]: one["verdict"] for one in report["builds"] if one["verdict"] != "unknown"}
        outcomes = json.loads(cc("run", *words, file)[1])["outcomes"]
        ran = {one["consumer"]: one["verdict"] == "run" and not one["telemetry"] for one in outcomes}
        if b":n:" in file.read_bytes():
            # A namespace in a name fails for these as such: most of such loads they free twice.
            ran |= dict.fromkeys(("linux-5.10", "linux-5.15", "linux-6.6"), False)
        assert table == {name: "pass" if right else "fail" for name, right in ran.items()}, report
        differ[len(set(table.values()))] += 1
    assert differ[1] > 10
    assert differ[2] > 5


def test_the_report_says_where_each_kernel_puts_a_profile(cc: Cli) -> None:
    """Without builds a mixed load fails; with builds each is named with the namespace that decides."""
    file = ROOT / "corpus" / "apparmor" / "apparmor-namespace-mixed" / "bad" / "item_and_none.bin"
    said = "the profile '/usr/bin/b' states no namespace, and '/usr/bin/a' of the same load namespace 'n'"
    assert f"error[apparmor-namespace-mixed]: {said}\n" in cc("validate", "--no-config", file)[1]
    words = ("--no-config", "--consumers", "builtin:linux-lts", file)
    out = cc("validate", *words)[1]
    assert (
        f"{said}: linux-5.4, linux-5.10, linux-5.15 and linux-6.6 load all into no namespace; linux-6.1,"
        " linux-6.12 and linux-7.2 load all into namespace 'n'\n"
    ) in out
    out = cc("run", *words)[1]
    assert (
        "linux-5.4          linux-x64  run      profile '/usr/bin/a' states namespace 'n', and is loaded into no"
        in out
    )
    assert (
        "linux-7.2          linux-x64  run      profile '/usr/bin/b' states no namespace, and is loaded into name"
        in out
    )


def test_which_readers_take_a_devicetree(cc: Cli, tmp_path: Path) -> None:
    """Linux on arm64 takes 63 nodes inside each other, and 2 MiB; boot loaders state neither limit."""
    file = tmp_path / "board.dtb"
    for content, takes in ((tree(63), True), (tree(64), False)):
        file.write_bytes(built("devicetree", content))
        assert set(verdicts(cc, file, "builtin:linux-lts").values()) == {"pass" if takes else "fail"}
        assert set(verdicts(cc, file, "builtin:boot").values()) == {"pass"}
    large = {"root": {"properties": [{"name": "blob", "hex": "00" * (2 << 20)}], "nodes": []}}
    file.write_bytes(built("devicetree", large))
    assert set(verdicts(cc, file, "builtin:linux-lts").values()) == {"fail"}
    assert set(verdicts(cc, file, "builtin:boot").values()) == {"pass"}


def test_no_kernel_reads_the_old_regulatory_database(cc: Cli) -> None:
    """Version 19 was read by a helper outside the kernel."""
    old = ROOT / "corpus" / "regdb" / "base-19.bin"
    new = ROOT / "corpus" / "regdb" / "base.bin"
    assert set(verdicts(cc, new, "builtin:linux-lts").values()) == {"pass"}
    assert set(verdicts(cc, old, "builtin:linux-lts").values()) == {"fail"}


def test_the_table_stands_above_the_verdict(cc: Cli) -> None:
    """Text names each build once, with the first reason; --no-per-build leaves the table out."""
    old = ROOT / "corpus" / "regdb" / "base-19.bin"
    words = ("validate", "--no-config", "--consumers", "builtin:linux-lts", old)
    status, out, _ = cc(*words)
    assert status == 1
    lines = out.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("consumer "))
    assert [line.split()[0] for line in lines[at + 1 : at + 8]] == [
        f"linux-{version}" for version in ("5.4", "5.10", "5.15", "6.1", "6.6", "6.12", "7.2")
    ]
    assert all("19" in line and line.split()[2] == "fail" for line in lines[at + 1 : at + 8])
    assert lines[at + 8].split()[:4] == ["other", "releases", "unknown", "not"]
    assert lines[at + 9].startswith("fail  ")
    assert "\nconsumer " not in cc(*words, "--no-per-build")[1]


def test_what_nobody_read_is_unknown(cc: Cli) -> None:
    """Kernels that nobody read stand in the table as unknown, and fail no file; --consumer leaves them out."""
    file = ROOT / "corpus" / "apparmor" / "base.bin"
    words = ("validate", "--no-config", "--format", "json", "--consumers", "builtin:linux-lts")
    status, out, _ = cc(*words, file)
    (report,) = json.loads(out)["files"]
    unknown = {one["build"]: one["why"] for one in report["builds"] if one["verdict"] == "unknown"}
    assert (status, set(unknown)) == (0, {"other releases", "kernels of Ubuntu"})
    assert all(why.startswith("not read") for why in unknown.values())
    (report,) = json.loads(cc(*words, "--consumer", "linux-6.12", file)[1])["files"]
    assert [one["build"] for one in report["builds"]] == ["linux-6.12"]


def test_one_build_of_several(cc: Cli, tmp_path: Path) -> None:
    """--consumer judges for the named builds alone; one that is not listed is refused."""
    file = tmp_path / "policy.bin"
    file.write_bytes(built("apparmor", policy(version=8)))
    words = ("validate", "--no-config", "--consumers", "builtin:linux-lts")
    assert cc(*words, file)[0] == 1
    status, out, _ = cc(*words, "--consumer", "linux-6.1", "--consumer", "linux-7.2", file)
    assert status == 0
    assert "judged for linux-6.1, linux-7.2 alone" in out
    _, out, _ = cc(*words, "--consumer", "linux-6.1", "--format", "json", file)
    assert json.loads(out)["judged_for"] == ["linux-6.1"]
    status, _, err = cc(*words, "--consumer", "linux-6.2", file)
    assert status == 2
    assert "did you mean linux-" in err
    status, _, err = cc("validate", "--no-config", "--consumer", "linux-6.1", file)
    assert status == 2
    assert "no consumers were named" in err


def test_a_verdict_for_each_channel_build(cc: Cli) -> None:
    """--per-build is for builds of one's own too, and for definitions that only one build keeps."""
    corpus = ROOT / "corpus" / "channel"
    file = corpus / "field-past-inputs" / "bad" / "C-00000291-00000000-00000032.bin"
    found = verdicts(
        cc, file, str(corpus / "consumers.toml"), "--per-build", "--definitions", str(corpus / "definitions.bin"),
        "--on", "2026-11-01",
    )  # fmt: skip
    assert "fail" in found.values()
    assert len(found) > 1


FACTS = """
[consumer.sets]
regdb_versions = [20]
regdb_rule_lengths = [16, 18, 20]

[consumer.limits]
regdb_rules = 128
"""
HEAD = """format = 2
[[consumer]]
name = "mine"
version = "1"
platform = "linux-x64"
pointer_bits = 64
supported_from = 2020-01-01
"""


@pytest.mark.parametrize(
    ("lines", "status", "words"),
    [
        pytest.param('formats = ["regdb"]\n' + FACTS, 0, "", id="a build that lists the format"),
        pytest.param(FACTS, 0, "", id="a build that states its facts"),
        pytest.param(FACTS.replace("[20]", "[19]"), 1, "value-not-understood", id="it is compared"),
        pytest.param(FACTS.replace("regdb_rules", "# "), 1, "facts-missing", id="a fact is missing"),
        pytest.param("", 1, "consumers-missing", id="a build that says nothing of the format"),
        pytest.param('formats = ["channel"]\n', 1, "consumers-missing", id="a build of another format"),
        pytest.param('formats = ["regdb"]\n', 1, "facts-missing", id="no facts at all"),
        pytest.param("supported_until = 2020-02-01\n" + FACTS, 1, "consumers-missing", id="out of support"),
    ],
)
def test_builds_of_a_format_that_does_not_require_them(
    cc: Cli, tmp_path: Path, lines: str, status: int, words: str
) -> None:
    """Builds that say they read the format are compared; what is missing never reads as unlimited."""
    listed = tmp_path / "consumers.toml"
    listed.write_text(HEAD + lines, encoding="utf-8")
    file = ROOT / "corpus" / "regdb" / "base.bin"
    found = cc("validate", "--no-config", "--consumers", listed, file)
    assert found[0] == status, found
    assert words in found[1]


def test_builds_of_which_none_reads_the_named_schema(cc: Cli, tmp_path: Path) -> None:
    """A schema and builds that were both named are compared, or the command fails."""
    listed = tmp_path / "consumers.toml"
    listed.write_text(HEAD, encoding="utf-8")
    file = ROOT / "corpus" / "regdb" / "base.bin"
    status, _, err = cc("validate", "--no-config", "--schema", "regdb", "--consumers", listed, file)
    assert status == 2
    assert "no build of" in err
    assert "reads files of regdb" in err


def test_a_named_schema_is_judged_for_the_shipped_builds_that_read_it(cc: Cli) -> None:
    """A shipped file has builds of other formats too: they are left out."""
    for format_ in ("regdb", "devicetree", "apparmor"):
        file = ROOT / "corpus" / format_ / "base.bin"
        found = verdicts(cc, file, "builtin:linux-lts", "--schema", format_)
        assert len(found) == 7
        assert set(found.values()) == {"pass"}


def test_a_shipped_file_named_in_ccheck_toml_has_a_table(cc: Cli, tmp_path: Path) -> None:
    """The table is the default for shipped builds, however they were named; --no-per-build leaves it out."""
    (tmp_path / "ccheck.toml").write_text('format = 1\nconsumers = "builtin:boot"\n', encoding="utf-8")
    words = ("validate", "--config", tmp_path / "ccheck.toml", ROOT / "corpus" / "devicetree" / "base.bin")
    assert "\nu-boot-2025.01 " in cc(*words)[1]
    assert "\nu-boot-2025.01 " not in cc(*words, "--no-per-build")[1]
    status, _, err = cc(*words, "--per-build", "--format", "sarif")
    assert status == 2
    assert "the table is in reports as text and json" in err


def test_a_finding_that_is_set_aside_is_said_in_the_table(cc: Cli, tmp_path: Path) -> None:
    """A build passes a file whose finding the policy suppresses, and the row says so."""
    (tmp_path / "ccheck.toml").write_text(
        'format = 1\nconsumers = "builtin:linux-lts"\n[[suppress]]\ncheck = "value-not-understood"\n'
        'reason = "tried"\nexpires = 2100-01-01\n',
        encoding="utf-8",
    )
    old = ROOT / "corpus" / "regdb" / "base-19.bin"
    status, out, _ = cc("validate", "--config", tmp_path / "ccheck.toml", "--format", "json", old)
    assert status == 0
    (report,) = json.loads(out)["files"]
    known = [one for one in report["builds"] if one["verdict"] != "unknown"]
    assert {(one["verdict"], one["why"]) for one in known} == {("pass", "1 finding set aside")}


def test_a_table_says_first_what_the_build_itself_lacks(cc: Cli, tmp_path: Path) -> None:
    """A file with another fault too: the fact of the build comes first, and the rest is counted."""
    data = bytearray(built("apparmor", policy(version=8)))
    at = data.index(b"\x04\x06\x00flags\x00\x07") + 10
    data[at + 1 : at + 5] = (1 << 20).to_bytes(4, "little")  # a flag that nothing knows
    file = tmp_path / "policy.bin"
    file.write_bytes(data)
    _, out, _ = cc("validate", "--no-config", "--format", "json", "--consumers", "builtin:linux-lts", file)
    (report,) = json.loads(out)["files"]
    why = {one["build"]: one["why"] for one in report["builds"]}
    assert "does not list it in apparmor_versions (and 1 more)" in why["linux-5.4"]
    assert "apparmor_versions" not in why["linux-6.1"]


def test_a_tree_that_is_cut_in_the_name_of_a_node_has_its_finding(cc: Cli, tmp_path: Path) -> None:
    """The depth of such a tree is compared, and nothing crashes."""
    data = struct.pack(">10I", 0xD00DFEED, 60, 56, 60, 40, 17, 16, 0, 0, 4) + bytes(16) + struct.pack(">I", 1)
    file = tmp_path / "cut.dtb"
    file.write_bytes(data)
    status, out, _ = cc("validate", "--no-config", "--consumers", "builtin:boot", file)
    assert status == 1
    assert "error[truncated]" in out
    assert "examination-crashed" not in out


def test_a_local_file_is_never_taken_for_a_shipped_one(
    cc: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name of the command line is a shipped file; a path is the user's, and reports show where it lies."""
    own = tmp_path / "builtin:linux-lts"
    own.write_text(HEAD + FACTS.replace("[20]", "[19]"), encoding="utf-8")
    file = ROOT / "corpus" / "regdb" / "base.bin"
    assert cc("validate", "--no-config", "--consumers", "builtin:linux-lts", file)[0] == 0
    monkeypatch.chdir(tmp_path)
    for path in ("./builtin:linux-lts", str(own)):
        assert run(["validate", "--no-config", "--consumers", path, str(file)]) == 1
    assert str(load_consumers(Path("./builtin:linux-lts")).path) == str(own)
    assert validate(file, consumers=Path("./builtin:linux-lts"), use_config=False).files[0].verdict == "fail"
    assert validate(file, consumers="builtin:linux-lts", use_config=False).files[0].verdict == "pass"


def test_shipped_builds_are_not_written_or_compared_with_binaries(cc: Cli, tmp_path: Path) -> None:
    """`consumers add` and `verify` are for files of one's own."""
    for words in (("add", "x", "--name", "a", "--from", "2026-01-01"), ("verify", "x")):
        status, _, err = cc("consumers", *words, "--consumers", "builtin:linux-lts")
        assert status == 2
        assert "builds that ccheck ships are not written" in err
    status, _, err = cc("consumers", "show", ROOT / "README.md")
    assert status == 2
    assert "it ships builtin:boot" in err


def test_one_build_of_a_shipped_file_is_a_file_of_its_own(cc: Cli, tmp_path: Path) -> None:
    """What `consumers show` prints of some builds is a whole consumers.toml, which a gate can use."""
    status, out, _ = cc("consumers", "show", "builtin:sysmon", "sysmon-4.70")
    assert status == 0
    (tmp_path / "consumers.toml").write_text(out, encoding="utf-8")
    listed = load_consumers(tmp_path / "consumers.toml")
    assert [build.name for build in listed.builds] == ["sysmon-4.70"]
    file = ROOT / "corpus" / "sysmon" / "base.bin"
    assert cc("validate", "--no-config", "--consumers", tmp_path / "consumers.toml", file)[0] == 0
    status, _, err = cc("consumers", "show", "builtin:sysmon", "sysmon-4.7")
    assert status == 2
    assert "did you mean sysmon-4.70" in err


def test_an_option_of_which_one_counts_is_given_once(cc: Cli) -> None:
    """The last of two would count, and the builds of the first would be compared with nothing."""
    file = ROOT / "corpus" / "devicetree" / "base.bin"
    for words in (
        ("--consumers", "builtin:boot", "--consumers", "builtin:linux-lts"),
        ("--schema", "regdb", "--schema", "devicetree"),
        ("--on", "2026-01-01", "--on", "2026-01-02"),
    ):
        for command in ("validate", "run", "gate"):
            status, _, err = cc(command, *words, file)
            assert status == 2, (command, words)
            assert f"{words[0]} is given twice" in err


def test_files_that_run_in_readers_of_their_own_run_under_no_builds(cc: Cli) -> None:
    """What would be ignored is refused."""
    file = ROOT / "corpus" / "regdb" / "base.bin"
    status, _, err = cc("run", "--no-config", "--consumers", "builtin:linux-lts", file)
    assert status == 2
    assert "run in readers of their own" in err


def test_the_gate_counts_the_builds_that_read_a_file(cc: Cli, tmp_path: Path) -> None:
    """Builds of other formats were compared with nothing."""
    release = tmp_path / "release"
    release.mkdir()
    (release / "a.bin").write_bytes((ROOT / "corpus" / "regdb" / "base.bin").read_bytes())
    words = ("gate", "--no-config", "--consumers", "builtin:linux-lts", "--only", "validate", release)
    assert re.search(r"\d+ checks, 7 consumers", cc(*words)[1])


def test_without_builds_judgements_are_those_of_the_format_alone(cc: Cli) -> None:
    """Formats of public readers pass without builds."""
    for format_ in OPTIONAL:
        assert cc("validate", "--no-config", ROOT / "corpus" / format_ / "base.bin")[0] == 0


def test_names_of_shipped_builds(cc: Cli, tmp_path: Path) -> None:
    """An unknown name is refused with those that there are, on the command line and in ccheck.toml."""
    file = ROOT / "corpus" / "regdb" / "base.bin"
    status, _, err = cc("validate", "--no-config", "--consumers", "builtin:linux", file)
    assert status == 2
    assert "did you mean builtin:linux-lts?" in err
    (tmp_path / "ccheck.toml").write_text('format = 1\nconsumers = "builtin:linux"\n', encoding="utf-8")
    status, _, err = cc("validate", "--config", tmp_path / "ccheck.toml", file)
    assert status == 2
    assert "ccheck.toml:2: consumers: ccheck ships no" in err
    (tmp_path / "ccheck.toml").write_text('format = 1\nconsumers = "builtin:linux-lts"\n', encoding="utf-8")
    assert cc("validate", "--config", tmp_path / "ccheck.toml", file)[0] == 0
    old = ROOT / "corpus" / "regdb" / "base-19.bin"
    status, out, _ = cc("validate", "--config", tmp_path / "ccheck.toml", old)
    assert status == 1
    assert "builtin:linux-lts:" in out


def test_listing_and_showing_builds(cc: Cli) -> None:
    """`ccheck consumers list` names the shipped files; `show` prints one that can be written to consumers.toml."""
    status, out, _ = cc("consumers", "list")
    assert status == 0
    assert [line.split()[0] for line in out.splitlines()] == list(shipped_names())
    status, out, _ = cc("consumers", "list", "builtin:boot")
    assert status == 0
    assert "u-boot-2025.01" in out
    status, out, _ = cc("consumers", "show", "builtin:linux-lts")
    assert status == 0
    assert out == consumers_path("builtin:linux-lts").read_text(encoding="utf-8")


SHARED_NAMES = """
from enum import IntEnum
from construct import Array, Const, Int8ul, Struct
from ccheck_schemas.build_facts import Amount, Fact, FactKind
from ccheck_schemas.meaning import Understood, Table
from ccheck_schemas.schema import Schema

class Op(IntEnum):
    LOAD = 1
    STORE = 2

ROW = Struct("again" / Understood(Int8ul, "opcodes"))
SCHEMA = Schema(
    "ops", "operations",
    Struct("magic" / Const(b"OPS1"), "op" / Understood(Int8ul, "opcodes", values=Op), "rows" / Table("rows", 1, ROW)),
    recognise=lambda data: data[:4] == b"OPS1",
    builds_required=False,
)
"""


def test_a_set_has_the_same_names_in_every_field(cc: Cli, tmp_path: Path) -> None:
    """Two fields are compared with one set, and only one of them gives its names: both know them."""
    (tmp_path / "ops.py").write_text(SHARED_NAMES, encoding="utf-8")
    listed = tmp_path / "consumers.toml"
    listed.write_text(HEAD + '[consumer.sets]\nopcodes = ["load"]\n', encoding="utf-8")
    good, bad = tmp_path / "good.bin", tmp_path / "bad.bin"
    good.write_bytes(b"OPS1\1\1")
    bad.write_bytes(b"OPS1\1\2")
    words = ("validate", "--no-config", "--schema", tmp_path / "ops.py")
    assert cc(*words, good)[0] == cc(*words, bad)[0] == 0
    assert cc(*words, "--consumers", listed, good)[0] == 0
    status, out, _ = cc(*words, "--consumers", listed, bad)
    assert status == 1
    assert "2 (store)" in out
    found = verdicts(cc, good, str(listed), "--per-build", "--schema", str(tmp_path / "ops.py"))
    assert found == {"mine": "pass"}


def test_amounts_are_compared_with_a_count_or_set_of_the_contract(tmp_path: Path, cc: Cli) -> None:
    """What a function of the schema gives is compared with the fact of that name, whatever its kind."""
    source = SHARED_NAMES.replace(
        "    builds_required=False,\n",
        '    contract=(Fact(FactKind.COUNT, "slots"), Fact(FactKind.SET, "sizes")),\n'
        '    amounts={"slots": lambda reading: [Amount(2, reading.root.span("op"))],\n'
        '             "sizes": lambda reading: [Amount(reading.size, reading.root.span("magic"))]},\n',
    )
    (tmp_path / "ops.py").write_text(source, encoding="utf-8")
    file, listed = tmp_path / "a.bin", tmp_path / "consumers.toml"
    file.write_bytes(b"OPS1\1\1")
    words = ("validate", "--no-config", "--schema", tmp_path / "ops.py", "--consumers", listed, file)
    for slots, sizes, checks in (
        (3, [6], ()),
        (2, [6], ("count-exceeded",)),
        (3, [7], ("value-not-understood",)),
    ):
        listed.write_text(
            HEAD + f"[consumer.sets]\nopcodes = [1]\nsizes = {sizes}\n[consumer.counts]\nslots = {slots}\n",
            encoding="utf-8",
        )
        status, out, _ = cc(*words)
        assert status == bool(checks), out
        assert all(f"error[{check}]" in out for check in checks)


def test_two_facts_of_one_name_have_no_amounts(tmp_path: Path, cc: Cli) -> None:
    """Amounts are compared with one fact: a name that two facts have is refused."""
    source = SHARED_NAMES.replace(
        "    builds_required=False,\n",
        '    contract=(Fact(FactKind.COUNT, "slots"), Fact(FactKind.SET, "slots")),\n'
        '    amounts={"slots": lambda reading: []},\n',
    )
    (tmp_path / "ops.py").write_text(source, encoding="utf-8")
    (tmp_path / "a.bin").write_bytes(b"OPS1\1\1")
    status, _, err = cc("validate", "--no-config", "--schema", tmp_path / "ops.py", tmp_path / "a.bin")
    assert status == 2
    assert "'slots' is the name of 2 facts" in err


def test_a_shipped_file_is_read_as_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports name a shipped file alike, from whatever folder; the digest is that of its bytes."""
    path = consumers_path("builtin:boot")
    first = load_consumers(path)
    monkeypatch.chdir(path.parent)
    assert load_consumers(Path(path.name)) == replace(first, file=Path(path.name))


def test_each_build_that_is_named_is_compared_or_the_file_fails(cc: Cli, tmp_path: Path) -> None:
    """A named build that does not read the format, or is out of support, was compared with nothing."""
    file = ROOT / "corpus" / "regdb" / "base.bin"
    words = ("validate", "--no-config", "--consumers", "builtin:linux-lts", "--consumer", "linux-5.4")
    status, out, _ = cc(*words, "--consumer", "linux-6.1-arm64", file)
    assert status == 1
    assert "none of the 1 consumer reads files of regdb" in out
    assert "linux-6.1-arm64 does not list regdb" in out
    status, out, _ = cc(*words, "--consumer", "linux-5.4", file)
    assert status == 0
    assert "judged for linux-5.4 alone" in out
    listed = tmp_path / "consumers.toml"
    text = HEAD + FACTS + HEAD.replace("format = 2", "").replace('"mine"', '"old"') + FACTS
    listed.write_text(
        text.replace('name = "old"', 'name = "old"\nsupported_until = 2021-01-01'), encoding="utf-8"
    )
    own = ("validate", "--no-config", "--consumers", listed)
    assert cc(*own, file)[0] == 0
    status, out, _ = cc(*own, "--consumer", "mine", "--consumer", "old", file)
    assert status == 1
    assert "old is supported until 2021-01-01" in out


def test_each_form_of_report_names_the_builds_that_were_named(cc: Cli) -> None:
    """A report for one build must not look like one for all."""
    file = ROOT / "corpus" / "regdb" / "base.bin"
    words = ("validate", "--no-config", "--consumers", "builtin:linux-lts", "--consumer", "linux-5.4")
    for form in ("text", "json", "sarif", "junit", "github"):
        assert "linux-5.4" in cc(*words, "--no-per-build", "--format", form, file)[1], form


CONSUMED = SHARED_NAMES.replace(
    "SCHEMA = Schema(",
    """from ccheck.check import Check, Diagnostic

def once_only(subject):
    \"\"\"A check whose content can be used once.

    ## What is wrong
    a

    ## Why is this bad
    b

    ## How to fix
    c
    \"\"\"
    for span in subject.content:
        yield Diagnostic("it is wrong", span, why="a", fix="b")

CHECKS = [Check(once_only)]
SCHEMA = Schema(""",
).replace("    builds_required=False,\n", '    assemble=lambda reading: iter([reading.root.span("op")]),\n')


def test_code_that_uses_up_its_content_passes_for_no_build(cc: Cli, tmp_path: Path) -> None:
    """What a check of the user's found once counts for each build."""
    (tmp_path / "ops.py").write_text(CONSUMED, encoding="utf-8")
    (tmp_path / "a.bin").write_bytes(b"OPS1\1\1")
    listed = tmp_path / "consumers.toml"
    listed.write_text(HEAD + "[consumer.sets]\nopcodes = [1]\n", encoding="utf-8")
    found = verdicts(cc, tmp_path / "a.bin", str(listed), "--per-build", "--schema", str(tmp_path / "ops.py"))
    assert found == {"mine": "fail"}


def test_every_option_with_one_value_is_given_once() -> None:
    """All commands and subcommands refuse an option twice, without a line of their own."""
    context = click.Context(ccheck)
    seen = 0
    for name in ccheck.list_commands(context):
        command = ccheck.get_command(context, name)
        assert command is not None
        commands = [command, *(command.commands.values() if isinstance(command, click.Group) else ())]
        for option in (one for each in commands for one in each.params if isinstance(one, click.Option)):
            single = not (option.multiple or option.is_flag or option.count)
            assert isinstance(option, SingleOption) is single, (name, option.name)
            seen += single
    assert seen > 60
