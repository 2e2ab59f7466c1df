"""The facts of a kernel that compiled AppArmor policy is compared with."""

from __future__ import annotations

from ccheck_schemas.build_facts import Fact, FactKind
from ccheck_schemas.formats.apparmor.numbers import OPTIONAL_ITEMS, Mode

VERSIONS = Fact(FactKind.SET, "apparmor_versions")
"""Versions of the stream, the ABI."""
ITEMS = Fact(FactKind.SET, "apparmor_items", names={name: at for at, name in enumerate(OPTIONAL_ITEMS)})
"""The items that a profile need not have, by the name before them."""
MODES = Fact(FactKind.SET, "apparmor_modes", names={mode.name.lower(): int(mode) for mode in Mode})
DFA_FLAGS = Fact(FactKind.SET, "apparmor_dfa_flags")
"""The flags of a DFA, each combination as one number."""
EXEC_NAMES = Fact(FactKind.LIMIT, "apparmor_exec_names")
"""Names of one profile that executing leads to."""
STATE_BYTES = Fact(FactKind.SET, "apparmor_state_bytes")
"""Bytes of one state in the tables default, next and check of a DFA."""
STATES_COMPARED = Fact(FactKind.SWITCH, "apparmor_states_compared")
"""Does it compare start states, default states of states that are encoded by their difference, and chains of
such states? Kernels do since 2026."""
NAME_COMPARED = Fact(FactKind.SWITCH, "apparmor_name_compared")
"""Does it refuse a name that is a namespace and nothing else? If not, it follows a NULL pointer."""
KEYS_COMPARED = Fact(FactKind.SWITCH, "apparmor_keys_compared")
"""Does it refuse a key that has data already?"""
NAMESPACES_COMPARED = Fact(FactKind.SWITCH, "apparmor_namespaces_compared")
"""Does it refuse a second namespace in one load?"""

FACTS = (
    VERSIONS, ITEMS, MODES, DFA_FLAGS, EXEC_NAMES, STATE_BYTES, STATES_COMPARED, NAME_COMPARED, KEYS_COMPARED,
    NAMESPACES_COMPARED,
)  # fmt: skip
