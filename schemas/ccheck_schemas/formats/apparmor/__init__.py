"""Compiled AppArmor policy."""
