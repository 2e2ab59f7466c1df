"""The facts of a kernel that compiled AppArmor policy is compared with."""

from __future__ import annotations

from ccheck_schemas.build_facts import Fact, FactKind
from ccheck_schemas.formats.apparmor.numbers import ABI_MASK, OPTIONAL_ITEMS, DfaFlag, Mode, StateFlag

VERSIONS = Fact(FactKind.SET, "apparmor_versions", values=range(ABI_MASK + 1))
"""Versions of the stream, the ABI."""
ITEMS = Fact(
    FactKind.SET,
    "apparmor_items",
    names={name: at for at, name in enumerate(OPTIONAL_ITEMS)},
    values=range(len(OPTIONAL_ITEMS)),
)
"""The items that a profile need not have, by the name before them."""
MODES = Fact(
    FactKind.SET,
    "apparmor_modes",
    names={mode.name.lower(): int(mode) for mode in Mode},
    values=frozenset(map(int, Mode)),
)
DFA_FLAGS = Fact(FactKind.SET, "apparmor_dfa_flags", values=range(sum(DfaFlag) + 1))
"""The flags of a DFA, each combination as one number."""
EXEC_NAMES = Fact(FactKind.LIMIT, "apparmor_exec_names")
"""Names of one profile that executing leads to."""
STATE_BYTES = Fact(FactKind.SET, "apparmor_state_bytes", values=frozenset({2, 4}))
"""Bytes of one state in the tables default, next and check of a DFA."""
STATE_FLAGS = Fact(
    FactKind.SET,
    "apparmor_state_flags",
    names={flag.name.lower(): int(flag) for flag in StateFlag if flag.name},
    values=frozenset(map(int, StateFlag)),
)
"""Flags of states that it follows within bounds. Kernels before 2026 take a byte of a path for each step from
a state that is encoded by its difference, and read past the end of the path."""
STATES_COMPARED = Fact(FactKind.SWITCH, "apparmor_states_compared")
"""Does it compare start states, default states of states that are encoded by their difference, and chains of
such states? Kernels do since 2026."""
NAME_COMPARED = Fact(FactKind.SWITCH, "apparmor_name_compared")
"""Does it refuse a name that is a namespace and nothing else? If not, it follows a NULL pointer."""
KEYS_COMPARED = Fact(FactKind.SWITCH, "apparmor_keys_compared")
"""Does it refuse a key that has data already?"""
NAMESPACES_COMPARED = Fact(FactKind.SWITCH, "apparmor_namespaces_compared")
"""Does it refuse a second namespace in one load?"""
NAMESPACE_KEPT = Fact(FactKind.SWITCH, "apparmor_namespace_kept")
"""Does it keep the namespace of a profile for those behind it? If not, the last profile decides for all."""

FACTS = (
    VERSIONS, ITEMS, MODES, DFA_FLAGS, EXEC_NAMES, STATE_BYTES, STATE_FLAGS, STATES_COMPARED, NAME_COMPARED,
    KEYS_COMPARED, NAMESPACES_COMPARED, NAMESPACE_KEPT,
)  # fmt: skip
