"""Names of files as URIs."""

from __future__ import annotations

from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

import pytest
from hypothesis import given

import ccheck.report.uri
from ccheck.report.uri import artifact_uri
from tests.validator.report.samples import any_text


@pytest.mark.parametrize(
    ("flavour", "path", "uri"),
    [
        (PurePosixPath, "content/a b.bin", "content/a%20b.bin"),
        (PurePosixPath, "../x.bin", "../x.bin"),
        (PurePosixPath, "c:x.bin", "c%3Ax.bin"),
        (PurePosixPath, "a\\b", "a%5Cb"),
        (PurePosixPath, "/srv/50%/ü.bin", "file:///srv/50%25/%C3%BC.bin"),
        (PurePosixPath, "bad\udcff", "bad%FF"),
        (PurePosixPath, "\ud800", "%ED%A0%80"),
        (PureWindowsPath, "content\\a b.bin", "content/a%20b.bin"),
        (PureWindowsPath, "C:\\x\\#1.bin", "file:///C:/x/%231.bin"),
        (PureWindowsPath, "\\\\server\\share\\a.bin", "file://server/share/a.bin"),
    ],
)
def test_paths_of_both_worlds(
    flavour: type[PurePath], path: str, uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Relative names stay relative, absolute ones become file URIs, and everything special is encoded."""
    monkeypatch.setattr(ccheck.report.uri, "PurePath", flavour)
    assert artifact_uri(path) == uri


def test_absolute_names_lead_back(tmp_path: Path) -> None:
    """The path of a file URI is the path it came from."""
    place = tmp_path / "50% #ü.bin"
    assert url2pathname(urlsplit(artifact_uri(str(place))).path) == str(place)


@given(any_text)
def test_any_name_is_ascii(name: str) -> None:
    """Whatever a file is called, its URI is ASCII without spaces, and decodes to some text."""
    uri = artifact_uri(name)
    assert uri.isascii()
    assert uri.isprintable()
    assert not set(uri) & set(' "<>\\^`{|}')
    assert unquote(uri)
