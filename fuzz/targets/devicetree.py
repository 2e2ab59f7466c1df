#!/usr/bin/env python3
"""A libFuzzer harness for flattened devicetrees: `fuzz/targets/devicetree.py DIR`."""

from ccheck_fuzz.engines.target import main

if __name__ == "__main__":
    main("devicetree")
