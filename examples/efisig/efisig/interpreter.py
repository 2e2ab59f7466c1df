"""What a kernel does with EFI signature lists, on memory in which an access outside its object is a trap.

A second, independent reading, along `parse_efi_signature_list`: it imports neither the schema nor its
numbers, so that a mistake in one of them does not hide in the other.
"""

from collections.abc import Iterator, Sequence
from struct import Struct
from typing import Final

from ccheck_interpreter.memory import Memory, Region
from ccheck_interpreter.profile import Profile
from ccheck_interpreter.reader import Answers, ReaderOutcome, refuse, run_reader
from ccheck_interpreter.space import PLACES, address_space
from ccheck_interpreter.trap import Operation

CHECKING: Final = Profile("linux-checked", {}, platform="linux-x64", bounds_check=True)
"""Compares the sizes of each list before it uses them."""
TRUSTING: Final = Profile("linux-trusting", {}, platform="linux-x64")
"""Subtracts and steps as the sizes say."""

HEADER: Final = Struct("<16sIII")
OWNER: Final = 16
WRAP: Final = 1 << 64
FIXED: Final = {
    bytes.fromhex("2616c4c14c509240aca941f936934328"): 32,
    bytes.fromhex("92a4d23bc0967940b420fcf98ef103ed"): 48,
    bytes.fromhex("6e877670c280e64eaad228b349a6865b"): 64,
    bytes.fromhex("63bf6d440225da4cbcfa2465d2b0fe9d"): 80,
    bytes.fromhex("12a56c8210cfc94ab187be01496631bd"): 20,
    bytes.fromhex("33526e0b5ca6c9449407d9ab83bfc8bd"): 28,
    bytes.fromhex("07533effd09fc94885f18ad56c701e01"): 48,
    bytes.fromhex("ae0f3e09c4a6504f9f1bd41e2b89c19a"): 64,
    bytes.fromhex("e866573c9c26344eaa14ed776e85b3b6"): 256,
    bytes.fromhex("4f44f8674387f148a3281eaab8736080"): 256,
    bytes.fromhex("9061b3e29b873d4aad8df2e7bba32784"): 256,
}
SHA256: Final = next(iter(FIXED))
X509: Final = bytes.fromhex("a159c0a5e494a74a87b5ab155c2bf072")
PKCS7: Final = bytes.fromhex("9dd2af4adf68ee498aa9347d375665a7")

READ_LIST: Final = Operation("read-list", "lists[].list_size")
READ_SIGNATURE: Final = Operation("read-signature", "lists[].signature_size")


def run_efisig(data: bytes, profile: Profile, hashes: Sequence[bytes] | None = None) -> ReaderOutcome:
    """Load lists as a dbx, and say which hashes are in it. Any bytes give an outcome."""
    return run_reader(profile, lambda: _run(data, profile, hashes))


def _run(data: bytes, profile: Profile, hashes: Sequence[bytes] | None) -> Answers:
    memory = address_space(profile, 1_000 + 2 * len(data))
    budget = memory.steps
    lists = memory.map("signature lists", PLACES[profile.pointer_bits].content, data, file="content")
    if not data:
        raise refuse("empty", "the file has no list", 0)
    taken = list(_signatures(memory, lists, profile))
    results = []
    for one in hashes or ():
        revoked = (SHA256, one) in taken
        results.append({"sha256": one.hex(), "revoked": revoked})
    return Answers(
        questions=len(taken) if hashes is None else len(hashes),
        results=tuple(results),
        steps=budget - memory.steps,
    )


def _signatures(memory: Memory, lists: Region, profile: Profile) -> Iterator[tuple[bytes, bytes]]:
    """Type and data of each signature. Raises Refused and Trap."""
    at = 0
    while at < lists.size:
        if profile.bounds_check and lists.size - at < HEADER.size:
            raise refuse("cut", f"{lists.size - at} bytes are left, a list needs {HEADER.size}", at)
        kind, size, header, step = memory.record(lists, lists.base + at, HEADER, READ_LIST, at)
        left = (size - HEADER.size - header) % WRAP
        if profile.bounds_check:
            _compare(kind, size, header, step, lists.size - at, at)
        here = at + HEADER.size + header
        while left:
            raw = memory.read_range(lists, lists.base + here, max(step, OWNER), READ_SIGNATURE, at + 24)
            content = raw[OWNER:step]
            if profile.bounds_check and kind == X509:
                _look(content, here + OWNER)
            yield kind, content
            here += step
            left = (left - step) % WRAP
        at += size


def _compare(kind: bytes, size: int, header: int, step: int, there: int, at: int) -> None:
    """Refuses sizes that contradict each other, and what no reader uses. Raises Refused."""
    if size > there:
        raise refuse("list-size", f"the list has {size} bytes, {there} are left", at + 16)
    if size < HEADER.size or size - HEADER.size < header:
        raise refuse("header-size", f"a list of {size} bytes has a header of {header}", at + 20)
    left = size - HEADER.size - header
    if step < OWNER or left < step or left % step:
        raise refuse("signature-size", f"{left} bytes are no signatures of {step}", at + 24)
    if kind not in FIXED and kind not in (X509, PKCS7):
        raise refuse("type", f"the type {kind.hex()} has no handler", at)
    if kind in FIXED and step != OWNER + FIXED[kind]:
        raise refuse(
            "size-of-type", f"signatures of {step} bytes, the type has {OWNER + FIXED[kind]}", at + 24
        )


def _look(content: bytes, at: int) -> None:
    """Refuses what does not begin as a whole certificate. Raises Refused."""
    first, second = (*content[:2], 0, 0)[:2]
    digits = second - 0x80 if second > 0x80 else 0
    long = int.from_bytes(content[2 : 2 + digits], "big") if digits else second
    if len(content) < 2 + digits or first != 0x30 or second == 0x80 or 2 + digits + long > len(content):
        raise refuse("certificate", f"no certificate of up to {len(content)} bytes", at)
