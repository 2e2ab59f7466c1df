"""Template types, as far as instances are judged by them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Field:
    """A field as the definitions have it. allowed: bit *k* allows criteria of kind *k*."""

    value_kind: int
    max_length: int
    allowed: int
    optional: bool


@dataclass(frozen=True, slots=True)
class TemplateType:
    """A template type as the definitions have it."""

    id: int
    version: int
    name: str
    channel: int
    fields: tuple[Field, ...]
