#!/usr/bin/env python3
"""A libFuzzer harness for compiled AppArmor policy: `fuzz/targets/apparmor.py DIR`."""

from ccheck_fuzz.engines.target import main

if __name__ == "__main__":
    main("apparmor")
