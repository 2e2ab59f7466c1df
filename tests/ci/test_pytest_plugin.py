"""`pytest --ccheck` collects content files as tests, and is inert without the option."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.validator.test_user_code import made

CORPUS = ROOT / "corpus" / "channel"
STORY = CORPUS / "field-past-inputs"


@pytest.fixture
def content(tmp_path: Path) -> Path:
    """A folder with a good and a bad file, and what they are judged by."""
    for name in ("ccheck.toml", "consumers.toml", "definitions.bin"):
        shutil.copy(CORPUS / name, tmp_path)
    (tmp_path / "files").mkdir()
    shutil.copy(next((STORY / "good").glob("*1.bin")), tmp_path / "files")
    shutil.copy(next((STORY / "bad").glob("*32.bin")), tmp_path / "files")
    return tmp_path


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run pytest in a folder."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_files_are_tests(content: Path) -> None:
    """Each content file is one test; a failure shows the report of ccheck validate."""
    done = run(content, "--ccheck", "files")
    assert done.returncode == 1
    assert "1 failed, 1 passed" in done.stdout
    assert "error[field-past-inputs]: criterion reads input 20" in done.stdout


def test_without_the_option_nothing_is_collected(content: Path) -> None:
    """The plug-in is silent, and loads nothing else of ccheck."""
    (content / "test_inert.py").write_text(
        "import sys\n\ndef test_inert():\n"
        "    found = sorted(m for m in sys.modules if m.startswith('ccheck'))\n"
        "    assert found == ['ccheck', 'ccheck.cli', 'ccheck.cli.pytest_plugin', 'ccheck.version']\n",
        encoding="utf-8",
    )
    done = run(content)
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


def test_what_cannot_be_judged_is_wrong_usage(content: Path) -> None:
    """A configuration that cannot be used ends the run with pytest's status for wrong usage."""
    done = run(content, "--ccheck", "--ccheck-schema", "nothing", "files")
    assert done.returncode == 4, done.stdout + done.stderr
    assert "schema 'nothing' is not known" in done.stdout + done.stderr


def test_unknown_content_fails(content: Path) -> None:
    """A file of a collected ending that no format recognises does not pass."""
    (content / "files" / "other.bin").write_bytes(b"nothing that is known")
    (content / "files" / "passed-over.txt").write_bytes(b"not collected")
    done = run(content, "--ccheck", "files")
    assert "2 failed, 1 passed" in done.stdout
    assert "unrecognised-content" in done.stdout


PASSED_OVER = [
    "dist/a.bin", "build/a.bin", "node_modules/a.bin", "venv/a.bin", "x.egg/a.bin", "{arch}/a.bin", "CVS/a.bin", "_darcs/a.bin",
    "capital.BIN", "Capital.Dtb", "deep/dist/build/A.DB", "__pycache__/a.bin", "ignored/a.bin", "env/a.bin",
]  # fmt: skip
"""Files that pytest by itself would not look at, or that a conftest.py leaves out."""


@pytest.mark.parametrize("at", ["files", "."])
def test_the_plugin_examines_what_validate_does(content: Path, at: str) -> None:
    """Wherever below a folder a bad file lies, pytest fails as `ccheck validate` does."""
    bad = next((content / "files").glob("*32.bin"))
    for name in PASSED_OVER:
        place = content / "files" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(bad, place)
    (content / "files" / "env" / "pyvenv.cfg").touch()
    (content / "files" / "conftest.py").write_text(
        "collect_ignore = ['ignored']\ncollect_ignore_glob = ['*.bin']\n", encoding="utf-8"
    )
    done = run(content, "--ccheck", at)
    assert done.returncode == 1, done.stdout
    # In the whole project the definitions are a file that passes, too.
    assert f"{len(PASSED_OVER) + 1} failed, {2 if at == '.' else 1} passed" in done.stdout


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_a_pipe_is_a_failure(content: Path) -> None:
    """What is no regular file fails as it does in `ccheck validate`, and is not passed over."""
    os.mkfifo(content / "files" / "pipe.bin")
    done = run(content, "--ccheck", "files", "-k", "pipe")
    assert done.returncode == 1
    assert "it is a named pipe, not a regular file" in done.stdout


def test_a_file_that_is_named_is_examined_whatever_its_ending(content: Path) -> None:
    """A named file needs no ending of content."""
    bad = next((content / "files").glob("*32.bin"))
    bad.rename(content / "files" / "content.other")
    done = run(content, "--ccheck", "files/content.other")
    assert done.returncode == 1
    assert "error[field-past-inputs]" in done.stdout


@pytest.mark.parametrize(
    "words",
    [["--ignore", "files/old"], ["--ignore-glob", "*/old"], ["-k", "not C-00000291-00000000-00000032"]],
)
def test_what_the_command_line_leaves_out_is_said(content: Path, words: list[str]) -> None:
    """Options of pytest that leave files out are obeyed, and counted."""
    (content / "files" / "old").mkdir()
    shutil.move(next((content / "files").glob("*32.bin")), content / "files" / "old")
    done = run(content, "--ccheck", "files", *words)
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout
    assert "1 deselected" in done.stdout or "left out: 1 content file by --ignore" in done.stdout


