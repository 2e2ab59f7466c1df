"""The memory of a program under `--exec` is limited by a control group where there is one, and watched elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ccheck_fuzz.process import memory_group, program
from ccheck_fuzz.process.memory_group import MemoryGroup, make_memory_group
from ccheck_fuzz.readers.native.reader import ExecReader

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="control groups are Linux's")

MEMORY = 400 << 20
FILES = {
    "memory.max": "max", "memory.swap.max": "max", "memory.oom.group": "0", "cgroup.procs": "",
    "memory.events": "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\noom_group_kill 0\n",
}  # fmt: skip
"""What the kernel makes in a new group, by the documentation of its interface."""


class Kernel:
    """A folder that behaves as a mounted hierarchy, as far as this project goes."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.files = dict(FILES)
        self.made: list[Path] = []
        self.limits: dict[str, str] = {}
        mkdir, rmdir = Path.mkdir, Path.rmdir

        def make(path: Path, mode: int = 0o777, parents: bool = False, exist_ok: bool = False) -> None:
            mkdir(path, mode, parents, exist_ok)
            if path.name.startswith("ccheck-") and path.is_relative_to(root):
                self.made.append(path)
                for name, text in self.files.items():
                    (path / name).write_text(text, encoding="ascii")

        def remove(path: Path) -> None:
            if path in self.made:
                self.limits = {file.name: file.read_text(encoding="ascii") for file in path.iterdir()}
                for file in path.iterdir():
                    file.unlink()
            rmdir(path)

        monkeypatch.setattr(memory_group, "ROOT", root)
        monkeypatch.setattr(memory_group, "OWN", root / "own")
        monkeypatch.setattr(Path, "mkdir", make)
        monkeypatch.setattr(Path, "rmdir", remove)
        (root / "user.slice" / "app.slice" / "scope").mkdir(parents=True)
        self.own("0::/user.slice/app.slice/scope")
        for folder in (root, root / "user.slice", root / "user.slice" / "app.slice"):
            self.gives(folder, "cpu memory pids")
        self.gives(root / "user.slice" / "app.slice" / "scope", "")

    def own(self, line: str) -> None:
        """Say in which group this process is."""
        (self.root / "own").write_text(f"1:name=systemd:/elsewhere\n{line}\n", encoding="ascii")

    def gives(self, folder: Path, controllers: str) -> None:
        """Say what a group gives to its children."""
        (folder / "cgroup.subtree_control").write_text(controllers + "\n", encoding="ascii")
        (folder / "cgroup.procs").write_text("", encoding="ascii")


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kernel:
    """A hierarchy in which the group above that of this process is delegated."""
    root = tmp_path / "cgroup"
    root.mkdir()
    return Kernel(root, monkeypatch)


def reader(tmp_path: Path, body: str) -> ExecReader:
    """A program in Python that is given the file."""
    path = tmp_path / "program.py"
    path.write_text(f"import glob, os, signal, sys, time\n{body}\n", encoding="utf-8")
    return ExecReader(f"{sys.executable} {path} @@", 60, MEMORY)


def kinds(tested: ExecReader) -> list[str]:
    """The traps of one run."""
    return [outcome.trap.kind for outcome in tested.outcomes(b"", None, set()) if outcome.trap is not None]


def test_a_program_that_the_kernel_ends_is_out_of_memory(tmp_path: Path, kernel: Kernel) -> None:
    """The counter in memory.events distinguishes the limit from a signal of the program; it is read for each run."""
    events = f"glob.glob({str(kernel.root)!r} + '/user.slice/app.slice/ccheck-*/memory.events')[0]"
    ended = f"open({events}, 'w').write('oom 1\\noom_kill 1\\noom_group_kill 1\\n'); os.kill(os.getpid(), signal.SIGKILL)"
    tested = reader(tmp_path, ended)
    (outcome,) = tested.outcomes(b"", None, set())
    assert outcome.trap is not None
    assert (outcome.trap.kind, outcome.trap.detail) == ("memory", "used 400 MiB of memory, at most 400")
    assert kinds(tested) == ["signal"]  # the counter stands still: this is a signal of the program's own
    (made,) = kernel.made
    assert made.parent == kernel.root / "user.slice" / "app.slice"
    assert tested._guard is not None
    tested._guard.close()
    assert not made.exists()
    assert kernel.limits["memory.max"] == str(MEMORY)
    assert (kernel.limits["memory.swap.max"][0], kernel.limits["memory.oom.group"]) == ("0", "1")
    assert kernel.limits["cgroup.procs"].isdecimal()


def without_controller(kernel: Kernel) -> None:
    """No group gives memory to its children."""
    for path in kernel.root.rglob("cgroup.subtree_control"):
        path.write_text("cpu pids\n", encoding="ascii")


def without_limit(kernel: Kernel) -> None:
    """A new group has no file for the limit."""
    del kernel.files["memory.max"]


def first_version(kernel: Kernel) -> None:
    """This process is in no group of the unified hierarchy."""
    kernel.own("4:memory:/somewhere")


def outside(kernel: Kernel) -> None:
    """The group of this process lies outside what is mounted here."""
    kernel.own("0::/../../elsewhere")


def may_not_move(kernel: Kernel) -> None:
    """A process cannot be moved into the new group."""
    del kernel.files["cgroup.procs"]


WITHOUT = [without_controller, without_limit, first_version, outside, may_not_move]


@pytest.mark.parametrize("without", WITHOUT)
def test_where_there_is_no_group_memory_is_watched(
    tmp_path: Path, kernel: Kernel, without: Callable[[Kernel], None]
) -> None:
    """A program that takes too much is ended there too, and no group is left."""
    without(kernel)
    assert kinds(reader(tmp_path, "x = bytearray(600 << 20); time.sleep(600)")) == ["memory"]
    assert not any(path.exists() for path in kernel.made)


def test_a_kernel_without_swap_and_group_kills_has_a_group(kernel: Kernel) -> None:
    """The two files are missing on some systems; the limit counts there too."""
    del kernel.files["memory.swap.max"], kernel.files["memory.oom.group"]
    group = make_memory_group(MEMORY)
    assert group is not None
    group.remove()


def test_the_group_of_a_killed_worker_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process that ends the program after the end of its worker removes the group."""
    group = MemoryGroup.__new__(MemoryGroup)
    group.folder = tmp_path / "group"
    group.folder.mkdir()
    monkeypatch.setattr(program, "make_memory_group", lambda memory: group)
    guard = program.Guard(MEMORY)
    process = guard._process
    assert process is not None
    assert process.stdin is not None
    process.stdin.close()  # as it is closed where this process is killed
    process.wait(60)
    assert not group.folder.exists()


def test_a_real_group_ends_what_takes_too_much(tmp_path: Path) -> None:
    """The kernel ends a program at the limit, with all that it started, and says so."""
    probe = make_memory_group(MEMORY)
    if probe is None:
        pytest.skip(
            "no control group of version 2 that gives memory to its children, and that we may write to"
        )
    probe.remove()
    tested = reader(tmp_path, "if os.fork(): os.wait(); time.sleep(600)\nx = bytearray(600 << 20)")
    ended = tested.run(b"")
    assert (ended.stopped, ended.status) == ("memory", -9)
    assert tested._guard is not None
    assert tested._guard.group is not None
    folder = tested._guard.group.folder
    tested._guard.close()
    assert not folder.exists()
