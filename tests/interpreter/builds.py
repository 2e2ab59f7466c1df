"""The consumer builds that the tests use."""

from dataclasses import replace
from typing import Final

from ccheck_interpreter.profile import Profile

SHIPPED: Final = Profile("7.11", {"IPC": 20, "Net": 4}, version="7.11")
FIXED: Final = replace(SHIPPED, name="7.16", version="7.16", bounds_check=True)
NARROW: Final = replace(SHIPPED, name="7.11-x86", platform="windows-x86", pointer_bits=32)
BIG: Final = replace(
    SHIPPED, name="7.11-s390x", platform="linux-s390x", byte_order="big", strict_alignment=True
)
OLD: Final = replace(SHIPPED, name="7.10", criterion_kinds=frozenset({1, 2, 3, 4, 5, 6}))

UNCHECKED: Final = (SHIPPED, NARROW, BIG, OLD)
CHECKED: Final = tuple(
    replace(profile, name=f"{profile.name}-checked", bounds_check=True) for profile in UNCHECKED
)
ALL: Final = UNCHECKED + CHECKED