def test_a_file_that_is_dropped_without_a_word_fails_the_run(content: Path) -> None:
    """A conftest.py that drops tests ends the run with pytest's status for wrong usage."""
    (content / "conftest.py").write_text(
        "import pytest\n\n@pytest.hookimpl(trylast=True)\ndef pytest_collection_modifyitems(items):\n"
        "    items[:] = [item for item in items if '32' not in item.nodeid]\n",
        encoding="utf-8",
    )
    done = run(content, "--ccheck", "files")
    assert done.returncode == 4, done.stdout + done.stderr
    assert "not examined, though named" in done.stdout + done.stderr


@pytest.mark.parametrize("suffixes", ["", ".", "BIN"])
def test_endings_are_taken_as_they_are_meant(content: Path, suffixes: str) -> None:
    """No ending at all is wrong usage; capital letters and a missing dot make no difference."""
    (content / "pytest.ini").write_text(f"[pytest]\nccheck_suffixes = {suffixes}\n", encoding="utf-8")
    done = run(content, "--ccheck", "files")
    assert done.returncode == (1 if suffixes == "BIN" else 4), done.stdout + done.stderr


def test_the_run_says_by_what_it_judged(content: Path) -> None:
    """Configuration and counts stand before the first test, also on several processes."""
    (content / "files" / ".hidden.bin").write_bytes(b"x")
    done = run(content, "--ccheck", "files", "-q")
    assert "ccheck: configuration: ccheck.toml; content files: 2; left out: 1 hidden file" in done.stdout
    pytest.importorskip("xdist", reason="pytest-xdist is not installed")
    (content / "files" / "dist").mkdir()
    shutil.move(next((content / "files").glob("*32.bin")), content / "files" / "dist")
    done = run(content, "--ccheck", "files", "-n", "2")
    assert "1 failed, 1 passed" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize("workers", [(), ("-p", "xdist", "-n", "2")])
def test_a_check_that_ends_its_process_fails_its_file_alone(tmp_path: Path, workers: tuple[str, ...]) -> None:
    """A user's check judges in worker processes: pytest goes on, and no other file fails."""
    _, *options, folder = made(tmp_path, "check", "os._exit(0)")
    done = run(tmp_path, "--ccheck", *workers, options[0].replace("--", "--ccheck-"), options[1], folder)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 failed, 2 passed" in done.stdout
    assert "the process ended with exit status 0" in done.stdout


def test_a_schema_file_that_ends_its_process_is_wrong_usage(tmp_path: Path) -> None:
    """Loading a schema file cannot end pytest with status 0."""
    _, *options, folder = made(tmp_path, "top", "os._exit(0)")
    done = run(tmp_path, "--ccheck", options[0].replace("--", "--ccheck-"), options[1], folder)
    assert done.returncode == 4
    assert "ended with exit status 0 before its report was whole" in done.stdout + done.stderr


@pytest.mark.parametrize("name", ["shop", "shop.goods", "shop.goods.files"])
def test_a_package_is_examined_whole(content: Path, name: str) -> None:
    """With --pyargs an argument names a package, whose content files are examined as those of a folder are."""
    inner = content / "shop" / "goods" / "files"
    shutil.copytree(content / "files", inner)
    for folder in (inner, *inner.parents[:2]):
        (folder / "__init__.py").touch()
    (inner / "test_nothing.py").write_text("def test_nothing():\n    pass\n", encoding="utf-8")
    done = run(content, "--ccheck", "--pyargs", name)
    assert done.returncode == 1, done.stdout
    assert "1 failed, 2 passed" in done.stdout


@pytest.mark.skipif(os.name != "posix", reason="names of other bytes than UTF-8 are of POSIX")
@pytest.mark.parametrize("workers", [(), ("-n", "2")])
@pytest.mark.parametrize("place", [b"files/%s", b"files/odd\xff/%s"])
def test_names_that_pytest_cannot_write(content: Path, place: bytes, workers: tuple[str, ...]) -> None:
    """Files and folders with names that are no text are tests like the others, distinguished by quoted names."""
    good = next((STORY / "good").glob("*1.bin"))
    for name in (b"a\xff.bin", b"a\\xff.bin", b"b\n.bin", "c\u202e.bin".encode()):
        path = Path(os.fsdecode(os.fsencode(content) + b"/" + place % name))
        path.parent.mkdir(exist_ok=True)
        shutil.copy(good, path)
    command = [sys.executable, "-m", "pytest", "-v", "--junitxml=out.xml", *workers, "--ccheck", "files"]
    done = subprocess.run(command, cwd=content, capture_output=True, check=False)
    assert done.returncode == 1, done.stdout
    assert b"1 failed, 5 passed" in done.stdout
    assert b"INTERNALERROR" not in done.stdout
    assert b"Traceback" not in done.stdout + done.stderr
    assert b"a\\xff.bin'" in done.stdout
