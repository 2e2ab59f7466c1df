"""Whether a schema file says the same wherever and whenever it is run: then what is made of it may be kept.

A file is a program, and a program could look at other files, the environment or the clock. Here stands what
shows, in its text, that it does not. It is no guard against malice, for whoever names a schema file has it
run; it is there so that nothing is kept that would be different tomorrow. What is not plainly closed is not
kept, and works as ever.
"""

from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Iterator

MODULES = frozenset(
    {
        "__future__", "collections", "collections.abc", "construct", "dataclasses", "enum", "functools",
        "itertools", "math", "operator", "struct", "typing", "zlib",
        "ccheck_schemas.meaning", "ccheck_schemas.schema",
    }
)  # fmt: skip
"""What a closed file may import."""

_PURE = frozenset(
    {
        "abs", "all", "any", "bin", "bool", "bytearray", "bytes", "chr", "classmethod", "dict", "divmod",
        "enumerate", "filter", "float", "hex", "int", "isinstance", "issubclass", "len", "list", "map", "max",
        "min", "oct", "ord", "pow", "property", "range", "reversed", "round", "slice", "sorted",
        "staticmethod", "str", "sum", "tuple", "zip", "True", "False", "None",
    }
)  # fmt: skip
"""Builtins that look at nothing but what they are given, in an order that is always the same."""

_FILES = frozenset({"build_file", "parse_file"})
_OPEN = frozenset(
    {
        "attrgetter",
        "build_file",
        "core",
        "debug",
        "expr",
        "lib",
        "methodcaller",
        "parse_file",
        "get_type_hints",
    }
)
"""Names in those modules that lead to files, or to anything whatsoever."""

_THIS = frozenset({"_", "_root"})
"""Names that begin with an underscore and lead from one record to another."""


def opening(source: bytes) -> str | None:
    """What in the text of a schema file may look beyond it; None where nothing does."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return "it cannot be read as Python"
    return next(_openings(tree), None)


def _openings(tree: ast.Module) -> Iterator[str]:
    modules: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Import():
                for alias in node.names:
                    modules.add(alias.asname or alias.name)
                    if alias.name not in MODULES or "." in alias.name:
                        yield f"it imports {alias.name}"
            case ast.ImportFrom():
                if node.level or node.module not in MODULES:
                    yield f"it imports {'.' * node.level}{node.module or ''}"
                for alias in node.names:
                    yield from _led(alias.name)
            case ast.Name(id=name) if not isinstance(node.ctx, ast.Load):
                if name in modules:
                    yield f"it gives {name} another meaning"
            case ast.Name(id=name):
                # Construct gives `lib` away with `import *`.
                if (hasattr(builtins, name) and not _pure(name)) or name.startswith("__") or name == "lib":
                    yield f"it uses {name}"
            case ast.Attribute(attr=name):
                if (name.startswith("_") and name not in _THIS) or name in _FILES:
                    yield f"it uses {name}"
                elif isinstance(node.value, ast.Name) and node.value.id in modules:
                    yield from _led(name)
            case ast.Set() | ast.SetComp():
                yield "it has a set, whose order is another in each run"


def _led(name: str) -> Iterator[str]:
    """Names by which a module gives away another."""
    module = name in sys.stdlib_module_names and name != "this"
    if module or name in _OPEN or (name.startswith("_") and name not in _THIS):
        yield f"it uses {name}"


def _pure(name: str) -> bool:
    """Whether a builtin is pure; an exception is."""
    found = getattr(builtins, name)
    return name in _PURE or (isinstance(found, type) and issubclass(found, BaseException))
