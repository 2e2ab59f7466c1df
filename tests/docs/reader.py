"""A reader of a page: types its commands into one terminal, writes its files, and compares what is printed."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from tests.conftest import ROOT
from tests.docs.pages import Block

PYTHON = """
import json, sys, traceback
names = {"__name__": "__main__"}
for line in sys.stdin:
    try:
        exec(compile(json.loads(line), "block", "exec"), names)
    except BaseException:
        traceback.print_exc()
        print(chr(0) + "1", flush=True)
    else:
        print(chr(0) + "0", flush=True)
"""

VENV = """
import pathlib, shutil, sys, sysconfig, venv
folder = pathlib.Path(sys.argv[1])
venv.create(folder, symlinks=True)
here = pathlib.Path(sysconfig.get_path("purelib"))
(there,) = folder.glob("lib/python3*/site-packages")
for package in here.glob("pip*"):
    shutil.copytree(package, there / package.name)
for name in ("pip", "pip3"):
    program = folder / "bin" / name
    program.write_text(f'#!/bin/sh\\nexec "{folder.absolute()}/bin/python" -m pip "$@"\\n')
    program.chmod(0o755)
"""
"""What makes a virtual environment with the pip of the tests: `ensurepip` takes four seconds for each."""

SHORTER: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    # A search ends after so many runs, in one process: what is shown of it comes in its first hundred. The time of
    # the page stays as the limit, but where each run starts a program: there it bounds the writing of findings.
    (re.compile(r"--time \d+[sh]\b(?=.*--exec)"), "--time 15s --runs 30 --jobs 1"),
    (re.compile(r"--time (\d+[sh])\b(?! --runs)"), r"--time \1 --runs 150 --jobs 1"),
    # A libFuzzer harness searches until somebody stops it; one process is as good as several.
    (
        re.compile(r"^(fuzz/targets/\S+)(?: (-fork)=2)? ([^-\n#]+?) *(#.*)?$", re.MULTILINE),
        lambda found: f"{found[1]} {'-fork=1' if found[2] else ''} -runs=100 -max_total_time=1 {found[3]}",
    ),
)
"""What is cut down in commands, and to what. Each is used, which a test looks at."""


class Wrong(Exception):
    """What the page says is not so."""


def shorter(text: str) -> str:
    """A block whose long commands are cut down."""
    for pattern, replacement in SHORTER:
        text = pattern.sub(replacement, text)
    return text


def commands(text: str) -> list[str]:
    """The commands of a block that fail one by one: its lines, with those that a backslash continues."""
    return [line for line in text.replace("\\\n", " ").splitlines() if line.strip()]


def shows(page: str, printed: str) -> bool:
    """Returns whether a page shows what is printed, line by line.

    `…` stands for text that varies; a line of it stands for any lines.
    """
    pattern = ""
    for line in page.splitlines():
        if line.strip() == "…":
            pattern += r"(?:.*\n)*?"
        else:
            pattern += ".*?".join(map(re.escape, line.rstrip().split("…"))) + r"[ ]*\n"
    text = "".join(f"{line.rstrip()}\n" for line in printed.splitlines())
    return re.fullmatch(pattern, text) is not None


def make_programs(folder: Path) -> Path:
    """A folder of programs, which are those that run the tests.

    pip fails outside a virtual environment of the page, so that nothing is installed into that of the tests.
    """
    folder.mkdir()
    for name, words in (
        ("python", ""),
        ("ccheck", "-m ccheck"),
        ("pytest", "-m pytest -p no:cacheprovider"),
    ):
        _program(folder / name, f'exec "{sys.executable}" {words} "$@"')
    (folder / "make_venv.py").write_text(VENV, encoding="utf-8")
    _program(
        folder / "python3",
        f'case "$1 $2" in "-m venv") set -- -I "{folder}/make_venv.py" "$3";; esac; exec "{sys.executable}" "$@"',
    )
    for name in ("pip", "pip3"):
        _program(folder / name, "echo 'pip outside of a virtual environment of the page' >&2; exit 9")
    return folder


def _program(path: Path, line: str) -> None:
    path.write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
    path.chmod(0o755)


def copy_checkout(folder: Path) -> Path:
    """A copy of the checkout: what git has, and what it would take."""
    git = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(git, cwd=ROOT, capture_output=True, check=True)
    for name in set(os.fsdecode(listed.stdout).split("\0")) - {""}:
        if (ROOT / name).is_file():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target)
    return folder


@dataclass(slots=True)
class Reader:
    """One reader at one terminal: its folder and its environment last from block to block.

    Attributes:
        folder: Where the next command runs.
        state: A file for the environment between two blocks.
        environment: That of the next command.
        printed: What the last block printed; None where no block printed.
    """

    folder: Path
    state: Path
    environment: dict[str, str]
    printed: str | None = None
    python: subprocess.Popen[str] | None = field(default=None, init=False)

    def read(self, block: Block) -> None:
        """Do what a block is there for. Raises Wrong."""
        if block.note in ("file", "append to"):
            path = self.folder / block.detail
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("w" if block.note == "file" else "a", encoding="utf-8") as file:
                file.write(block.text)
        elif block.note == "part of":
            if block.text not in (self.folder / block.detail).read_text(encoding="utf-8"):
                raise Wrong(f"{block.place}: {block.detail} does not hold this")
        elif block.note == "printed by":
            self.compare(block, self.run(block.detail)[1])
        elif block.language == "sh":
            self.type_in(block)
        elif block.language == "python":
            self.printed = self.interpret(block)
        elif block.language in ("", "text") and self.printed is not None:
            self.compare(block, self.printed)
            self.printed = None
        else:
            raise Wrong(f"{block.place}: this block is neither run nor marked")

    def compare(self, block: Block, printed: str) -> None:
        """Raises Wrong where a block does not show what was printed."""
        if not shows(block.text, printed):
            raise Wrong(f"{block.place}: the page shows\n{block.text}\nbut this is printed:\n{printed}")

    def type_in(self, block: Block) -> None:
        """Run a block of commands. Each command of a block that `exits N` ends with N. Raises Wrong."""
        self.printed = ""
        for script in commands(block.text) if block.status else [block.text]:
            status, printed = self.run(script)
            self.printed += printed
            if status != block.status:
                raise Wrong(
                    f"{block.place}: exit status {status}, not {block.status}, of\n{script}\n{printed}"
                )

    def run(self, script: str) -> tuple[int, str]:
        """Run commands: their exit status, and what a terminal shows."""
        self.state.unlink(missing_ok=True)
        words = [
            "bash",
            "-euo",
            "pipefail",
            "-c",
            f"trap 'env -0 > \"{self.state}\"' EXIT\n{shorter(script)}",
        ]
        done = subprocess.run(
            words,
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=300,
        )
        pairs = self.state.read_text(encoding="utf-8").split("\0")
        self.environment = dict(pair.split("=", 1) for pair in pairs if pair)
        self.folder = Path(self.environment["PWD"])
        return done.returncode, done.stdout.decode()

    def interpret(self, block: Block) -> str:
        """Run a block in the page's Python session: what it prints. Raises Wrong."""
        if self.python is None:
            self.python = subprocess.Popen(
                [sys.executable, "-c", PYTHON],
                cwd=self.folder,
                env=self.environment,
                text=True,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
        to, back = _streams(self.python)
        to.write(json.dumps(block.text) + "\n")
        to.flush()
        printed = ""
        for line in back:
            if line.startswith("\0"):
                if line != "\0000\n":
                    raise Wrong(f"{block.place}: {printed}")
                return printed
            printed += line
        raise Wrong(f"{block.place}: Python ended: {printed}")

    def leave(self) -> None:
        """End the Python session."""
        if self.python is not None:
            to, back = _streams(self.python)
            to.close()
            self.python.wait(60)
            back.close()


def _streams(process: subprocess.Popen[str]) -> tuple[IO[str], IO[str]]:
    assert process.stdin is not None
    assert process.stdout is not None
    return process.stdin, process.stdout
