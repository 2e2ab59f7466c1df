"""Signed bytes: a DSSE envelope around an in-toto Statement, and the way back, which trusts nothing."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from securesystemslib.dsse import Envelope
from securesystemslib.signer import CryptoSigner

from ccheck.release.verdict.keys import named
from ccheck.text import strict_json

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
    """The statement in an envelope that `key` signed.

    Nothing of the payload is looked at before its signature is verified.

    Raises:
        NotTrusted: The key did not sign it.
    """
    if len(data) > MAX_BYTES:
        raise NotTrusted(f"it has more than {MAX_BYTES:,} bytes")
    try:
        parts = _mapping(strict_json.loads(data))
        payload, kind = _bytes_of(parts["payload"]), parts["payloadType"]
        signatures = _signatures(parts["signatures"])
    except (KeyError, TypeError, ValueError, RecursionError) as wrong:
        raise NotTrusted("it is not a DSSE envelope") from wrong
    if kind != PAYLOAD_TYPE:
        raise NotTrusted(f"its payload type is {kind!r}, not {PAYLOAD_TYPE!r}")
    _trust(payload, kind, signatures, key)
    try:
        return _mapping(strict_json.loads(payload))
    except (ValueError, RecursionError) as wrong:
        raise NotTrusted("what was signed is not a statement") from wrong


def signatures_of(payload: bytes, kind: str, key: Ed25519PrivateKey) -> list[dict[str, str]]:
    """The signatures of an envelope around bytes of a kind, if the bytes are stored elsewhere."""
    signatures: list[dict[str, str]] = _signed(payload, kind, key).to_dict()["signatures"]
    return signatures


def trust(payload: bytes, kind: str, signatures: Any, key: Ed25519PublicKey) -> None:
    """Verify that `signatures_of` with this key gave the signatures.

    Raises:
        NotTrusted: It did not.
    """
    try:
        read = _signatures(signatures)
    except (KeyError, TypeError, ValueError) as wrong:
        raise NotTrusted("it is not signed") from wrong
    _trust(payload, kind, read, key)


@dataclass(frozen=True, slots=True)
class _Signature:
    """One signature; `keyid` is the signer's hint about its key, empty without one."""

    sig: bytes
    keyid: str


def _signed(payload: bytes, kind: str, key: Ed25519PrivateKey) -> Envelope:
    envelope = Envelope(payload, kind, {})
    envelope.sign(CryptoSigner(key, named(key.public_key())))
    return envelope


def _trust(payload: bytes, kind: str, signatures: Sequence[_Signature], key: Ed25519PublicKey) -> None:
    """Verify that a signature is by this key.

    "keyid [...] is not authenticated and is intended only as a hint": it is never relied on.

    Raises:
        NotTrusted: No signature is by this key.
    """
    signed: bytes = Envelope(payload, kind, {}).pae()
    for signature in signatures:
        try:
            key.verify(signature.sig, signed)
        except InvalidSignature:
            continue
        return
    if any(signature.keyid in ("", named(key).keyid) for signature in signatures):
        raise NotTrusted("the signature is wrong: it was tampered with")
    raise NotTrusted("no signature is by this key: it is of an unknown key")


def _signatures(value: Any) -> list[_Signature]:
    """The signatures of an envelope.

    Raises:
        KeyError: A key is missing.
        TypeError: A value has the wrong type.
        ValueError: A value is malformed.
    """
    if not isinstance(value, list):
        raise TypeError("the signatures are no list")
    found = []
    for one in map(_mapping, value):
        # "An unset field MUST be treated the same as set-but-empty."
        keyid = one.get("keyid") or ""
        if not isinstance(keyid, str):
            raise TypeError("keyid is no text")
        found.append(_Signature(_bytes_of(one["sig"]), keyid))
    return found


def _bytes_of(text: Any) -> bytes:
    """The bytes that a text in base64 encodes, "either standard or URL-safe".

    Raises:
        TypeError: it is no text.
        ValueError: it is not written in the one way in which an encoder writes these bytes.
    """
    if not isinstance(text, str):
        raise TypeError("base64 is a text")
    written = text.encode("ascii")
    for alphabet in (b"+/", b"-_"):
        data = base64.b64decode(written, alphabet, validate=True)
        if base64.b64encode(data, alphabet) == written:
            return data
    raise ValueError("it is not base64 as it is written")


def _mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("not an object")  # noqa: TRY004, RUF100 - bad content, not a wrong type in a program
    return value
