"""Devicetrees in layouts that dtc does not write, as libfdt makes them, and in any other that it takes."""

from __future__ import annotations

import ctypes
import ctypes.util
import random
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ccheck.cli.main import run
from ccheck.core.finding import Severity
from ccheck.judging.preparation import prepare
from ccheck_schemas.formats.devicetree.content import DevicetreeContent
from ccheck_schemas.formats.devicetree.recipe import compose, describe
from ccheck_schemas.formats.devicetree.schema import SCHEMA
from ccheck_schemas.read import read
from ccheck_schemas.schema import RecipeError
from tests.conftest import ROOT

CORPUS = ROOT / "corpus" / "devicetree"
BASE = (CORPUS / "base.bin").read_bytes()
ROOM = 512
"""Bytes that a tree gets for edits in place."""


def content(data: bytes) -> DevicetreeContent:
    """The content of a file."""
    found = SCHEMA.assemble(read(SCHEMA.layout, data))
    assert isinstance(found, DevicetreeContent)
    return found


def errors(data: bytes) -> list[str]:
    """The errors of a tree."""
    report = prepare(schema="devicetree", use_config=False).judged(data, "", "")
    assert (report.verdict == "pass") == (not report.errors)
    return [found.message for found in report.findings if found.severity is Severity.ERROR]


def comes_back(data: bytes) -> bool:
    """Whether the recipe of a tree gives the same bytes."""
    return compose(describe(content(data))) == data


class Libfdt:
    """The installed libfdt, with a tree in a buffer."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self.library = library
        self.buffer = (ctypes.c_uint64 * 4096)()

    def take(self, data: bytes) -> None:
        """Puts a tree into the buffer."""
        ctypes.memmove(self.buffer, data, len(data))

    def __getattr__(self, name: str) -> Callable[..., int]:
        function = getattr(self.library, f"fdt_{name}")

        def called(*words: object) -> int:
            found = int(function(self.buffer, *words))
            assert found >= 0, (name, found)
            return found

        return called

    @property
    def data(self) -> bytes:
        """The tree in the buffer."""
        raw = bytes(self.buffer)
        return raw[: int.from_bytes(raw[4:8], "big")]


@pytest.fixture(scope="module")
def library() -> ctypes.CDLL:
    """The installed libfdt."""
    name = ctypes.util.find_library("fdt")
    if name is None:
        pytest.skip("libfdt is not installed (Debian: libfdt1)")
    return ctypes.CDLL(name)


@pytest.fixture
def libfdt(library: ctypes.CDLL) -> Libfdt:
    """The same, with an empty buffer."""
    return Libfdt(library)


def small(shared_data: Path) -> Iterator[bytes]:
    """Genuine trees that fit into the buffer."""
    for path in sorted((shared_data / "dtb" / "valid").iterdir()):
        data = path.read_bytes()
        if len(data) < 30_000 - ROOM:
            yield data


def test_trees_that_are_changed_in_place_pass(libfdt: Libfdt, shared_data: Path) -> None:
    """Room for more, properties and nodes that are taken out or crossed out: no errors, and the same bytes again."""
    trees = [BASE, *small(shared_data)]
    assert len(trees) > 8
    for data in trees:
        libfdt.take(data)
        libfdt.open_into(libfdt.buffer, len(data) + ROOM)
        assert (errors(libfdt.data), comes_back(libfdt.data)) == ([], True)
        for name in (b"compatible", b"model"):
            libfdt.delprop(0, name)
        assert (errors(libfdt.data), comes_back(libfdt.data)) == ([], True)
        libfdt.setprop(0, b"another-name", b"text\0", 5)
        libfdt.nop_property(0, b"another-name")
        libfdt.nop_node(libfdt.first_subnode(0))
        assert (errors(libfdt.data), comes_back(libfdt.data)) == ([], True)
        assert libfdt.check_full(len(libfdt.data)) == 0


def test_a_tree_that_is_written_in_sequence_passes(libfdt: Libfdt) -> None:
    """The sequential writer of libfdt begins the reservations at a multiple of 16: a pass, and a note on request."""
    libfdt.create(4096)
    libfdt.add_reservemap_entry(ctypes.c_uint64(0x1000), ctypes.c_uint64(0x2000))
    libfdt.finish_reservemap()
    libfdt.begin_node(b"")
    libfdt.property(b"compatible", b"example,board\0", 14)
    libfdt.begin_node(b"node")
    libfdt.property(b"reg", bytes(4), 4)
    libfdt.property(b"compatible", b"x\0", 2)
    for end in (libfdt.end_node, libfdt.end_node, libfdt.finish):
        end()
    assert (errors(libfdt.data), comes_back(libfdt.data)) == ([], True)
    assert describe(content(libfdt.data))["layout"]["reservations"] == 0x30


@pytest.mark.parametrize(
    ("words", "notes"),
    [(("-R", "4"), 1), (("-p", "64"), 0), (("-S", "4096"), 0), (("-V", "16"), 0), (("-@",), 0)],
)
def test_trees_that_dtc_writes_pass(
    words: tuple[str, ...], notes: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever dtc is asked for, its trees pass; room for reservations alone is noted on request."""
    if shutil.which("dtc") is None:
        pytest.skip("dtc is not installed (Debian: device-tree-compiler)")
    source, out = tmp_path / "a.dts", tmp_path / "a.dtb"
    source.write_text(
        '/dts-v1/;\n/memreserve/ 0x1000 0x2000;\n/ { model = "a"; x: b { c = <1>; d = <&x>; }; };\n'
    )
    subprocess.run(["dtc", "-q", *words, "-o", out, source], check=True, timeout=60)
    assert run(["validate", "--no-config", "--canonical", str(out)]) == 0
    assert capsys.readouterr().out.count("info[not-as-compiled]") == notes
    assert comes_back(out.read_bytes())


