"""Finding the lines of TOML keys."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ccheck.text.toml_lines import KeyPath, dotted, find_lines, line_of

DOCUMENT = '''\
# format = 0
format = 1  # [not.a.header]

text = """
[[consumer]]
name = "no" \\""" still """""
"quoted key" . 'inner.key' = """"""
list = [
  1, # ]
  { a = "}", b = [2,
    3] },
]
literal = \'\'\'
x = 1\'\'\'\'
moment = 1979-05-27 07:32:00

[[ consumer ]]
name = 'a'

[consumer."in.puts"]
IPC = 20

[[consumer]]
name = "b#\\""
[[consumer.deep]]
x = 1
[[consumer.deep]]
x = 2
[after.dotted]
'''

EXPECTED: dict[KeyPath, int] = {
    ("format",): 2,
    ("text",): 4,
    ("quoted key",): 7,
    ("quoted key", "inner.key"): 7,
    ("list",): 8,
    ("list", 0): 9,
    ("list", 1): 10,
    ("list", 1, "a"): 10,
    ("list", 1, "b"): 10,
    ("list", 1, "b", 0): 10,
    ("list", 1, "b", 1): 11,
    ("literal",): 13,
    ("moment",): 15,
    ("consumer",): 17,
    ("consumer", 0): 17,
    ("consumer", 0, "name"): 18,
    ("consumer", 0, "in.puts"): 20,
    ("consumer", 0, "in.puts", "IPC"): 21,
    ("consumer", 1): 23,
    ("consumer", 1, "name"): 24,
    ("consumer", 1, "deep"): 25,
    ("consumer", 1, "deep", 0): 25,
    ("consumer", 1, "deep", 0, "x"): 26,
    ("consumer", 1, "deep", 1): 27,
    ("consumer", 1, "deep", 1, "x"): 28,
    ("after",): 29,
    ("after", "dotted"): 29,
}


def places(data: Any, path: KeyPath = ()) -> Iterator[KeyPath]:
    """The path of everything inside a parsed document."""
    steps: Any = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for step, value in steps:
        yield (*path, step)
        yield from places(value, (*path, step))


def test_every_construct() -> None:
    """Headers, dotted and quoted keys, inline tables, comments and long strings all have their lines."""
    assert dict(find_lines(DOCUMENT)) == EXPECTED
    assert set(places(tomllib.loads(DOCUMENT))) == set(EXPECTED)


def test_line_ends_of_windows_count_once() -> None:
    """A document with CR LF has the same lines as one with LF."""
    assert find_lines(DOCUMENT.replace("\n", "\r\n")) == EXPECTED


def test_what_has_no_line_has_that_of_its_surroundings() -> None:
    """An unknown key stands at the line of the table around it, and at line 1 when there is none."""
    assert line_of(EXPECTED, ("consumer", 1, "version")) == 23
    assert line_of(EXPECTED, ("absent", "key")) == 1


def test_dotted() -> None:
    """A path is written as users write it in a document."""
    assert dotted(("consumer", 1, "inputs", "IPC@2")) == 'consumer[1].inputs."IPC@2"'
    assert dotted(()) == ""


@dataclass
class Written:
    """A document under construction, with the line of everything that was written into it."""

    text: str = ""
    lines: dict[KeyPath, int] = field(default_factory=dict)

    def note(self, path: KeyPath) -> None:
        """What is written next is `path`."""
        self.lines.setdefault(path, self.text.count("\n") + 1)


KEYS = st.text(st.characters(codec="utf-8", exclude_characters="\x7f"), max_size=4) | st.sampled_from(
    ["a", "b-c", "in.puts", "[x]", "#", "=", '"', "'", "]]", '"""']
)
BLANKS = st.sampled_from(["", " ", "\t"])
BREAKS = st.sampled_from(["", "\n", " # ]}\"'''[[x]]\n", "\n\n\t"])
SCALARS = st.sampled_from(
    [
        "1",
        "0x1F",
        "inf",
        "true",
        "1979-05-27 07:32:00Z",
        '"]},#\\""',
        "'}]#'",
        '"""\n[x]\n"a" \\""" # b """""',
        "'''\n[[y]]\nz = '1' '''''",
        '""',
        "''",
        '""""""',
    ]
)


@st.composite
def documents(draw: st.DrawFn) -> Written:
    """Documents of every construct, which remember the line of each key."""
    out = Written()
    _pairs(draw, out, (), depth=0)
    for name in draw(st.lists(KEYS, max_size=4, unique=True)):
        if (name,) in out.lines:
            continue
        out.text += draw(BREAKS) + "\n"
        array = draw(st.booleans())
        for index in range(draw(st.integers(1, 3)) if array else 1):
            path: KeyPath = (name, index) if array else (name,)
            out.note((name,))
            out.note(path)
            blank = draw(BLANKS)
            header = f"{blank}{_key(draw, name)}{blank}"
            out.text += (f"[[{header}]]" if array else f"[{header}]") + draw(
                st.sampled_from(["\n", " # x\n"])
            )
            _pairs(draw, out, path, depth=0)
    return out


def _pairs(draw: st.DrawFn, out: Written, table: KeyPath, depth: int) -> None:
    for name in draw(st.lists(KEYS, max_size=3, unique=True)):
        out.text += draw(BREAKS)
        if out.text and not out.text.endswith("\n"):
            out.text += "\n"
        path = (*table, name)
        out.note(path)
        out.text += _key(draw, name)
        if draw(st.booleans()):
            path = (*path, "x")
            out.note(path)
            out.text += draw(BLANKS) + "." + draw(BLANKS) + "x"
        out.text += f"{draw(BLANKS)}={draw(BLANKS)}"
        _value(draw, out, path, depth)
        out.text += "\n"


def _value(draw: st.DrawFn, out: Written, path: KeyPath, depth: int) -> None:
    kind = draw(st.sampled_from(["scalar", "list", "table"])) if depth < 3 else "scalar"
    if kind == "scalar":
        out.text += draw(SCALARS)
    elif kind == "list":
        out.text += "["
        for index in range(draw(st.integers(0, 3))):
            out.text += draw(BREAKS)
            out.note((*path, index))
            _value(draw, out, (*path, index), depth + 1)
            out.text += draw(BREAKS) + ","
        out.text += draw(BREAKS) + "]"
    else:
        out.text += "{"
        for index, name in enumerate(draw(st.lists(KEYS, max_size=3, unique=True))):
            out.text += "," * bool(index) + draw(BLANKS)
            out.note((*path, name))
            out.text += f"{_key(draw, name)}{draw(BLANKS)}={draw(BLANKS)}"
            _value(draw, out, (*path, name), depth + 1)
        out.text += draw(BLANKS) + "}"


def _key(draw: st.DrawFn, name: str) -> str:
    # JSON writes characters above U+FFFF as two escapes, which TOML refuses.
    forms = [json.dumps(name, ensure_ascii=max(name, default="") <= "\uffff" and draw(st.booleans()))]
    if name.isascii() and name.replace("-", "").replace("_", "").isalnum():
        forms.append(name)
    if "'" not in name and name.isprintable():
        forms.append(f"'{name}'")
    return draw(st.sampled_from(forms))


@given(documents())
def test_built_documents(built: Written) -> None:
    """In a document built from every construct each key has the line on which it was written."""
    assert set(places(tomllib.loads(built.text))) == set(built.lines)
    assert find_lines(built.text) == built.lines
