"""Content and events in one string of bytes, and out of it again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ccheck_fuzz.model.test_input import MARK, Input, split

LINES = st.lists(st.text().filter(lambda line: line.strip() and "\n" not in line), min_size=1)


@given(content=st.binary(), events=LINES)
def test_what_is_packed_comes_out_again(content: bytes, events: list[str]) -> None:
    """A test input with events is the same after packing and splitting."""
    test_input = Input(content, tuple(events))
    assert split(test_input.pack()) == test_input


@given(data=st.binary().filter(lambda data: not data.endswith(MARK)))
def test_a_plain_file_is_an_entry(data: bytes) -> None:
    """Bytes without the mark are content, with the events that it calls for itself."""
    assert split(data) == Input(data)
    assert Input(data).pack() == data


@given(data=st.binary())
def test_any_bytes_with_the_mark_are_an_entry(data: bytes) -> None:
    """A length that is not true makes all of it content."""
    test_input = split(data + MARK)
    assert test_input.content == data + MARK or data.startswith(test_input.content)


@given(content=st.binary(), events=LINES, most=st.integers(0, 400))
def test_a_short_entry_has_whole_events(content: bytes, events: list[str], most: int) -> None:
    """A test input that must be short loses events, the last first, and then content; never half an event."""
    packed = Input(content, tuple(events)).fit(most)
    assert len(packed) <= most
    kept = split(packed)
    if len(content) <= most and MARK not in content:
        assert kept.content == content
        assert (kept.events or ()) == tuple(events)[: len(kept.events or ())]
