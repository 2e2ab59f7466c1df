"""A record whose lines are signed is taken only as its signers wrote it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ccheck.cli.main import run
from ccheck.release.rollout.chain import ChainError, append, begin, read
from tests.validator.rollout.test_rollout import healthy, march

pytest.importorskip("securesystemslib", reason="signing needs the extra gate")

from ccheck.release.rollout.signature import Trust, signing, trusting


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with two pairs of keys."""
    monkeypatch.chdir(tmp_path)
    for name in ("gate", "other"):
        assert run(["keys", "new", name]) == 0
    return tmp_path


def signed(path: Path) -> Trust:
    """A record of two lines, signed; what takes them."""
    begin(path, march(), signing(Path("gate.key")))
    append(path, healthy("canary", 1000), signing(Path("gate.key")))
    return trusting([Path("gate.pub")])


def test_signed_lines_are_taken_with_their_key_alone(keys: Path) -> None:
    """The right key, or one of several, takes the record; another does not; without any it is read as ever."""
    trust = signed(keys / "march")
    assert len(read(keys / "march", trust=trust).health) == 1
    assert len(read(keys / "march", trust=trusting([Path("other.pub"), Path("gate.pub")])).health) == 1
    assert len(read(keys / "march").health) == 1
    with pytest.raises(ChainError, match="line 1: no signature is by this key"):
        read(keys / "march", trust=trusting([Path("other.pub")]))


def test_a_line_that_is_not_signed_is_refused(keys: Path) -> None:
    """One line without a signature, however well it follows, is none."""
    trust = signed(keys / "march")
    append(keys / "march", healthy("early", 1000))
    with pytest.raises(ChainError, match="line 3: it is not signed"):
        read(keys / "march", trust=trust)


def rewritten(path: Path, change: Callable[[list[dict[str, object]]], object]) -> None:
    """Change a record and write the chain anew, as who can write the file could."""
    import hashlib

    entries = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    change(entries)
    before, lines = "0" * 64, []
    for entry in entries:
        entry["previous"] = before
        lines.append(json.dumps(entry, sort_keys=True))
        before = hashlib.sha256(lines[-1].encode()).hexdigest()
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: lines[0]["content"].update(hosts=5),
        lambda lines: lines[1]["content"].update(crashed=1),
        lambda lines: lines[0].update(more=1),
        lambda lines: lines[0].update(signatures=lines[1]["signatures"]),
        lambda lines: lines[1].update(signatures=[]),
        lambda lines: lines[1].update(signatures=7),
        lambda lines: lines[1].update(signatures=[{"keyid": 1, "sig": {}}]),
        lambda lines: lines.insert(1, lines[1]),
    ],
)
def test_a_chain_that_was_written_anew_is_refused(
    keys: Path, change: Callable[[list[dict[str, object]]], object]
) -> None:
    """The hashes fit again, and the signatures do not."""
    trust = signed(keys / "march")
    rewritten(keys / "march", change)
    with pytest.raises(ChainError):
        read(keys / "march", trust=trust)


def test_the_commands_sign_and_trust(keys: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`plan --sign`, `record --sign` and `next --trust` go together; a line without is exit status 2."""
    Path("file.bin").write_bytes(b"x")
    plan = ["rollout", "plan", "march", "file.bin", "--record", "r", "--last-good", "may", "--hosts", "1000"]
    assert run([*plan, "--sign", "gate.key"]) == 0
    Path("canary.json").write_text(json.dumps(healthy("canary", 1000).to_json()), encoding="utf-8")
    look = ["rollout", "next", "--record", "r", "--at", "2026-11-22T13:00:00+00:00"]
    assert run([*look, "--trust", "gate.pub"]) == 0
    assert run([*look, "--trust", "other.pub"]) == 2
    assert run([*look, "--trust", "gate.key"]) == 2
    assert run(["rollout", "record", "canary", "--record", "r", "--health", "canary.json"]) == 0
    assert run(look) == 0
    capsys.readouterr()
    assert run([*look, "--trust", "gate.pub"]) == 2
    assert "r, line 2: it is not signed" in capsys.readouterr().err
