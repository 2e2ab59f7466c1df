"""Sysmon rules, loaded and decided by."""
