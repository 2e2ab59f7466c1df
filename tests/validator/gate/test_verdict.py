"""A verdict: in-toto tools read it, the same inputs give the same bytes, and `verify` fails closed."""

from __future__ import annotations

import base64
import copy
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from inline_snapshot import snapshot

from tests.validator.gate.story import DAY, NEXT, POLICY, WHOLE, Call, corpus_of_july, lay_out, verify

pytest.importorskip("securesystemslib", reason="signing needs the extra gate")

from cryptography.hazmat.primitives.serialization import load_pem_public_key

from ccheck.config.gate_policy import STAGES
from ccheck.release.verdict.envelope import seal
from ccheck.release.verdict.keys import private_key


def resigned(change: Callable[[dict[str, Any]], None]) -> None:
    """Sign march.json again, by its own key, after a change of the statement."""
    envelope = json.loads(Path("march.json").read_text(encoding="utf-8"))
    statement = json.loads(base64.b64decode(envelope["payload"]))
    changed = copy.deepcopy(statement)
    change(changed)
    assert changed != statement
    Path("march.json").write_bytes(seal(changed, private_key(Path("gate.key"))))


def test_a_passing_verdict_verifies(signed: Call) -> None:
    """The files, the key, the policy and the day fit: exit status 0."""
    assert verify(signed) == (0, "verified: release march, 1 file, until 2024-09-09\n")


def test_the_envelope_is_what_the_specifications_say(signed: Call) -> None:
    """DSSE: the signature is over PAE(type, body). in-toto: type, subjects with SHA-256, predicate type."""
    envelope = json.loads(Path("march.json").read_text(encoding="utf-8"))
    assert set(envelope) == {"payload", "payloadType", "signatures"}
    body, kind = base64.standard_b64decode(envelope["payload"]), envelope["payloadType"].encode()
    # "PAE(type, body) = "DSSEv1" + SP + LEN(type) + SP + type + SP + LEN(body) + SP + body"
    pae = b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(body), body)
    (signature,) = envelope["signatures"]
    public: Any = load_pem_public_key(Path("gate.pub").read_bytes())
    public.verify(base64.standard_b64decode(signature["sig"]), pae)
    statement = json.loads(body)
    assert envelope["payloadType"] == "application/vnd.in-toto+json"
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert [set(subject["digest"]) for subject in statement["subject"]] == [{"sha256"}]
    assert statement["predicateType"] == "urn:ccheck:gate-verdict:v1"
    assert [stage["status"] for stage in statement["predicate"]["stages"]] == snapshot(
        ["pass", "pass", "pass", "pass", "off", "off", "pass"]
    )


def test_another_implementation_reads_the_statement(signed: Call) -> None:
    """in-toto's own library takes the statement for a valid one."""
    statements = pytest.importorskip(
        "in_toto_attestation.v1.statement", reason="in-toto-attestation is not here"
    )
    from google.protobuf import json_format

    envelope = json.loads(Path("march.json").read_text(encoding="utf-8"))
    read = statements.Statement([], "", {"x": 1})
    read.pb.Clear()
    told = json.loads(base64.b64decode(envelope["payload"]))
    told["type"] = told.pop("_type")
    json_format.ParseDict(told, read.pb)
    read.validate()
    assert read.pb.subject[0].name == "C-00000291-00000000-00000001.bin"


