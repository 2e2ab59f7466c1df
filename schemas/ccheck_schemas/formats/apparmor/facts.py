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
RLIMITS = Fact(FactKind.LIMIT, "apparmor_rlimits")
"""Limits of resources of one profile."""

FACTS = (VERSIONS, ITEMS, MODES, DFA_FLAGS, EXEC_NAMES, RLIMITS)
