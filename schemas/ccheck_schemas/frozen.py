"""Small classes of values that are frozen for the type checker, and light at run time.

A module of many of them is imported at each start of the command line. The methods that
`dataclass(frozen=True)` writes and compiles for each class take most of that time; here all classes share
theirs. That nobody assigns to a field is for the type checker to say.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[T]) -> type[T]:
    """Makes a class a dataclass with slots, compared by its values."""
    made = frozen_by_identity(cls)
    for name, method in (("__eq__", _equal), ("__hash__", _hash)):
        setattr(made, name, method)
    return made


@dataclass_transform(frozen_default=True, eq_default=False, field_specifiers=(field,))
def frozen_by_identity(cls: type[T]) -> type[T]:
    """Makes a class a dataclass with slots, of which no two instances are equal."""
    made = dataclass(slots=True, repr=False, eq=False)(cls)
    setattr(made, "__repr__", _repr)  # noqa: B010 - the type checker knows no assignment to a class
    return made


def _values(value: Any) -> tuple[Any, ...]:
    return tuple(getattr(value, name) for name in value.__match_args__)


def _equal(self: Any, other: object) -> Any:
    return _values(self) == _values(other) if type(other) is type(self) else NotImplemented


def _hash(self: Any) -> int:
    return hash((type(self), *_values(self)))


def _repr(self: Any) -> str:
    fields = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__match_args__)
    return f"{type(self).__qualname__}({fields})"
