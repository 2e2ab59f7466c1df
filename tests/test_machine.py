"""Files that this machine has, or that Debian's packages have: each passes.

`CCHECK_MACHINE_FETCH=1 pytest -m machine` fetches the packages first, which takes a minute or two; with
CCHECK_MACHINE_FILES the files of a folder are tried, which docs/formats/on-this-machine.md says how to fill.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from ccheck.judging.preparation import prepare

pytestmark = pytest.mark.machine

KINDS = {
    "regdb": ("regulatory.db", "regulatory.db-*", "regulatory.bin"),
    "devicetree": ("*.dtb",),
    "apparmor": ("*.policy",),
}
"""The files of each format, by their names."""


class Offline(Exception):
    """What a package cannot be had for."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of files to try: the one that is named, or what Debian's packages hold."""
    named = os.environ.get("CCHECK_MACHINE_FILES")
    if named is not None:
        return Path(named)
    if not os.environ.get("CCHECK_MACHINE_FETCH"):
        pytest.skip(
            "neither CCHECK_MACHINE_FILES names a folder of files, nor CCHECK_MACHINE_FETCH has them fetched"
        )
    missing = [tool for tool in ("apt-get", "apt-cache", "dpkg") if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"Debian's packages cannot be had: there is no {', '.join(missing)}")
    made = tmp_path_factory.mktemp("machine")
    try:
        _unpacked(made, "wireless-regdb")
        _compiled(made, _unpacked(made, "apparmor", "apparmor-profiles"))
        _kernel(made)
    except Offline as why:
        pytest.skip(f"Debian's packages cannot be had: {why}")
    return made


@pytest.mark.parametrize("schema", sorted(KINDS))
def test_files_of_this_machine_pass(schema: str, folder: Path) -> None:
    """No file of the format has an error, and it is recognised by its content."""
    files = sorted(
        path for form in KINDS[schema] for path in folder.rglob(form)
        if path.is_file() and ".p7s" not in path.name
    )  # fmt: skip
    if not files:
        assert "CCHECK_MACHINE_FILES" in os.environ, "the packages were fetched, and hold no such file"
        pytest.skip(f"{folder} holds no {', '.join(KINDS[schema])}")
    validation = prepare(use_config=False)
    counts: Counter[str] = Counter()
    for path in files:
        report = validation.report(str(path))
        assert report.schema == schema, path
        assert (report.verdict, report.errors) == ("pass", 0), (path, report.findings[:3])
        counts.update(finding.check for finding in report.findings)
    print(f"{len(files)} files pass, with warnings: {dict(counts)}")  # noqa: T201 - asked for with -s


def _unpacked(made: Path, *packages: str, apt: tuple[str, ...] = ()) -> Path:
    """Packages, fetched and laid out below a folder; nothing of them is installed."""
    store = made / packages[0]
    (store / "debs").mkdir(parents=True)
    _done("apt-get", *apt, "download", *packages, cwd=store / "debs")
    for package in sorted((store / "debs").glob("*.deb")):
        _done("dpkg", "-x", str(package), str(store))
    return store


def _compiled(made: Path, apparmor: Path) -> None:
    """The profiles of Debian, compiled by the parser of the package; the kernel of the machine is not asked."""
    base = apparmor / "etc" / "apparmor.d"
    parser = next(path for path in apparmor.glob("**/sbin/apparmor_parser"))
    profiles = [*base.iterdir(), *(apparmor / "usr" / "share" / "apparmor" / "extra-profiles").iterdir()]
    for profile in sorted(path for path in profiles if path.is_file()):
        policy = made / f"{profile.name}.policy"
        words = ["-Q", "-K", "-b", str(base), "-I", str(base), "-o", str(policy)]
        # Some need parts of other packages, and do not compile; one is a README, without a profile.
        subprocess.run([str(parser), *words, str(profile)], check=False, capture_output=True)
        if policy.is_file() and not policy.stat().st_size:
            policy.unlink()


def _kernel(made: Path) -> None:
    """A kernel for arm64, by a list of packages of its own, so that the machine's stays as it is."""
    private = made / "apt"
    (private / "lists" / "partial").mkdir(parents=True)
    (private / "cache" / "archives" / "partial").mkdir(parents=True)
    (private / "status").touch()
    settings = {
        "APT::Architecture": "arm64", "APT::Architectures": "arm64", "Dir::State": str(private),
        "Dir::State::status": str(private / "status"), "Dir::Cache": str(private / "cache"),
    }  # fmt: skip
    apt = tuple(word for key, value in settings.items() for word in ("-o", f"{key}={value}"))
    _done("apt-get", *apt, "update")
    found = re.findall(
        r"^(linux-image-\d\S*-arm64) ",
        _done("apt-cache", *apt, "search", "^linux-image-.*-arm64$"),
        re.MULTILINE,
    )
    kernels = [name for name in found if not re.search(r"-(rt|cloud)-", name)]
    if not kernels:
        raise Offline("the lists of packages name no kernel for arm64")
    _unpacked(made, max(kernels, key=lambda name: [int(n) for n in re.findall(r"\d+", name)]), apt=apt)


def _done(*words: str, cwd: Path | None = None) -> str:
    """What a command prints. Raises Offline where it fails."""
    done = subprocess.run(words, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Offline(f"{words[0]}: {(done.stderr.strip() or 'it failed').splitlines()[-1]}")
    return done.stdout
