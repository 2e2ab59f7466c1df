"""A user's own schema: a Python file that is named on the command line, and runs because it was named."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from ccheck.core.check import Check
from ccheck.files.regular_file import read_regular_file
from ccheck.formats.registry import named
from ccheck_schemas.build_facts import Fact, FactKind
from ccheck_schemas.layout import tree
from ccheck_schemas.layout.meanings import ComparedWithFact
from ccheck_schemas.record import Record
from ccheck_schemas.schema import Schema, SchemaRefused

if TYPE_CHECKING:
    # The interpreter takes a while to import, and most schema files have none.
    from ccheck.formats.exercise.outcome import Exercise


class UserSchemaError(Exception):
    """A schema file that cannot be used.

    Attributes:
        path: The file.
        detail: The reason.
    """

    def __init__(self, path: Path, detail: str) -> None:
        super().__init__(f"{path}: {detail}")
        self.path = path
        self.detail = detail


@dataclass(frozen=True)
class UserSchema:
    """What a schema file defines.

    Attributes:
        schema: Its `SCHEMA`.
        checks: Its `CHECKS`, if it has checks of its own.
        exercise: Its `EXERCISE`, if it has an interpreter.
    """

    schema: Schema
    checks: tuple[Check, ...]
    exercise: Exercise | None = None


def load_user_schema(path: Path) -> UserSchema:
    """Run a schema file.

    Raises:
        UserSchemaError: It fails, or does not define what it must.
    """
    if not path.exists():
        raise UserSchemaError(path, "there is no such file")
    if not path.is_file():
        raise UserSchemaError(path, "it is not a regular file")
    try:
        # What the file prints is not the report.
        with contextlib.redirect_stdout(sys.stderr):
            module = _of_package(path) or _alone(path)
    except UserSchemaError:
        raise
    except SchemaRefused as refused:
        raise UserSchemaError(path, str(refused)) from refused
    except KeyboardInterrupt:
        raise
    except BaseException as fault:
        raise UserSchemaError(path, f"it failed with {_failure(fault, path)}") from fault
    schema = getattr(module, "SCHEMA", None)
    if not isinstance(schema, Schema):
        raise UserSchemaError(path, "it defines no SCHEMA that is a ccheck_schemas.schema.Schema")
    checks = tuple(getattr(module, "CHECKS", ()))
    for check in checks:
        if not isinstance(check, Check):
            raise UserSchemaError(path, f"CHECKS holds {check!r}, which is not a ccheck.core.check.Check")
        try:
            check.manual  # noqa: B018 - a check without a manual is refused here, not when someone asks for it
        except ValueError as fault:
            raise UserSchemaError(path, str(fault)) from fault
    idle = [] if checks else [str(fact) for fact in schema.contract if not _is_compared(schema, fact)]
    if idle:
        raise UserSchemaError(
            path,
            f"contract has {', '.join(idle)}, and nothing compares it: no node, no amount and no check",
        )
    for content in schema.contents:
        known = named(content.name)
        if known is not None and known.schema is not content:
            raise UserSchemaError(
                path,
                f"the content of an envelope has the name of the format {content.name!r}, and is another",
            )
    parts = [one for one in (schema, *schema.contents) if one.assemble is Schema.assemble]
    hidden = [name for one in parts if checks for name in _hidden_fields(one.layout)]
    if hidden:
        raise UserSchemaError(
            path,
            f"checks cannot read the field {hidden[0]!r}: a record has an attribute of that name, which says "
            f"something else; give the field another name, such as {hidden[0] + '_'!r}",
        )
    exercise = getattr(module, "EXERCISE", None)
    if exercise is not None and not callable(exercise):
        raise UserSchemaError(path, f"EXERCISE is {exercise!r}, which is not a function")
    return UserSchema(schema, checks, exercise)


def _is_compared(schema: Schema, fact: Fact) -> bool:
    """Returns whether the schema itself compares a fact of its contract with content."""
    meanings = (one for node in tree.nodes(schema.layout) for one in tree.meanings_of(node))
    compared = (one.fact for one in meanings if isinstance(one, ComparedWithFact))
    places = {(each.kind, each.name) for each in compared}
    is_amount = fact in schema.amount_facts.values()
    return fact.kind is FactKind.SWITCH or is_amount or (fact.kind, fact.name) in places


def _failure(fault: BaseException, path: Path) -> str:
    """How a schema file failed: the exception, the innermost line of the user's own files, and what to do."""
    folder = str(path.resolve().parent)
    frames = traceback.extract_tb(fault.__traceback__)
    lines = [
        f" ({Path(frame.filename).name}:{frame.lineno})"
        for frame in frames
        if frame.filename == str(path) or os.path.realpath(frame.filename).startswith(folder + os.sep)
    ]
    words = f"{type(fault).__name__}: {fault}{lines[-1] if lines else ''}"
    name = getattr(fault, "name", None)
    if isinstance(fault, ModuleNotFoundError) and isinstance(name, str):
        beside = path.parent / name.partition(".")[0]
        if beside.is_dir() or beside.with_suffix(".py").is_file():
            words += (
                f"; {beside.name} lies beside it, but a schema of several files is a package: a folder with"
                f" __init__.py, whose files import each other as {path.resolve().parent.name}.{beside.name};"
                " `ccheck init NAME` writes one"
            )
    return words


def _of_package(path: Path) -> ModuleType | None:
    """The module of a file in a package, imported as a part of it; None for a file outside packages.

    So it may import the package's other files.
    """
    top, names = path.resolve().parent, [path.stem]
    while (top / "__init__.py").is_file():
        names.insert(0, top.name)
        top = top.parent
    if len(names) == 1 or not all(name.isidentifier() for name in names):
        return None
    sys.path.insert(0, str(top))
    try:
        module = importlib.import_module(".".join(names))
    finally:
        sys.path.remove(str(top))
    if module.__file__ is None or Path(module.__file__).resolve() != path.resolve():
        raise UserSchemaError(path, f"another package {names[0]} is in use: {module.__file__}")
    return module


def _alone(path: Path) -> ModuleType:
    """The module of a file outside packages, compiled from its current text.

    Bytecode that Python cached may be of the file as it was a second ago.
    """
    spec = importlib.util.spec_from_file_location(f"ccheck_user_schema_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise UserSchemaError(path, "it is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    exec(compile(read_regular_file(path), str(path), "exec", dont_inherit=True), vars(module))  # noqa: S102 - it was named to be run
    return module


def _hidden_fields(layout: tree.Struct) -> list[str]:
    """Returns the fields that ``record.name`` cannot return, because every record has such an attribute."""
    structs = (node for node in tree.nodes(layout) if isinstance(node, tree.Struct))
    names = {field.name for struct in structs for field in struct.fields if field.name}
    return sorted(name for name in names if hasattr(Record, name))
