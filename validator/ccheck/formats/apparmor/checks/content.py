"""What the checks of compiled AppArmor policy look at."""

from __future__ import annotations

from collections.abc import Iterator

from ccheck.core.subject import Subject
from ccheck_schemas.formats.apparmor.content import Item, Matcher, PolicyContent, Profile, place_of
from ccheck_schemas.span import Span

AGAIN = "compile the policy again"
REFUSED = "the kernel refuses the load"


def content_of(subject: Subject) -> PolicyContent:
    """Returns the policy; an empty one where the file could not be read."""
    held = subject.content
    return held if isinstance(held, PolicyContent) else PolicyContent((), (), ())


def matchers_of(subject: Subject) -> Iterator[tuple[str, Profile, Matcher]]:
    """Yields the matchers of all profiles, each with words for it."""
    for profile in content_of(subject).profiles:
        for where, matcher in profile.matchers:
            yield _WORDS[where], profile, matcher


_WORDS = {"xmatch": "the attachment", "policydb": "policydb", "file": "the file rules"}


def name_of(profile: Profile) -> str:
    """Returns the name of a profile, in words."""
    return repr(profile.name.value) if profile.name is not None else "without a name"


def text_place(item: Item) -> Span:
    """Returns the place of a text, of at least one byte: an empty one has its NUL."""
    place = place_of(item)
    return Span(place.offset, max(1, place.length), place.path)
