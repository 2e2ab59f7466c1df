"""The optional packages of ccheck, and the command that installs them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

EXTRAS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "drivers": ("macholib", "pefile", "pyelftools", "tomlkit"),
        "fuzz": ("coverage", "hypothesis", "psutil", "rich"),
        "gate": ("securesystemslib[crypto]",),
    }
)
"""The packages of each extra, without those that only some machines can install."""


def how_to_install(extra: str) -> str:
    """The command that installs the packages of an extra, however ccheck itself was installed.

    It names the packages and not `ccheck-content[extra]`, which a package index need not have.
    """
    return f"python -m pip install {' '.join(map(_quoted, EXTRAS[extra]))}"


def _quoted(package: str) -> str:
    return f"'{package}'" if "[" in package else package
