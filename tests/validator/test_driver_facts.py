"""Facts out of real binaries: the header with real compilers, and what `ccheck consumers` makes of the files."""

from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from construct import Int8ul, Struct

from ccheck.cli.main import run
from ccheck.config.driver_binary import DriverError, facts_of, read_driver
from ccheck.config.user_schema import load_user_schema
from ccheck.core.consumers import load_consumers
from ccheck_schemas.build_facts import Fact, FactKind, Promise
from ccheck_schemas.driver.header import NoHeader, header
from ccheck_schemas.driver.record import MAGIC, SIZE
from ccheck_schemas.formats.channel.schema import SCHEMA
from ccheck_schemas.schema import Schema
from tests.conftest import ROOT

Run = Callable[..., tuple[int, str, str]]

SOURCE = """
#define CCHECK_BUILD "{build}"
#include "ccheck_contract.h"
#define IPC 7
int use(const int *p);
int unused(void);
int site(void);
int site(void) {{
    int inputs[] = {{{inputs}}};
    CCHECK_SUPPLIES(IPC, CCHECK_ARRAY_SIZE(inputs));
    return use(inputs);
}}
int unused(void) {{ int inputs[] = {{{inputs}, 1}}; CCHECK_SUPPLIES(IPC, CCHECK_ARRAY_SIZE(inputs)); return inputs[0]; }}
CCHECK_UNDERSTANDS_criterion_kinds(wildcard);
CCHECK_UNDERSTANDS_criterion_kinds(regex);
CCHECK_UNDERSTANDS_format_versions(1);
CCHECK_SWITCH_bounds_check({check});
int use(const int *p) {{ return p[3]; }}
int main(void) {{ return site(); }}
"""
OBJECTS = {
    "gcc, C11": ("gcc -std=c11 -Wall -Wextra -Wpedantic -Werror", "linux-x64", 64, "little"),
    "gcc, gnu89": ("gcc -std=gnu89", "linux-x64", 64, "little"),
    "gcc, kernel": ("gcc -ffreestanding -D__KERNEL__ -mcmodel=kernel -fno-pie", "linux-x64", 64, "little"),
    "g++, C++17": ("g++ -std=c++17 -x c++ -Wall -Werror", "linux-x64", 64, "little"),
    "clang, C11": ("clang -std=c11 -Wall -Wextra -Werror", "linux-x64", 64, "little"),
    "clang, C++17": ("clang++ -std=c++17 -x c++ -Wall -Werror", "linux-x64", 64, "little"),
    "clang, arm": ("clang --target=armv7-linux-gnueabihf", "linux-arm", 32, "little"),
    "clang, arm64": ("clang --target=aarch64-linux-gnu", "linux-arm64", 64, "little"),
    "clang, s390x": ("clang --target=s390x-linux-gnu", "linux-s390x", 64, "big"),
    "clang, ppc": ("clang --target=powerpc-linux-gnu", "linux-ppc", 32, "big"),
    "clang, Mach-O arm64": ("clang --target=arm64-apple-macos", "macos-arm64", 64, "little"),
    "clang, Mach-O x64": ("clang --target=x86_64-apple-macos", "macos-x64", 64, "little"),
    "clang, COFF": ("clang --target=x86_64-pc-windows-msvc", "", 0, ""),
    "mingw, COFF": ("x86_64-w64-mingw32-gcc", "", 0, ""),
}
LINKED = {
    "gcc, gc": ("gcc -O2 -ffunction-sections -fdata-sections -Wl,--gc-sections", "linux-x64"),
    "gcc, shared": ("gcc -O2 -shared -fPIC", "linux-x64"),
    "clang, lld, gc": (
        "clang -O2 -ffunction-sections -fdata-sections -Wl,--gc-sections -fuse-ld=lld",
        "linux-x64",
    ),
    "clang, LTO": ("clang -O2 -flto -fuse-ld=lld", "linux-x64"),
    "mingw": ("x86_64-w64-mingw32-gcc -O2", "windows-x64"),
}
PE = "clang --target=x86_64-pc-windows-msvc -O2 -flto -nostdlib -fuse-ld=lld -Wl,/entry:main,/opt:ref,/subsystem:native"


