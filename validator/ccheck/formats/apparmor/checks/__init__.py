"""The checks of compiled AppArmor policy."""
