"""DSSE, strictly: one reading of the bytes, a hint that is only a hint, and keys that prove something."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccheck.cli.main import run
from ccheck.text import strict_json
from tests.conftest import ROOT
from tests.validator.gate.story import NEXT, Call, verify

pytest.importorskip("securesystemslib", reason="signing needs the extra gate")

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ccheck.release.verdict.envelope import PAYLOAD_TYPE, NotTrusted, seal, trust, unseal
from ccheck.release.verdict.keys import KeyFault, new_pair, private_key, public_key, public_pem

CASES = ROOT.parent / "shared" / "cases" / "verdict"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
GOOD = json.loads(seal({"a": 1}, KEY))


def opened(envelope: Any) -> dict[str, Any]:
    """What an envelope holds; text is taken as it is."""
    data = envelope if isinstance(envelope, str) else json.dumps(envelope)
    return unseal(data.encode(), KEY.public_key())


def envelope_of(payload: bytes, signature: dict[str, Any] | None = None) -> dict[str, Any]:
    """An envelope around a payload, signed as it should be, but for what is changed."""
    kind = PAYLOAD_TYPE.encode()
    pae = b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)
    made = {"sig": base64.b64encode(KEY.sign(pae)).decode(), **(signature or {})}
    parts = {"payload": base64.b64encode(payload).decode(), "payloadType": PAYLOAD_TYPE}
    return {**parts, "signatures": [made]}


@pytest.mark.parametrize(
    "signature", [{}, {"keyid": ""}, {"keyid": None}, {"keyid": "another"}, {"extra": 1}], ids=str
)
def test_a_key_id_is_a_hint(signature: dict[str, Any]) -> None:
    """The keyid may be missing, empty or wrong: what counts is whether the key made the signature."""
    assert opened(envelope_of(b"{}", signature=signature)) == {}
    assert opened({**envelope_of(b"{}", signature=signature), "unknown": True}) == {}


def test_any_signature_of_several_will_do() -> None:
    """An envelope may have signatures of others, before and behind ours."""
    (ours,) = envelope_of(b"{}")["signatures"]
    other = {"sig": base64.b64encode(bytes(64)).decode(), "keyid": "other"}
    for signatures in ([other, ours], [ours, other], [other, other, ours]):
        assert opened(envelope_of(b"{}") | {"signatures": signatures}) == {}
    with pytest.raises(NotTrusted, match="unknown key"):
        opened(envelope_of(b"{}") | {"signatures": [other]})
    with pytest.raises(NotTrusted, match="tampered"):
        opened(envelope_of(b"{}") | {"signatures": [{"sig": other["sig"]}]})


def doubled(key: str) -> str:
    """The good envelope with a key twice."""
    text = json.dumps(GOOD)
    return text.replace(f'"{key}":', f'"{key}": {json.dumps(GOOD.get(key, "x"))}, "{key}":', 1)


ENVELOPES = {
    "payload twice": doubled("payload"),
    "payloadType twice": doubled("payloadType"),
    "signatures twice": doubled("signatures"),
    "sig twice": doubled("sig"),
    "an unknown key twice": json.dumps(GOOD)[:-1] + ', "x": 1, "x": 1}',
    "NaN": json.dumps({**GOOD, "x": float("nan")}),
    "Infinity": json.dumps({**GOOD, "x": float("-inf")}),
    "a number beyond all": json.dumps(GOOD)[:-1] + ', "x": 1e999}',
    "behind it": json.dumps(GOOD) + "x",
    "with a mark of the byte order": "\ufeff" + json.dumps(GOOD),
    "no signatures": {key: value for key, value in GOOD.items() if key != "signatures"},
    "signatures as an object": {**GOOD, "signatures": GOOD["signatures"][0]},
    "a signature that is text": {**GOOD, "signatures": [GOOD["signatures"][0]["sig"]]},
    "a key id that is a number": {**GOOD, "signatures": [GOOD["signatures"][0] | {"keyid": 1}]},
    "a payload that is a list": {**GOOD, "payload": [1]},
}


@pytest.mark.parametrize("kind", ENVELOPES)
def test_what_two_readers_could_read_in_two_ways_is_refused(kind: str) -> None:
    """An envelope that is not JSON in the strict sense, or has other parts, is none."""
    assert opened(GOOD) == {"a": 1}
    with pytest.raises(NotTrusted, match="it is not a DSSE envelope"):
        opened(ENVELOPES[kind])


def test_utf_16_is_refused() -> None:
    """JSON is UTF-8."""
    with pytest.raises(NotTrusted):
        unseal(json.dumps(GOOD).encode("utf-16"), KEY.public_key())


@pytest.mark.parametrize(
    "payload",
    [b'{"a": 1, "a": 1}', b'{"a": {"b": 1, "b": 2}}', b'[{"a": 1, "a": 2}]', b'{"a": NaN}', b'{"a": -Infinity}', b'{"a": 1e999}', b"[]", b"7", b"\xff", b'\xef\xbb\xbf{}', '{"a": 1}'.encode("utf-16")],
)  # fmt: skip
def test_a_statement_is_strict_too(payload: bytes) -> None:
    """What was signed is read as strictly as what is around it."""
    with pytest.raises(NotTrusted, match="what was signed is not a statement"):
        opened(envelope_of(payload))


@given(st.binary(max_size=20), st.data())
def test_base64_is_read_in_one_way(payload: bytes, data: st.DataObject) -> None:
    """Of all texts, only those of the two alphabets stand for the bytes: no blanks, no lines, no other ends."""
    document = json.dumps({"a": payload.hex()}).encode()
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        assert opened(envelope_of(document) | {"payload": encode(document).decode()}) == {"a": payload.hex()}
    text = base64.b64encode(document).decode()
    at = data.draw(st.integers(0, len(text)))
    for extra in (" ", "\n", "=", "-", "\u00e9", "."):
        with pytest.raises(NotTrusted):
            opened(envelope_of(document) | {"payload": text[:at] + extra + text[at:]})
    with pytest.raises(NotTrusted):
        opened(envelope_of(document) | {"payload": text.rstrip("=") + "=" * (text.count("=") + 1)})


def test_base64_with_other_last_bits_is_refused() -> None:
    """The bits behind the last byte are zero: else two texts would stand for one payload."""
    document = b'{"a":1}'  # 7 bytes: one byte in the last group
    text = base64.b64encode(document).decode()
    assert text.endswith("Q==")
    assert base64.b64decode(text.replace("Q==", "R==")) == document
    for changed in (text.replace("Q==", "R=="), text.rstrip("="), text[:-1]):
        with pytest.raises(NotTrusted):
            opened(envelope_of(document) | {"payload": changed})


def test_lines_of_a_record_are_signed_as_strictly() -> None:
    """A signature of a rollout's line needs no key id, and strict base64."""
    kind, payload = "application/x", b"line"
    pae = b"DSSEv1 13 application/x 4 line"
    sig = base64.b64encode(KEY.sign(pae)).decode()
    trust(payload, kind, [{"sig": sig}], KEY.public_key())
    signatures: Any
    for signatures in (
        [{"sig": f"{sig}\n"}],
        [{"sig": sig.rstrip("=")}],
        [{}],
        {},
        None,
        [],
        [{"keyid": ""}],
        [[]],
    ):
        with pytest.raises(NotTrusted):
            trust(payload, kind, signatures, KEY.public_key())


