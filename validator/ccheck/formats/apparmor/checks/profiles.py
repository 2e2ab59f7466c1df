"""Checks of compiled AppArmor policy: the order of its items, and what a profile says of itself."""

from __future__ import annotations

from collections.abc import Iterator

from ccheck.core.check import Diagnostic
from ccheck.core.subject import Subject
from ccheck_schemas.formats.apparmor.content import PolicyContent, Profile, place_of
from ccheck_schemas.formats.apparmor.numbers import Code, Mode, ProfileFlag
from ccheck_schemas.span import Span


def content_of(subject: Subject) -> PolicyContent:
    """The policy; an empty one where the file could not be read."""
    held = subject.content
    return held if isinstance(held, PolicyContent) else PolicyContent((), (), ())


def _name(profile: Profile) -> str:
    return repr(profile.name.value) if profile.name is not None else "without a name"


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


def apparmor_name_empty(subject: Subject) -> Iterator[Diagnostic]:
    """A profile or namespace has an empty name.

    ## What is wrong
    The text that names a profile, or the namespace that it goes into, has no characters.

    ## Why is this bad
    The kernel refuses the whole load: a profile without a name can be neither attached nor replaced.

    ## How to fix
    Name the profile; leave the namespace out where there is none.
    """
    for profile in content_of(subject).profiles:
        for what, item in (("profile", profile.name), ("namespace", profile.namespace)):
            if item is not None and item.value == "":
                place = place_of(item)
                yield Diagnostic(
                    f"the name of the {what} is empty",
                    Span(place.offset, 1, place.path),
                    label="empty",
                    why="the kernel refuses the load",
                    fix="name the profile, and leave the namespace out where there is none",
                )


def apparmor_mode_unknown(subject: Subject) -> Iterator[Diagnostic]:
    """A profile has a mode that the kernel does not know.

    ## What is wrong
    The mode is none of 0 enforce, 1 complain, 2 kill and 3 unconfined.

    ## Why is this bad
    The kernel refuses the whole load. One that did not would leave the profile in the mode of the number's
    neighbours, be it that nothing is confined.

    ## How to fix
    Use one of the four.
    """
    for profile in content_of(subject).profiles:
        if profile.mode is not None and profile.mode.value not in Mode._value2member_map_:
            yield Diagnostic(
                f"the mode of profile {_name(profile)} is {profile.mode.value}, 0 to 3 are known",
                place_of(profile.mode),
                label=f"{profile.mode.value}",
                why="the kernel refuses the load",
                fix="use 0 enforce, 1 complain, 2 kill or 3 unconfined",
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
                f"the flags of profile {_name(profile)} are {profile.flags.value:#x}, {known:#x} are known",
                place_of(profile.flags),
                label=f"{profile.flags.value:#x}",
                why="a later kernel gives them a meaning, and finds them set",
                fix="clear the bits",
            )


def apparmor_exec_name_malformed(subject: Subject) -> Iterator[Diagnostic]:
    """A name that executing leads to is not well-formed.

    ## What is wrong
    An entry of the table of names begins with a space, is a colon without a name behind it, or has a NUL
    inside although it names no namespace, or more than one.

    ## Why is this bad
    The kernel refuses the whole load. It puts a colon where the NUL stands, and looks for the profile of that
    name: a reader that stops at the NUL goes to another profile.

    ## How to fix
    Write `profile`, or `:namespace` NUL `profile`.
    """
    for profile in content_of(subject).profiles:
        for item in profile.xtable or ():
            fault = _malformed(item.value)
            if fault is not None:
                place = place_of(item)
                yield Diagnostic(
                    f"the name {item.value!r} {fault}",
                    Span(place.offset, max(1, place.length), place.path),
                    label="the name",
                    why="the kernel refuses the load",
                    fix="write profile, or :namespace NUL profile",
                )


def _malformed(name: str | None) -> str | None:
    """Why the kernel does not take a name that executing leads to (`unpack_trans_table`), or None."""
    if name is None:
        return None
    nuls = name.count("\0")
    if name[:1].isspace():
        return "begins with a space"
    if name.startswith(":"):
        if name[1:2] in ("", "\0"):
            return "is a colon without a name behind it"
        return "has more than one NUL inside" if nuls > 1 else None
    return "has a NUL inside, and names no namespace" if nuls else None
