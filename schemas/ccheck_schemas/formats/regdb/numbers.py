"""The numbers of wireless regulatory databases and their names; how a file is recognised. No Construct."""

from __future__ import annotations

from enum import IntEnum, IntFlag

MAGIC = b"RGDB"
NEW, OLD = 20, 19
"""The versions: regulatory.db, which the kernel loads itself, and regulatory.bin, which a helper loads for
it.
"""

RULES_HIGH = 128
"""Rules of a domain that the kernel takes, NL80211_MAX_SUPP_REG_RULES."""

WORLD = "00"
"""The code of the world domain."""


class DfsRegion(IntEnum):
    """The region whose rules for radar detection apply."""

    UNSET = 0
    FCC = 1
    ETSI = 2
    JP = 3


class RuleSize(IntEnum):
    """The length of a rule, which decides what follows its three frequencies."""

    PLAIN = 16
    CAC = 18
    WMM = 20


class RuleFlag(IntFlag):
    """Flags of a rule, version 20."""

    NO_OFDM = 1
    NO_OUTDOOR = 2
    DFS = 4
    NO_IR = 8
    AUTO_BW = 16


class OldRuleFlag(IntFlag):
    """Flags of a rule, version 19."""

    NO_OFDM = 1
    NO_CCK = 2
    NO_INDOOR = 4
    NO_OUTDOOR = 8
    DFS = 16
    PTP_ONLY = 32
    PTMP_ONLY = 64
    NO_IR = 128
    NO_IBSS = 256
    AUTO_BW = 2048


def recognise(data: bytes) -> bool:
    """Returns whether bytes begin as a regulatory database does."""
    return data[:4] == MAGIC
