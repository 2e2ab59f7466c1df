"""Which program judged: a digest of each package's source, because versions do not identify it.

The packages and files that add formats or stages are included.
"""

from __future__ import annotations

import hashlib
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from ccheck.files.regular_file import read_regular_file

OWN = "ccheck-content"
GROUPS = ("ccheck.formats", "ccheck.stages")
PACKAGES = ("ccheck", "ccheck_schemas", "ccheck_interpreter", "ccheck_fuzz")


def installed() -> dict[str, str]:
    """Names, versions and digests in hex of ccheck's packages, and of those that add formats or stages."""
    found = {}
    for name in PACKAGES:
        digest = _digest_of_package(name)
        if digest:
            found[name] = digest
    for group in GROUPS:
        for entry in metadata.entry_points(group=group):
            if entry.dist is None or entry.dist.name != OWN:
                owner = "unknown" if entry.dist is None else f"{entry.dist.name} {entry.dist.version}"
                digest = _digest_of_package(entry.module.partition(".")[0])
                found[f"{group} {entry.name}: {entry.value}"] = f"{owner} {digest}"
    return found


def digest_of_schema(path: Path) -> str:
    """The digest of a schema file; of its whole package, if it is in one, because it may import the rest."""
    top = path.resolve()
    while (top.parent / "__init__.py").is_file():
        top = top.parent
    return hashlib.sha256(read_regular_file(path)).hexdigest() if top.is_file() else _digest_of_folder(top)


def _digest_of_package(name: str) -> str:
    """The digest of a package or module; empty if it is missing."""
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        return ""
    origin = Path(spec.origin)
    if spec.submodule_search_locations is None:
        return hashlib.sha256(read_regular_file(origin)).hexdigest()
    return _digest_of_folder(origin.parent)


def _digest_of_folder(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py"), key=lambda path: path.relative_to(folder).as_posix()):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(read_regular_file(path)).digest())
    return digest.hexdigest()
