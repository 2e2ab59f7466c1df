"""`pytest --ccheck` collects content files as tests: each passes if `ccheck validate` passes it.

pytest itself skips folders such as `build` and `dist`, pipes, and whatever a conftest.py says.
The plug-in lists the content files below its arguments itself, as `ccheck validate` does, and adds
those that pytest has not collected. If one of them is dropped silently, the run fails.

The plug-in is present in every run of pytest if ccheck is installed, and does nothing without the option:
nothing else of ccheck is imported until a content file is collected.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from ccheck.core.finding import FileReport
    from ccheck.judging.context import ValidationContext

DEFAULT_SUFFIXES = [".bin", ".dat", ".db", ".dtb"]
"""Endings of files that are collected, in any case; what of them is no known format fails."""

_JUDGEMENT: pytest.StashKey[ValidationContext] = pytest.StashKey()
_REPORTS: pytest.StashKey[dict[str, FileReport]] = pytest.StashKey()


@dataclass
class _Pointed:
    """The content files that the arguments name.

    Attributes:
        files: The content files, in order.
        left_out: What is left out next to them, in words.
        deselected: The files that pytest deselects by their names or marks.
    """

    files: dict[Path, None]
    left_out: str
    deselected: set[Path] = field(default_factory=set)


_POINTED: pytest.StashKey[_Pointed] = pytest.StashKey()


class ContentNotPassed(Exception):
    """A content file that does not pass; `report` has its findings."""

    def __init__(self, report: FileReport) -> None:
        super().__init__(f"{report.path} does not pass")
        self.report = report


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options and settings."""
    group = parser.getgroup("ccheck", "content files that kernels read")
    group.addoption("--ccheck", action="store_true", help="Collect content files as tests.")
    group.addoption(
        "--ccheck-config", type=Path, metavar="FILE", help="The ccheck.toml; otherwise the nearest above."
    )
    group.addoption(
        "--ccheck-schema", metavar="NAME|FILE.py", help="The format; otherwise recognised by content."
    )
    parser.addini("ccheck_suffixes", "endings of content files", type="args", default=DEFAULT_SUFFIXES)


def pytest_collection(session: pytest.Session) -> None:
    """Reports a wrong configuration before anything is collected."""
    if session.config.getoption("--ccheck"):
        _validation(session.config)
        session.config.stash[_POINTED] = _pointed(session.config)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> CollectedFile | None:
    """A content file, if the option is set."""
    pointed = parent.config.stash.get(_POINTED, None)
    if pointed is None or file_path not in pointed.files:
        return None
    if not file_path.parent.as_posix().isprintable():
        return None  # pytest-xdist could not send the names of its folders; it is added behind the others
    return _content_file(parent, file_path)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Add the content files that pytest passed over, before it selects items by their names and marks."""
    pointed = config.stash.get(_POINTED, None)
    if pointed is not None:
        collected = {item.path for item in items if isinstance(item, ContentItem)}
        for path in pointed.files:
            if path not in collected:
                items += _content_file(session, path).collect()


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    """Remember what pytest leaves out and says so."""
    for item in items:
        pointed = item.config.stash.get(_POINTED, None)
        if pointed is not None and isinstance(item, ContentItem):
            pointed.deselected.add(item.path)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Compares the collected files with those of the arguments.

    Raises:
        pytest.UsageError: A content file was dropped silently.
    """
    pointed = session.config.stash.get(_POINTED, None)
    if pointed is None or _is_controller(session.config):
        return
    kept = {item.path for item in session.items} | pointed.deselected
    dropped = [path for path in pointed.files if path not in kept]
    if dropped:
        words = f"--ccheck: not examined, though named: {dropped[0]}"
        raise pytest.UsageError(words + (f" and {len(dropped) - 1:,} more" if dropped[1:] else ""))


def pytest_report_collectionfinish(config: pytest.Config) -> list[str]:
    """By what files are judged, and what was left out."""
    pointed = config.stash.get(_POINTED, None)
    if pointed is None:
        return []
    from ccheck.text.printable import printable

    used = printable(_validation(config).configuration) or "none"
    left_out = f"; left out: {pointed.left_out}" if pointed.left_out else ""
    return [f"ccheck: configuration: {used}; content files: {len(pointed.files):,}{left_out}"]


def _is_controller(config: pytest.Config) -> bool:
    """Returns whether this process hands tests to workers of pytest-xdist, and collects none itself."""
    return config.pluginmanager.hasplugin("dsession")


def _suffixes(config: pytest.Config) -> tuple[str, ...]:
    """The suffixes of content files, in lower case.

    Raises:
        pytest.UsageError: There is none.
    """
    endings = [ending.lower().lstrip(".") for ending in config.getini("ccheck_suffixes")]
    if not all(endings) or not endings:
        raise pytest.UsageError("ccheck_suffixes names no ending of a file: no content would be examined")
    return tuple(f".{ending}" for ending in endings)


def _is_content(config: pytest.Config, path: Path) -> bool:
    return path.name.lower().endswith(_suffixes(config))


def _pointed(config: pytest.Config) -> _Pointed:
    """The content files that the arguments name.

    They are the files with a content suffix below folders, and every file that is named and is not Python.
    """
    from ccheck.core.input import list_files

    files: dict[Path, None] = {}
    hidden = []
    ignored = 0
    for top in _tops(config):
        if top.is_dir():
            try:
                listing = list_files([str(top)])
            except OSError as fault:
                raise pytest.UsageError(f"--ccheck: {fault.filename}: {fault.strerror}") from fault
            if str(listing.left_out):
                hidden.append(str(listing.left_out))
            found = [path for path in map(Path, listing.files) if _is_content(config, path)]
        else:
            found = [top] if os.path.lexists(top) and top.suffix != ".py" else []
        for path in found:
            if _is_ignored(config, path):
                ignored += 1
            else:
                files[path] = None
    if ignored:
        hidden.append(f"{ignored:,} content file{'s' * (ignored != 1)} by --ignore")
    return _Pointed(files, ", ".join(hidden))


