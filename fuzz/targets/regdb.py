#!/usr/bin/env python3
"""A libFuzzer harness for wireless regulatory databases: `fuzz/targets/regdb.py DIR`."""

from ccheck_fuzz.engines.target import main

if __name__ == "__main__":
    main("regdb")
