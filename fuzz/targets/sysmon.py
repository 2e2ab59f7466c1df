#!/usr/bin/env python3
"""A libFuzzer harness for Sysmon rules blobs: `fuzz/targets/sysmon.py DIR`."""

from ccheck_fuzz.engines.target import main

if __name__ == "__main__":
    main("sysmon")
