"""Sysmon rules, loaded and evaluated."""
