"""Count the lines whose annotations use `Any`, by package: what the type checker does not check.

Formats are left out: their content from Construct has no types.

    python bench/any_count.py [--files]
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = (
    "schemas/ccheck_schemas",
    "interpreter/ccheck_interpreter",
    "validator/ccheck",
    "fuzz/ccheck_fuzz",
    "kaitai/ccheck_kaitai",
)
ANY = re.compile(r"\bAny\b(?!\s*[a-z])")
"""The word in code; a sentence that begins with it goes on with a word in lower case."""


def lines_with_any(path: Path) -> int:
    """Returns the number of lines of a module that name `Any`, imports of it left out."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return sum(bool(ANY.search(line)) and not line.startswith("from typing import") for line in lines)


def main() -> None:
    """Prints the number of each package, and of each module with `--files`."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--files", action="store_true", help="list the modules too")
    options = parser.parse_args()
    for package in PACKAGES:
        modules = [path for path in (ROOT / package).rglob("*.py") if "formats" not in path.parts]
        if not modules:
            raise SystemExit(f"{package} has no modules")
        counts = Counter({path: lines_with_any(path) for path in modules})
        print(f"{counts.total():5,}  {package}")
        if options.files:
            for path, count in counts.most_common():
                if count:
                    print(f"       {count:5,}  {path.relative_to(ROOT / package)}")


if __name__ == "__main__":
    main()
