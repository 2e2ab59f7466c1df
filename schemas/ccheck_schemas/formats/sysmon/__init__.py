"""Sysmon rules, as the driver is given them."""
