"""Lines of a rollout's record, signed as DSSE signs, by the keys that sign verdicts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ccheck.release.verdict.envelope import NotTrusted, signatures_of, trust
from ccheck.release.verdict.keys import private_key, public_key

PAYLOAD_TYPE = "application/vnd.ccheck.rollout+json"

Sign = Callable[[bytes], list[dict[str, str]]]
"""The signatures of a line."""
Trust = Callable[[bytes, Any], None]
"""Look whether a line is signed as it must be. Raises NotTrusted."""


def signing(path: Path) -> Sign:
    """Signs lines with the private key in a file.

    Raises:
        KeyFault: The file has no usable key.
    """
    key = private_key(path)
    return lambda line: signatures_of(line, PAYLOAD_TYPE, key)


def trusting(paths: Sequence[Path]) -> Trust:
    """Verifies lines that one of these public keys signed.

    Raises:
        KeyFault: A file has no usable key.
    """
    keys: list[Ed25519PublicKey] = [public_key(path) for path in paths]

    def look(line: bytes, signatures: Any) -> None:
        for key in keys:
            try:
                trust(line, PAYLOAD_TYPE, signatures, key)
            except NotTrusted as wrong:
                why = wrong
            else:
                return
        raise why

    return look
