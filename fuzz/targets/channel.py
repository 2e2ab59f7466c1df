#!/usr/bin/env python3
"""A libFuzzer harness for channel files: `fuzz/targets/channel.py DIR`."""

from pathlib import Path

from ccheck_fuzz.engines.target import main

ROOT = Path(__file__).resolve().parents[2]

if __name__ == "__main__":
    main("channel", ROOT / "corpus" / "channel" / "ccheck.toml")
