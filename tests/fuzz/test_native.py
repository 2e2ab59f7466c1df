"""Programs as readers: their reports become buckets, their limits hold, and nothing of them is left running."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from ccheck_fuzz.process.program import MOST_OUTPUT, Ended
from ccheck_fuzz.readers.native.diagnosis import cannot_start, crashes, said
from ccheck_fuzz.readers.native.frames import own_frames, parse_frame, plain_name, stack
from ccheck_fuzz.readers.native.reader import ExecReader
from tests.conftest import ROOT

GCC = """\
=================================================================
==7698==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x602000000018 at pc 0x7f7289648061 bp 0x7ffecc08b4e0 sp 0x7ffecc08ac90
WRITE of size 64 at 0x602000000018 thread T0
    #0 0x7f7289648060 in __interceptor_memcpy ../../../../src/libsanitizer/sanitizer_common/sanitizer_common_interceptors.inc:827
    #1 0x564d5bc4c73e in copy_name /src/reader.c:7
    #2 0x564d5bc4c73f in load /src/reader.c:17
    #3 0x564d5bc4c740 in main /src/reader.c:20
    #4 0x7f7288c45249 in __libc_start_call_main ../sysdeps/nptl/libc_start_call_main.h:58

0x602000000018 is located 0 bytes to the right of 8-byte region [0x602000000010,0x602000000018)
allocated by thread T0 here:
    #0 0x7f72896b89cf in __interceptor_malloc ../../../../src/libsanitizer/asan/asan_malloc_linux.cpp:69
    #1 0x564d5bc4c3f8 in other /src/reader.c:5
"""
CLANG = """\
==7753==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x603000000018 at pc 0x55aeb2bc652a bp 0x7ffc65c51bd0 sp 0x7ffc65c513a0
WRITE of size 64 at 0x603000000018 thread T0
    #0 0x55aeb2bc6529 in __asan_memcpy (/src/reader+0xa3529) (BuildId: 22c1a0d054ede300c6b56d5e26b964d344fba211)
    #1 0x55aeb2c021cb in copy_name /src/reader.c:7:23
    #2 0x55aeb2c021cc in load /src/reader.c:17:1
    #3 0x55aeb2c021cd in main /src/reader.c:20:1
    #4 0x7f5823128249 in __libc_start_call_main csu/../sysdeps/nptl/libc_start_call_main.h:58:16
"""
STRIPPED = """\
==1==ERROR: AddressSanitizer: heap-use-after-free on address 0x602000000018 at pc 0x7f59c7848061
READ of size 1 at 0x602000000018 thread T0
    #0 0x7f59c7848060 in __interceptor_memcpy ../../../../src/libsanitizer/sanitizer_common/sanitizer_common_interceptors.inc:827
    #1 0x5577fcecf73e  (/opt/reader+0x273e)
    #2 0x7f59c6e45249 in __libc_start_call_main ../sysdeps/nptl/libc_start_call_main.h:58
"""
CPLUSPLUS = """\
==1==ERROR: AddressSanitizer: SEGV on unknown address 0x000000000000 (pc 0x5586ff7bc8a6 bp 0x7fff2ad443e0 sp 0x7fff2ad443c0 T0)
==1==The signal is caused by a WRITE memory access.
    #0 0x55 in std::vector<int, std::allocator<int> >::operator[](unsigned long) /usr/include/c++/12/bits/stl_vector.h:1123
    #1 0x55 in void rules::Table<rules::Row<4>, 7>::put<int>(std::map<int, char const*> const&, int (*)(int)) const /src/my rules/table.cpp:10:3
    #2 0x55 in (anonymous namespace)::walk(int, char (*) [3]) table.cpp:30
"""
UNDEFINED = """\
reader.c:4:28: runtime error: index 20 out of bounds for type 'char *[20]'
    #0 0x558c6eda383e in f /src/reader.c:4
    #1 0x558c6eda383e in main /src/reader.c:8

"""
LEAK = """\
==7710==ERROR: LeakSanitizer: detected memory leaks

