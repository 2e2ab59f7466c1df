"""Content and events in one string of bytes, and out of it again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ccheck_fuzz.model.entry import MARK, Entry, split

LINES = st.lists(st.text().filter(lambda line: line.strip() and "\n" not in line), min_size=1)


@given(content=st.binary(), events=LINES)
def test_what_is_packed_comes_out_again(content: bytes, events: list[str]) -> None:
    """An entry with events is the same after packing and splitting."""
    entry = Entry(content, tuple(events))
    assert split(entry.pack()) == entry


@given(data=st.binary().filter(lambda data: not data.endswith(MARK)))
def test_a_plain_file_is_an_entry(data: bytes) -> None:
    """Bytes without the mark are content, with the events that it calls for itself."""
    assert split(data) == Entry(data)
    assert Entry(data).pack() == data


@given(data=st.binary())
def test_any_bytes_with_the_mark_are_an_entry(data: bytes) -> None:
    """A length that is not true makes all of it content."""
    entry = split(data + MARK)
    assert entry.content == data + MARK or data.startswith(entry.content)


@given(content=st.binary(), events=LINES, most=st.integers(0, 400))
def test_a_short_entry_has_whole_events(content: bytes, events: list[str], most: int) -> None:
    """An entry that must be short loses events, the last first, and then content; never half an event."""
    packed = Entry(content, tuple(events)).fit(most)
    assert len(packed) <= most
    kept = split(packed)
    if len(content) <= most and MARK not in content:
        assert kept.content == content
        assert (kept.events or ()) == tuple(events)[: len(kept.events or ())]
