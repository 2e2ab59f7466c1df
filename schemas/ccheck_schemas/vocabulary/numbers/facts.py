"""Integers that are compared with facts of a driver build: what it supplies, understands and takes.

Construct's parser and the reader of a file know no builds, and allow every number. The validator compares the
numbers with each build of `consumers.toml`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeAlias

import construct

from ccheck_schemas.build_facts import Fact, FactKind
from ccheck_schemas.vocabulary.expression import Expression
from ccheck_schemas.vocabulary.numbers.integers import Meaning


@dataclass(frozen=True)
class RowField:
    """A field of the row of a table that an index leads to; a part of a key.

    Args:
        table: The name of the table.
        index: The index of the row.
        field: The name of the field.
    """

    table: str
    index: Expression
    field: str

    def __post_init__(self) -> None:
        if type(self.table) is not str or type(self.field) is not str:
            raise ValueError("RowField: the names of the table and of the field are texts")


KeyPart: TypeAlias = "int | str | Expression | RowField"


class ComparedWithFact(Meaning):
    """A number that is compared with a fact of each driver build.

    Attributes:
        fact: The fact.
        key: The parts of the key under which a build states it; empty for one without keys.
        harmless: A condition under which the driver does nothing with the number; None if there is none.
        amount: What is compared in place of the number; None for the number itself.
    """

    kind: FactKind

    def __init__(
        self,
        subcon: construct.Construct,
        fact: str,
        key: KeyPart | tuple[KeyPart, ...] = (),
        harmless: Expression | None = None,
        amount: Expression | None = None,
        names: Mapping[str, int] | None = None,
    ) -> None:
        super().__init__(subcon)
        node = type(self).__name__
        if not isinstance(fact, str) or not fact.strip():
            raise ValueError(f"{node}: the name of a fact is text, and not {fact!r}")
        if isinstance(key, list) or key is None:
            raise ValueError(f"{node}: a key is a number, a text, a field or a RowField, or a tuple of them")
        if isinstance(harmless, bool):
            raise ValueError(f"{node}: harmless is a condition over fields, such as this.kind == 0")
        self.key = key if isinstance(key, tuple) else (key,)
        for part in self.key:
            if isinstance(part, str) and (not part.strip() or "@" in part):
                raise ValueError(f"{node}: the part {part!r} of a key can be stated by no build")
        self.harmless = harmless
        self.amount = amount
        self.fact = Fact(self.kind, fact, bool(self.key), names or {})


class BelowCount(ComparedWithFact):
    """An index of something that the build supplies: below the count `fact`.

    Args:
        subcon: The integer.
        fact: The name of the count.
        key: The parts of the key.
        harmless: A condition under which the driver does nothing with the index.

    Example:
        ``"input" / BelowCount(Int8ul, "inputs", key=this.type, harmless=this.kind == 0)``
    """

    kind = FactKind.COUNT

    def __init__(
        self,
        subcon: construct.Construct,
        fact: str,
        key: KeyPart | tuple[KeyPart, ...] = (),
        harmless: Expression | None = None,
    ) -> None:
        super().__init__(subcon, fact, key, harmless)


class Understood(ComparedWithFact):
    """A value that the build understands: in the set `fact`.

    Args:
        subcon: The integer.
        fact: The name of the set.
        key: The parts of the key.
        harmless: A condition under which the driver does nothing with the value.
        values: The names of values, in lower case, by which a build may list them.
        amount: An expression that is compared in place of the number, such as some of its bits.
    """

    kind = FactKind.SET

    def __init__(
        self,
        subcon: construct.Construct,
        fact: str,
        key: KeyPart | tuple[KeyPart, ...] = (),
        harmless: Expression | None = None,
        values: type[IntEnum] | None = None,
        amount: Expression | None = None,
    ) -> None:
        if values is not None and not (isinstance(values, type) and issubclass(values, IntEnum)):
            raise ValueError(f"Understood: values is an IntEnum, and not {values!r:.40}")
        names = None if values is None else {value.name.lower(): int(value) for value in values}
        if values is not None and names is not None and len(names) != len(values):
            raise ValueError(f"Understood: names of {values.__name__} differ in upper and lower case alone")
        super().__init__(subcon, fact, key, harmless, amount, names)


class WithinLimit(ComparedWithFact):
    """A number that the build takes no more of than the limit `fact`.

    Args:
        subcon: The integer.
        fact: The name of the limit.
        key: The parts of the key.
        harmless: A condition under which the driver does nothing with the number.
        amount: An expression that is compared in place of the number, such as a product of two fields.
    """

    kind = FactKind.LIMIT

    def __init__(
        self,
        subcon: construct.Construct,
        fact: str,
        key: KeyPart | tuple[KeyPart, ...] = (),
        harmless: Expression | None = None,
        amount: Expression | None = None,
    ) -> None:
        super().__init__(subcon, fact, key, harmless, amount)