Direct leak of 8 byte(s) in 1 object(s) allocated from:
    #0 0x7fe6c8ab89cf in __interceptor_malloc ../../../../src/libsanitizer/asan/asan_malloc_linux.cpp:69
    #1 0x558378da33f8 in keep /src/reader.c:5
"""
MSAN = """\
==9==WARNING: MemorySanitizer: use-of-uninitialized-value
    #0 0x4a2b4c in decide /src/reader.c:44:7
"""
TSAN = """\
WARNING: ThreadSanitizer: data race (pid=1234)
  Write of size 4 at 0x55 by thread T1:
    #0 worker(void*) /src/reader.cc:5:7 (reader+0x4c1a)
    #1 __tsan_thread_start_func <null> (reader+0x1)
"""
RUST = """\
thread 'main' (19119) panicked at src/reader.rs:12:27:
index out of bounds: the len is 4 but the index is 7
stack backtrace:
   0: __rustc::rust_begin_unwind
             at /rustc/59807616/library/std/src/panicking.rs:689:5
   1: core::panicking::panic_fmt
   2: reader::rules::row
             at ./src/reader.rs:12:27
   3: reader::main
"""
OLD_RUST = (
    "thread 'main' panicked at 'index out of bounds: the len is 4', src/reader.rs:12:27\nnote: run with\n"
)
GO = """\
panic: runtime error: index out of range [20] with length 20