@pytest.fixture
def cc(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command line: status, standard output, standard error."""

    def call(*args: object) -> tuple[int, str, str]:
        status = run([str(a) for a in args])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


def compiled(
    folder: Path,
    command: str,
    output: str,
    *,
    inputs: int = 20,
    build: str = "7.16",
    check: int = 0,
    more: str = "",
) -> subprocess.CompletedProcess[str]:
    """What a compiler says of a driver; skips if there is no such compiler here."""
    words = command.split()
    if shutil.which(words[0]) is None:
        pytest.skip(f"{words[0]} is not installed")
    folder.mkdir(exist_ok=True)
    promises = [Promise("inputs", "IPC", 20), Promise("inputs", "PROCESS", 6)]
    (folder / "ccheck_contract.h").write_text(header(SCHEMA, promises, "ab" * 32), encoding="ascii")
    source = SOURCE.format(build=build, inputs=", ".join("1" * inputs), check=check) + more
    (folder / "driver.c").write_text(source, encoding="ascii")
    return subprocess.run(
        [*words, "-I.", "driver.c", "-o", output], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("name", OBJECTS)
def test_an_object_of_each_compiler_has_the_facts(tmp_path: Path, name: str) -> None:
    """The header compiles without a warning, and the object has the least count, sets and switches."""
    command, platform, bits, order = OBJECTS[name]
    done = compiled(tmp_path, f"{command} -O2 -c", "driver.o")
    assert done.returncode == 0, done.stderr
    driver = read_driver(tmp_path / "driver.o")
    assert (driver.platform, driver.pointer_bits, driver.byte_order) == (platform, bits, order)
    assert facts_of([driver]) == {
        (FactKind.COUNT, "inputs", "IPC"): 20,
        (FactKind.SET, "criterion_kinds", ""): (1, 7),
        (FactKind.SET, "format_versions", ""): (1,),
        (FactKind.SWITCH, "bounds_check", ""): False,
    }
    assert {(record.promised, record.build) for record in driver.records if record.key} == {(20, "7.16")}


@pytest.mark.parametrize("name", OBJECTS)
def test_a_call_site_with_too_few_inputs_does_not_compile(tmp_path: Path, name: str) -> None:
    """19 inputs where the definitions promise 20: finding 1 of the root cause analysis, at compile time."""
    done = compiled(tmp_path, f"{OBJECTS[name][0]} -c", "driver.o", inputs=19)
    assert done.returncode != 0
    assert "the definitions promise more than this call site supplies" in done.stderr


@pytest.mark.parametrize("name", ["gcc, C11", "g++, C++17", "clang, C11", "clang, C++17"])
@pytest.mark.parametrize(
    "more",
    [
        "int f(int *inputs) { return (int)CCHECK_ARRAY_SIZE(inputs); }",
        "int f(int inputs[20]) { return (int)CCHECK_ARRAY_SIZE(inputs); }",
        "CCHECK_SUPPLIES(REGISTRY, 3);",
        "CCHECK_UNDERSTANDS_criterion_kinds(regexp);",
        "int n = 20; CCHECK_SUPPLIES(IPC, n);",
    ],
)
def test_what_proves_nothing_does_not_compile(tmp_path: Path, name: str, more: str) -> None:
    """A pointer, a parameter, a key or a value without a definition, and a number that is no constant."""
    assert (
        compiled(tmp_path, f"{OBJECTS[name][0]} -c".replace("-Werror", ""), "driver.o", more=more).returncode
        != 0
    )


@pytest.mark.parametrize("name", LINKED)
@pytest.mark.parametrize("stripped", [False, True], ids=["whole", "stripped"])
def test_a_linked_driver_keeps_its_facts(tmp_path: Path, name: str, stripped: bool) -> None:
    """Garbage collection, link-time optimisation and strip keep the records, also of a function nobody calls."""
    command, platform = LINKED[name]
    done = compiled(tmp_path, command, "driver.bin")
    assert done.returncode == 0, done.stderr
    if stripped:
        tool = "x86_64-w64-mingw32-strip" if platform.startswith("windows") else "strip"
        subprocess.run([tool, "driver.bin"], cwd=tmp_path, check=True)
    driver = read_driver(tmp_path / "driver.bin")
    assert driver.platform == platform
    assert facts_of([driver])[FactKind.COUNT, "inputs", "IPC"] == 20


def test_mingw_drops_the_records_and_the_script_keeps_them(tmp_path: Path) -> None:
    """With garbage collection mingw's linker drops the section: an error, and never "no facts"."""
    command = "x86_64-w64-mingw32-gcc -O2 -ffunction-sections -fdata-sections -Wl,--gc-sections"
    assert compiled(tmp_path, command, "driver.exe").returncode == 0
    with pytest.raises(DriverError, match="its linker dropped the section"):
        read_driver(tmp_path / "driver.exe")
    script = ROOT / "docs" / "examples" / "driver" / "keep.ld"
    done = compiled(tmp_path, f"{command} -Wl,-T,{script}", "driver.exe")
    assert done.returncode == 0, done.stderr
    assert len(read_driver(tmp_path / "driver.exe").records) == 6


def test_a_windows_driver_by_lld_link(tmp_path: Path) -> None:
    """Clang for Windows with lld-link, which drops what nothing refers to, keeps the records."""
    if shutil.which("lld-link") is None:
        pytest.skip("lld-link is not installed")
    done = compiled(tmp_path, PE, "driver.sys")
    assert done.returncode == 0, done.stderr
    driver = read_driver(tmp_path / "driver.sys")
    assert (driver.platform, len(driver.records)) == ("windows-x64", 6)


def test_the_fans_driver_does_not_compile(tmp_path: Path) -> None:
    """A schema's own bound is a promise: an index up to 4 needs five sensors."""
    schema = tmp_path / "fan.py"
    schema.write_text(
        "from construct import Int8ul, Struct\n"
        "from ccheck_schemas.meaning import BelowCount, Bounded\n"
        "from ccheck_schemas.schema import Schema\n"
        'ROOT = Struct("sensor" / BelowCount(Bounded(Int8ul, 0, 4), "sensors"))\n'
        'SCHEMA = Schema("fan", "fans", ROOT, recognise=lambda data: True)\n',
        encoding="utf-8",
    )
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    assert (
        run(["generate", "header", "--schema", str(schema), "-o", str(tmp_path / "ccheck_contract.h")]) == 0
    )
    for number, compiles in ((4, False), (5, True)):
        text = f'#include "ccheck_contract.h"\nint sensors[] = {{{", ".join("1" * number)}}};\n'
        (tmp_path / "fan.c").write_text(
            text + "CCHECK_SUPPLIES(CCHECK_ARRAY_SIZE(sensors));\n", encoding="ascii"
        )
        done = subprocess.run(
            ["gcc", "-c", "fan.c"], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert (done.returncode == 0) is compiles, done.stderr


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shared object of a driver."""
    folder = tmp_path_factory.mktemp("driver")
    done = compiled(folder, "gcc -O2 -shared -fPIC", "driver.so")
    assert done.returncode == 0, done.stderr
    return folder / "driver.so"


def test_a_build_is_written_and_verified(cc: Run, tmp_path: Path, shared: Path) -> None:
    """Added, then updated: comments, other keys and other builds stay; the file of July 2024 fails by it."""
    consumers = tmp_path / "consumers.toml"
    named = ["--name", "7.16", "--consumers", consumers]
    status, out, _ = cc("consumers", "add", shared, *named, "--from", "2024-08-09")
    assert (status, out.splitlines()[0]) == (0, f"added 7.16 in {consumers}: 6 records")
    assert cc("consumers", "verify", shared, "--consumers", consumers)[:2] == (
        0,
        "1 build verified, 0 problems\n",
    )
    text = "# by hand\n" + consumers.read_text(encoding="utf-8").replace("IPC = 20", "IPC = 21  # a guess")
    consumers.write_text(text, encoding="utf-8")
    status, out, _ = cc("consumers", "verify", shared, "--consumers", consumers)
    assert status == 1
    assert "7.16: counts.inputs.IPC = 20 in the driver, counts.inputs.IPC = 21 in the file" in out
    assert cc("consumers", "add", shared, *named)[0] == 0
    text = consumers.read_text(encoding="utf-8")
    assert ("# by hand" in text, "IPC = 20" in text) == (True, True)
    (build,) = load_consumers(consumers).builds
    assert (build.platform, build.version, [file for file, _ in build.binaries]) == (
        "linux-x64",
        "7.16",
        ["driver.so"],
    )
    corpus = ROOT / "corpus" / "channel"
    july = corpus / "field-past-inputs" / "bad" / "C-00000291-00000000-00000032.bin"
    status, out, _ = cc(
        "validate", "--no-config", "--definitions", corpus / "definitions.bin", "--consumers", consumers, july
    )
    assert (status, "criterion reads input 20, but consumer 7.16 supplies 20 (0 to 19)" in out) == (1, True)


def test_another_binary_is_noticed(cc: Run, tmp_path: Path, shared: Path) -> None:
    """Another digest, a build that nobody gave the file of, and a file that nobody lists are problems."""
    consumers = tmp_path / "consumers.toml"
    add = ["consumers", "add", "--consumers", consumers, "--from", "2024-08-09"]
    assert cc(*add, shared, "--name", "7.16")[0] == 0
    changed = tmp_path / "driver.so"
    changed.write_bytes(shared.read_bytes() + b"\0")
    status, out, _ = cc("consumers", "verify", changed, "--consumers", consumers)
    assert status == 1
    assert "driver.so is not the file that 7.16 lists: its digest differs" in out
    assert "7.16: not compared: driver.so is not given, or is another file" in out
    other = tmp_path / "other" / "driver.so"
    assert compiled(other.parent, "gcc -O2 -shared -fPIC", other.name, build="7.17").returncode == 0
    other = other.rename(tmp_path / "other.so")
    assert cc(*add, other, "--name", "7.17")[0] == 0
    status, out, _ = cc("consumers", "verify", shared, "--consumers", consumers)
    assert (status, "7.17: not compared: other.so is not given" in out) == (1, True)
    assert cc("consumers", "verify", shared, other, "--consumers", consumers)[0] == 0


def test_wrong_usage_of_add(cc: Run, tmp_path: Path, shared: Path) -> None:
    """What cannot be written leaves the file as it was, and says why."""
    consumers = tmp_path / "consumers.toml"
    add = ["consumers", "add", shared, "--consumers", consumers, "--name", "7.16"]
    assert "--from: the first day of support is required" in cc(*add)[2]
    assert "before" in cc(*add, "--from", "2024-08-09", "--until", "2024-01-01")[2]
    assert "the headers say linux-x64" in cc(*add, "--from", "2024-08-09", "--platform", "windows-x64")[2]
    assert not consumers.exists()
    before = "format = 2\nconsumer = 3\n"
    consumers.write_text(before, encoding="utf-8")
    assert cc(*add, "--from", "2024-08-09")[0] == 2
    assert consumers.read_text(encoding="utf-8") == before


KEYED = """\
#define CCHECK_BUILD "1.0"
#include "ccheck_contract.h"
CCHECK_SUPPLIES_sysmon_fields_AT("1", 23);
CCHECK_SUPPLIES_sysmon_fields_AT("2", 9);
CCHECK_UNDERSTANDS_sysmon_versions(15_0);
CCHECK_UNDERSTANDS_sysmon_versions_NUMBER(0x100000);
CCHECK_UNDERSTANDS_sysmon_operators(3);
CCHECK_UNDERSTANDS_sysmon_events(1);
"""


def test_facts_with_keys_of_a_schema_without_definitions(cc: Run, tmp_path: Path) -> None:
    """A key is given in quotes, and a value of a set also as a number: nobody promised anything of them."""
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    assert cc("generate", "header", "--schema", "sysmon", "-o", tmp_path / "ccheck_contract.h")[0] == 0
    (tmp_path / "driver.c").write_text(KEYED, encoding="utf-8")
    command = ["gcc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", "d.so", "driver.c"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    consumers = tmp_path / "consumers.toml"
    add = ["consumers", "add", tmp_path / "d.so", "--from", "2026-01-01", "--consumers", consumers]
    status, _, said = cc(*add, "--name", "2.0")
    assert (status, "its records say that it is 1.0" in said) == (2, True)
    assert cc(*add, "--name", "1.0")[0] == 0
    (build,) = load_consumers(consumers).builds
    assert build.facts[FactKind.COUNT, "sysmon_fields", "1"] == 23
    assert build.facts[FactKind.COUNT, "sysmon_fields", "2"] == 9
    assert build.elements("sysmon_versions") == (0xF0000, 0x100000)
    listed = cc("validate", "--schema", "sysmon", "--no-config", "--consumers", consumers, ROOT / "README.md")
    assert listed[0] != 2, listed


def test_facts_of_several_files_are_those_of_one_build(tmp_path: Path) -> None:
    """The least count of all files counts; two builds, or a switch that differs, are refused."""
    drivers = {}
    for name, inputs, build, check in (
        ("a", 21, "7.16", 0),
        ("b", 20, "7.16", 0),
        ("c", 20, "7.17", 0),
        ("d", 20, "", 1),
    ):
        assert (
            compiled(tmp_path / name, "gcc -c", "d.o", inputs=inputs, build=build, check=check).returncode
            == 0
        )
        drivers[name] = read_driver(tmp_path / name / "d.o")
    assert facts_of([drivers["a"], drivers["b"]])[FactKind.COUNT, "inputs", "IPC"] == 20
    with pytest.raises(DriverError, match=r"of several builds: 7\.16, 7\.17"):
        facts_of([drivers["a"], drivers["c"]])
    with pytest.raises(DriverError, match="the switch bounds_check is on in one record and off in another"):
        facts_of([drivers["a"], drivers["d"]])


@pytest.mark.parametrize(
    ("at", "new", "why"),
    [
        (16, b"0256", "wrong-magic|const|damaged"),
        (20, b"size\0\0\0\0", "unknown kind 'size'"),
        (28, b"00000000x0", "value is no number"),
        (48, b"\0" * 40, "names no fact"),
        (48, b"inputs\0x", "fact does not end in zeros"),
        (48, b"x" * 40, "damaged"),
        (88, b"\xff", "damaged"),
        (476, b"#ccheck?", "damaged"),
    ],
)
def test_a_damaged_record_is_an_error(tmp_path: Path, shared: Path, at: int, new: bytes, why: str) -> None:
    """Nothing is guessed from a record that is not whole."""
    data = bytearray(shared.read_bytes())
    # What a record states twice is damaged twice.
    for place in (at, at + 228) if 20 <= at < 248 else (at,):
        place += data.find(MAGIC)
        data[place : place + len(new)] = new
    path = tmp_path / "driver.so"
    path.write_bytes(data)
    with pytest.raises(DriverError, match=why):
        read_driver(path)


def test_any_damaged_byte_of_a_record_is_noticed(cc: Run, tmp_path: Path, shared: Path) -> None:
    """No bit of a record can be another one without a word: not in a name, a number, or a mark."""
    data = shared.read_bytes()
    first = data.find(MAGIC)
    path = tmp_path / "driver.so"
    for at in range(first, first + SIZE):
        path.write_bytes(data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1 :])
        with pytest.raises(DriverError, match="damaged"):
            read_driver(path)
    at = data.find(b"inputs", first)
    path.write_bytes(data[:at] + b"A" + data[at + 1 :])
    listed = tmp_path / "consumers.toml"
    words = ("--name", "7.16", "--from", "2024-08-09", "--consumers", listed)
    status, _, err = cc("consumers", "add", path, *words)
    assert status == 2
    assert "is damaged: it states two different texts of fact" in err
    assert not listed.exists()


def test_no_bytes_are_a_crash_or_a_guess(tmp_path: Path, shared: Path) -> None:
    """Cut, mangled and odd binaries are read or refused; one without a record is never without facts."""
    data = shared.read_bytes()
    path = tmp_path / "driver.so"
    rng = random.Random(4)
    read = refused = 0
    for number in range(400):
        changed = bytearray(data)
        for _ in range(1 + number % 8):
            changed[rng.randrange(0x400) if number % 2 else rng.randrange(len(data))] = rng.randrange(256)
        if number % 5 == 0:
            del changed[rng.randrange(len(changed)) :]
        path.write_bytes(changed)
        try:
            driver = read_driver(path)
        except DriverError:
            refused += 1
        else:
            read += 1
            assert driver.records
    assert min(read, refused) > 50
    for odd in (
        b"",
        b"\x7fELF",
        b"MZ",
        b"\xcf\xfa\xed\xfe",
        b"MZ" + data,
        b"\xcf\xfa\xed\xfe" + data,
        data[:-4000],
    ):
        path.write_bytes(odd)
        with pytest.raises(DriverError):
            read_driver(path)
    at = data.find(MAGIC)
    path.write_bytes(data[at : at + SIZE])
    assert read_driver(path).platform == ""
    path.write_bytes(data[at : at + SIZE - 1])
    with pytest.raises(DriverError, match="damaged"):
        read_driver(path)


def test_what_no_header_can_be_written_for(cc: Run, tmp_path: Path) -> None:
    """A schema without facts, names that a preprocessor would take apart, and definitions that are none."""
    with pytest.raises(NoHeader, match="refers to no facts"):
        header(load_user_schema(ROOT / "tests" / "user" / "sensor.py").schema)
    for key in ('I"PC', "a%b", "\u00e9", "x" * 64, "a\\b", "a\nb"):
        with pytest.raises(NoHeader, match="cannot stand in a header"):
            header(SCHEMA, [Promise("inputs", key, 1)])
    with pytest.raises(NoHeader, match="one name in C"):
        header(SCHEMA, [Promise("inputs", "A B", 1), Promise("inputs", "A_B", 1)])
    names = {"plain": 1}
    both = (Fact(FactKind.SET, "ops", names=names), Fact(FactKind.SET, "ops_NUMBER"))
    for facts in (both, (Fact(FactKind.LIMIT, "a-b"), Fact(FactKind.LIMIT, "a_b"))):
        made = Schema("twins", "twins", Struct("a" / Int8ul), recognise=bool, contract=facts)
        with pytest.raises(NoHeader, match="one name in C"):
            header(made)
    instances = ROOT / "corpus" / "channel" / "instances.bin"
    assert (
        "it promises nothing"
        in cc("generate", "header", "--schema", "channel", "--definitions", instances)[2]
    )
    cut = tmp_path / "cut.bin"
    cut.write_bytes((ROOT / "corpus" / "channel" / "definitions.bin").read_bytes()[:100])
    assert "no whole file" in cc("generate", "header", "--schema", "channel", "--definitions", cut)[2]


def test_the_gate_refuses_a_build_that_differs_from_its_driver(cc: Run, tmp_path: Path, shared: Path) -> None:
    """With `[gate] drivers`, each supported build must list the files that are there, with their facts."""
    corpus = ROOT / "corpus" / "channel"
    consumers = tmp_path / "consumers.toml"
    (tmp_path / "drivers").mkdir()
    shutil.copyfile(shared, tmp_path / "drivers" / "driver.so")
    (tmp_path / "release").mkdir()
    shutil.copyfile(corpus / "definitions.bin", tmp_path / "release" / "definitions.bin")
    assert (
        cc("consumers", "add", shared, "--name", "7.16", "--from", "2024-08-09", "--consumers", consumers)[0]
        == 0
    )
    config = tmp_path / "ccheck.toml"
    config.write_text(
        'format = 1\nconsumers = "consumers.toml"\n[gate]\ndrivers = "drivers"\n', encoding="utf-8"
    )
    gate = ["gate", tmp_path / "release", "--config", config, "--only", "validate", "--on", "2024-09-01"]
    text = consumers.read_text(encoding="utf-8")

    def failures() -> str:
        return cc(*gate)[1]

    assert "drivers:" not in failures()
    consumers.write_text(text.replace("IPC = 20", "IPC = 21"), encoding="utf-8")
    assert (
        "drivers: 7.16: counts.inputs.IPC = 20 in the driver, counts.inputs.IPC = 21 in the file"
        in failures()
    )
    consumers.write_text(text.replace("binaries = [", "binaries = []  # ["), encoding="utf-8")
    assert "drivers: 7.16: it lists no files that its facts were read out of" in failures()
    consumers.write_text(text, encoding="utf-8")
    (tmp_path / "drivers" / "driver.so").write_bytes(shared.read_bytes()[:5000])
    assert "drivers: " in failures()
    (tmp_path / "drivers" / "driver.so").unlink()
    assert "drivers: 7.16: not compared: driver.so is not given" in failures()
