"""The numbers of classic BPF, named as in `linux/bpf_common.h` and `linux/filter.h`."""

from enum import IntEnum
from typing import Final

SIZE: Final = 8
"""Bytes of an instruction."""
MOST: Final = 4096
"""Instructions of a program: `BPF_MAXINSNS`."""
WORDS: Final = 16
"""Words of scratch memory: `BPF_MEMWORDS`."""
ANCILLARY_FROM: Final = 0xFFFF_F000
"""From here on an absolute load means data of the packet's bookkeeping: `SKF_AD_OFF`."""
ANCILLARIES: Final = frozenset(range(ANCILLARY_FROM, ANCILLARY_FROM + 64, 4))
"""The numbers of it that Linux knows, from `SKF_AD_PROTOCOL` to `SKF_AD_VLAN_TPID`."""


class Code(IntEnum):
    """The instructions that `chk_code_allowed` lets pass."""

    LD_IMM = 0x00
    LDX_IMM = 0x01
    ST = 0x02
    STX = 0x03
    ADD_K = 0x04
    JA = 0x05
    RET_K = 0x06
    TAX = 0x07
    ADD_X = 0x0C
    SUB_K = 0x14
    JEQ_K = 0x15
    RET_A = 0x16
    SUB_X = 0x1C
    JEQ_X = 0x1D
    LD_W_ABS = 0x20
    MUL_K = 0x24
    JGT_K = 0x25
    LD_H_ABS = 0x28
    MUL_X = 0x2C
    JGT_X = 0x2D
    LD_B_ABS = 0x30
    DIV_K = 0x34
    JGE_K = 0x35
    DIV_X = 0x3C
    JGE_X = 0x3D
    LD_W_IND = 0x40
    OR_K = 0x44
    JSET_K = 0x45
    LD_H_IND = 0x48
    OR_X = 0x4C
    JSET_X = 0x4D
    LD_B_IND = 0x50
    AND_K = 0x54
    AND_X = 0x5C
    LD_MEM = 0x60
    LDX_MEM = 0x61
    LSH_K = 0x64
    LSH_X = 0x6C
    RSH_K = 0x74
    RSH_X = 0x7C
    LD_LEN = 0x80
    LDX_LEN = 0x81
    NEG = 0x84
    TXA = 0x87
    MOD_K = 0x94
    MOD_X = 0x9C
    XOR_K = 0xA4
    XOR_X = 0xAC
    LDX_MSH = 0xB1


ABSOLUTE: Final = frozenset({Code.LD_W_ABS, Code.LD_H_ABS, Code.LD_B_ABS})
DIVISIONS: Final = frozenset({Code.DIV_K, Code.MOD_K})
SHIFTS: Final = frozenset({Code.LSH_K, Code.RSH_K})
STORES: Final = frozenset({Code.ST, Code.STX})
LOADS: Final = frozenset({Code.LD_MEM, Code.LDX_MEM})
RETURNS: Final = frozenset({Code.RET_K, Code.RET_A})
BRANCHES: Final = frozenset(
    {
        *(Code.JEQ_K, Code.JGT_K, Code.JGE_K, Code.JSET_K),
        *(Code.JEQ_X, Code.JGT_X, Code.JGE_X, Code.JSET_X),
    }
)


def recognise(data: bytes) -> bool:
    """Whether the bytes look like the format: never, for a program has no mark of its own."""
    return False
