"""Compiled AppArmor policy, loaded and queried by path."""