goroutine 1 [running]:
example.org/reader.(*Table).At(...)
\t/src/table.go:12
main.main()
\t/src/main.go:9 +0x1d
exit status 2
"""
ASSERTION = "reader: reader.c:12: int load(char *): Assertion `n < 20' failed.\n"


def ended(stderr: str, status: int = 1) -> Ended:
    """A run that ended by itself."""
    return Ended(status, None, b"", stderr.encode())


@pytest.mark.parametrize(
    ("end", "bucket", "place"),
    [
        (ended(GCC), ("sanitizer", "heap-buffer-overflow", "copy_name", "load"), "copy_name reader.c:7"),
        (ended(CLANG), ("sanitizer", "heap-buffer-overflow", "copy_name", "load"), "copy_name reader.c:7"),
        (ended(GCC, -signal.SIGABRT), ("sanitizer", "heap-buffer-overflow", "copy_name", "load"), "copy_name reader.c:7"),
        (ended(STRIPPED), ("sanitizer", "heap-use-after-free", "reader+0x273e"), "reader+0x273e"),
        (ended(CPLUSPLUS), ("sanitizer", "SEGV", "rules::Table::put", "{anonymous}::walk"), "rules::Table::put table.cpp:10"),
        (ended(UNDEFINED, 0), ("sanitizer", "index out of bounds for type", "f"), "f reader.c:4"),
        (ended(UNDEFINED.splitlines()[0], 0), ("sanitizer", "index out of bounds for type", "reader.c:4"), "reader.c:4"),
        (ended(UNDEFINED + GCC), ("sanitizer", "heap-buffer-overflow", "copy_name", "load"), "copy_name reader.c:7"),
        (ended(LEAK, 23), ("sanitizer", "memory-leak", "keep"), "keep reader.c:5"),
        (ended(MSAN, 1), ("sanitizer", "use-of-uninitialized-value", "decide"), "decide reader.c:44"),
        (ended(TSAN, 66), ("sanitizer", "data-race", "worker"), "worker reader.cc:5"),
        (ended("==5==ERROR: HWAddressSanitizer: tag-mismatch on address 0x1 at pc 0x2\n"), ("sanitizer", "tag-mismatch"), ""),
        (ended("==5==AddressSanitizer: hard rss limit exhausted (300Mb vs 330Mb)\n"), ("memory", "out of memory"), ""),
        (ended("==5== ERROR: libFuzzer: deadly signal\n    #0 0x1 in f a.c:1\n", 77), ("sanitizer", "deadly-signal", "f"), "f a.c:1"),
        (ended(RUST, 101), ("panic", "panic", "reader::rules::row"), "reader.rs:12"),
        (ended(OLD_RUST, 101), ("panic", "panic", "reader.rs:12"), "reader.rs:12"),
        (ended("", 101), ("panic", "panic"), ""),
        (ended(GO, 2), ("panic", "panic", "example.org/reader.(*Table).At"), ""),
        (ended(ASSERTION, -signal.SIGABRT), ("signal", "SIGABRT", "assertion", "reader.c:12"), "reader.c:12"),
        (ended("*** stack smashing detected ***: terminated\n", 134), ("signal", "SIGABRT", "stack smashing detected"), ""),
        (ended("free(): invalid pointer\n", -6), ("signal", "SIGABRT", "free(): invalid pointer"), ""),
        (ended("terminate called after throwing an instance of 'std::out_of_range'\n", -6), ("signal", "SIGABRT", "uncaught std::out_of_range"), ""),
        (ended("", -signal.SIGSEGV), ("signal", "SIGSEGV"), ""),
        (ended("", 139), ("signal", "SIGSEGV"), ""),
        (ended("", 137), ("signal", "SIGKILL"), ""),
        (Ended(-9, "time", b"", b""), ("time-out", "no end"), ""),
        (Ended(-9, "memory", b"", b"", 5 << 20), ("memory", "out of memory"), ""),
    ],
)  # fmt: skip
def test_an_end_is_a_bucket_of_kind_and_own_frames(end: Ended, bucket: tuple[str, ...], place: str) -> None:
    """Compilers, languages and wrappers say it each in their way; no address and no value of the run is in a bucket."""
    first = crashes(end, seconds=2, memory=4 << 20)[0]
    assert (first.kind, first.what, *first.where) == bucket
    assert first.place == place


@pytest.mark.parametrize("status", [0, 1, 2, 3, 23, 66, 77, 100, 102, 124, 126, 127, 128, 160, 255])
def test_other_ends_are_no_crash(status: int) -> None:
    """A program that says no is believed, and the last line that it wrote is what it says."""
    end = ended("reader: version 9\nrefused: header\n\n", status)
    assert crashes(end, seconds=2, memory=4 << 20) == ()
    assert said(end) == "refused: header"


def test_ubsan_goes_on_and_each_report_counts() -> None:
    """Two faults of one run are two crashes, the same one twice is one."""
    other = UNDEFINED.replace(" in f ", " in g ").replace("index 20", "index 21")
    found = crashes(ended(UNDEFINED + other + UNDEFINED, 0), seconds=2, memory=4 << 20)
    assert [crash.where for crash in found] == [("f",), ("g",)]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("ns::Foo<int>::bar(std::vector<int, std::allocator<int> > const&) const", "ns::Foo::bar"),
        ("operator new(unsigned long)", "operator new"),
        ("A::operator()(int) const", "A::operator()"),
        ("A::operator<<(std::ostream&)", "A::operator<<"),
        ("A::operator bool() const", "A::operator bool"),
        ("main::$_0::operator()(int) const", "main::$_0::operator()"),
        ("reader::parse::h0123456789abcdef", "reader::parse"),
        ("parse_block.constprop.0.isra.1", "parse_block"),
        ("f[abi:cxx11](int)", "f"),
        ("g(int (*)(char)) [clone .cold]", "g"),
    ],
)
def test_names_lose_what_compilers_and_types_add(text: str, name: str) -> None:
    """A function has one name, however it is instantiated, overloaded and optimised."""
    assert plain_name(text) == name


def test_frames_of_runtimes_alone_leave_the_top_one() -> None:
    """Where no frame is the target's own, the top one stands for the crash rather than nothing."""
    frames = stack(
        ["    #0 0x7f in memcpy (/lib/x86_64-linux-gnu/libc.so.6+0x1)", "    #1 0x7f in _start (/r+0x2)"]
    )
    assert [frame.name for frame in own_frames(frames)] == ["memcpy"]
    assert parse_frame("no frame") is None


