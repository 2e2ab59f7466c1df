"""Which program judged: a digest of the source of each package, for versions alone do not say; and the
packages that bring formats or stages.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

OWN = "ccheck-content"
GROUPS = ("ccheck.formats", "ccheck.stages")
PACKAGES = ("ccheck", "ccheck_schemas", "ccheck_interpreter", "ccheck_fuzz")


@cache
def installed() -> dict[str, str]:
    """The digest of the Python files of each of ccheck's packages, in hex; name and version of others."""
    found = {}
    for name in PACKAGES:
        spec = find_spec(name)
        if spec is None or spec.origin is None:
            continue
        folder = Path(spec.origin).parent
        digest = hashlib.sha256()
        for path in sorted(folder.rglob("*.py"), key=lambda path: path.relative_to(folder).as_posix()):
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        found[name] = digest.hexdigest()
    for group in GROUPS:
        for entry in metadata.entry_points(group=group):
            if entry.dist is not None and entry.dist.name != OWN:
                found[f"{group} {entry.name}"] = f"{entry.dist.name} {entry.dist.version}"
    return found