def layouts(rng: random.Random) -> Iterator[bytes]:
    """Trees with their blocks in any order, with room, NOPs, and names that stand twice."""
    recipe = dict(describe(content(BASE)))
    plain = content(compose(recipe))
    assert plain.placement is not None
    size = len(compose({**recipe, "strings": ["reg", "model", "reg", "x"]}))
    for _ in range(300):
        made = {**recipe, "strings": ["reg", "model", "reg", "x"]}
        blocks = {"reservations": 32, "structure": size, "strings": 512}
        at = 40
        layout: dict[str, object] = {}
        for name in rng.sample(sorted(blocks), 3):
            at += -at % 8 + 8 * rng.randrange(3)
            layout[name] = at
            at += blocks[name]
        layout["size"] = at + rng.randrange(40)
        layout["structure_size"] = size - rng.randrange(24)
        layout["nops"] = rng.choice(([], [0], [8], [0, 12]))
        layout["names"] = [{"property": 4, "at": 10}] if rng.randrange(2) else []
        room = [{"at": at - 8, "hex": "ff00ff"}] if rng.randrange(2) else []
        for more in ({"room": room}, {}):
            try:
                yield compose({**made, "layout": layout | more})
                break
            except RecipeError:
                continue


def test_any_layout_that_libfdt_takes_passes(library: ctypes.CDLL) -> None:
    """Blocks in all orders, gaps, room, NOPs and either of two equal names: libfdt takes them, and they pass."""
    libfdt = Libfdt(library)
    made = list(layouts(random.Random(5)))
    assert len(made) > 100
    orders = set()
    for data in made:
        libfdt.take(data)
        assert libfdt.check_full(len(data)) == 0
        assert (errors(data), comes_back(data)) == ([], True)
        orders.add(tuple(sorted(range(8, 20, 4), key=lambda at: data[at : at + 4])))
    assert len(orders) == 6


def test_whatever_passes_comes_back() -> None:
    """Each file of the corpus that passes, warnings or not, is its recipe."""
    validation = prepare(schema="devicetree", use_config=False)
    files = [
        path for path in sorted(CORPUS.glob("*/*/*.bin")) if validation.report(str(path)).verdict == "pass"
    ]
    assert len(files) > 60
    for path in files:
        assert comes_back(path.read_bytes()), path


@pytest.mark.parametrize(
    ("layout", "path"),
    [
        ({"strings": 0x38}, "layout.structure"),
        ({"structure": 0x10}, "layout.structure"),
        ({"size": 0x40}, "layout.size"),
        ({"nops": [4]}, "layout.nops"),
        ({"nops": [0, 0]}, "layout.nops"),
        ({"nops": [0x4000]}, "layout.nops"),
        ({"room": [{"at": 0x40, "hex": "00"}]}, "layout.room[0].at"),
        ({"room": [{"at": 0x4000, "hex": "00"}]}, "layout.room[0].at"),
        ({"names": [{"property": 0, "at": 0x4000}]}, "root.properties[0].name"),
        ({"strings_hex": "0"}, "layout.strings_hex"),
        ({"another": 1}, "layout.another"),
    ],
)
def test_a_layout_that_does_not_fit_names_the_key(layout: dict[str, object], path: str) -> None:
    """A recipe whose tree was changed, so that its layout does not fit, is refused at the key."""
    with pytest.raises(RecipeError) as refused:
        compose({"root": {"properties": [{"name": "a", "texts": ["b"]}]}, "layout": layout})
    assert refused.value.path == path


def test_show_and_build_keep_what_was_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A tree with leftovers and a name that nobody uses comes back byte for byte through the command line."""
    data = compose(
        {
            "root": {"properties": [{"name": "a", "texts": ["b"]}]},
            "strings": ["a", "nobody"],
            "layout": {"structure": 0x40, "strings": 0x68, "room": [{"at": 0x3A, "hex": "dead"}]},
        }
    )
    tree, recipe, again = tmp_path / "a.dtb", tmp_path / "a.yaml", tmp_path / "b.dtb"
    tree.write_bytes(data)
    assert run(["validate", "--no-config", str(tree)]) == 0
    out = capsys.readouterr().out
    assert "warning[pool-text-unused]" in out
    assert "warning[devicetree-padding-not-zero]: 2 bytes that no block owns are not all zero" in out
    assert run(["show", "--yaml", str(tree)]) == 0
    recipe.write_text(capsys.readouterr().out, encoding="utf-8")
    assert run(["build", str(recipe), "-o", str(again)]) == 0
    assert again.read_bytes() == data


def test_diff_is_about_meaning_and_not_about_layout(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two trees of one meaning in two layouts have no difference."""
    recipe = {"root": {"properties": [{"name": "a", "texts": ["b"]}]}}
    files = [tmp_path / "a.dtb", tmp_path / "b.dtb"]
    files[0].write_bytes(compose(recipe))
    files[1].write_bytes(
        compose({**recipe, "layout": {"structure": 0x48, "strings": 0x28, "reservations": 0x30}})
    )
    capsys.readouterr()
    assert run(["diff", str(files[0]), str(files[1])]) == 0
    assert capsys.readouterr().out == "no change in meaning\n"


def test_an_image_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """The report on a FIT image says that its images are not judged, and the tree passes."""
    assert (
        run(["validate", "--no-config", str(CORPUS / "devicetree-holds-images" / "bad" / "fit_image.bin")])
        == 0
    )
    assert (
        "info[devicetree-holds-images]: a FIT image: 1 image in it is not judged" in capsys.readouterr().out
    )
