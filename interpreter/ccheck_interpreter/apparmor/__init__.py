"""Compiled AppArmor policy, loaded and asked for paths."""