def small_order() -> list[bytes]:
    """All encodings of points of small order, those included that are not the shortest."""
    prime = 2**255 - 19
    order_8 = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
    values = (0, 1, prime - 1, prime, prime + 1, order_8, prime - order_8)
    return [(y | sign << 255).to_bytes(32, "little") for y in values for sign in (0, 1)]


@pytest.mark.parametrize("raw", small_order(), ids=bytes.hex)
def test_a_key_of_small_order_is_refused(tmp_path: Path, raw: bytes) -> None:
    """By such a key a signature that nobody made can be right; it is no key of anybody."""
    path = tmp_path / "weak.pub"
    path.write_bytes(public_pem(Ed25519PublicKey.from_public_bytes(raw)))
    with pytest.raises(KeyFault, match="small order"):
        public_key(path)


def test_a_key_of_small_order_would_let_anything_out(signed: Call) -> None:
    """The forgery that the refusal is about: the identity as key, and as the signature's point."""
    weak = Ed25519PublicKey.from_public_bytes((1).to_bytes(32, "little"))
    weak.verify((1).to_bytes(32, "little") + bytes(32), b"whatever is to be shipped")
    Path("weak.pub").write_bytes(public_pem(weak))
    status, out, err = signed("verify", "march.json", "march", "--key", "weak.pub", "--on", NEXT)
    assert (status, out) == (2, "")
    assert "small order" in err


