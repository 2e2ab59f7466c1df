"""Whatever a .ksy file holds, it gives a schema that can be used, or a reason with a line; never a traceback."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ccheck.cli.main import run
from ccheck.text.yaml_source import parse
from tests.validator.test_import_kaitai import LEFT_OUT, MESSAGES
from tests.validator.test_kaitai_keys import CASES, VALUES, flow

WORDS = [
    "u1", "u2", "s8be", "f4", "b3", "str", "strz", "header", "message", "ping", "kind", "kind::ping", "n", "_parent.n",
    "_root.n", "_", "_.kind == 0", "1 +", "(" * 30, "n * n", "n.n.n", "_io.size", "UTF-8", "rot13", "utf_16", "\0", "é",
    "a" * 600, "none", "true", "class", "values", "le", "eos", "expr", "until", "9" * 30, "-1", "0x", "", "a::b::c",
]  # fmt: skip
NUMBERS = [0, 1, -1, 7, 255, 256, 1 << 31, 1 << 64, 10**39]
ATOMS = st.one_of(
    st.sampled_from([*WORDS, *NUMBERS, None, True, False, 1.5, float("inf")]),
    st.text(max_size=6),
    st.integers(-300, 300),
)
KEYS = st.one_of(st.sampled_from([*VALUES, "meta", "id", "doc", "_", "-x", "eq", "min", "any-of"]), ATOMS)
TREES = st.recursive(
    ATOMS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=6,
)
BASES = [*(case[3] for case in CASES), *[parse(MESSAGES).top] * 10, *[parse(LEFT_OUT).top] * 10]


def places(tree: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """All places of a tree."""
    inner = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [place, *(found for key, value in inner for found in places(value, (*place, key)))]


@st.composite
def damaged(draw: st.DrawFn) -> Any:
    """A description in which some values were replaced, taken out, moved or added."""
    tree = copy.deepcopy(draw(st.sampled_from(BASES)))
    for _ in range(draw(st.integers(1, 4))):
        every = [place for place in places(tree) if place]
        if not every:
            break
        place = draw(st.sampled_from(every))
        holder = tree
        for step in place[:-1]:
            holder = holder[step]
        match draw(st.sampled_from(("replace", "remove", "move", "add"))):
            case "replace":
                holder[place[-1]] = draw(TREES)
            case "remove":
                del holder[place[-1]]
            case "move":
                other = draw(st.sampled_from(every))
                value = tree
                for step in other:
                    value = value[step]
                holder[place[-1]] = copy.deepcopy(value)
            case "add" if isinstance(holder, dict):
                holder[draw(KEYS)] = draw(TREES)
            case _:
                holder.append(draw(TREES)) if isinstance(holder, list) else None
    return tree


def holds(folder: Path, data: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    """The import ends with a schema that loads, or with a reason and its line."""
    source, output = folder / "made.ksy", folder / "made.py"
    source.write_bytes(data)
    status = run(["import-kaitai", str(source), "-o", str(output), "--force"])
    said = capsys.readouterr()
    assert status in (0, 1, 2), said
    if status == 2:
        assert re.search(r"made\.ksy:[1-9][0-9]*: ", said.err), said.err
    else:
        # The command has loaded the schema before it wrote it.
        assert output.read_text(encoding="utf-8").count("OMITTED = (") == status
    assert (status == 1) == bool(re.search(r"^[0-9]+ left out$", said.err, re.MULTILINE))


FIXTURES = settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))


@given(tree=damaged())
@FIXTURES
def test_damaged_descriptions(
    tree: Any, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    """Descriptions with values of wrong types, moved and lost, in any place."""
    holds(tmp_path_factory.mktemp("damaged"), flow(tree).encode("utf-8", "surrogatepass"), capsys)


@given(
    text=st.one_of(
        st.binary(max_size=60), st.text(max_size=60).map(lambda text: f"meta: {{id: a}}\n{text}".encode())
    )
)
@FIXTURES
def test_any_bytes(
    text: bytes, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    """Bytes that are no YAML, no UTF-8, or no description."""
    holds(tmp_path_factory.mktemp("bytes"), text, capsys)


@given(
    edits=st.lists(
        st.tuples(st.integers(0, 2000), st.sampled_from("{}[]:,-&*!|>'\"%@`#?\n\t 0a~<")), max_size=4
    )
)
@FIXTURES
def test_damaged_yaml(
    edits: list[tuple[int, str]], tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    """A description with characters that mean something in YAML at any place."""
    text = MESSAGES
    for at, letter in edits:
        at %= len(text)
        text = text[:at] + letter + text[at + 1 :]
    holds(tmp_path_factory.mktemp("yaml"), text.encode(), capsys)


def chain(count: int, fields: str) -> str:
    """Types that each hold the next."""
    types = "".join(f"  t{i}: {{seq: [{fields.format(f't{i + 1}')}]}}\n" for i in range(count))
    return f"meta: {{id: made, endian: le}}\nseq: [{{id: a, type: t0}}]\ntypes:\n{types}  t{count}: {{seq: [{{id: x, type: u1}}]}}\n"


def climbing(count: int) -> str:
    """Values of many types that each follow from the value of a record far above."""
    value = f"instances: {{v: {{value: {'_parent.' * 60}v}}}}"
    types = "".join(f"  d{i}: {{seq: [{{id: x, type: d{i + 1}}}], {value}}}\n" for i in range(count))
    last = f"  d{count}: {{seq: [{{id: y, size: v}}], {value}}}\n"
    use = f"  c: {{seq: [{{id: x, type: d{count}}}]}}\n"
    return (
        "meta: {id: made, endian: le}\nseq: [{id: c, type: c}, {id: d, type: d0, size: 4}]\n"
        f"types:\n{types}{last}{use}"
    )


def stepping(count: int) -> str:
    """Types that each hold the next, and a value that goes through many of them."""
    value = f"instances: {{v: {{value: {'x.' * 200}v}}}}"
    types = "".join(f"  d{i}: {{seq: [{{id: x, type: d{i + 1}}}], {value}}}\n" for i in range(count))
    return (
        "meta: {id: made, endian: le}\nseq: [{id: d, type: d0, size: 4}, {id: y, size: d.v}]\n"
        f"types:\n{types}  d{count}: {{seq: [{{id: x, type: u1}}]}}\n"
    )


BOMBS = {
    "a long chain of types, repeated": chain(3000, "{{id: a, type: {}}}").replace(
        "{id: a, type: t0}", "{id: n, type: u1}, {id: a, type: t0, repeat: expr, repeat-expr: n}"
    ),
    "values of parents far above": climbing(390),
    "values of records far below": stepping(5000),
    "a type named through itself": f"meta: {{id: made}}\nseq: [{{id: a, type: {'made::' * 3000}t}}]\n"
    "types: {t: {seq: [{id: x, type: u1}]}}\n",
    "an enum named through the top type": f"meta: {{id: made}}\nseq: [{{id: a, type: u1, enum: {'made::' * 3000}e}}]\n"
    "enums: {e: {1: one}}\n",
    "a choice of many cases": "meta: {id: made}\nseq: [{id: n, type: u1}, {id: a, type: {switch-on: n, cases: {"
    + ", ".join(f"{i}: u1" for i in range(30_000)) + "}}}]\n",
    "a long chain of types": chain(800, "{{id: a, type: {}}}"),
    "types that double": chain(28, "{{id: a, type: {0}}}, {{id: b, type: {0}}}"),
    "types that double, by size": chain(28, "{{id: a, type: {0}}}, {{id: n, type: u1}}, {{id: b, size: a._sizeof}}"),
    "values that double": "meta: {id: made}\nseq: [{id: a, size: v0}]\ninstances:\n"
    + "".join(f"  v{i}: {{value: v{i + 1} + v{i + 1}}}\n" for i in range(23)) + "  v23: {value: 1}\n",
    "values that square": "meta: {id: made}\nseq: [{id: a, size: v0}]\ninstances:\n"
    + "".join(f"  v{i}: {{value: v{i + 1} * v{i + 1}}}\n" for i in range(20)) + f"  v20: {{value: {10**38}}}\n",
    "a long sum": "meta: {id: made}\nseq: [{id: n, type: u1}, {id: a, size: '" + "+".join(["n"] * 249) + "'}]\n",
    "deep parentheses": "meta: {id: made}\nseq: [{id: n, type: u1}, {id: a, size: '" + "(" * 240 + "n" + ")" * 240 + "'}]\n",
    "a long path": "meta: {id: made}\nseq: [{id: n, type: u1}, {id: a, size: '" + ".".join(["_parent"] * 60) + "'}]\n",
    "a name of a thousand letters": f"meta: {{id: made}}\nseq: [{{id: {'n' * 1000}, type: u1}}]\n",
    "a deep collection": "meta: {id: made}\nseq: " + "[" * 20_000,
    "deep indentation": "meta: {id: made}\n" + "".join(f"{' ' * i}a:\n" for i in range(1, 500)),
    "many aliases": "meta: {id: made}\nx: &x [1, 2]\ny: [" + "*x," * 60_000 + "]\n",
    "an enum of Python's words": "meta: {id: made}\nseq: [{id: a, type: u1, enum: 'true'}]\nenums: {'true': {1: none, 2: mro}}\n",
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_files_that_ask_for_endless_work(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Files that grow without bound when they are written out are bounded, or refused with a line."""
    holds(tmp_path, BOMBS[name].encode(), capsys)
    if (tmp_path / "made.py").exists():
        (tmp_path / "made.bin").write_bytes(b"\1" * 8)
        status = run(
            ["validate", "--no-config", "--schema", str(tmp_path / "made.py"), str(tmp_path / "made.bin")]
        )
        assert status in (0, 1), capsys.readouterr()


def test_a_name_of_a_file_may_be_anything(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Quotes, line ends and bytes that are no text in the file's name do no harm to the schema."""
    for name in ('a"""b.ksy', "a\\.ksy", "a\nb.ksy", "a\udcff.ksy", "é'.ksy"):
        source = tmp_path / name
        source.write_text(LEFT_OUT, encoding="utf-8")
        assert run(["import-kaitai", str(source), "-o", str(tmp_path / "made.py"), "--force"]) == 1
        json.dumps(capsys.readouterr().err)
