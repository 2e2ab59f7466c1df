"""The values of AppArmor's facts on its page."""

from __future__ import annotations

from tests.apparmor_items import PAGE, written


def test_the_page_lists_the_values_as_they_are() -> None:
    """`python -m tests.apparmor_items` changes nothing: the page has the values of facts, and who reads them."""
    text = PAGE.read_text(encoding="utf-8")
    assert text == written()
    assert "| `name.namespace` | a namespace in front of a name | 5.10.223, 5.15.100, 6.6.9 |" in text
    assert "`difference` (0x80), `out_of_band` (0x20)" in text
