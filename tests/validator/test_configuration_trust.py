"""A ccheck.toml that was found is used only where the user or root alone can have written it, and is named."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ccheck.report import RENDERERS
from tests.validator.gate.story import CORPUS, DAY, JULY, lay_out

pytestmark = pytest.mark.skipif(os.name != "posix", reason="this system says nothing of owners")
ROOT_ONLY = pytest.mark.skipif(
    os.name != "posix" or os.geteuid() != 0, reason="only root gives files to other users"
)
STRANGER = 54_321


def ccheck(folder: Path, *words: object, safe: str = "") -> subprocess.CompletedProcess[str]:
    """Run the command line in a folder. safe: what CCHECK_SAFE_DIRECTORY lists."""
    environment = {key: value for key, value in os.environ.items() if key != "CCHECK_SAFE_DIRECTORY"}
    return subprocess.run(
        [sys.executable, "-m", "ccheck", *map(str, words)],
        cwd=folder, capture_output=True, text=True, check=False, timeout=60,
        env=environment | ({"CCHECK_SAFE_DIRECTORY": safe} if safe else {}),
    )  # fmt: skip


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project by whose ccheck.toml the file of July passes, and a folder below it to work in."""
    lay_out(tmp_path)
    (tmp_path / "ccheck.toml").write_text(
        'format = 1\ndefinitions = ["definitions.bin"]\nconsumers = "consumers.toml"\n'
        '[severity]\nfield-past-inputs = "info"\n',
        encoding="utf-8",
    )
    below = tmp_path / "below"
    below.mkdir()
    shutil.copy(JULY, below)
    return tmp_path


JUDGE = ("validate", JULY.name, "--on", DAY)


def test_what_is_the_users_own_is_used_and_named(project: Path) -> None:
    """The first line names the file that was found above the working directory."""
    done = ccheck(project / "below", *JUDGE)
    assert done.returncode == 0
    assert done.stdout.splitlines()[0] == f"configuration: {project / 'ccheck.toml'}"
    assert ccheck(project, *JUDGE[:1], "below", "--on", DAY).stdout.startswith("configuration: ccheck.toml\n")
    assert ccheck(project / "below", *JUDGE, "--no-config").stdout.startswith("configuration: none\n")


def owned(*places: str, uid: int = STRANGER) -> Callable[[Path], None]:
    """Give files to another user."""

    def change(project: Path) -> None:
        for place in places:
            os.chown(project / place, uid, uid, follow_symlinks=False)

    return change


def mode(place: str, bits: int) -> Callable[[Path], None]:
    """Give a file or folder another mode."""
    return lambda project: (project / place).chmod(bits)


def linked(by_stranger: bool, target: str = "elsewhere/lax.toml") -> Callable[[Path], None]:
    """Make ccheck.toml a link to a file of the user's own in a folder."""

    def change(project: Path) -> None:
        (project / "elsewhere").mkdir()
        (project / "ccheck.toml").rename(project / target)
        (project / "ccheck.toml").symlink_to(target)
        if by_stranger:
            os.lchown(project / "ccheck.toml", STRANGER, STRANGER)
        else:
            (project / "elsewhere").chmod(0o777)

    return change


def in_a_shared_folder(owner: int) -> Callable[[Path], None]:
    """A sticky folder that all may write to, as /tmp is, with a ccheck.toml of somebody's."""

    def change(project: Path) -> None:
        project.chmod(0o1777)
        os.chown(project / "ccheck.toml", owner, owner)

    return change


def of_two_names(project: Path) -> None:
    """In a shared folder somebody gives a lax file of the user's own the name."""
    (project / "elsewhere").mkdir()
    (project / "ccheck.toml").rename(project / "elsewhere" / "lax.toml")
    (project / "ccheck.toml").hardlink_to(project / "elsewhere" / "lax.toml")
    project.chmod(0o1777)


UNTRUSTED = {
    "a file of another user": (owned("ccheck.toml"), "ccheck.toml belongs to the user 54321"),
    "a folder of another user": (owned("."), "belongs to the user 54321"),
    "a file that all may write": (mode("ccheck.toml", 0o666), "ccheck.toml is writable by everybody"),
    "a file that a group may write": (mode("ccheck.toml", 0o664), "ccheck.toml is writable by the group"),
    "a folder that all may write": (mode(".", 0o777), "is writable by everybody"),
    "a folder that a group may write": (mode(".", 0o775), "is writable by the group"),
    "a file of another user in a shared folder": (in_a_shared_folder(STRANGER), "belongs to the user 54321"),
    "a link of another user": (linked(by_stranger=True), "ccheck.toml belongs to the user 54321"),
    "a link into a folder that all may write": (
        linked(by_stranger=False),
        "elsewhere is writable by everybody",
    ),
    "a second name in a shared folder": (of_two_names, "ccheck.toml has other names"),
}


