"""The command line: what each exit status means, what is written where, and that nothing passes unexamined."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from inline_snapshot import snapshot

from ccheck.cli.main import COMMANDS, SECTIONS, ccheck, run
from ccheck.formats.check_table import CHECKS
from ccheck.formats.registry import FORMATS
from ccheck.judging.context import ValidationContext
from ccheck.report import RENDERERS
from tests.conftest import ROOT

CORPUS = ROOT / "corpus" / "channel"
MARCH = CORPUS / "field-past-inputs" / "good" / "C-00000291-00000000-00000001.bin"
JULY = CORPUS / "field-past-inputs" / "bad" / "C-00000291-00000000-00000032.bin"
CONFIG = ["--config", "corpus/channel/ccheck.toml"]

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def cc(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command line from the root of the project: status, standard output, standard error."""
    monkeypatch.chdir(ROOT)

    def call(*args: object) -> tuple[int, str, str]:
        status = run([str(a) for a in args])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


def test_the_july_file_fails_as_readme_shows(cc: Run) -> None:
    """The file of July 2024 fails with the contract check, at the criterion's field index, for both builds."""
    status, out, _ = cc("validate", *CONFIG, JULY.relative_to(ROOT))
    assert status == 1
    applying = len(CHECKS.applying("channel"))
    assert out.replace(f", {applying} checks", ", … checks") == snapshot("""\
configuration: corpus/channel/ccheck.toml
error[field-past-inputs]: criterion reads input 20, but consumers 7.11 and 7.15 supply 20 (0 to 19)
  --> corpus/channel/field-past-inputs/bad/C-00000291-00000000-00000032.bin at 0x300, instances[1].criteria[20].field_index
        |  0  1  2  3  4  5  6  7   8  9  a  b  c  d  e  f
    300 | 14 00 07 00 41 03 00 00  0a 00 00 00 01 00 01 00  ....A...........
        | ^^^^^ input 20
        = because: corpus/channel/consumers.toml:13: 7.11 (windows-x64) supplies 20 inputs for IPC
        = because: corpus/channel/consumers.toml:31: 7.15 (windows-x64) supplies 20 inputs for IPC
        = why: the driver uses the number as an index: an out-of-bounds read in kernel mode
        = fix: make this criterion a wildcard, or end support for builds that supply fewer than 21 inputs
        = more: ccheck explain field-past-inputs

fail  corpus/channel/field-past-inputs/bad/C-00000291-00000000-00000032.bin  channel, 856 bytes, 1 error, … checks
1 file examined: 0 passed, 1 failed; 1 error, 0 warnings; 856 bytes
""")


def test_the_march_file_passes(cc: Run) -> None:
    """The file of March 2024 passes: a wildcard is never fetched."""
    status, out, _ = cc("validate", *CONFIG, MARCH)
    assert status == 0
    assert out.splitlines()[-1] == "1 file examined: 1 passed, 0 failed; 0 errors, 0 warnings; 480 bytes"


def test_the_july_file_passes_when_the_old_builds_are_out_of_support(cc: Run, tmp_path: Path) -> None:
    """Once support for builds with 20 inputs has ended, the same file is good; a day before, it is not."""
    text = (CORPUS / "consumers.toml").read_text(encoding="utf-8")
    consumers = tmp_path / "consumers.toml"
    for start in ("2024-02-28", "2024-06-04"):
        text = text.replace(
            f"supported_from = {start}", f"supported_from = {start}\nsupported_until = 2025-01-31"
        )
    consumers.write_text(text, encoding="utf-8")
    args = [
        "validate",
        "--no-config",
        "--definitions",
        CORPUS / "definitions.bin",
        "--consumers",
        consumers,
        JULY,
    ]
    assert cc(*args, "--on", "2025-01-31")[0] == 1
    assert cc(*args, "--on", "2025-02-01")[0] == 0


def test_a_file_of_instances_cannot_pass_without_companions(cc: Run) -> None:
    """Without definitions or consumers the verdict is a failure that says what is missing."""
    status, out, _ = cc("validate", "--no-config", MARCH)
    assert status == 1
    assert "error[definitions-missing]" in out
    assert "error[consumers-missing]" in out
    assert "field-past-inputs" in out.split("skipped:")[1]


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["validate"], "Missing argument 'PATH...'"),
        (["validat"], "Did you mean 'validate'?"),
        (["validate", "--schema", "chanel", JULY], "'chanel' is not known; known are channel"),
        (["validate", "--on", "yesterday", JULY], "is not a day"),
        (["validate", "--max-size", "lots", JULY], "is not a size"),
        (["validate", "--consumers", "nowhere.toml", JULY], "does not exist"),
        (["explain", "field-past-input"], "did you mean field-past-inputs"),
        (["show", "README.md"], "of no known format"),
        (["build", "README.md", "-o", "x"], "README.md"),
        (["validate", "missing.bin"], "missing.bin: No such file"),
        (["diff", JULY, CORPUS / "nothing"], "No such file"),
    ],
)
def test_wrong_usage_is_status_2_and_says_what_to_do(cc: Run, args: list[object], words: str) -> None:
    """Wrong usage never looks like a finding, and its message names the mistake."""
    status, out, err = cc(*args)
    assert (status, out) == (2, "")
    assert words in err


