"""Sysmon rules blobs."""
