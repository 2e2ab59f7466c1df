"""Checks of compiled AppArmor policy: the order of its items, and what a profile says of itself."""

from __future__ import annotations

from collections.abc import Iterator

from ccheck.core.check import Diagnostic
from ccheck.core.subject import Subject
from ccheck.formats.apparmor.checks.content import REFUSED, content_of, name_of
from ccheck_schemas.formats.apparmor.content import place_of
from ccheck_schemas.formats.apparmor.numbers import RESOURCES, Code, Mode, ProfileFlag
from ccheck_schemas.span import Span


def apparmor_item_misplaced(subject: Subject) -> Iterator[Diagnostic]:
    """An item stands where the kernel asks for another.

    ## What is wrong
    The items of a profile have a fixed order: its version, its name, flags, capabilities, rules and so on.
    Another item stands here, or the stream ends.

    ## Why is this bad
    The kernel refuses the whole load. A reader that takes what comes by its kind alone gives a number another
    meaning: a mode for a capability.

    ## How to fix
    Compile the policy again, with a parser for the version of the stream that it states.
    """
    content = content_of(subject)
    for slip in content.slips:
        if slip.item is None:
            span = Span(content.size, 0, "items")
            found = "the stream ends"
        else:
            span = slip.item.source.span("code")
            named = f" named {slip.item.name!r}" if slip.item.name is not None else ""
            found = f"a {_code(slip.item.code)}{named} stands here"
        yield Diagnostic(
            f"{found}, and the kernel asks for a {slip.wanted}",
            span,
            label="out of place",
            why="the kernel refuses the load; a reader that takes what comes gives it another meaning",
            fix="compile the policy again for this version of the stream",
        )


def _code(code: int) -> str:
    return Code(code).name if code in Code._value2member_map_ else str(code)


def apparmor_mode_unknown(subject: Subject) -> Iterator[Diagnostic]:
    """A profile has a mode that the kernel does not know.

    ## What is wrong
    The mode is none of 0 enforce, 1 complain, 2 kill, 3 unconfined and 4 prompt.

    ## Why is this bad
    The kernel refuses the whole load. One that did not would leave the profile in the mode of the number's
    neighbours, be it that nothing is confined.

    ## How to fix
    Use one of the five.
    """
    for profile in content_of(subject).profiles:
        if profile.mode is not None and profile.mode.value not in Mode._value2member_map_:
            yield Diagnostic(
                f"the mode of profile {name_of(profile)} is {profile.mode.value}, 0 to 4 are known",
                place_of(profile.mode),
                label=f"{profile.mode.value}",
                why=REFUSED,
                fix="use 0 enforce, 1 complain, 2 kill, 3 unconfined or 4 prompt",
            )


def apparmor_flag_unknown(subject: Subject) -> Iterator[Diagnostic]:
    """A profile has flags that the kernel does not know.

    ## What is wrong
    The flags of a profile have other bits than 1 hat, 2 and 4.

    ## Why is this bad
    The kernel does not look at them today. A later one that gives them a meaning finds them set.

    ## How to fix
    Clear the bits, or compile the policy with a parser for this kernel.
    """
    known = sum(ProfileFlag)
    for profile in content_of(subject).profiles:
        if profile.flags is not None and profile.flags.value & ~known:
            yield Diagnostic(
                f"the flags of profile {name_of(profile)} are {profile.flags.value:#x}, {known:#x} are known",
                place_of(profile.flags),
                label=f"{profile.flags.value:#x}",
                why="a later kernel gives them a meaning, and finds them set",
                fix="clear the bits",
            )


def apparmor_limits_too_many(subject: Subject) -> Iterator[Diagnostic]:
    """A profile limits more resources than Linux has.

    ## What is wrong
    The array of rlimits has more entries than there are resources.

    ## Why is this bad
    The kernel refuses the whole load. A reader that did not would write behind its array of 16 limits.

    ## How to fix
    Write at most 16 limits.
    """
    for profile in content_of(subject).profiles:
        limits = profile.rlimits[1] if profile.rlimits is not None else ()
        if len(limits) > RESOURCES:
            yield Diagnostic(
                f"profile {name_of(profile)} limits {len(limits):,} resources, Linux has {RESOURCES}",
                place_of(limits[RESOURCES]),
                label="the first too many",
                why="the kernel refuses the load; a reader that did not would write behind its array",
                fix=f"write at most {RESOURCES} limits",
            )
