"""What one kernel takes of compiled policy, and what it compares before it uses it."""

from dataclasses import dataclass
from typing import Final

from ccheck_interpreter.profile import Profile

ITEMS: Final = frozenset(
    {
        "namespace", "rename", "attach", "aadfa", "disconnected", "path_flags", "caps64", "capsx", "xattrs",
        "rlimits", "secmark", "policydb", "start", "dfa_start", "xtable", "data", "perms", "permsv", "tags",
        "kill", "disconnected_ipc", "error", "net_allowed_af", "xmatch.start", "xmatch.dfa_start",
        "xmatch.xtable", "policydb.dfa_start", "policydb.xtable", "file.start", "xtable.alone",
        "name.namespace",
    }
)  # fmt: skip
"""Items that a profile need not have, and that a kernel may not read."""


@dataclass(frozen=True, slots=True)
class Kernel:
    """The behaviour of one kernel.

    Attributes:
        profile: Its name and platform. Its `bounds_check` says whether the kernel compares start states,
            default states of states that are encoded by their difference, and chains of such states.
        versions: Versions of the stream.
        modes: Modes of a profile.
        dfa_flags: Flags of a DFA, each combination as one number.
        items: Items that it reads, of those that a profile need not have.
        state_bytes: Bytes of a state in the tables default, next and check.
        follows_differences: Whether it takes one byte of a path for all steps from a state that is encoded by
            its difference. If not, it takes one for each, and reads past the end of the path.
        least_states: The least number of states of a DFA.
        exec_names: The greatest number of names that executing leads to.
        compares_name: Whether it refuses a name that is a namespace and nothing else.
        compares_keys: Whether it refuses a key that has data already.
        compares_namespaces: Whether it refuses a second namespace in a load.
        keeps_namespace: Whether the namespace of a profile is kept for those behind it. If not, the last
            profile decides for all.
        compares_permissions: Whether it compares every number that leads into a table of permissions. Kernels
            compare the first entry of each state of policydb and of the file rules.
        reads_pairs: Whether each state of the file rules has two entries of the table, for owners and for
            others, where no `permsv` says so for each state.
    """

    profile: Profile
    versions: frozenset[int] = frozenset(range(5, 10))
    modes: frozenset[int] = frozenset(range(5))
    dfa_flags: frozenset[int] = frozenset(range(4))
    items: frozenset[str] = ITEMS
    state_bytes: frozenset[int] = frozenset({2, 4})
    follows_differences: bool = True
    least_states: int = 2
    exec_names: int = 65_535
    compares_name: bool = True
    compares_keys: bool = True
    compares_namespaces: bool = True
    keeps_namespace: bool = True
    compares_permissions: bool = False
    reads_pairs: bool = True

    @property
    def compares_states(self) -> bool:
        """Whether it compares start states, default states, and chains."""
        return self.profile.bounds_check


TRUSTING: Final = Kernel(
    Profile("linux-2025", {}, platform="linux"),
    compares_name=False,
    compares_keys=False,
    compares_namespaces=False,
    least_states=1,
)
"""Reads all that kernels read, and compares what they compared before the faults of 2026 were fixed."""
CHECKING: Final = Kernel(
    Profile("linux-checked", {}, platform="linux", bounds_check=True), compares_permissions=True
)
"""Compares every number before it is used."""
