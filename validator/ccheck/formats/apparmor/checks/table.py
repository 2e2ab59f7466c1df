"""The checks of compiled AppArmor policy: the items of profiles, and every index of their DFAs."""

from __future__ import annotations

from ccheck.core.check import Check
from ccheck.formats.apparmor.checks import dfa as apparmor_dfa
from ccheck.formats.apparmor.checks import profiles as apparmor
from ccheck.formats.checks.general import VERSION, FormatChecks, layout

_POLICY = ("apparmor",)
_WHOLE = (VERSION, *layout("truncated", "size-mismatch", "unknown-enum-value", "text-not-terminated"))
_ITEMS = Check(apparmor.apparmor_item_misplaced, requires=_WHOLE, schemas=_POLICY)
_MISSING = Check(apparmor_dfa.apparmor_table_missing, requires=_WHOLE, schemas=_POLICY)
_REPEATED = Check(apparmor_dfa.apparmor_table_repeated, requires=_WHOLE, schemas=_POLICY)
_SIZE = Check(apparmor_dfa.apparmor_table_size_wrong, requires=(_MISSING, _REPEATED), schemas=_POLICY)
_STATES = Check(apparmor_dfa.apparmor_state_outside, requires=(_SIZE,), schemas=_POLICY)

TABLE = FormatChecks(
    (
        _ITEMS,
        Check(apparmor.apparmor_name_empty, requires=(_ITEMS,), schemas=_POLICY),
        Check(apparmor.apparmor_mode_unknown, requires=(_ITEMS,), schemas=_POLICY),
        Check(apparmor.apparmor_flag_unknown, requires=(_ITEMS,), schemas=_POLICY),
        Check(apparmor.apparmor_exec_name_malformed, requires=(_ITEMS,), schemas=_POLICY),
        _MISSING,
        _REPEATED,
        _SIZE,
        _STATES,
        Check(apparmor_dfa.apparmor_transition_outside, requires=(_SIZE,), schemas=_POLICY),
        Check(apparmor_dfa.apparmor_base_flag_unknown, requires=(_SIZE,), schemas=_POLICY),
        Check(apparmor_dfa.apparmor_chain_endless, requires=(_SIZE, _STATES), schemas=_POLICY),
        Check(apparmor_dfa.apparmor_start_outside, requires=(_ITEMS, _SIZE), schemas=_POLICY),
        Check(apparmor_dfa.apparmor_exec_index_outside, requires=(_ITEMS, _SIZE), schemas=_POLICY),
    ),
    whole=(_ITEMS,),
)
