"""Ed25519 keys: created, read from a file or from the environment, and identified."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from securesystemslib.signer import SSlibKey

from ccheck.files.regular_file import TooLarge, read_regular_file

VARIABLE = "CCHECK_GATE_KEY"
"""The environment variable that may hold the private key in PEM, for build servers."""

MAX_BYTES = 65_536


_PRIME = 2**255 - 19
_ORDER_8 = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
_SMALL_ORDER = frozenset({0, 1, _PRIME - 1, _ORDER_8, _PRIME - _ORDER_8})
"""The y of all points of Curve25519 whose order is 1, 2, 4 or 8: by such a key anybody can sign anything."""


class KeyFault(Exception):
    """A key that cannot be used; it never says what is in it."""


def new_pair() -> tuple[bytes, bytes]:
    """A new private key (PKCS #8, not encrypted) and its public key, both in PEM."""
    private = Ed25519PrivateKey.generate()
    return (
        private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
        public_pem(private.public_key()),
    )


def public_pem(public: Ed25519PublicKey) -> bytes:
    """A public key in PEM."""
    return public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def private_key(path: Path | None) -> Ed25519PrivateKey:
    """The private key in a file, or in the environment if none was named.

    Raises:
        KeyFault: There is no usable key.
    """
    if path is None:
        pem = os.environ.get(VARIABLE, "").encode()
        where = VARIABLE
        if not pem:
            raise KeyFault(f"no key: give --key FILE, or put the key into {VARIABLE}")
    else:
        pem, where = _read(path), str(path)
    _require_one_block(pem, where)
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as wrong:
        # TypeError: it is encrypted.
        raise KeyFault(f"{where} is not a private key in PEM without a password") from wrong
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFault(f"{where} is not an Ed25519 key")
    return key


def public_key(path: Path) -> Ed25519PublicKey:
    """The public key in a file.

    Raises:
        KeyFault: There is no usable key.
    """
    pem = _read(path)
    _require_one_block(pem, str(path))
    try:
        key = serialization.load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as wrong:
        raise KeyFault(f"{path} is not a public key in PEM") from wrong
    if not isinstance(key, Ed25519PublicKey):
        raise KeyFault(f"{path} is not an Ed25519 key")
    # The highest bit is the sign of x; RFC 8032 has no point whose y is the prime or more.
    y = int.from_bytes(key.public_bytes_raw(), "little") & ((1 << 255) - 1)
    if y >= _PRIME or y in _SMALL_ORDER:
        raise KeyFault(f"{path} is a key by which anybody could sign: it is a point of small order")
    return key


def _require_one_block(pem: bytes, where: str) -> None:
    """Checks that a file has only one key: which of several counts would be a guess.

    Raises:
        KeyFault: It has several.
    """
    if pem.count(b"-----BEGIN") > 1:
        raise KeyFault(f"{where} holds several PEM blocks: a key has a file of its own")


def named(public: Ed25519PublicKey) -> SSlibKey:
    """The key with its id, which is derived from its bytes."""
    return SSlibKey.from_crypto(public)


def _read(path: Path) -> bytes:
    try:
        return read_regular_file(path, MAX_BYTES)
    except TooLarge as fault:
        raise KeyFault(f"{path} has more than {MAX_BYTES:,} bytes, which no key has") from fault
    except (OSError, ValueError) as fault:
        words = fault.strerror if isinstance(fault, OSError) and fault.strerror else str(fault)
        raise KeyFault(f"{path}: {words}") from fault
