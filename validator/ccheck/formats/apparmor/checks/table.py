"""The checks of compiled AppArmor policy: the items of profiles, and every index of their DFAs."""

from __future__ import annotations

from ccheck.core.check import Check
from ccheck.formats.apparmor.checks import dfa, names, namespaces, permissions, profiles
from ccheck.formats.checks.general import VERSION, FormatChecks, layout

_POLICY = ("apparmor",)
_WHOLE = (VERSION, *layout("truncated", "size-mismatch", "unknown-enum-value", "text-not-terminated"))
_ITEMS = Check(profiles.apparmor_item_misplaced, requires=_WHOLE, schemas=_POLICY)
_EMPTY = Check(names.apparmor_name_empty, requires=(_ITEMS,), schemas=_POLICY)
_MISSING = Check(dfa.apparmor_table_missing, requires=_WHOLE, schemas=_POLICY)
_UNEXPECTED = Check(dfa.apparmor_table_unexpected, requires=(_ITEMS,), schemas=_POLICY)
_REPEATED = Check(dfa.apparmor_table_repeated, requires=_WHOLE, schemas=_POLICY)
_SIZE = Check(dfa.apparmor_table_size_wrong, requires=(_MISSING, _REPEATED), schemas=_POLICY)
_FEW = Check(dfa.apparmor_states_too_few, requires=(_SIZE,), schemas=_POLICY)
_STATES = Check(dfa.apparmor_state_outside, requires=(_SIZE,), schemas=_POLICY)

TABLE = FormatChecks(
    (
        _ITEMS,
        _EMPTY,
        Check(names.apparmor_text_cut, requires=(_ITEMS,), schemas=_POLICY),
        Check(names.apparmor_rename_freed, requires=(_ITEMS,), schemas=_POLICY),
        Check(names.apparmor_key_repeated, requires=(_ITEMS,), schemas=_POLICY),
        Check(namespaces.apparmor_namespace_mixed, requires=(_ITEMS, _EMPTY), schemas=_POLICY),
        Check(profiles.apparmor_mode_unknown, requires=(_ITEMS,), schemas=_POLICY),
        Check(profiles.apparmor_flag_unknown, requires=(_ITEMS,), schemas=_POLICY),
        Check(profiles.apparmor_limits_too_many, requires=(_ITEMS,), schemas=_POLICY),
        Check(names.apparmor_exec_name_malformed, requires=(_ITEMS,), schemas=_POLICY),
        Check(permissions.apparmor_permissions_conflict, requires=(_ITEMS,), schemas=_POLICY),
        Check(permissions.apparmor_tags_inconsistent, requires=(_ITEMS,), schemas=_POLICY),
        _MISSING,
        _UNEXPECTED,
        _REPEATED,
        _SIZE,
        _FEW,
        _STATES,
        Check(dfa.apparmor_transition_outside, requires=(_SIZE,), schemas=_POLICY),
        Check(dfa.apparmor_base_flag_unknown, requires=(_SIZE,), schemas=_POLICY),
        Check(dfa.apparmor_chain_endless, requires=(_SIZE, _STATES), schemas=_POLICY),
        Check(dfa.apparmor_start_outside, requires=(_ITEMS, _SIZE, _FEW), schemas=_POLICY),
        Check(permissions.apparmor_permission_outside, requires=(_ITEMS, _SIZE), schemas=_POLICY),
        Check(permissions.apparmor_exec_index_outside, requires=(_ITEMS, _SIZE), schemas=_POLICY),
    ),
    whole=(_ITEMS,),
)
