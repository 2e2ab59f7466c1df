"""Signed bytes: a DSSE envelope around an in-toto Statement, and the way back, which trusts nothing."""

from __future__ import annotations

import base64
import copy
import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import CryptoSigner

from ccheck.release_gate.keys import named

PAYLOAD_TYPE = "application/vnd.in-toto+json"
MAX_BYTES = 64 << 20


class NotTrusted(Exception):
    """An envelope that proves nothing, and why."""


def seal(statement: dict[str, Any], key: Ed25519PrivateKey) -> bytes:
    """The envelope of a statement. The same statement and key give the same bytes."""
    payload = json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()
    envelope = _signed(payload, PAYLOAD_TYPE, key).to_dict()
    return json.dumps(envelope, sort_keys=True, indent=1).encode() + b"\n"


def unseal(data: bytes, key: Ed25519PublicKey) -> dict[str, Any]:
    """The statement in an envelope that `key` signed. Raises NotTrusted.

    Nothing of the payload is looked at before its signature is known to be right.
    """
    if len(data) > MAX_BYTES:
        raise NotTrusted(f"it has more than {MAX_BYTES:,} bytes")
    try:
        envelope = Envelope.from_dict(_mapping(json.loads(data)))
    except Exception as wrong:  # any bytes may come, and the library raises whatever they make it
        raise NotTrusted("it is not a DSSE envelope") from wrong
    if envelope.payload_type != PAYLOAD_TYPE:
        raise NotTrusted(f"its payload type is {envelope.payload_type!r}, not {PAYLOAD_TYPE!r}")
    _trust(envelope, key)
    try:
        return _mapping(json.loads(envelope.payload, object_pairs_hook=_once))
    except (ValueError, RecursionError) as wrong:
        raise NotTrusted("what was signed is not a statement") from wrong


def signatures_of(payload: bytes, kind: str, key: Ed25519PrivateKey) -> list[dict[str, str]]:
    """The signatures of an envelope around bytes of a kind, where the bytes stand elsewhere."""
    signatures: list[dict[str, str]] = _signed(payload, kind, key).to_dict()["signatures"]
    return signatures


def trust(payload: bytes, kind: str, signatures: Any, key: Ed25519PublicKey) -> None:
    """Look whether `signatures_of` by this key gave the signatures. Raises NotTrusted, for any signatures."""
    parts = {"payload": base64.b64encode(payload).decode(), "payloadType": kind, "signatures": signatures}
    try:
        envelope = Envelope.from_dict(copy.deepcopy(parts))  # it empties what it is given
    except Exception as wrong:  # as above
        raise NotTrusted("it is not signed") from wrong
    _trust(envelope, key)


def _signed(payload: bytes, kind: str, key: Ed25519PrivateKey) -> Envelope:
    envelope = Envelope(payload, kind, {})
    envelope.sign(CryptoSigner(key, named(key.public_key())))
    return envelope


def _trust(envelope: Envelope, key: Ed25519PublicKey) -> None:
    trusted = named(key)
    if trusted.keyid not in envelope.signatures:
        raise NotTrusted("no signature is by this key: it is of an unknown key")
    try:
        envelope.verify([trusted], 1)
    except (VerificationError, ValueError) as wrong:
        raise NotTrusted("the signature is wrong: it was tampered with") from wrong


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys stand once, so that no two readers can take different ones."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("not an object")  # noqa: TRY004, RUF100 - bad content, not a wrong type in a program
    return value