@pytest.mark.parametrize("between", [b"", b"\n", b"words\n"])
def test_a_file_holds_one_key(tmp_path: Path, between: bytes) -> None:
    """Two blocks in one file are refused, whichever would have been taken."""
    (private, public), (private_2, public_2) = new_pair(), new_pair()
    path = tmp_path / "key"
    for two in ((public, public_2), (public, private), (private, public)):
        path.write_bytes(two[0] + between + two[1])
        with pytest.raises(KeyFault, match="several PEM blocks"):
            public_key(path)
    for two in ((private, private_2), (private, public)):
        path.write_bytes(two[0] + between + two[1])
        with pytest.raises(KeyFault, match="several PEM blocks"):
            private_key(path)


def test_every_made_key_is_taken(tmp_path: Path) -> None:
    """Keys of `keys new` are none of those that are refused."""
    path = tmp_path / "key"
    for _ in range(50):
        path.write_bytes(new_pair()[1])
        pem = public_key(path).public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        assert pem == path.read_bytes()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(JSON)
def test_strict_json_reads_what_is_written(value: Any) -> None:
    """What the json module writes reads back the same."""
    assert strict_json.loads(json.dumps(value)) == value


@pytest.mark.parametrize(
    ("name", "status"), [("release/march", 0), ("dsse-02-payload-key-twice", 1), ("dsse-04-no-keyid", 0)]
)
def test_the_shared_cases(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, status: int
) -> None:
    """Envelopes that were made elsewhere are answered as their folder says."""
    if not CASES.is_dir():
        pytest.skip(f"no shared cases at {CASES}")
    monkeypatch.chdir(CASES / "release")
    words = ["march", "--key", "gate.pub", "--config", "ccheck.toml", "--on", "2024-08-11"]
    assert run(["verify", f"../{name}.json", *words]) == status, capsys.readouterr()


def test_json_of_a_rollout_is_strict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A health report, a gate's result and a record with a key twice, or NaN, are wrong usage."""
    monkeypatch.chdir(tmp_path)
    Path("file.bin").write_bytes(b"x")
    plan = ["rollout", "plan", "r", "file.bin", "--last-good", "l", "--hosts", "1000"]
    assert run([*plan, "--record", "r"]) == 0
    health = '{"begun": "2024-08-10T00:00:00+00:00", "until": "2024-08-11T00:00:00+00:00", "hosts": 1, "reporting": 1, "crashed": 1, "looping": 0'
    for more in (', "crashed": 0}', ', "x": NaN}', ', "x": 1e999}'):
        Path("health.json").write_text(health + more, encoding="utf-8")
        assert run(["rollout", "record", "canary", "--record", "r", "--health", "health.json"]) == 2
    capsys.readouterr()
    for text, words in (("[x", "it is no JSON: "), ('{"hosts": 1}', "without begun, until, reporting,")):
        Path("health.json").write_text(text, encoding="utf-8")
        assert run(["rollout", "record", "canary", "--record", "r", "--health", "health.json"]) == 2
        assert f"health.json: not a health report: {words}" in capsys.readouterr().err
    Path("health.json").write_text(health + "}", encoding="utf-8")
    assert run(["rollout", "record", "canary", "--record", "r", "--health", "health.json"]) == 0
    first, second = Path("r").read_text(encoding="utf-8").splitlines()
    assert '"crashed": 1' in second
    second = second.replace('"crashed": 1', '"crashed": 1, "crashed": 0')
    Path("r").write_text(f"{first}\n{second}\n", encoding="utf-8")
    assert run(["rollout", "next", "--record", "r"]) == 2
    Path("out.json").write_text('{"verdict": "fail", "verdict": "pass"}', encoding="utf-8")
    assert run([*plan, "--record", "s", "--result", "out.json"]) == 2
    assert "is there twice" in capsys.readouterr().err


def test_verify_by_command(signed: Call) -> None:
    """Through the command line: a key id that is missing verifies, and a key twice is refused."""
    good = json.loads(Path("march.json").read_text(encoding="utf-8"))
    del good["signatures"][0]["keyid"]
    Path("march.json").write_text(json.dumps(good), encoding="utf-8")
    assert verify(signed)[0] == 0
    Path("march.json").write_text(json.dumps(good)[:-1] + ', "payload": ""}', encoding="utf-8")
    assert verify(signed) == (1, "refused: it is not a DSSE envelope\n")
