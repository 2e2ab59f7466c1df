"""What may be found on a disk: all of it made, nothing twice but by chance, nothing that is the file itself."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from inline_snapshot import snapshot

from ccheck.release.gate.stages.damage import SECTOR, damages

NAME = "C-00000291-00000000-00000002.bin"


def test_every_fault_of_two_small_files() -> None:
    """A file of two sectors over an old one of one and a half, with a block at byte 32."""
    new, old = b"N" * (2 * SECTOR), b"O" * (SECTOR + 256)
    made = [f"{one.kind}: {one.what}: {one.name}: {len(one.data)}" for one in damages(new, NAME, old, (32,))]
    assert made == snapshot(
        [
            "zero: all zero: C-00000291-00000000-00000002.bin: 1024",
            "empty: no bytes: C-00000291-00000000-00000002.bin: 0",
            "stale: the old file, under the new name: C-00000291-00000000-00000002.bin: 768",
            "renamed: renamed to C-00000292-00000000-00000002.bin: C-00000292-00000000-00000002.bin: 1024",
            "truncated: truncated at 0x20: C-00000291-00000000-00000002.bin: 32",
            "zero: all zero from 0x20: C-00000291-00000000-00000002.bin: 1024",
            "zero: all zero before 0x20: C-00000291-00000000-00000002.bin: 1024",
            "truncated: truncated at 0x200: C-00000291-00000000-00000002.bin: 512",
            "zero: all zero from 0x200: C-00000291-00000000-00000002.bin: 1024",
            "zero: all zero before 0x200: C-00000291-00000000-00000002.bin: 1024",
            "truncated: truncated at 0x3ff: C-00000291-00000000-00000002.bin: 1023",
            "zero: all zero from 0x3ff: C-00000291-00000000-00000002.bin: 1024",
            "zero: all zero before 0x3ff: C-00000291-00000000-00000002.bin: 1024",
            "mixed: new, with the old sector at 0x0: C-00000291-00000000-00000002.bin: 1024",
            "mixed: new before 0x200, old from there: C-00000291-00000000-00000002.bin: 768",
            "mixed: old before 0x200, new from there: C-00000291-00000000-00000002.bin: 1024",
            "mixed: new, with the old sector at 0x200: C-00000291-00000000-00000002.bin: 768",
        ]
    )


def test_a_first_release_has_no_old_file() -> None:
    """Without an old file nothing is mixed or stale; a name without a number is not renamed."""
    kinds = {one.kind for one in damages(b"N" * 600, "rules.bin", None)}
    assert kinds == {"zero", "empty", "truncated"}


@given(st.binary(min_size=1, max_size=3000), st.none() | st.binary(max_size=3000), st.integers(0, 3000))
def test_sectors_come_from_the_old_file_the_new_one_or_nowhere(
    new: bytes, old: bytes | None, block: int
) -> None:
    """Each sector that is not cut within a block is the old file's, the new file's, or zero."""
    for one in damages(new, NAME, old, (block,)):
        if one.kind == "mixed":
            for at in range(0, len(one.data), SECTOR):
                part = one.data[at : at + SECTOR]
                assert part in (new[at : at + SECTOR], (old or b"")[at : at + SECTOR]) or len(part) < SECTOR
