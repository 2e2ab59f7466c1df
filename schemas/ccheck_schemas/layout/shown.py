"""How messages about a schema show its expressions."""

from __future__ import annotations

from reprlib import Repr

from ccheck_schemas.layout.expression import Expression, Path

_LONGEST = 200
_REPR = Repr()
_REPR.maxother = _REPR.maxstring = _LONGEST


def shown(expression: Expression) -> str:
    """Returns an expression as a message shows it, shortened if it is long."""
    return shown_path(expression.names) if isinstance(expression, Path) else shown_value(expression)


def shown_path(names: tuple[str, ...]) -> str:
    """Returns the path of a field as a message shows it."""
    return _shortened(".".join(("this", *names)))


def shown_value(value: object) -> str:
    """Returns, as a message shows it, a value in the place of an expression."""
    return _shortened(_REPR.repr(value))


def _shortened(words: str) -> str:
    return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}…"
