"""The engines in one table, the best first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from ccheck_fuzz.engines.engine import Engine


def _atheris() -> Engine:
    from ccheck_fuzz.engines.libfuzzer import Atheris

    return Atheris()


def _monitoring() -> Engine:
    from ccheck_fuzz.engines.monitoring import Monitoring

    return Monitoring()


def _hypothesis() -> Engine:
    from ccheck_fuzz.engines.targeting import Targeting

    return Targeting()


ENGINES: Mapping[str, Callable[[], Engine]] = MappingProxyType(
    {"atheris": _atheris, "monitoring": _monitoring, "hypothesis": _hypothesis}
)
"""All engines, created on demand, the best first."""


def available() -> dict[str, str | None]:
    """Returns for each engine why it cannot work here, or None if it can."""
    return {name: make().missing() for name, make in ENGINES.items()}