def test_the_same_inputs_give_the_same_bytes(
    signed: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another folder, the same files, key and day: the verdict is the same to the byte."""
    other = tmp_path / "elsewhere" / "deeper"
    other.mkdir(parents=True)
    lay_out(other)
    for file in ("gate.key", "baseline.txt"):
        shutil.copyfile(file, other / file)
    monkeypatch.chdir(other)
    monkeypatch.setenv("CCHECK_GATE_KEY", Path("gate.key").read_text(encoding="utf-8"))
    assert signed("gate", "march", "--on", DAY, "--verdict", "again.json")[0] == 0
    assert Path("again.json").read_bytes() == (tmp_path / "march.json").read_bytes()


def test_two_processes_come_to_the_same_bytes(signed: Call, tmp_path: Path) -> None:
    """With all stages, the order in which sets are walked changes nothing: not in the search either."""
    corpus_of_july()
    Path("ccheck.toml").write_text(WHOLE.replace("[gate]\n", '[gate]\ncorpus = "corpus"\n'), encoding="utf-8")
    arguments = ["gate", "march", "--on", DAY, "--key", "gate.key"]
    for number in ("0", "1"):
        command = [sys.executable, "-m", "ccheck", *arguments, "--verdict", f"{number}.json"]
        done = subprocess.run(
            command, env=os.environ | {"PYTHONHASHSEED": number}, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stdout
    assert Path("0.json").read_bytes() == Path("1.json").read_bytes()
    told = json.loads(base64.b64decode(json.loads(Path("0.json").read_bytes())["payload"]))["predicate"]
    assert {stage["name"]: stage["status"] for stage in told["stages"]} == dict.fromkeys(STAGES, "pass")
    assert set(told["policy"]) == {"stages", "budgets", "seed", "stage_seconds", "valid_days", "sha256"}
    assert set(told["materials"]) == {
        "baseline", "ccheck.toml", "consumers", "definitions", "last_good", "program", "schema", "target",
    }  # fmt: skip
    assert set(told["materials"]["program"]) >= {
        "ccheck",
        "ccheck_schemas",
        "ccheck_interpreter",
        "ccheck_fuzz",
    }
    assert list(told["stages"][4]["details"]["corpus"]) == ["channel/regress/july"]


def test_the_library_that_signs_elsewhere_verifies_it(signed: Call) -> None:
    """The library securesystemslib, with only the public key as it reads one, accepts the envelope."""
    from securesystemslib.dsse import Envelope
    from securesystemslib.signer import SSlibKey

    envelope = Envelope.from_dict(json.loads(Path("march.json").read_bytes()))
    key = SSlibKey.from_crypto(load_pem_public_key(Path("gate.pub").read_bytes()))
    assert envelope.verify([key], 1)


def test_who_ships_needs_no_corpus_and_no_release_before(signed: Call) -> None:
    """A policy that names folders verifies where they are not: nothing is looked up in them."""
    Path("corpus").mkdir()
    Path("ccheck.toml").write_text(
        POLICY.replace("[gate]\n", '[gate]\ncorpus = "corpus"\nlast_good = "march"\n'), encoding="utf-8"
    )
    assert signed("gate", "march", "--on", DAY, "--key", "gate.key", "--verdict", "march.json")[0] == 0
    Path("corpus").rmdir()
    Path("march").rename("shipped")
    assert verify(signed, "shipped")[0] == 0
    assert signed("gate", "shipped", "--on", DAY)[0] == 2


def test_other_definitions_consumers_and_targets_are_refused(signed: Call) -> None:
    """With a policy, what it names must be what the release was judged by; a baseline, where it is named."""
    assert verify(signed, "march", "--baseline", "baseline.txt")[0] == 0
    for file, words in (
        ("definitions.bin", "by other definitions"),
        ("consumers.toml", "by other consumers"),
    ):
        before = Path(file).read_bytes()
        Path(file).write_bytes(before + b"\n")
        assert verify(signed) == (1, f"refused: it was judged {words}\n")
        Path(file).write_bytes(before)
    with Path("baseline.txt").open("a", encoding="utf-8") as file_:
        file_.write('criterion "IPC" version 1 field 20 regex 2023-01-01 "none"\n')
    words = "refused: it was judged by another baseline\n"
    assert verify(signed, "march", "--baseline", "baseline.txt") == (1, words)
    assert verify(signed)[0] == 0
    assert verify(signed, "march", "--target", "15.0") == (1, "refused: it was judged for another target\n")
    weaker = Path("consumers.toml").read_text(encoding="utf-8") + "# another\n"
    Path("weaker.toml").write_text(weaker, encoding="utf-8")
    arguments = ("--consumers", "weaker.toml", "--key", "gate.key", "--verdict", "march.json")
    assert signed("gate", "march", "--on", DAY, *arguments)[0] == 0
    assert verify(signed) == (1, "refused: it was judged by other consumers\n")


def test_other_missing_and_extra_files_are_refused(signed: Call) -> None:
    """One changed bit, one file less, one more, or another name: each is named."""
    path = next(Path("march").iterdir())
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    assert verify(signed) == (1, f"refused: {path.name} has other bytes than those that were judged\n")
    path.write_bytes(data)
    Path("march/more.bin").write_bytes(b"x")
    assert verify(signed) == (1, "refused: more.bin is not in the verdict\n")
    Path("march/more.bin").unlink()
    path.rename("march/other.bin")
    assert verify(signed)[1] == f"refused: {path.name} is missing\nrefused: other.bin is not in the verdict\n"


def test_days_before_and_behind_are_refused(signed: Call) -> None:
    """A verdict counts from the day of judgement to its last day, both inclusive."""
    assert verify(signed, on="2024-08-09")[0] == 1
    assert verify(signed, on=DAY)[0] == 0
    assert verify(signed, on="2024-09-09")[0] == 0
    assert verify(signed, on="2024-09-10") == (
        1,
        "refused: it expired on 2024-09-09, and today is 2024-09-10\n",
    )


def test_another_policy_is_refused(signed: Call) -> None:
    """Another ccheck.toml, other terms, or no policy at all where a stage was off: none lets the files out."""
    for changed in (POLICY + "\n# more\n", POLICY.replace("regress = false", "diff = false")):
        Path("ccheck.toml").write_text(changed, encoding="utf-8")
        assert verify(signed)[0] == 1
    status, out, _ = signed("verify", "march.json", "march", "--key", "gate.pub", "--on", NEXT)
    assert (status, out) == (1, "refused: the stage regress is 'off'\nrefused: the stage fuzz is 'off'\n")


def test_what_was_skipped_is_refused(signed: Call) -> None:
    """What --skip left out is signed as incomplete, and lets nothing out; nor does what --only adds to a policy."""
    arguments = ("gate", "march", "--on", DAY, "--key", "gate.key", "--verdict", "march.json")
    signed(*arguments, "--skip", "exercise")
    assert "refused: the stage exercise is 'incomplete'" in verify(signed)[1]
    signed(*arguments, "--only", "fuzz")
    assert "refused: it was made by another policy: stages" in verify(signed)[1]


def test_an_unknown_key_is_refused(signed: Call) -> None:
    """The signature of another key, also under the id of the right one, is worth nothing."""
    signed("keys", "new", "other")
    status, out, _ = signed("verify", "march.json", "march", "--key", "other.pub", "--on", NEXT)
    assert (status, out) == (1, "refused: no signature is by this key: it is of an unknown key\n")
    mine = json.loads(Path("march.json").read_text(encoding="utf-8"))
    signed("gate", "march", "--on", DAY, "--key", "other.key", "--verdict", "other.json")
    theirs = json.loads(Path("other.json").read_text(encoding="utf-8"))
    theirs["signatures"][0]["keyid"] = mine["signatures"][0]["keyid"]
    Path("march.json").write_text(json.dumps(theirs), encoding="utf-8")
    assert verify(signed) == (1, "refused: the signature is wrong: it was tampered with\n")


def test_a_tampered_payload_or_type_is_refused(signed: Call) -> None:
    """A changed statement, and the same statement under another payload type, break the signature."""
    good = json.loads(Path("march.json").read_text(encoding="utf-8"))
    payload = base64.b64decode(good["payload"]).replace(b'"release":"march"', b'"release":"april"')
    changes: tuple[dict[str, Any], ...] = (
        {"payload": base64.b64encode(payload).decode()},
        {"payloadType": "text/plain"},
        {"signatures": []},
    )
    for changed in changes:
        Path("march.json").write_text(json.dumps({**good, **changed}), encoding="utf-8")
        assert verify(signed)[0] == 1


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"null", b"\xff", b'{"payload": 1}', b"[" * 100_000])
def test_any_bytes_are_refused(signed: Call, data: bytes) -> None:
    """What is no envelope is refused in one line."""
    Path("march.json").write_bytes(data)
    assert verify(signed) == (1, "refused: it is not a DSSE envelope\n")


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s["predicate"].update(verdict="incomplete"),
        lambda s: s["predicate"]["stages"][0].update(status="incomplete"),
        lambda s: s["predicate"]["stages"][0].update(status="off"),
        lambda s: s["predicate"]["stages"][0].update(examined={"files": 0}),
        lambda s: s["predicate"]["stages"].pop(),
        lambda s: s["predicate"]["stages"].append(s["predicate"]["stages"][0]),
        lambda s: s["predicate"].update(stages=[]),
        lambda s: s["predicate"].update(expires="2034-01-01"),
        lambda s: s["predicate"]["policy"].update(valid_days=3650),
        lambda s: s["predicate"].pop("policy"),
        lambda s: s["predicate"].update(on=7),
        lambda s: s["predicate"].update(stages={"validate": "pass"}),
        lambda s: s.update(predicateType="urn:other"),
        lambda s: s.update(_type="https://in-toto.io/Statement/v0.1"),
        lambda s: s.update(subject=[]),
        lambda s: s.update(subject=s["subject"] * 2),
        lambda s: s.update(predicate=None),
    ],
)
def test_a_statement_of_the_right_key_that_is_not_right_is_refused(
    signed: Call, change: Callable[[dict[str, Any]], None]
) -> None:
    """Whatever the key signed, only a whole pass under the policy lets files out."""
    resigned(change)
    status, out = verify(signed)
    assert status == 1
    assert out.startswith("refused: ")


def test_an_incomplete_gate_signs_what_does_not_verify(signed: Call) -> None:
    """A gate that could not examine a stage signs its verdict as a record, and it lets nothing out."""
    Path("baseline.txt").unlink()
    assert signed("gate", "march", "--on", DAY, "--key", "gate.key", "--verdict", "march.json")[0] == 3
    status, out = verify(signed)
    assert status == 1
    assert "refused: the verdict is 'incomplete', not 'pass'" in out
    assert "refused: the stage first_use is 'incomplete'" in out


def test_a_failed_gate_does_not_verify(signed: Call) -> None:
    """July's verdict is signed, and refused."""
    assert signed("gate", "july", "--on", DAY, "--key", "gate.key", "--verdict", "march.json")[0] == 1
    assert verify(signed, "july")[0] == 1


def test_what_cannot_be_read_is_wrong_usage(signed: Call) -> None:
    """A release that is not there, a link in it, and a verdict that is too large, verify nothing."""
    Path("link").symlink_to("march")
    for release in ("nowhere", "link"):
        assert verify(signed, release)[0] == 2
    with Path("march.json").open("r+b") as file:
        file.truncate((64 << 20) + 1)
    status, out, err = signed("verify", "march.json", "march", "--key", "gate.pub", "--on", NEXT)
    assert (status, out) == (2, "")
    assert "it has more than 67,108,864 bytes" in err


def test_the_stages_of_the_fuzz_package_are_signed_too(signed: Call) -> None:
    """With a corpus of what once broke something, all seven stages pass, and no policy is needed to verify."""
    corpus_of_july()
    Path("ccheck.toml").write_text(WHOLE.replace("[gate]\n", '[gate]\ncorpus = "corpus"\n'), encoding="utf-8")
    status, out, _ = signed("gate", "march", "--on", DAY, "--key", "gate.key", "--verdict", "march.json")
    assert "regress     pass        1 folder of what once broke something: all are fixed" in out
    assert "fuzz        pass        300 runs around 1 file reached " in out
    assert status == 0
    assert signed("verify", "march.json", "march", "--key", "gate.pub", "--on", NEXT)[0] == 0
