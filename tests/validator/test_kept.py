"""Code that is kept for the next run: it is used, it is trusted only where nobody else can have written it, and
whatever goes wrong with it changes no answer.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ccheck import kept
from ccheck.config.user_schema import load_user_schema
from ccheck.judging import generated_fast_path as own
from ccheck.kept import ABANDONED, LARGEST, MOST, SWITCH, keep, recall
from ccheck.screen.closed import opening

pytestmark = pytest.mark.skipif(os.name != "posix", reason="nothing is kept where owners cannot be told")

KEY = "5" * 64
CODE = "answer = 42\n"
OTHER = 12345
"""A user who is nobody here."""

ROOT_ALONE = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files to others"
)

SCHEMA = """
from construct import Const, Int8ub, Struct, this
from ccheck_schemas.meaning import Table
from ccheck_schemas.schema import Schema

ROOT = Struct(
    "magic" / Const(b"OWN"), "n" / Int8ub, "rows" / Table("rows", this.n, Struct("v" / Int8ub), high=9)
)
SCHEMA = Schema("mine", "a format of one's own", ROOT, recognise=lambda data: data[:3] == b"OWN")
"""
GOOD = b"OWN\x02ab"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder of the test's own, and where its entries come to lie."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))
    monkeypatch.delenv(SWITCH, raising=False)
    return home / "cache" / "ccheck" / "code"


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A schema file."""
    path = tmp_path / "mine.py"
    path.write_text(SCHEMA, encoding="utf-8")
    return path


def ccheck(folder: Path, *arguments: str, before: str = "") -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, which names in the end the modules that it loaded."""
    code = (
        f"import sys; {before}\nfrom ccheck.cli.main import run\nstatus = run(sys.argv[1:])\n"
        "print(*sys.modules, file=sys.stderr)\nsys.exit(status)"
    )
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )


def test_the_second_run_loads_neither_construct_nor_the_schema_file(tmp_path: Path, mine: Path) -> None:
    """The first run of a schema file keeps its code; a second one reports the same of good files, and imports neither
    Construct nor rich, and does not run the file.
    """
    (tmp_path / "good.own").write_bytes(GOOD)
    words = ("validate", "--no-config", "--schema", "mine.py", "good.own")
    cold, warm = ccheck(tmp_path, *words), ccheck(tmp_path, *words)
    assert (cold.returncode, warm.returncode) == (0, 0)
    assert (
        cold.stdout
        == warm.stdout
        == "configuration: none\npass  good.own  mine, 6 bytes, 41 checks\n"
        + ("1 file examined: 1 passed, 0 failed; 0 errors, 0 warnings; 6 bytes\n")
    )
    assert "construct" in cold.stderr.split()
    loaded = set(warm.stderr.split())
    assert "ccheck.judging.generated_fast_path" in loaded
    assert not loaded & {
        "construct",
        "rich",
        "ccheck.formats.check_table",
        "ccheck_user_schema_mine",
        "ccheck_schemas.schema",
    }


@pytest.mark.parametrize(
    ("data", "options", "status"),
    [
        (GOOD, (), 0),
        (GOOD + b"c", (), 1),
        (b"", (), 1),
        (bytes(4), (), 1),
        (GOOD, ("--max-size", "5"), 1),
        (GOOD, ("--consumers", "nothing.toml"), 2),
        (GOOD, ("--target", "7"), 2),
        (GOOD, ("--definitions", "f.own"), 0),
        (GOOD, ("--format", "json"), 0),
    ],
)
def test_with_and_without_what_is_kept_the_answer_is_one(
    tmp_path: Path, mine: Path, data: bytes, options: tuple[str, ...], status: int
) -> None:
    """A run that finds code kept says, byte for byte, what one without a cache says."""
    (tmp_path / "f.own").write_bytes(data)
    words = ("validate", "--no-config", "--schema", "mine.py", *options, "f.own")
    off = ccheck(tmp_path, *words, before=f"import os; os.environ[{SWITCH!r}] = '1'")
    assert not (tmp_path / "home" / "cache").exists()
    own.made(load_user_schema(mine), mine)
    assert own.kept(mine) is not None
    on = ccheck(tmp_path, *words)
    assert (on.returncode, on.stdout) == (off.returncode, off.stdout)
    assert on.returncode == status


def test_another_schema_or_another_generator_has_other_code(
    mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Code is found again by the bytes of the schema file and by all that made it: a change of either finds none."""
    assert own.made(load_user_schema(mine), mine).way is not None
    assert own.kept(mine) is not None
    mine.write_text(SCHEMA.replace("high=9", "high=8"), encoding="utf-8")
    assert own.kept(mine) is None
    mine.write_text(SCHEMA, encoding="utf-8")
    assert own.kept(mine) is not None
    makers = own._makers()
    files = [part for part in makers if b"construct" in part]
    assert any(b"writer.py" in part for part in makers)
    assert any(b"core.py" in part for part in files)
    monkeypatch.setattr(own, "_makers", lambda: (*makers[:-1], b"changed"))
    assert own.kept(mine) is None


