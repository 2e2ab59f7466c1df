"""Both readings of a policy by driver builds: what `validate` passes runs, and what no build states is not guessed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from ccheck.cli.main import run
from ccheck.core.shipped_consumers import consumers_path
from ccheck.formats.registry import named
from ccheck_interpreter.apparmor.kernel import ITEMS
from ccheck_schemas.formats.apparmor.amounts import item_names
from ccheck_schemas.formats.apparmor.facts import FACTS
from ccheck_schemas.formats.apparmor.numbers import OPTIONAL_ITEMS
from ccheck_schemas.read import read
from tests.conftest import ROOT

Cli = Callable[..., tuple[int, str, str]]
POLICIES = ROOT / "corpus" / "apparmor"
KERNEL = "linux-6.12"


@pytest.fixture
def cc(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Run the command line from the root of the project: status, standard output, standard error."""
    monkeypatch.chdir(ROOT)

    def call(*args: object) -> tuple[int, str, str]:
        status = run([str(one) for one in args])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


def own(folder: Path, *edits: tuple[str, str], build: str = KERNEL) -> Path:
    """Writes the facts of one shipped kernel with some edits, and returns the file."""
    text = consumers_path("builtin:linux-lts").read_text(encoding="utf-8")
    (part,) = (one for one in text.split("\n[[consumer]]") if f'name = "{build}"\n' in one)
    part = "format = 2\n\n[[consumer]]" + part
    for old, new in edits:
        assert re.search(old, part), old
        part = re.sub(old, new, part)
    path = folder / "consumers.toml"
    path.write_text(part, encoding="utf-8")
    return path


def both(cc: Cli, policy: Path, consumers: Path | str, *more: str) -> tuple[int, int, str]:
    """Returns the statuses of `validate` and `run`, and what both wrote."""
    given = ("--no-config", "--consumers", consumers, *more, policy)
    judged, out, err = cc("validate", *given)
    ran, run_out, run_err = cc("run", *given)
    return judged, ran, out + err + run_out + run_err


def chain(states: int) -> bytes:
    """Returns a policy whose states are encoded by their difference, each to the next one, and the last is whole."""
    tables = {
        "accept": [0] * states,
        "accept2": [0] * states,
        "base": [0] + [0x80000000] * (states - 2) + [0],
        "default": [0, *range(2, states), 0],
        "next": [0] * 256,
        "check": [0] * 256,
    }
    rules = {"flags": ["diff_encode"], "tables": [{"id": name, "values": v} for name, v in tables.items()]}
    known = named("apparmor")
    assert known is not None
    assert known.schema.compose is not None
    return known.schema.compose({"profiles": [{"version": 7, "name": "/usr/bin/a", "file": rules}]})


@pytest.mark.parametrize("states", [3, 6_100, 20_000])
def test_a_chain_of_any_length_passes_and_runs(cc: Cli, tmp_path: Path, states: int) -> None:
    """Kernels follow a chain of any length, so that a build which compares chains takes it in both readings."""
    policy = tmp_path / "policy.bin"
    policy.write_bytes(chain(states))
    judged, ran, words = both(cc, policy, "builtin:linux-lts", "--consumer", KERNEL)
    assert (judged, ran) == (0, 0), words
    asked = tmp_path / "events.jsonl"
    asked.write_text(
        '{"profile": "/usr/bin/a", "path": "/etc/passwd", "permission": "r"}\n', encoding="utf-8"
    )
    status, out, err = cc(
        "run",
        "--no-config",
        "--consumers",
        "builtin:linux-lts",
        "--consumer",
        KERNEL,
        "--events",
        asked,
        policy,
    )
    assert status == 0, out + err


def test_strict_alignment_changes_nothing_for_a_stream_that_is_read_by_bytes(cc: Cli, tmp_path: Path) -> None:
    """Kernels read the stream with get_unaligned, so that no good policy faults on a strict platform."""
    consumers = own(tmp_path, ("pointer_bits = 64\n", "pointer_bits = 64\nstrict_alignment = true\n"))
    for policy in (POLICIES / "base.bin", *sorted(POLICIES.glob("apparmor-*/good/*.bin"))):
        judged, ran, words = both(cc, policy, consumers)
        assert judged or not ran, words
        assert "misaligned" not in words


@pytest.mark.parametrize("fact", FACTS, ids=str)
def test_run_guesses_no_fact(cc: Cli, tmp_path: Path, fact: object) -> None:
    """`run` refuses to run under a build that does not state a fact, a switch too, where `validate` fails."""
    name = str(fact).partition(".")[2]
    consumers = own(tmp_path, (rf"(?m)^{name} = .*$", ""))
    judged, ran, words = both(cc, POLICIES / "base.bin", consumers)
    assert (judged, ran) == (1, 2)
    assert f"Error: consumer {KERNEL} does not state {fact}\n" in words


