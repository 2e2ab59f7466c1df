"""The regions of a driver's address space, and what a run may cost."""

from dataclasses import dataclass
from typing import Final

from ccheck_interpreter.memory import Memory
from ccheck_interpreter.profile import Profile


@dataclass(frozen=True, slots=True)
class Places:
    """The base addresses of the regions, so distant that on 64 bits no number of a file spans two of them."""

    definitions: int
    content: int
    strings: int
    stack: int
    tables: int


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run may cost before it counts as a hang.

    A load may take `steps` and one step for each byte of content. One event may take `steps` and, for each
    byte of content, `event_steps_per_byte` and one more for each 1,024 bytes of its longest input. One step
    is one memory access, or 64 bytes of a range. The regexes of one instance may take `regex_steps` for one
    event: for each, the size of its program times the bytes of the input and one more. The default is what
    256 regexes of 2,000 instructions cost over inputs of 4,096 bytes.
    """

    steps: int = 8192
    event_steps_per_byte: int = 16
    regex_steps: int = 256 * 2000 * 4097
    depth: int = 16

    def for_load(self, size: int) -> int:
        """The step budget for loading `size` bytes."""
        return self.steps + size

    def for_event(self, size: int, longest_input: int) -> int:
        """The step budget for evaluating content of `size` bytes against one event."""
        return self.steps + size * (self.event_steps_per_byte + 1 + (longest_input >> 10))


PLACES: Final = {
    64: Places(
        0xFFFF_A400_0000_0000,
        0xFFFF_A800_0000_0000,
        0xFFFF_B000_0000_0000,
        0xFFFF_8405_0000_0000,
        0xFFFF_F800_0000_0000,
    ),
    32: Places(0x8800_0000, 0x9400_0000, 0xB000_0000, 0xA800_0000, 0xC000_0000),
}
DEFAULT_LIMITS: Final = Limits()


def address_space(profile: Profile, steps: int, depth: int = DEFAULT_LIMITS.depth) -> Memory:
    """An empty address space as the build's platform has it."""
    return Memory(
        pointer_bits=profile.pointer_bits,
        order=profile.byte_order,
        strict=profile.strict_alignment,
        steps=steps,
        depth=depth,
    )