def test_what_cannot_start_is_told_from_what_crashes() -> None:
    """A sanitizer without its shadow memory, a missing library and a missing program have not read any file."""
    for stderr, status in (
        ("==1==ERROR: AddressSanitizer failed to allocate 0xdfff0001000 bytes\n", 1),
        ("==1==Shadow memory range interleaves with an existing memory mapping. ASan cannot proceed\n", 1),
        ("./reader: error while loading shared libraries: libx.so.1: cannot open shared object file\n", 127),
        ("sh: 1: reader: not found\n", 127),
        ("sh: 1: reader: Permission denied\n", 126),
    ):
        assert cannot_start(ended(stderr, status)) is not None, stderr
    assert cannot_start(ended(GCC)) is None
    assert cannot_start(ended("refused\n", 3)) is None


def reader(tmp_path: Path, body: str, seconds: float = 20, memory: int = 400 << 20) -> ExecReader:
    """A program in Python that is given the file."""
    path = tmp_path / "program.py"
    path.write_text(f"import os, subprocess, sys, time\n{body}\n", encoding="utf-8")
    return ExecReader(f"{sys.executable} {path} @@", seconds, memory)


def alive(pid: int) -> bool:
    """Whether a process is there and runs."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


LEAVES = {
    "in its group": "child = subprocess.Popen(['sleep', '600'])",
    "in a session of its own": "child = subprocess.Popen(['sleep', '600'], start_new_session=True)",
    "holding its output": "child = subprocess.Popen(['sleep', '600'], start_new_session=True, stdin=subprocess.DEVNULL)",
}


@pytest.mark.skipif(sys.platform != "linux", reason="orphans come to us on Linux alone")
@pytest.mark.parametrize("then", ["time.sleep(600)", "os._exit(3)"])
@pytest.mark.parametrize("left", LEAVES)
def test_nothing_that_a_program_started_is_left(left: str, then: str, tmp_path: Path) -> None:
    """A time-out and an end by itself both end all that the program started, and neither is waited for."""
    body = f"{LEAVES[left]}\nopen({str(tmp_path / 'pid')!r}, 'w').write(str(child.pid))\n{then}"
    begun = time.monotonic()
    ended = reader(tmp_path, body, 1.5).run(b"")
    assert time.monotonic() - begun < 30
    assert (ended.stopped, ended.status) == (("time", -9) if "sleep" in then else (None, 3))
    assert not alive(int((tmp_path / "pid").read_text()))


def test_a_program_ends_with_the_process_that_runs_it(tmp_path: Path) -> None:
    """Killing a worker in the middle of a run leaves no program behind."""
    program = "import sys; from ccheck_fuzz.readers.native.reader import ExecReader; ExecReader(sys.argv[1], 600).run(b'')"
    script = tmp_path / "sleeper.sh"
    script.write_text(f"#!/bin/sh\necho $$ > {tmp_path / 'pid'}\nexec sleep 600\n")
    script.chmod(0o755)
    with subprocess.Popen([sys.executable, "-c", program, f"{script} @@"], cwd=ROOT) as worker:
        until = time.monotonic() + 60
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text().strip():
            assert time.monotonic() < until
            time.sleep(0.05)
        worker.kill()
    pid = int((tmp_path / "pid").read_text())
    until = time.monotonic() + 60
    while alive(pid):
        assert time.monotonic() < until
        time.sleep(0.05)


def test_memory_of_all_processes_is_watched(tmp_path: Path) -> None:
    """Memory is bounded from outside, also that of what the program starts; a limit of its own breaks sanitizers."""
    body = "child = 'x = bytearray(600 << 20); import time; time.sleep(600)'\nsubprocess.run([sys.executable, '-c', child])"
    hungry = reader(tmp_path, body)
    assert [outcome.trap.kind for outcome in hungry.outcomes(b"", None, set()) if outcome.trap] == ["memory"]
    limits = "import resource\nprint(resource.getrlimit(resource.RLIMIT_DATA), resource.getrlimit(resource.RLIMIT_AS))"
    program = (
        "import sys, resource\n"
        "from ccheck.run.memory_limit import limit_memory, restore_limit\n"
        "from ccheck_fuzz.readers.native.reader import ExecReader\n"
        "print(resource.getrlimit(resource.RLIMIT_DATA), resource.getrlimit(resource.RLIMIT_AS))\n"
        "limit_memory(1 << 30)\n"
        "print(ExecReader(sys.argv[1], 60).run(b'').stdout.decode().strip())\n"
        "restore_limit()\n"
        "print(resource.getrlimit(resource.RLIMIT_DATA)[0])\n"
    )
    (tmp_path / "limits.py").write_text(limits, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", program, f"{sys.executable} {tmp_path / 'limits.py'} @@"],
        capture_output=True, text=True, check=True, cwd=ROOT,
    )  # fmt: skip
    before, inside, again = done.stdout.splitlines()
    assert inside == before
    assert int(again) == 1 << 30


def test_the_users_options_of_sanitizers_win(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ours come first and theirs are kept; only where reports go is ours to say."""
    monkeypatch.setenv("ASAN_OPTIONS", "hard_rss_limit_mb=7:log_path=asan.log")
    monkeypatch.delenv("UBSAN_OPTIONS", raising=False)
    body = "print(os.environ['ASAN_OPTIONS']); print(os.environ['UBSAN_OPTIONS'])"
    output = reader(tmp_path, body).run(b"").stdout.decode().splitlines()
    assert output == [
        "hard_rss_limit_mb=400:hard_rss_limit_mb=7:log_path=asan.log:log_path=stderr",
        "print_stacktrace=1",
    ]


