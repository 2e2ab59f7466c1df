"""The fast path for files of a user's own schema: code generated from it when it is loaded.

If a schema file has no checks, a file of its format passes if the reader finds no fault in it and its
form is canonical. Generated code decides both for most schemas (`ccheck_schemas.generate.python.canonical`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from ccheck.core.finding import FileReport
from ccheck.formats.fast_path import passed

if TYPE_CHECKING:
    from ccheck.config.user_schema import UserSchema
    from ccheck.core.consumers import Consumers
    from ccheck.core.subject import Narrowed
    from ccheck.judging.contract_fast_path import ContractFastPath
    from ccheck_schemas.generate.python.runtime import Columns
    from ccheck_schemas.record import Reading
    from ccheck_schemas.schema import Schema


@dataclass(frozen=True)
class Own:
    """The fast path for one schema.

    Attributes:
        schema: Its name.
        accept: Its generated function.
        checks: How many checks its files pass.
        contract: Says whether columns keep the contract with the driver builds.
    """

    schema: str
    accept: Callable[[bytes], Columns | None]
    checks: int
    contract: ContractFastPath

    def passes(self, data: bytes, name: str) -> bool:
        """Returns whether a file passes every check; False if that is not certain."""
        columns = self.accept(data) if any(data) else None
        return columns is not None and self.contract.keeps(columns)

    def report(self, data: bytes, name: str, path: str) -> FileReport | None:
        """The report of a file that passes every check; None if that is not certain."""
        return passed(data, path, self.schema, self.checks) if self.passes(data, name) else None

    def narrow(self, schema: Schema, reading: Reading) -> Narrowed | None:
        """None: the general checks need what the reader gives, and little else."""
        return None


@dataclass(frozen=True)
class Made:
    """The result for a schema: the fast path, or why there is none (`problem`)."""

    way: Own | None = None
    problem: str = ""


def made(user: UserSchema, consumers: Consumers | None = None, on: date | None = None) -> Made:
    """Returns the fast path for a schema file that was run, or why there is none.

    Args:
        user: The schema file.
        consumers: The driver builds; None for none.
        on: The day of judgement; None for today.
    """
    if user.checks:
        return Made(problem="its own checks need the content")
    # Loaded here, where Construct is loaded anyway.
    from ccheck.core.contract import readers
    from ccheck.formats.check_table import CHECKS
    from ccheck.judging.contract_fast_path import ContractFastPath, NoFastPath
    from ccheck_schemas.generate.python import canonical
    from ccheck_schemas.generate.python.source import source
    from ccheck_schemas.generate.refused import NotGenerated

    if reason := canonical.why_not_canonical(user.schema):
        return Made(problem=reason)
    names: dict[str, Any] = {"__name__": "ccheck_own_schema"}
    try:
        code = compile(source(user.schema), "<generated>", "exec")
    except (NotGenerated, SyntaxError) as fault:
        return Made(problem=str(fault))
    except (RecursionError, MemoryError):  # as some versions of Python say it
        return Made(problem="generated code is nested more deeply than Python takes")
    exec(code, names)  # noqa: S102 - ccheck's own code
    name = user.schema.name
    builds = readers(consumers, user.schema, on or date.today())
    required = user.schema.builds_required or consumers is not None
    try:
        contract = ContractFastPath(user.schema, builds, builds_required=required)
    except NoFastPath as why:
        return Made(problem=str(why))
    return Made(Own(name, names["accept"], len(CHECKS.joined((), name).applying(name)), contract))
