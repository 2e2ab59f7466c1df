"""`pytest --ccheck` collects content files as tests: each passes where `ccheck validate` passes it.

The plug-in is there in every run of pytest where ccheck is installed, and does nothing without the option:
nothing else of ccheck is imported until a content file is collected.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from ccheck.finding import FileReport
    from ccheck.judgement import Judgement

DEFAULT_SUFFIXES = [".bin", ".dat", ".db", ".dtb"]
"""Endings of files that are collected; what of them is no known format fails."""

_JUDGEMENT: pytest.StashKey[Judgement] = pytest.StashKey()


class ContentNotPassed(Exception):
    """A content file that does not pass. report: what was found."""

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
    """What cannot be judged by is said before anything is collected."""
    if session.config.getoption("--ccheck"):
        _judgement(session.config)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> ContentFile | None:
    """A content file, if they are asked for."""
    config = parent.config
    if not config.getoption("--ccheck") or file_path.suffix not in config.getini("ccheck_suffixes"):
        return None
    return ContentFile.from_parent(parent, path=file_path)


def _judgement(config: pytest.Config) -> Judgement:
    """What all files are judged by, put together once. Raises pytest.UsageError."""
    if _JUDGEMENT not in config.stash:
        import click

        from ccheck.configuration import ConfigurationError
        from ccheck.judgement import prepare

        try:
            config.stash[_JUDGEMENT] = prepare(
                schema=config.getoption("--ccheck-schema"), config=config.getoption("--ccheck-config")
            )
        except (click.UsageError, ConfigurationError) as wrong:
            raise pytest.UsageError(f"--ccheck: {wrong}") from wrong
    return config.stash[_JUDGEMENT]


class ContentFile(pytest.File):
    """A content file."""

    def collect(self) -> Iterator[ContentItem]:
        """One test."""
        yield ContentItem.from_parent(self, name="ccheck")


class ContentItem(pytest.Item):
    """Judge one content file."""

    def runtest(self) -> None:
        """Judge it. Raises ContentNotPassed."""
        report = _judgement(self.config).report(str(self.path))
        if report.verdict != "pass":
            raise ContentNotPassed(report)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The report as `ccheck validate` prints it."""
        if isinstance(excinfo.value, ContentNotPassed):
            from ccheck.report.text import render_file

            return render_file(excinfo.value.report, color=False)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where it is."""
        return self.path, None, f"ccheck: {self.path.name}"