def test_nothing_examined_is_status_2(cc: Run, tmp_path: Path) -> None:
    """An empty folder, or one with hidden files alone, was not examined and does not pass."""
    (tmp_path / ".hidden").write_bytes(b"x")
    status, _, err = cc("validate", "--no-config", tmp_path)
    assert status == 2
    assert "nothing to examine" in err


@pytest.mark.parametrize("command", ["validate", "gate"])
@pytest.mark.parametrize("before", [True, False])
def test_a_named_folder_without_files_is_status_2(
    cc: Run, tmp_path: Path, command: str, before: bool
) -> None:
    """A folder that holds nothing is not passed over beside one that does."""
    (tmp_path / "full").mkdir()
    (tmp_path / "empty" / "deeper").mkdir(parents=True)
    (tmp_path / "full" / "one.bin").write_bytes(MARCH.read_bytes())
    named = [tmp_path / "empty", tmp_path / "full"]
    status, out, err = cc(command, *CONFIG, *(named if before else named[::-1]))
    assert (status, out) == (2, "")
    assert f"nothing to examine below {tmp_path / 'empty'}" in err


def test_a_folder_whose_files_are_all_excluded_is_said(cc: Run, tmp_path: Path) -> None:
    """What the user leaves out is counted, and is no mistake."""
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").touch()
    status, out, _ = cc("validate", *CONFIG, "--exclude", "*.txt", MARCH, tmp_path / "notes")
    assert status == 0
    assert out.endswith("left out: 1 excluded file\n")


def test_a_folder_is_examined_whole(cc: Run, tmp_path: Path) -> None:
    """All files below a folder are examined, in order; one that no schema knows fails the run."""
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "good.bin").write_bytes(MARCH.read_bytes())
    (tmp_path / "a.txt").write_text("hello")
    status, out, _ = cc("validate", *CONFIG, tmp_path)
    assert status == 1
    assert out.index("error[unrecognised-content]") < out.index("pass  ")
    assert cc("validate", *CONFIG, tmp_path, "--exclude", "*.txt")[0] == 0


def test_a_file_that_cannot_be_read_is_a_failure(cc: Run, tmp_path: Path) -> None:
    """A broken link in a folder and a file over the limit each fail with their own check."""
    link = tmp_path / "link.bin"
    link.symlink_to(tmp_path / "gone")
    for args, check in (
        ([tmp_path], "unreadable"),
        ([MARCH, "--max-size", "479"], "too-large"),
    ):
        status, out, _ = cc("validate", *CONFIG, *args)
        assert status == 1
        assert f"error[{check}]" in out
    assert cc("validate", *CONFIG, MARCH, "--max-size", "480")[0] == 0


