"""AppArmor policy as the kernel loads it: what a profile allows, and the three faults of 2026."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from ccheck.core.consumers import load_consumers
from ccheck.core.shipped_consumers import consumers_path
from ccheck.formats.apparmor.exercise import kernel_of
from ccheck_interpreter.apparmor.kernel import CHECKING, TRUSTING, Kernel
from ccheck_interpreter.apparmor.policy import Policy, run_apparmor
from ccheck_interpreter.trap import Refused
from tests.conftest import ROOT

CORPUS = ROOT / "corpus" / "apparmor"
KERNELS = (TRUSTING, CHECKING)
BASE = (CORPUS / "base.bin").read_bytes()


def allowed(data: bytes, profile: str, path: str, permission: str, kernel: Kernel = CHECKING) -> bool:
    """Whether a profile allows something."""
    (result,) = run_apparmor(data, kernel, [(profile, path, permission)]).answers.results
    return bool(result["allowed"])


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.profile.name)
def test_a_path_is_matched_byte_by_byte(kernel: Kernel) -> None:
    """A path has the permissions of its final state; its prefixes, extensions and other paths have none."""
    assert allowed(BASE, "/usr/bin/a", "/etc/a", "r", kernel)
    assert allowed(BASE, "/usr/bin/a", "/srv/a", "rw", kernel)
    assert not allowed(BASE, "/usr/bin/a", "/etc/a", "w", kernel)
    assert not allowed(BASE, "/usr/bin/a", "/etc/", "r", kernel)
    assert not allowed(BASE, "/usr/bin/a", "/etc/aa", "r", kernel)
    assert not allowed(BASE, "/usr/bin/b", "/etc/a", "r", kernel)


def test_genuine_profiles_run_in_both_readers(shared_data: Path) -> None:
    """Both builds load all genuine profiles and visit their states."""
    files = sorted((shared_data / "apparmor" / "valid").iterdir())
    assert len(files) == 10
    for path in files:
        outcomes = [run_apparmor(path.read_bytes(), kernel) for kernel in KERNELS]
        assert [o.verdict for o in outcomes] == ["run", "run"], path.name
        assert len({o.answers.questions for o in outcomes}) == 1


def test_a_genuine_profile_allows_what_its_source_does(shared_data: Path) -> None:
    """The profile of spamc lets it read the list of users and its own program, and not the passwords."""
    data = (shared_data / "apparmor" / "valid" / "usr.bin.spamc.bin").read_bytes()
    assert allowed(data, "/usr/bin/spamc", "/etc/passwd", "r")
    assert not allowed(data, "/usr/bin/spamc", "/etc/passwd", "w")
    assert not allowed(data, "/usr/bin/spamc", "/etc/shadow", "r")
    assert allowed(data, "/usr/bin/spamc", "/usr/bin/spamc", "r")


@pytest.mark.parametrize(
    ("check", "name", "kind", "operation", "reason"),
    [
        ("apparmor-start-outside", "file_rules", "out-of-bounds-read", "match-base", "start"),
        ("apparmor-start-outside", "policydb", "out-of-bounds-read", "match-base", "start"),
        ("apparmor-state-outside", "default_of_a_difference", "out-of-bounds-read", "match-base", "default"),
        ("apparmor-chain-endless", "two_states", "step-budget", "match-base", "chain"),
    ],
)
def test_the_faults_of_2026_trap_the_kernel_before_and_not_after(
    check: str, name: str, kind: str, operation: str, reason: str
) -> None:
    """A wrong start state, default entry or chain traps or hangs the build of 2025, which compares none.

    The build that compares them refuses the load.
    """
    data = (CORPUS / check / "bad" / f"{name}.bin").read_bytes()
    outcome = run_apparmor(data, TRUSTING)
    assert outcome.trap is not None
    assert outcome.trap.kind == kind
    assert outcome.trap.operation.name in (operation, "read-permissions")
    refusal = run_apparmor(data, CHECKING).refusal
    assert refusal is not None
    assert refusal.reason == reason


def item(code: int, payload: bytes = b"", name: str | None = None) -> bytes:
    """An item of the stream, and its name."""
    head = b"" if name is None else b"\4" + struct.pack("<H", len(name) + 1) + name.encode() + b"\0"
    return head + bytes([code]) + payload


def u32(value: int, name: str | None = None) -> bytes:
    """A number."""
    return item(2, struct.pack("<I", value), name)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "stream"),
        (u32(7), "version"),
        (u32(10, "version"), "version"),
        (u32(7, "version") + item(5, b"\x01\0\0", "namespace"), "namespace"),
        (u32(7, "version") + item(7, b"", "profiles"), "stream"),
        (u32(7, "version") + item(7, b"", "profile") + item(5, b"\x01\0\0"), "name"),
        (u32(7, "version") + item(7, b"", "profile") + item(5, b"\xff\xffa\0"), "stream"),
        (BASE[:-1], "stream"),
        (BASE + b"\0", "stream"),
        (BASE.replace(b"\x1b\x5e\x78\x3d", b"\x1b\x5e\x78\x3e", 1), "dfa"),
    ],
)
def test_a_stream_that_is_out_of_order_is_refused_by_both(data: bytes, reason: str) -> None:
    """Both builds refuse a stream whose next item is not the one that they ask for."""
    for kernel in KERNELS:
        with pytest.raises(Refused) as refused:
            Policy(data, kernel)
        assert refused.value.refusal.reason == reason


def test_genuine_profiles_run_in_every_kernel(shared_data: Path) -> None:
    """Every shipped kernel loads all genuine profiles of parser 3, and visits their states."""
    builds = load_consumers(consumers_path("builtin:linux-lts")).builds
    kernels = [kernel_of(build) for build in builds if build.reads("apparmor")]
    assert len(kernels) == 7
    for path in sorted((shared_data / "apparmor" / "valid").iterdir()):
        outcomes = [run_apparmor(path.read_bytes(), kernel) for kernel in kernels]
        assert {outcome.verdict for outcome in outcomes} == {"run"}, path.name
