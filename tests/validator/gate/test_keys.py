"""Keys that sign verdicts: made once, kept from others, and no other kind is taken."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from tests.validator.gate.story import DAY, NEXT, POLICY, Call

pytest.importorskip("securesystemslib", reason="signing needs the extra gate")

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ccheck.release.verdict.keys import private_key


def test_keys_are_not_overwritten_and_kept_from_others(signed: Call) -> None:
    """`keys new` refuses names that are taken, and nobody else may read a private key."""
    before = Path("gate.key").read_bytes()
    assert signed("keys", "new", "gate")[0] == 2
    assert Path("gate.key").read_bytes() == before
    if os.name == "posix":
        assert Path("gate.key").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "pem", ["", "no key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]
)
def test_a_key_that_is_none_is_wrong_usage(cc: Call, monkeypatch: pytest.MonkeyPatch, pem: str) -> None:
    """A key of the environment that cannot be used ends the gate before it begins, and is never shown."""
    monkeypatch.setenv("CCHECK_GATE_KEY", pem)
    status, out, err = cc("gate", "march", "--on", DAY, "--verdict", "v.json")
    assert (status, out) == (2, "")
    assert "CCHECK_GATE_KEY" in err
    assert not pem or pem not in err


def test_keys_of_other_kinds_are_wrong_usage(signed: Call) -> None:
    """A key of another algorithm, one with a password, and one half for the other: each is reported by its file only."""
    other = ec.generate_private_key(ec.SECP256R1())
    mine: Any = private_key(Path("gate.key"))
    plain, pem, pkcs8 = (
        serialization.NoEncryption(),
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
    )
    locked = mine.private_bytes(pem, pkcs8, serialization.BestAvailableEncryption(b"secret"))
    public = other.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)
    for name, data in (
        ("ec.key", other.private_bytes(pem, pkcs8, plain)),
        ("locked.key", locked),
        ("ec.pub", public),
    ):
        Path(name).write_bytes(data)
    Path("large.key").write_bytes(bytes(100_000))
    for key in ("ec.key", "locked.key", "gate.pub", "large.key"):
        status, out, err = signed("gate", "march", "--on", DAY, "--key", key, "--verdict", "v.json")
        assert (status, out) == (2, "")
        assert key in err
    for key in ("ec.pub", "gate.key", "large.key"):
        status, out, err = signed("verify", "march.json", "march", "--key", key, "--on", NEXT)
        assert (status, out) == (2, "")
        assert key in err
    assert not Path("v.json").exists()


def test_a_policy_that_names_a_key_takes_no_other(signed: Call) -> None:
    """`[gate] key` is the public half of the key that signs, or nothing is signed."""
    Path("ccheck.toml").write_text(POLICY.replace("[gate]\n", '[gate]\nkey = "gate.pub"\n'), encoding="utf-8")
    signed("keys", "new", "other")
    assert signed("gate", "march", "--on", DAY, "--key", "gate.key", "--verdict", "v.json")[0] == 0
    assert signed("gate", "march", "--on", DAY, "--key", "other.key", "--verdict", "w.json")[0] == 2
    assert not Path("w.json").exists()


def test_a_full_disk_leaves_no_half_of_a_key(cc: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a key cannot be written to its end, neither half of the pair is there."""

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    assert cc("keys", "new", "gate")[0] == 2
    assert not list(Path().glob("gate.*"))