def test_standard_input_is_a_file(cc: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """`-` reads standard input; no name is compared with the header."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(MARCH.read_bytes())))
    status, out, _ = cc("validate", *CONFIG, "-")
    assert status == 0
    assert "pass  -" in out


def test_json_has_the_documented_shape(cc: Run) -> None:
    """The JSON report names format, files, verdicts, findings with their bytes, and a summary."""
    status, out, _ = cc("validate", *CONFIG, "--format", "json", JULY, MARCH)
    report = json.loads(out)
    assert status == 1
    assert report["format"] == 1
    assert [f["verdict"] for f in report["files"]] == ["fail", "pass"]
    (finding,) = report["files"][0]["findings"]
    assert (finding["check"], finding["offset"], finding["length"]) == ("field-past-inputs", 0x300, 2)
    assert finding["path"] == "instances[1].criteria[20].field_index"


@pytest.mark.parametrize("form", ["text", *RENDERERS])
def test_a_report_goes_to_a_file_whole(cc: Run, tmp_path: Path, form: str) -> None:
    """--output writes the whole report and nothing else, and leaves no temporary file."""
    output = tmp_path / "report"
    status, out, _ = cc("validate", *CONFIG, "--format", form, "--output", output, JULY)
    assert (status, out) == (1, "")
    assert b"field-past-inputs" in output.read_bytes()
    assert list(tmp_path.iterdir()) == [output]


def test_a_report_that_cannot_be_written_is_an_error(cc: Run, tmp_path: Path) -> None:
    """A folder that is not there ends in a message and status 2, never in a pass without a report."""
    status, _, err = cc("validate", *CONFIG, "--output", tmp_path / "no" / "report", MARCH)
    assert status == 2
    assert "No such file" in err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this platform")
def test_a_full_disk_is_not_a_pass() -> None:
    """A report that standard output does not take ends in status 3."""
    command = [sys.executable, "-m", "ccheck", "validate", *CONFIG, str(MARCH)]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, cwd=ROOT, check=False)
    assert done.returncode == 3


@pytest.mark.skipif(os.name != "posix", reason="pipes end otherwise here")
def test_a_reader_that_leaves_is_not_an_answer() -> None:
    """Where whoever reads the report goes before its end, the status is 3 and not that of findings or a pass."""
    command = [sys.executable, "-m", "ccheck", "show", str(JULY)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b"standard output was closed before the end of the report\n"
        assert process.wait() == 3


def test_a_bug_is_status_3(cc: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception in ccheck itself prints a traceback and is neither a pass nor a finding."""

    def broken(self: ValidationContext, path: str, taken: bytes | None) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(ValidationContext, "report", broken)
    status, _, err = cc("validate", *CONFIG, JULY)
    assert status == 3
    assert "RuntimeError: a bug" in err


def test_an_interrupt_leaves_a_correct_partial_report(cc: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C keeps what was judged, names what was not, and is not a pass."""
    whole = ValidationContext.report

    def interrupted(self: ValidationContext, path: str, taken: bytes | None) -> object:
        if path.endswith("32.bin"):
            raise KeyboardInterrupt
        return whole(self, path, taken)

    monkeypatch.setattr(ValidationContext, "report", interrupted)
    status, out, _ = cc("validate", *CONFIG, "--format", "json", MARCH, JULY)
    report = json.loads(out)
    assert status == 130
    assert [Path(f["path"]).name for f in report["files"]] == [MARCH.name]
    assert report["summary"]["verdict"] != "pass"
    assert JULY.name in json.dumps(report["unexamined"])


def test_an_expired_suppression_is_an_error(cc: Run, tmp_path: Path) -> None:
    """A suppression counts until its last day, and after it the configuration is refused."""
    config = tmp_path / "ccheck.toml"
    config.write_text(
        "format = 1\n"
        f'definitions = ["{(CORPUS / "definitions.bin").as_posix()}"]\n'
        f'consumers = "{(CORPUS / "consumers.toml").as_posix()}"\n'
        '[[suppress]]\ncheck = "field-past-inputs"\nreason = "ends with 7.15"\nexpires = 2025-01-31\n',
        encoding="utf-8",
    )
    status, out, _ = cc("validate", "--config", config, "--on", "2025-01-31", JULY)
    assert status == 0
    assert "ends with 7.15 (until 2025-01-31)" in out
    status, _, err = cc("validate", "--config", config, "--on", "2025-02-01", JULY)
    assert status == 2
    assert "ends with 7.15" in err


def test_configuration_is_never_taken_from_the_folder_of_content(
    cc: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A ccheck.toml beside the content does not count; one above the working directory does."""
    (tmp_path / "content").mkdir()
    (tmp_path / "content" / "ccheck.toml").write_text("this is not even TOML")
    (tmp_path / "content" / "march.bin").write_bytes(MARCH.read_bytes())
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    assert cc("validate", tmp_path / "content" / "march.bin")[0] == 1
    (tmp_path / "ccheck.toml").write_text("format = 2")
    assert cc("validate", tmp_path / "content" / "march.bin")[0] == 2


def test_show_names_every_field(cc: Run) -> None:
    """`show` prints offset, path and value of each field, and the text of operands."""
    status, out, _ = cc("show", JULY)
    assert status == 0
    assert "0x000300  instances[1].criteria[20].field_index = 20 (0x14)" in out
    (operand,) = (line for line in out.splitlines() if "instances[1].criteria[20].operand = " in line)
    assert operand.split()[0] == "0x000341"
    assert "beacon-" in operand


def test_show_of_a_broken_file_says_so(cc: Run, tmp_path: Path) -> None:
    """A file that breaks its schema is shown as far as it goes, with status 1; it has no recipe."""
    broken = tmp_path / "broken.bin"
    broken.write_bytes(JULY.read_bytes()[:-5])
    status, out, err = cc("show", broken)
    assert status == 1
    assert "header.kind = 2" in out
    assert "breaks its schema" in err
    assert cc("show", "--yaml", broken)[0] == 2


def test_show_yaml_and_build_are_each_others_way_back(cc: Run, tmp_path: Path) -> None:
    """The recipe that `show --yaml` writes builds the same bytes."""
    recipe, again = tmp_path / "recipe.yaml", tmp_path / "again.bin"
    for file in (JULY, CORPUS / "definitions.bin"):
        recipe.write_text(cc("show", "--yaml", file)[1], encoding="utf-8")
        status, out, _ = cc("build", recipe, "-o", again, "--force")
        assert status == 0
        assert f"{file.stat().st_size:,} bytes" in out
        assert again.read_bytes() == file.read_bytes()


def test_build_does_not_replace_a_file_unasked(cc: Run, tmp_path: Path) -> None:
    """A file that is there stays as it is without --force."""
    output = tmp_path / "out.bin"
    output.write_bytes(b"mine")
    assert cc("build", CORPUS / "definitions.yaml", "-o", output)[0] == 2
    assert output.read_bytes() == b"mine"


def test_diff_says_what_changed_in_meaning(cc: Run) -> None:
    """From March to July: a new revision, and a new instance with its criteria."""
    status, out, _ = cc("diff", MARCH, JULY)
    assert status == 0
    assert out == snapshot("""\
~ revision 1 → 32
+ instance 2: id 2, type 1, type_version 1, severity high, action block, 21 criteria
""")
    assert cc("diff", MARCH, JULY, "--exit-code")[0] == 1
    assert cc("diff", MARCH, MARCH) == (0, "no change in meaning\n", "")


def test_diff_names_the_criterion(cc: Run, tmp_path: Path) -> None:
    """A wildcard that became a regex is one line, with the instance and the field."""
    changed = tmp_path / "changed.yaml"
    recipe = JULY.with_suffix(".yaml").read_text(encoding="utf-8")
    changed.write_text(recipe.replace("{field: 20, kind: wildcard}", "{field: 20, kind: regex, text: a.*b}"))
    cc("build", changed, "-o", tmp_path / "changed.bin")
    out = cc("diff", JULY, tmp_path / "changed.bin")[1]
    assert out == '~ instance 1, field 20: wildcard → regex; text none → "a.*b"\n'


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_help_with_an_example(cc: Run, name: str) -> None:
    """--help of every command shows an example that begins with the program's name."""
    status, out, _ = cc(name, "--help")
    assert status == 0
    assert f"  ccheck {name}" in out.partition("Example")[2] or f"$(ccheck {name}" in out


def test_the_group_help_lists_all_commands(cc: Run) -> None:
    """--help of the program names each command below what it is about, with a whole sentence."""
    out = cc("--help")[1]
    assert all(f"\n{title}:\n" in out for title in SECTIONS)
    listed = [line.split()[0] for line in out.splitlines() if re.match(r"  [a-z]", line)]
    assert [name for name in listed if name in COMMANDS] == list(COMMANDS)
    assert "..." not in out.partition("Files:")[2]
    assert "Exit status" in out


def _commands() -> Iterator[tuple[str, click.Command]]:
    """Every command, those of groups too, with its words."""
    context = click.Context(ccheck)
    waiting = [(name, ccheck.get_command(context, name)) for name in ccheck.list_commands(context)]
    for words, one in waiting:
        assert one is not None
        yield words, one
        if isinstance(one, click.Group):
            waiting += [(f"{words} {name}", sub) for name, sub in one.commands.items()]


def test_each_option_of_each_command_is_explained(cc: Run) -> None:
    """No option stands in a help text without words, and no group cuts the sentence of a command short."""
    seen = dict(_commands())
    assert {"rollout record", "fuzz minimize", "corpus add", "keys new"} <= set(seen)
    silent = [
        f"{words} {option.opts[0]}"
        for words, one in seen.items()
        for option in one.params
        if isinstance(option, click.Option) and not option.help
    ]
    assert silent == []
    for words, one in seen.items():
        if isinstance(one, click.Group):
            listed = cc(*words.split(), "--help")[1].partition("\nCommands:\n")[2].partition("Example")[0]
            assert all(f"  {name} " in listed for name in one.commands), words
            assert "..." not in listed


def test_explain_lists_and_prints_manuals(cc: Run) -> None:
    """Without a name all checks are listed, with one its manual is printed."""
    assert "field-past-inputs" in cc("explain")[1]
    assert cc("explain", "field-past-inputs")[1].startswith("# field-past-inputs\n")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_for_this_program(cc: Run, shell: str) -> None:
    """Each shell's script calls back into ccheck."""
    status, out, _ = cc("completion", shell)
    assert status == 0
    assert "_CCHECK_COMPLETE" in out


def test_shell_completion_completes_commands() -> None:
    """The call that the bash script makes gives the commands that begin like the word."""
    environment = {
        **os.environ,
        "_CCHECK_COMPLETE": "bash_complete",
        "COMP_WORDS": "ccheck va",
        "COMP_CWORD": "1",
    }
    command = [sys.executable, "-m", "ccheck"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.returncode) == ("plain,validate", 0)


def test_commands_of_other_packages_join_by_entry_point(cc: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command of the entry-point group is listed and runs, without this package importing it before."""

    @click.command("hello")
    def hello() -> None:
        """Say hello."""
        click.echo("hello from elsewhere")

    class Entry:
        name = "hello"

        def load(self) -> click.Command:
            return hello

    def entries(group: str, name: str = "hello") -> list[Entry]:
        return [Entry()] if (group, name) == ("ccheck.commands", "hello") else []

    monkeypatch.setattr("importlib.metadata.entry_points", entries)
    assert "hello" in ccheck.list_commands(click.Context(ccheck))
    assert cc("hello")[1] == "hello from elsewhere\n"


def test_wrong_usage_shows_names_escaped() -> None:
    """A message of wrong usage escapes what a file's name holds, also where a terminal is written to."""
    environment = {**os.environ, "FORCE_COLOR": "1"}
    command = [sys.executable, "-m", "ccheck", "validate", "no\x1b[31m\u202esuch"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "\\u202esuch" in done.stderr
    assert "\x1b" not in done.stderr
    assert "\u202e" not in done.stderr


def test_control_characters_of_names_and_content_never_reach_the_terminal(cc: Run, tmp_path: Path) -> None:
    """Escapes in a file's name, and in text that `show` and `diff` print, come out escaped."""
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(
        "schema: channel\ncontent:\n  kind: instances\n  channel: 291\n  instances:\n"
        '    - {id: 1, type: 1, severity: high, action: block, criteria: [{field: 0, kind: equals, text: "\\e[31mred\\u202e"}]}\n',
        encoding="utf-8",
    )
    file = tmp_path / "evil\x1b[31m.bin"
    assert cc("build", recipe, "-o", file)[0] == 0
    for args in (["validate", *CONFIG, file], ["show", file], ["diff", MARCH, file]):
        out = cc(*args)[1]
        assert "\x1b" not in out
        assert "\u202e" not in out


def test_schemas_says_what_it_can_do_with_each_format(cc: Run) -> None:
    """Each format is listed with its checks, its commands, and whether good files have a fast path, or why not."""
    out = cc("schemas")[1]
    assert [line.split()[0] for line in out.splitlines() if not line.startswith(" ")] == [
        known.name for known in FORMATS
    ]
    assert "fast path for good files: yes" in out
    assert "fast path for good files: no, its checks need the events" in out
    assert "rows read at once: types, fields, instances, criteria" in out


def test_schemas_says_how_a_schema_file_is_read(cc: Run) -> None:
    """For a user's schema file, ccheck reports which tables are read in bulk, and whether good files have a fast path."""
    status, out, _ = cc("schemas", "--schema", ROOT / "tests" / "user" / "sensor.py")
    assert status == 0
    general = len(CHECKS.applying(None))
    assert out.replace(f"{general} general", "… general") == snapshot("""\
sensor  sensor rules of Example
        … general checks and 1 of its own · validate, show, diff, build
        fast path for good files: no, its own checks need the content
        rows read at once: rules
""")
    assert cc("schemas", "--schema", ROOT / "README.md")[0] == 2


@pytest.mark.parametrize("schema", [(), ("--schema", "apparmor")])
def test_a_file_that_belongs_to_a_format_and_is_not_judged_is_named(
    cc: Run, tmp_path: Path, schema: tuple[str, ...]
) -> None:
    """Compressed policy fails with a finding that names it, with --schema too; show and run say the same."""
    file = tmp_path / "policy.bin"
    file.write_bytes(b"\x01\x03" + bytes(6) + b"\x28\xb5\x2f\xfd" + bytes(40))
    status, out, _ = cc("validate", "--no-config", *schema, str(file))
    assert (status, "error[unrecognised-content]: this is a compressed policy" in out) == (1, True)
    for command in ("show", "run"):
        status, _, err = cc(command, *schema, str(file))
        assert (status, "this is a compressed policy" in err) == (2, True)