def _tops(config: pytest.Config) -> Iterator[Path]:
    """The files and folders that the arguments name, as paths or, with --pyargs, as modules and packages."""
    for argument in config.args:
        name = argument.partition("::")[0]
        top = Path(os.path.abspath(config.invocation_params.dir / name))  # noqa: PTH100 - links stay
        if config.getoption("pyargs") and not os.path.lexists(top):
            yield from _module_places(name)
        else:
            yield top


def _module_places(name: str) -> Iterator[Path]:
    """The folders of a package, or the file of a module; nothing if pytest finds none either."""
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError, AttributeError):
        return
    if spec is not None and spec.submodule_search_locations is not None:
        yield from map(Path, spec.submodule_search_locations)
    elif spec is not None and spec.origin is not None:
        yield Path(spec.origin)


def _is_ignored(config: pytest.Config, path: Path) -> bool:
    """Returns whether the command line leaves a file out with --ignore or --ignore-glob."""
    here = config.invocation_params.dir
    tops = [Path(os.path.abspath(here / one)) for one in config.getoption("ignore") or ()]  # noqa: PTH100 - as above
    globs = [str(here / one) for one in config.getoption("ignore_glob") or ()]
    places = (path, *path.parents)
    return any(top in places for top in tops) or any(
        fnmatch(str(place), glob) for place in places for glob in globs
    )


def _validation(config: pytest.Config) -> ValidationContext:
    """What all files are judged by, computed once.

    Raises:
        pytest.UsageError: The configuration cannot be used.
    """
    if _JUDGEMENT not in config.stash:
        import click

        from ccheck.judging.preparation import prepare
        from ccheck.text.toml_document import ConfigurationError

        _require_loadable(config.getoption("--ccheck-schema"))
        try:
            config.stash[_JUDGEMENT] = prepare(**_named(config))
        except (click.UsageError, ConfigurationError) as wrong:
            raise pytest.UsageError(f"--ccheck: {wrong}") from wrong
    return config.stash[_JUDGEMENT]


def _named(config: pytest.Config) -> dict[str, Any]:
    return {"schema": config.getoption("--ccheck-schema"), "config": config.getoption("--ccheck-config")}


def _require_loadable(schema: str | None) -> None:
    """Checks that a schema file can be loaded.

    Raises:
        pytest.UsageError: It cannot be used, or ends the process that loads it.
    """
    from ccheck.config.options import is_schema_file

    if schema is None or not is_schema_file(schema):
        return
    command = [sys.executable, "-P", "-m", "ccheck", "schemas", "--schema", schema]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    if done.returncode:
        words = done.stderr.strip().splitlines() or [f"it cannot be used: status {done.returncode}"]
        raise pytest.UsageError(f"--ccheck-schema: {words[-1]}")


def _report(config: pytest.Config, path: Path) -> FileReport:
    """The report of a content file. Code that is not ccheck's own judges all files at once, in workers."""
    validation = _validation(config)
    if not validation.isolated:
        return validation.report(str(path))
    reports = config.stash.setdefault(_REPORTS, {})
    if str(path) not in reports:
        from ccheck.judging.preparation import prepare
        from ccheck.run.batch import cores, examine
        from ccheck.run.interrupts import Interrupts

        # A worker of pytest-xdist receives some of the files, and does not know which.
        files = [path] if hasattr(config, "workerinput") else config.stash[_POINTED].files
        names = [str(path) for path in files]
        found = examine(names, partial(prepare, **_named(config)), validation, cores(), Interrupts())
        reports |= {names[position]: report for position, report in found}
    return reports[str(path)]


def _quoted(path: Path) -> str:
    """A path as one line of text that no other path is."""
    from ccheck.text.printable import printable_path

    return printable_path(path.as_posix())


def _content_file(parent: pytest.Collector, path: Path) -> CollectedFile:
    """The collector of a content file. If pytest could not write its name, the name is quoted."""
    if path.as_posix().isprintable():
        return CollectedFile.from_parent(parent, path=path)
    root = parent.config.rootpath
    name = path.relative_to(root) if path.is_relative_to(root) else path
    return CollectedFile.from_parent(parent, path=path, name=_quoted(Path(path.name)), nodeid=_quoted(name))


class CollectedFile(pytest.File):
    """A content file."""

    def collect(self) -> Iterator[ContentItem]:
        """One test."""
        yield ContentItem.from_parent(self, name="ccheck")


class ContentItem(pytest.Item):
    """Judge one content file."""

    def runtest(self) -> None:
        """Judges the file.

        Raises:
            ContentNotPassed: It does not pass.
        """
        report = _report(self.config, self.path)
        if report.verdict != "pass":
            raise ContentNotPassed(report)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The report as `ccheck validate` prints it."""
        if isinstance(excinfo.value, ContentNotPassed):
            from ccheck.report.text import render_file

            return render_file(excinfo.value.report, color=False)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """The place of the file."""
        place = self.path if self.path.as_posix().isprintable() else Path(_quoted(self.path))
        return place, None, f"ccheck: {_quoted(Path(self.path.name))}"
