"""No key of a .ksy file is dropped silently: each is effective, an error, documentation, or named with its line."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ccheck.cli.main import run
from ccheck_kaitai.keys import KEYS, Fate, fate
from ccheck_kaitai.source import read_source, words

ATTRIBUTES: dict[str, dict[str, Any]] = {
    "byte": {"type": "u1"},
    "number": {"type": "s4"},
    "enumerated": {"type": "u2", "enum": "kind"},
    "float": {"type": "f4"},
    "bits": {"type": "b8"},
    "bytes": {"size": 3},
    "bytes to the end": {"size-eos": True},
    "bytes to a terminator": {"terminator": 10},
    "text": {"type": "str", "size": "n"},
    "text to a NUL": {"type": "strz"},
    "text in a slot": {"type": "strz", "size": 4},
    "text to the end": {"type": "str", "size-eos": True},
    "constant": {"contents": "ab"},
    "record": {"type": "pair"},
    "sized record": {"type": "pair", "size": 5},
    "record to the end": {"type": "pair", "size-eos": True},
    "choice": {"type": {"switch-on": "n", "cases": {1: "u1", 2: "u2"}}},
    "choice of records": {"type": {"switch-on": "n", "cases": {1: "pair", "_": "u1"}}},
    "sized choice": {"type": {"switch-on": "n", "cases": {1: "pair"}}, "size": 4},
    "choice to the end": {"type": {"switch-on": "n", "cases": {1: "pair"}}, "size-eos": True},
    "list": {"type": "u1", "repeat": "expr", "repeat-expr": "n"},
    "list to the end": {"type": "pair", "repeat": "eos"},
    "list of bytes to the end": {"size": 2, "repeat": "eos"},
    "list to a mark": {"type": "pair", "repeat": "until", "repeat-until": "_.x == 0"},
    "processed": {"size": 4, "process": "zlib"},
    "processed choice": {
        "size": 4,
        "process": "zlib",
        "type": {"switch-on": "n", "cases": {1: "pair"}},
    },
    "unknown type": {"type": "of_another_file", "size": 4},
    "unknown type to the end": {"type": "of_another_file"},
}
"""Attributes, to which each key is added in turn."""

VALUES: dict[str, list[Any]] = {
    "id": ["renamed"],
    "type": ["u2", "pair", "strz"],
    "size": [7, "n"],
    "size-eos": [True],
    "contents": ["xy", [1, 2]],
    "repeat": ["expr", "eos", "until"],
    "repeat-expr": [3, "n"],
    "repeat-until": ["_.x == 0"],
    "if": ["n == 1"],
    "enum": ["kind", "nowhere"],
    "valid": [
        5, "n", "'[1, 2]'", {"eq": 1}, {"min": 1}, {"max": 2}, {"min": 1, "max": 2}, {"any-of": [1, 2]},
        {"expr": "_ == 1"}, {"in-enum": True}, {"colour": 1},
    ],
    "process": ["zlib", "xor(1)"],
    "encoding": ["UTF-16LE", "utf-8"],
    "terminator": [65, [0, 0]],
    "consume": [False],
    "include": [True],
    "eos-error": [False],
    "pad-right": [65],
    "parent": ["_root"],
    "pos": [0, 3],
    "io": ["_root._io", "other._io"],
    "value": [1, "n + 1"],
    "switch-on": ["n"],
    "cases": [{1: "u1"}],
    "endian": ["be", {"switch-on": "n", "cases": {1: "le"}}],
    "bit-endian": ["le", "be"],
    "imports": [["other"]],
    "params": [[{"id": "p", "type": "u1"}]],
    "seq": [[{"id": "more", "type": "u1"}]],
    "instances": [{"aside": {"pos": 0, "type": "u1"}}],
    "types": [{"unused": {"seq": [{"id": "a", "type": "u1"}]}}],
    "enums": [{"unused": {1: "one"}}],
    "meta": [{"endian": "be"}],
    "title": ["Another title"],
}  # fmt: skip
"""Values for each key; documentation and unknown keys get a text."""


def keys_of(kind: str) -> list[str]:
    """The keys that are tried in a place: all that are known anywhere, and one that is not."""
    every = dict.fromkeys(key for keys in KEYS.values() for key in keys)
    first = [key for key in KEYS[kind] if key != "id" or kind not in ("seq", "meta")]
    return [*first, *(key for key in every if key not in first and key != "id"), "colour", "-mine"]


def described(attribute: dict[str, Any], instance: dict[str, Any] | None = None) -> dict[str, Any]:
    """A description with an attribute between others."""
    return {
        "meta": {"id": "made", "endian": "le", "encoding": "ASCII"},
        "seq": [{"id": "n", "type": "u1"}, {"id": "tried", **attribute}],
        "instances": {} if instance is None else {"aside": instance},
        "types": {"pair": {"seq": [{"id": "x", "type": "u1"}, {"id": "y", "type": "u2"}]}},
        "enums": {"kind": {1: "one", 2: {"id": "two"}}},
    }


def cases() -> Iterator[tuple[str, str, tuple[Any, ...], dict[str, Any]]]:
    """What is tried: a name, the kind of place, the place, and the description without the key."""
    for name, attribute in ATTRIBUTES.items():
        yield f"seq {name}", "seq", ("seq", 1), described(attribute)
        if name != "bits":
            aside = {"pos": "n", **attribute}
            yield f"instance {name}", "instance", ("instances", "aside"), described({"type": "u1"}, aside)
    used = described({"size": "aside"}, {"value": "n + 1"})
    yield "value instance", "value instance", ("instances", "aside"), used
    yield "enum value", "enum value", ("enums", "kind", 2), described(ATTRIBUTES["enumerated"])
    yield "switch", "switch", ("seq", 1, "type"), described(ATTRIBUTES["choice"])
    yield "sized switch", "switch", ("seq", 1, "type"), described(ATTRIBUTES["sized choice"])
    yield "meta", "meta", ("meta",), described({"type": "b8"})
    yield "meta of numbers", "meta", ("meta",), described({"type": "u2"})
    top = described({"type": "pair"})
    yield "file", "file", (), top
    yield "type", "type", ("types", "pair"), top
    inner = described({"type": "pair"})
    inner["types"]["pair"]["meta"] = {}
    yield "meta of a type", "meta of a type", ("types", "pair", "meta"), inner


CASES = list(cases())


def flow(value: Any) -> str:
    """Plain values as YAML, each on a line of its own."""
    if isinstance(value, dict):
        return "{" + ",".join(f"\n{flow(key)}: {flow(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(f"\n{flow(inner)}" for inner in value) + "]"
    return json.dumps(value)


def imported(folder: Path, said: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """Exit status, the schema without comments, and what was named."""
    source, output = folder / "made.ksy", folder / "made.py"
    source.write_text(flow(said), encoding="utf-8")
    output.unlink(missing_ok=True)
    status = run(["import-kaitai", str(source), "-o", str(output)])
    text = output.read_text(encoding="utf-8") if output.exists() else ""
    code = "\n".join(re.sub(r"\s*# .*", "", line) for line in text.splitlines() if "Omission(" not in line)
    return status, code.partition("OMITTED = (")[0], capsys.readouterr().err


@pytest.mark.parametrize(("name", "kind", "place", "base"), CASES, ids=[case[0] for case in CASES])
def test_each_key_in_each_place(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    kind: str,
    place: tuple[Any, ...],
    base: dict[str, Any],
) -> None:
    """An added key changes the schema, or is reported with exit status 1, or is an error with status 2.

    Documentation changes nothing.
    """
    before = imported(tmp_path, base, capsys)
    assert before[0] in (0, 1), before[2]
    tried = 0
    for key in keys_of(kind):
        for value in VALUES.get(key, ["a text"]):
            said = copy.deepcopy(base)
            holder: Any = said
            for step in place:
                holder = holder[step]
            if key in holder and holder[key] == value:
                continue
            if (kind, key) == ("instance", "value"):
                continue  # it makes another kind of instance, whose keys are tried below
            if value == {"in-enum": True} and "enum" in holder:
                continue  # a field with an enum has no other values anyway
            holder[key] = value
            status, code, err = imported(tmp_path, said, capsys)
            tried += 1
            what = f"{key}: {value} in {name}:\n{err}\n{code}"
            if fate(kind, key) is Fate.PROSE:
                assert (status, code) == before[:2], what
                continue
            if status == 2:
                assert re.search(r"made\.ksy:[0-9]+: ", err), what
                assert not (tmp_path / "made.py").exists()
                continue
            line = read_source(tmp_path / "made.ksy").line((*place, key))
            around = [words((*place, key)[:end]) for end in range(1, len(place) + 2)]
            named = any(f": {spelled}: " in err for spelled in around) or f": {around[-1]}." in err
            field = "aside" if kind in ("instance", "value instance") else "tried"
            if kind in ("seq", "instance", "switch") and f'"{field}" /' not in code:
                # A field that is left out is named by the key that stops it.
                named = named or f": {words(place[:2])}." in err
            assert named or code != before[1], f"dropped silently: {what}"
            if f": {words((*place, key))}: " in err:
                assert f"made.ksy:{line}: {words((*place, key))}: " in err, what
            if fate(kind, key) in (None, Fate.OMITTED):
                assert status == 1, what
                assert f": {words((*place, key))}: " in err, what
    assert tried > 20


def test_the_table_has_every_key_that_is_tried() -> None:
    """The values above are of keys that the table knows, and every attribute is a description by itself."""
    known = {key for keys in KEYS.values() for key in keys}
    assert set(VALUES) <= known
    assert len(CASES) > 50