def test_a_leak_check_that_cannot_work_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """LeakSanitizer needs ptrace: where it fails itself, the input is run again without it, and is no crash."""
    for name in ("ASAN_OPTIONS", "LSAN_OPTIONS"):
        monkeypatch.delenv(name, raising=False)
    body = (
        "if 'detect_leaks=0' in os.environ['ASAN_OPTIONS'] and 'detect_leaks=0' in os.environ['LSAN_OPTIONS']: sys.exit(0)\n"
        "sys.stderr.write('==9==LeakSanitizer has encountered a fatal error.\\n'); sys.exit(23)"
    )
    (outcome,) = reader(tmp_path, body).outcomes(b"", None, set())
    assert outcome.verdict == "run"


def test_very_long_output_keeps_its_ends(tmp_path: Path) -> None:
    """The first and the last of megabytes are kept, so that a report behind them is found."""
    body = f"sys.stderr.write('first' + 'x' * (40 << 20)); sys.stderr.write({GCC!r}); sys.exit(1)"
    one = reader(tmp_path, body)
    ended = one.run(b"")
    assert ended.stderr.startswith(b"firstx")
    assert b"bytes left out" in ended.stderr
    assert len(ended.stderr) < 2 * MOST_OUTPUT
    assert crashes(ended, seconds=1, memory=1)[0].where == ("copy_name", "load")


def test_a_program_that_reads_nothing_and_one_that_closes_all(tmp_path: Path) -> None:
    """Standard input that nobody reads and output that is closed early hold nothing up."""
    path = tmp_path / "closes.py"
    path.write_text(
        "import os, time\nos.close(0); os.close(1); os.close(2); time.sleep(0.3); os._exit(5)\n",
        encoding="utf-8",
    )
    ended = ExecReader(f"{sys.executable} {path} < @@", 20).run(bytes(4 << 20))
    assert (ended.status, ended.stopped) == (5, None)


def test_the_marker_is_replaced_inside_words(tmp_path: Path) -> None:
    """`--file=@@` is the file too."""
    path = tmp_path / "inside.py"
    path.write_text(
        "import sys; sys.exit(open(sys.argv[1].split('=')[1], 'rb').read() != b'abc')", encoding="utf-8"
    )
    assert ExecReader(f"{sys.executable} {path} --file=@@", 20).run(b"abc").status == 0
