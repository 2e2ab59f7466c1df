"""Text that is safe to show."""

from __future__ import annotations

import pytest
from hypothesis import given

from ccheck.text.printable import printable, well_formed
from tests.validator.report.samples import any_text


@pytest.mark.parametrize(
    ("raw", "safe"),
    [
        ("plain näme 文", "plain näme 文"),
        ("C:\\new\\x.bin", "C:\\new\\x.bin"),
        ("a\tb\r\n", "a\\tb\\r\\n"),
        ("\x1b[31m\x9b\x7f", "\\x1b[31m\\x9b\\x7f"),
        ("\u202efdp\u2066\u200b\ufeff", "\\u202efdp\\u2066\\u200b\\ufeff"),
        ("\udcff\ufffe", "\\udcff\\ufffe"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_what_is_escaped(raw: str, safe: str) -> None:
    """Controls, invisible characters, marks of direction and surrogates are escaped; words are not."""
    assert printable(raw) == safe


@given(any_text)
def test_printable_is_printable_and_stable(text: str) -> None:
    """The result holds printable characters alone, and making it printable again changes nothing."""
    safe = printable(text)
    assert safe.isprintable()
    assert printable(safe) == safe


@given(any_text)
def test_well_formed_can_be_encoded(text: str) -> None:
    """The result is UTF-8, and text that was well formed stays as it is."""
    safe = well_formed(text)
    assert safe.encode("utf-8").decode("utf-8") == safe
    if not any("\ud800" <= c <= "\udfff" for c in text):
        assert safe == text