def test_run_names_all_facts_that_all_builds_lack(cc: Cli, tmp_path: Path) -> None:
    """The error has a line for each build, and names every fact that it lacks."""
    consumers = own(tmp_path, ("(?m)^apparmor_.*$", ""))
    text = consumers.read_text(encoding="utf-8")
    more = text.partition("\n\n")[2].replace(KERNEL, "other", 1).replace(f'"{KERNEL}"', '"other"')
    consumers.write_text(f"{text}\n{more}", encoding="utf-8")
    status, _, err = cc(
        "run", "--no-config", "--consumers", consumers, POLICIES / "base.bin", "--all-consumers"
    )
    lacking = ", ".join(map(str, FACTS))
    assert status == 2
    assert f"consumer {KERNEL} does not state {lacking}\nconsumer other does not state {lacking}\n" in err


def test_run_names_the_facts_that_a_users_format_lacks(cc: Cli, tmp_path: Path) -> None:
    """The interpreter of a schema file is not run under a build that does not state the facts of the schema."""
    schema = tmp_path / "mine.py"
    schema.write_text(
        "from construct import Const, Int8ul, Struct\n"
        "from ccheck_schemas.meaning import BelowCount\n"
        "from ccheck_schemas.schema import Schema\n"
        "from ccheck.formats.exercise.outcome import Exercised, Outcome\n"
        'LAYOUT = Struct("magic" / Const(b"MINE"), "input" / BelowCount(Int8ul, "mine_inputs"))\n'
        'SCHEMA = Schema("mine", "mine", LAYOUT, recognise=lambda data: data[:4] == b"MINE")\n'
        "def EXERCISE(data, given):\n"
        '    return Exercised(tuple(Outcome(b.name, b.platform, "run") for b in given.builds))\n',
        encoding="utf-8",
    )
    consumers = own(tmp_path, ("(?s)formats = .*", ""))
    content = tmp_path / "content.bin"
    content.write_bytes(b"MINE\0")
    status, _, err = cc("run", "--no-config", "--schema", schema, "--consumers", consumers, content)
    assert status == 2
    assert "mine_inputs" in err


def test_the_interpreter_knows_the_optional_items_of_the_schema() -> None:
    """Both packages have the same list of the items that a build may not read."""
    assert set(OPTIONAL_ITEMS) == ITEMS


def items_of(policy: Path) -> set[str]:
    """Returns the optional items that a policy has."""
    known = named("apparmor")
    assert known is not None
    return {OPTIONAL_ITEMS[one.value] for one in item_names(read(known.schema.layout, policy.read_bytes()))}


def test_run_refuses_a_policy_with_an_item_that_the_build_does_not_read(cc: Cli, tmp_path: Path) -> None:
    """Without one of the items that a policy has, `validate` fails it and no build runs it; with all, both pass."""

    def consumers(items: Iterable[str]) -> Path:
        line = ", ".join(f'"{name}"' for name in items)
        edit = ("(?m)^apparmor_items = .*$", f"apparmor_items = [{line}]")
        return own(tmp_path, edit, build="linux-7.2")

    # A former name fails everywhere; a namespace in a name is read by all, and freed twice by some.
    elsewhere = {"rename", "name.namespace"}
    tried: set[str] = set()
    for policy in sorted(POLICIES.glob("*/good/*.bin")):
        wanted = items_of(policy) - tried - elsewhere
        if not wanted or both(cc, policy, consumers(OPTIONAL_ITEMS))[:2] != (0, 0):
            continue
        for name in sorted(wanted):
            judged, ran, words = both(cc, policy, consumers(set(OPTIONAL_ITEMS) - {name}))
            assert (judged, ran) == (1, 1), f"{policy.name} without {name}: {words}"
            tried.add(name)
    assert tried == set(OPTIONAL_ITEMS) - elsewhere


@pytest.mark.parametrize("check", ["consumers-missing", "facts-missing"])
@pytest.mark.parametrize("word", ["warning", "info"])
def test_what_was_compared_with_nothing_stays_an_error(
    cc: Cli, tmp_path: Path, check: str, word: str
) -> None:
    """ccheck.toml cannot lower the checks that say that a file was not compared with a driver build."""
    config = tmp_path / "ccheck.toml"
    config.write_text(f'format = 1\n[severity]\n{check} = "{word}"\n', encoding="utf-8")
    status, _, err = cc("validate", "--config", config, POLICIES / "base.bin")
    assert status == 2
    assert f"ccheck.toml:3: severity.{check}: stays an error" in err
    config.write_text(f'format = 1\n[severity]\n{check} = "error"\n', encoding="utf-8")
    assert cc("validate", "--config", config, POLICIES / "base.bin")[0] == 0
