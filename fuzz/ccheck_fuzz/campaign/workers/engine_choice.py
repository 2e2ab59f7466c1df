"""The engines of a campaign: the requested ones, or all that work here."""

from __future__ import annotations

from ccheck_fuzz.campaign.state.records import StateError
from ccheck_fuzz.engines.table import available


def choose_engines(wanted: str) -> tuple[tuple[str, ...], str | None]:
    """Returns the engines for `auto` or for one name, and what is missing for better ones.

    Raises:
        StateError: The engine does not work here, or none does.
    """
    known = available()
    if wanted != "auto":
        if known.get(wanted, "unknown") is not None:
            raise StateError(f"engine {wanted}: {known.get(wanted)}")
        return (wanted,), None
    led = tuple(name for name in ("atheris", "monitoring") if known[name] is None)
    missing = "; ".join(why for name, why in known.items() if why is not None and name != "hypothesis")
    if led:
        return led, missing or None
    if known["hypothesis"] is None:
        return ("hypothesis",), f"slower, without line coverage: {missing}"
    raise StateError("; ".join(why for why in known.values() if why is not None))