def test_where_the_makers_cannot_be_told_nothing_is_kept(
    cache: Path, mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where ccheck or Construct does not lie in files, as in an archive, the quick way is made anew in each run."""

    def nowhere() -> tuple[bytes, ...]:
        raise NotADirectoryError("ccheck.zip")

    monkeypatch.setattr(own, "_makers", nowhere)
    made = own.made(load_user_schema(mine), mine)
    assert made.way is not None
    assert made.not_kept == "what makes the code cannot be told"
    assert own.kept(mine) is None
    assert not cache.exists()


@pytest.mark.parametrize("name", ["mine", "channel"])
def test_names_of_checks_are_known_alike(tmp_path: Path, mine: Path, name: str) -> None:
    """Whether ccheck.toml names a check that there is does not depend on what is kept, also for a schema file that
    stands in place of a format of ccheck's.
    """
    mine.write_text(SCHEMA.replace('"mine"', repr(name)), encoding="utf-8")
    (tmp_path / "good.own").write_bytes(GOOD)
    (tmp_path / "ccheck.toml").write_text(
        'format = 1\n[severity]\nfield-past-inputs = "warning"\n', encoding="utf-8"
    )
    words = ("validate", "--schema", "mine.py", "good.own")
    own.made(load_user_schema(mine), mine)
    on = ccheck(tmp_path, *words)
    off = ccheck(tmp_path, *words, before=f"import os; os.environ[{SWITCH!r}] = '1'")
    assert (on.returncode, on.stdout) == (off.returncode, off.stdout)
    assert on.returncode == (2 if name == "channel" else 0)


def test_a_schema_file_in_a_package_is_not_kept(cache: Path, mine: Path) -> None:
    """A file that lies in a package has a quick way, made anew in each run: the package's other files run too."""
    (mine.parent / "__init__.py").touch()
    made = own.made(load_user_schema(mine), mine)
    assert made.way is not None
    assert made.not_kept == "it lies in a package"
    assert own.kept(mine) is None
    assert not cache.exists()


def test_what_is_kept_comes_back(cache: Path) -> None:
    """Code that is kept is given back, from a file and folders that nobody else may even read."""
    keep(KEY, CODE)
    assert recall(KEY) == CODE
    assert recall("6" * 64) is None
    assert [path.name for path in cache.iterdir()] == [KEY]
    assert (cache / KEY).stat().st_mode & 0o777 == 0o600
    assert {folder.stat().st_mode & 0o777 for folder in (cache, cache.parent, cache.parent.parent)} == {0o700}


def _writable_file(cache: Path) -> None:
    (cache / KEY).chmod(0o620)


def _writable_by_all(cache: Path) -> None:
    (cache / KEY).chmod(0o602)


def _writable_folder(cache: Path) -> None:
    cache.chmod(0o770)


def _sticky_folder(cache: Path) -> None:
    cache.chmod(0o1777)


def _writable_above(cache: Path) -> None:
    cache.parent.parent.chmod(0o757)


def _link(cache: Path) -> None:
    (cache / KEY).rename(cache / "elsewhere")
    (cache / KEY).symlink_to("elsewhere")


def _second_name(cache: Path) -> None:
    (cache / "second").hardlink_to(cache / KEY)


def _linked_folder(cache: Path) -> None:
    cache.rename(cache.parent / "elsewhere")
    cache.symlink_to("elsewhere")


def _pipe(cache: Path) -> None:
    (cache / KEY).unlink()
    os.mkfifo(cache / KEY, 0o600)


def _folder(cache: Path) -> None:
    (cache / KEY).unlink()
    (cache / KEY).mkdir(mode=0o700)


def _cut(cache: Path) -> None:
    (cache / KEY).write_bytes((cache / KEY).read_bytes()[:-1])


def _changed(cache: Path) -> None:
    (cache / KEY).write_bytes((cache / KEY).read_bytes().replace(b"42", b"43"))


def _other_key(cache: Path) -> None:
    keep("6" * 64, CODE)
    (cache / ("6" * 64)).replace(cache / KEY)


def _garbage(cache: Path) -> None:
    (cache / KEY).write_bytes(b"\xff\0" * 99)


def _empty(cache: Path) -> None:
    (cache / KEY).write_bytes(b"")


def _huge(cache: Path) -> None:
    os.truncate(cache / KEY, LARGEST + 1)


def _not_text(cache: Path) -> None:
    (cache / KEY).write_bytes(kept._head(KEY, b"\xff") + b"\n\xff")


ABUSES = (
    _writable_file, _writable_by_all, _writable_folder, _sticky_folder, _writable_above, _link, _second_name,
    _linked_folder, _pipe, _folder, _cut, _changed, _other_key, _garbage, _empty, _huge, _not_text,
)  # fmt: skip


@pytest.mark.parametrize("abuse", ABUSES, ids=lambda abuse: abuse.__name__.strip("_"))
def test_what_others_may_have_written_is_not_trusted(cache: Path, abuse: Callable[[Path], None]) -> None:
    """An entry that others may write, or that is not whole, or not what its name says, is as good as none."""
    keep(KEY, CODE)
    assert recall(KEY) == CODE
    abuse(cache)
    assert recall(KEY) is None


@ROOT_ALONE
@pytest.mark.parametrize("which", ["file", "folder", "above", "home"])
def test_what_belongs_to_another_is_not_trusted(cache: Path, which: str) -> None:
    """An entry, or a folder on the way to it, that belongs to another user is not trusted, not even by root; nor is
    anything written there.
    """
    keep(KEY, CODE)
    place = {"file": cache / KEY, "folder": cache, "above": cache.parent, "home": cache.parents[2]}[which]
    os.chown(place, OTHER, OTHER)
    assert recall(KEY) is None
    before = (cache / KEY).stat().st_ino
    keep(KEY, CODE)
    assert ((cache / KEY).stat().st_ino != before) is (which == "file")
    assert (recall(KEY) == CODE) is (which == "file")


@ROOT_ALONE
def test_a_user_does_not_trust_what_another_user_keeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another user does not use root's entry, though it may be read, nor fails over it."""
    with tempfile.TemporaryDirectory() as folder:  # the folders of pytest keep others out
        home = Path(folder)
        monkeypatch.setenv("XDG_CACHE_HOME", folder)
        keep(KEY, CODE)
        entry = home / "ccheck" / "code" / KEY
        for path in (home, *entry.parents[:2], entry):
            path.chmod(0o755)
        os.seteuid(OTHER)
        try:
            assert entry.read_text(encoding="utf-8").endswith(CODE)
            keep("6" * 64, CODE)
            found = recall(KEY), recall("6" * 64)
        finally:
            os.seteuid(0)
        assert found == (None, None)
        assert recall(KEY) == CODE


def _evil(cache: Path, mine: Path) -> tuple[Path, Path]:
    """An entry with code of somebody else's, as well-formed as ccheck's own; and the file that it would write."""
    mark = mine.parent / "executed"
    text = f"open({str(mark)!r}, 'w').close()\nSCHEMA = 'mine'\nspotless = lambda data: data\n"
    key = own._key(mine.read_bytes())
    keep(key, text)
    return cache / key, mark


def test_planted_code_is_not_executed(tmp_path: Path, cache: Path, mine: Path) -> None:
    """Code that somebody planted where others may write is not run, and the file gets the answer that is right; a
    planted entry that nobody else could have written would have been run, so that the test can fail.
    """
    (tmp_path / "bad.own").write_bytes(GOOD + b"c")
    entry, mark = _evil(cache, mine)
    words = ("validate", "--no-config", "--schema", "mine.py", "bad.own")
    assert ccheck(tmp_path, *words).returncode == 0
    assert mark.exists()
    mark.unlink()
    for place, mode in ((entry, 0o666), (cache, 0o777), (cache.parents[2], 0o777)):
        before = place.stat().st_mode & 0o777
        _evil(cache, mine)
        place.chmod(mode)
        done = ccheck(tmp_path, *words)
        assert (done.returncode, mark.exists()) == (1, False), place
        assert "error[bytes-unowned]" in done.stdout
        place.chmod(before)


@pytest.mark.parametrize("text", ["def", "raise SystemError", "SCHEMA = 'mine'", "1/0"])
def test_kept_code_that_does_not_run_is_made_anew(mine: Path, text: str) -> None:
    """An entry that is trusted and yet is no code of ccheck's is passed over, and made anew."""
    key = own._key(mine.read_bytes())
    keep(key, text)
    assert own.kept(mine) is None
    assert own.made(load_user_schema(mine), mine).way is not None
    assert own.kept(mine) is not None


@pytest.mark.parametrize("abuse", ["cut", "link", "absent", "other-owner"])
def test_what_is_not_trusted_is_written_anew(cache: Path, mine: Path, abuse: str) -> None:
    """An entry that is not right is replaced by a run that makes the code, and nothing else is touched."""
    key = own._key(mine.read_bytes())
    way = own.made(load_user_schema(mine), mine).way
    assert way is not None
    text = (cache / key).read_bytes()
    (cache / key).unlink()
    outside = cache.parent / "outside"
    outside.write_bytes(text)
    if abuse == "cut":
        (cache / key).write_bytes(text[:50])
    elif abuse == "link":
        (cache / key).symlink_to(outside)
    elif abuse == "other-owner":
        if os.geteuid() != 0:
            pytest.skip("only root gives files to others")
        (cache / key).write_bytes(text)
        os.chown(cache / key, OTHER, OTHER)
    assert own.kept(mine) is None
    assert own.made(load_user_schema(mine), mine).way is not None
    assert own.kept(mine) is not None
    assert (cache / key).read_bytes() == outside.read_bytes() == text
    assert not (cache / key).is_symlink()


def test_a_full_disk_leaves_nothing_and_says_nothing(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where writing fails, at any step, nothing is kept, nothing is left lying about, and nothing is raised."""
    keep("6" * 64, CODE)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    for step in ("fsync", "rename"):
        with monkeypatch.context() as patched:
            patched.setattr(os, step, full)
            keep(KEY, CODE)
        assert [path.name for path in cache.iterdir()] == ["6" * 64]
    assert recall(KEY) is None


@pytest.mark.parametrize(
    "environment",
    [
        {"XDG_CACHE_HOME": "", "HOME": ""},
        {"XDG_CACHE_HOME": "relative", "HOME": "relative"},
        {"XDG_CACHE_HOME": "/dev/null/cache"},
        {"XDG_CACHE_HOME": "/nonexistent/deep/cache"},
        {"XDG_CACHE_HOME": "/proc/self"},
        {SWITCH: "1"},
    ],
    ids=str,
)
def test_where_nothing_can_be_kept_nothing_is(
    mine: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]
) -> None:
    """Without a home, with a cache that cannot be made, or switched off: the quick way is there, and nothing kept."""
    keep(KEY, CODE)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    keep("6" * 64, CODE)
    assert recall("6" * 64) is None
    assert recall(KEY) is None
    assert own.made(load_user_schema(mine), mine).way is not None
    assert [path.name for path in cache.iterdir()] == [KEY]


def test_the_home_folder_has_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without XDG_CACHE_HOME, entries lie below the home folder; they are found also through a link of the user's."""
    monkeypatch.delenv("XDG_CACHE_HOME")
    home = tmp_path / "house"
    (home / "big").mkdir(parents=True, mode=0o700)
    monkeypatch.setenv("HOME", str(home))
    keep(KEY, CODE)
    assert recall(KEY) == CODE
    (caches,) = {"Library", ".cache"} & {path.name for path in home.iterdir()}
    (home / caches).rename(home / "big" / caches)
    (home / caches).symlink_to(home / "big" / caches)
    assert recall(KEY) == CODE


def test_the_cache_stays_small(cache: Path) -> None:
    """Only the newest entries are kept, and what was not written to its end long ago is removed."""
    keep("0" * 64, CODE)
    for name, age in ((".part-old", ABANDONED + 60), (".part-new", 0)):
        (cache / name).touch()
        stamp = (cache / "0".ljust(64, "0")).stat().st_mtime - age
        os.utime(cache / name, (stamp, stamp))
    for i in range(MOST + 5):
        keep(f"{i + 1:064}", CODE)
        os.utime(cache / f"{i + 1:064}", (i, i))
    os.utime(cache / ("0" * 64), (10**6, 10**6))
    keep(KEY, CODE)
    left = {path.name for path in cache.iterdir()}
    assert len(left) == MOST + 1
    assert {KEY, "0" * 64, f"{MOST + 5:064}", ".part-new"} <= left
    assert not left & {".part-old", f"{1:064}"}


def test_processes_at_once_lose_nothing(tmp_path: Path, cache: Path, mine: Path) -> None:
    """Several runs at once, and the workers of one, keep one whole entry and give the same answer."""
    files = tmp_path / "files"
    files.mkdir()
    for i in range(300):
        (files / f"{i}.own").write_bytes(GOOD if i != 77 else GOOD + b"c")
    words = [sys.executable, "-m", "ccheck", "validate", "--no-config", "--schema", "mine.py", "--jobs", "2"]
    running = [
        subprocess.Popen([*words, "files"], cwd=tmp_path, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    answers = {(process.communicate()[0], process.returncode) for process in running}
    assert len(answers) == 1
    ((text, status),) = answers
    assert status == 1
    assert "300 files examined: 299 passed, 1 failed" in text
    assert [path.name for path in cache.iterdir()] == [own._key(mine.read_bytes())]
    assert own.kept(mine) is not None


CLOSED = (
    SCHEMA,
    "from __future__ import annotations\nfrom enum import IntEnum\nclass A(IntEnum):\n    B = 1\n",
    "import construct\nx = construct.Struct('a' / construct.Int8ub)\n",
    "from construct import *\nx = Struct('a' / Int8ub, 'b' / Bytes(this._.a + this._root.a))\n",
    "x = [i for i in range(3)]\nclass E(Exception): pass\nraise ValueError(str(x))\n",
)
OPEN = {
    "import os": "it imports os",
    "from random import random": "it imports random",
    "from .other import X": "it imports .other",
    "import ccheck_schemas.meaning": "it imports ccheck_schemas.meaning",
    "from ccheck_schemas.formats.channel.schema import SCHEMA": "it imports ccheck_schemas.formats.channel.schema",
    "x = open('other')": "it uses open",
    "eval('1')": "it uses eval",
    "exec('1')": "it uses exec",
    "compile('1', '', 'eval')": "it uses compile",
    "__import__('os')": "it uses __import__",
    "x = globals()": "it uses globals",
    "x = input()": "it uses input",
    "x = __file__": "it uses __file__",
    "x = ().__class__": "it uses __class__",
    "import construct\nx = construct.core.os": "it uses core",
    "from construct import *\nx = lib": "it uses lib",
    "from enum import sys as s": "it uses sys",
    "import dataclasses\nx = dataclasses.inspect": "it uses inspect",
    "from construct import Int8ub\nx = Int8ub.parse_file('f')": "it uses parse_file",
    "x = {1, 2}": "it has a set, whose order is another in each run",
    "x = hash('a')": "it uses hash",
    "x = getattr": "it uses getattr",
    "def": "it cannot be read as Python",
    "\0": "it cannot be read as Python",
}


@pytest.mark.parametrize("text", CLOSED)
def test_a_file_that_looks_at_nothing_else_is_closed(text: str) -> None:
    """A schema file of plain declarations may be kept."""
    assert opening(text.encode()) is None


@pytest.mark.parametrize("text", OPEN)
def test_a_file_that_may_look_elsewhere_is_open(text: str) -> None:
    """A schema file that could look at files, the environment or the clock is not kept, and it is said why."""
    assert opening(text.encode()) == OPEN[text]
