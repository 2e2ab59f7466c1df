"""The checks of Sysmon rules."""