@ROOT_ONLY
@pytest.mark.parametrize("kind", UNTRUSTED)
def test_what_others_could_have_written_is_refused(project: Path, kind: str) -> None:
    """Nothing is judged by it, the message says why and what to do, and each way out works."""
    change, why = UNTRUSTED[kind]
    change(project)
    below = project / "below"
    done = ccheck(below, *JUDGE)
    assert (done.returncode, done.stdout) == (2, "")
    assert why in done.stderr
    for way in ("--config", "--no-config", "CCHECK_SAFE_DIRECTORY"):
        assert way in done.stderr
    assert ccheck(below, *JUDGE, "--config", "../ccheck.toml").returncode == 0
    assert ccheck(below, *JUDGE, "--no-config").returncode == 1
    for safe in ("*", str(project), f"/nowhere{os.pathsep}{project}", f"{project.parent}/*"):
        assert ccheck(below, *JUDGE, safe=safe).returncode == 0
    for safe in ("/nowhere", str(below), str(project.parent), "..", f"{project}x", f"{below}/*"):
        assert ccheck(below, *JUDGE, safe=safe).returncode == 2


@ROOT_ONLY
def test_a_shared_folder_may_hold_the_users_own(project: Path) -> None:
    """In a sticky folder, as /tmp is, a file of the user's or root's is used."""
    project.chmod(0o1777)
    assert ccheck(project / "below", *JUDGE).returncode == 0


@ROOT_ONLY
def test_roots_file_serves_every_user(project: Path) -> None:
    """What root wrote is used by another user, who may not write it; what a third one wrote is not."""
    script = (
        f"import os, sys; os.chdir({str(project / 'below')!r})\n"
        "from ccheck.config.project import find_project\nfrom pathlib import Path\n"
        f"os.setgid({STRANGER}); os.setuid({STRANGER})\nprint(find_project(Path.cwd()))"
    )
    for parent in (project, *project.parents):
        if parent.stat().st_uid == 0 and not parent.stat().st_mode & 0o002:
            parent.chmod(parent.stat().st_mode | 0o055)
        if parent.parent == Path("/tmp"):  # noqa: S108 - the folder of the tests, and no further
            break

    def found() -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)

    assert found().stdout.strip() == str(project / "ccheck.toml"), found().stderr
    os.chown(project / "ccheck.toml", STRANGER + 1, 0)
    assert "belongs to the user 54322" in found().stderr
    os.chown(project / "ccheck.toml", STRANGER, 0)
    assert found().returncode == 0


@ROOT_ONLY
@pytest.mark.parametrize(
    "words",
    [
        ["validate", JULY.name, "--format", "json"],
        ["run", JULY.name],
        ["gate", JULY.name],
        ["baseline", "add", JULY.name, "--release", "r"],
        ["baseline", "show"],
        ["fuzz", "--seeds", JULY.name, "--out", "night", "--time", "1s"],
        ["fuzz", "minimize", JULY.name, "-o", "small"],
        ["corpus", "minimize", JULY.name, "-o", "small"],
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_every_command_that_looks_for_it_asks(project: Path, words: list[str]) -> None:
    """Each command that finds a ccheck.toml refuses one of another user."""
    os.chown(project / "ccheck.toml", STRANGER, STRANGER)
    done = ccheck(project / "below", *words)
    assert done.returncode == 2
    assert "is not used" in done.stderr


@ROOT_ONLY
def test_the_plugin_asks(project: Path) -> None:
    """So does pytest --ccheck."""
    os.chown(project / "ccheck.toml", STRANGER, STRANGER)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--ccheck", JULY.name]
    done = subprocess.run(command, cwd=project / "below", capture_output=True, text=True, check=False)
    assert done.returncode == 4
    assert "is not used" in done.stdout + done.stderr


@pytest.mark.parametrize("form", ["text", *RENDERERS])
def test_every_form_names_it(project: Path, form: str) -> None:
    """Whatever the form, it says which file was used, and what was left out."""
    (project / "below" / ".hidden").write_bytes(b"x")
    (project / "below" / "link").symlink_to(project / "march")
    done = ccheck(project, "validate", "below", "--format", form, "--on", DAY)
    assert done.returncode == 0
    assert "ccheck.toml" in done.stdout
    if form == "json":
        report = json.loads(done.stdout)
        assert report["configuration"] == "ccheck.toml"
        assert (report["left_out"]["hidden_files"], report["left_out"]["linked_folders"]) == (1, 1)
    else:
        assert "left out: 1 hidden file, 1 linked folder" in done.stdout.replace(
            'name="left out" value="', "left out: "
        )


def test_what_was_left_out_of_nothing_is_said(project: Path) -> None:
    """A folder that holds hidden files alone was not examined, and the message counts them."""
    (project / "empty" / ".git").mkdir(parents=True)
    (project / "empty" / ".hidden").write_bytes(b"x")
    done = ccheck(project, "validate", "empty")
    assert done.returncode == 2
    assert "no files, but 1 hidden file, 1 hidden folder" in done.stderr


def test_the_gate_names_it(project: Path) -> None:
    """The first line of the gate, its JSON, its summary and its page."""
    shutil.copy(CORPUS / "consumers.toml", project)
    words = ["gate", "march", "--on", DAY, "--only", "validate"]
    done = ccheck(
        project, *words, "--json", "o.json", "--markdown", "o.md", "--report", "o.html", "--sarif", "o.sarif"
    )
    assert done.stdout.startswith("configuration: ccheck.toml\n")
    for name in ("o.json", "o.md", "o.html", "o.sarif"):
        assert "ccheck.toml" in (project / name).read_text(encoding="utf-8")
