"""Reads files with a parser that the official compiler made: a program of its own, which imports no ccheck.

Standard input is JSON: `folders` to import from, `modules` that were compiled, `module` and `class` of the
parser, `fields` of each class by its qualified name, and `samples`. For each sample one line of JSON is
printed: `error` that the parser ended with, `late`, the errors of instances, and `values`.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

from kaitaistruct import KaitaiStruct, ValidationFailedError

MOST = 400_000
DEEPEST = 200
MEMORY = 4 << 30


class Reader:
    """Turns parsed objects into the plain form that `values` describes."""

    def __init__(self, fields: dict[str, dict[str, list[list[str]]]]) -> None:
        self.fields = fields
        self.left = MOST
        self.late: list[str] = []

    def plain(self, value: Any, path: str, depth: int = 0, follow: bool = True) -> Any:
        """A value in the plain form; records only if they may be followed."""
        self.left -= 1
        if value is None:
            return None
        if self.left < 0 or depth > DEEPEST:
            return ["unknown", f"more than {MOST:,} values, or more than {DEEPEST} deep"]
        if isinstance(value, int):
            return ["int", int(value)]
        if isinstance(value, float):
            return ["float", value.hex()]
        if isinstance(value, bytes | bytearray):
            return ["bytes", bytes(value).hex()]
        if isinstance(value, str):
            return ["str", value]
        if isinstance(value, list):
            return ["list", [self.plain(v, f"{path}[{i}]", depth + 1, follow) for i, v in enumerate(value)]]
        if isinstance(value, KaitaiStruct) and follow:
            return self.record(value, path, depth)
        return ["unknown", "a record that a calculated value leads to, or a stream"]

    def record(self, value: KaitaiStruct, path: str, depth: int) -> Any:
        """The fields of a record, its instances read now, and its calculated values apart."""
        known = self.fields.get(type(value).__qualname__)
        if known is None:
            return ["unknown", "a record of a type that no description defines"]
        found, calculated = {}, {}
        for attribute, name in known["read"]:
            inner = f"{path}.{name}" if path else name
            try:
                found[name] = self.plain(getattr(value, attribute, None), inner, depth + 1)
            except Exception as raised:  # noqa: BLE001 - parsers raise anything on bad files
                found[name] = ["error", said(raised)]
                self.late.append(f"{inner}: {said(raised)}")
        for attribute, name in known["calculated"]:
            try:
                calculated[name] = self.plain(getattr(value, attribute), "", depth + 1, follow=False)
            except ValidationFailedError as raised:
                calculated[name] = ["error", said(raised)]
                self.late.append(f"{path}.{name}: {said(raised)}")
            except Exception as raised:  # noqa: BLE001 - as above
                calculated[name] = ["error", said(raised)]
        return ["record", found, calculated]


def said(raised: BaseException) -> str:
    """An exception in one line."""
    return f"{type(raised).__name__}: {raised}".partition("\n")[0][:200]


def main() -> None:
    """Read all samples."""
    task = json.load(sys.stdin)
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    sys.setrecursionlimit(20_000)
    sys.path[:0] = task["folders"]
    for name in task["modules"]:
        sys.modules.pop(name, None)  # modules of Python have such names too
    class_ = getattr(importlib.import_module(task["module"]), task["class"])
    print(json.dumps({"ready": True}), flush=True)
    for sample in task["samples"]:
        reader = Reader(task["fields"])
        answer: dict[str, Any] = {"error": "", "late": [], "values": None}
        try:
            top = class_.from_bytes(Path(sample).read_bytes())
            if hasattr(top, "_debug"):  # parsers of ks-debug read nothing by themselves
                top._read()
            answer["values"] = reader.plain(top, "")
        except Exception as raised:  # noqa: BLE001 - parsers raise anything on bad files
            answer["error"] = said(raised)
        answer["late"] = reader.late[:20]
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
