"""Checks of the names in compiled AppArmor policy, which the kernel reads up to the first NUL."""

from __future__ import annotations

from collections.abc import Iterator

from ccheck.core.check import Diagnostic
from ccheck.core.finding import RelatedLocation
from ccheck.core.subject import Subject
from ccheck.formats.apparmor.checks.content import REFUSED, content_of, matchers_of, text_place
from ccheck_schemas.formats.apparmor.content import Item, Profile
from ccheck_schemas.formats.apparmor.names import begins_with_space, c_text, qualified


def apparmor_name_empty(subject: Subject) -> Iterator[Diagnostic]:
    """A profile or namespace has an empty name.

    ## What is wrong
    The text that names a profile, or the namespace that it goes into, has no characters, begins with a NUL, or
    is a namespace without a name behind it (`:namespace:`).

    ## Why is this bad
    The kernel refuses the whole load: a profile without a name can be neither attached nor replaced. Kernels
    before 2022 follow a NULL pointer where a name is a namespace and nothing else.

    ## How to fix
    Name the profile; leave the namespace out where there is none.
    """
    for profile in content_of(subject).profiles:
        for what, item in (("profile", profile.name), ("namespace", profile.namespace)):
            if item is None or item.value is None:
                continue
            alone = what == "profile" and qualified(item.value).name is None
            if c_text(item.value) == "" or alone:
                yield Diagnostic(
                    f"the name of the profile is the namespace {c_text(item.value)!r} alone"
                    if alone
                    else f"the name of the {what} is empty",
                    text_place(item),
                    label="a namespace" if alone else "empty",
                    why="older kernels follow a NULL pointer, newer ones refuse the load"
                    if alone
                    else REFUSED,
                    fix="name the profile, and leave the namespace out where there is none",
                )


def _names(profile: Profile) -> Iterator[tuple[str, Item]]:
    """Yields the texts of a profile that the kernel reads as one text each."""
    yield from (
        (what, item)
        for what, item in (
            ("the namespace", profile.namespace),
            ("the name of the profile", profile.name),
            ("the former name", profile.rename),
            ("the attachment", profile.attach),
            ("the path of disconnected files", profile.disconnected),
            ("the path of disconnected sockets", profile.disconnected_ipc),
        )
        if item is not None
    )
    yield from (("the extended attribute", item) for item in profile.xattrs or ())
    yield from (("the label of packets", label) for _, _, label in profile.secmark or ())
    yield from (("the key", key) for key, _ in profile.data or ())


def apparmor_text_cut(subject: Subject) -> Iterator[Diagnostic]:
    """A text has a NUL inside, and the kernel reads it up to there.

    ## What is wrong
    A name, path, label or key states its length, and has a NUL before its end.

    ## Why is this bad
    The kernel takes such texts up to the first NUL. Who reads the length sees another name than the one that
    is loaded: a profile is reviewed as `/usr/bin/a.old`, and replaces `/usr/bin/a`.

    ## How to fix
    Write the text without the NUL and what is behind it.
    """
    for profile in content_of(subject).profiles:
        for what, item in _names(profile):
            # A name that begins with a NUL is an empty name.
            named = item in (profile.name, profile.namespace)
            cut = c_text(item.value or "")
            if item.value is not None and cut != item.value and (cut or not named):
                yield Diagnostic(
                    f"{what} is {item.value!r}, and the kernel reads {cut!r}",
                    text_place(item),
                    label="a NUL inside",
                    why="the kernel reads the text up to the NUL, other readers to its end",
                    fix="leave out the NUL and what is behind it",
                )


def apparmor_rename_freed(subject: Subject) -> Iterator[Diagnostic]:
    """A profile has a former name, which the kernel frees although it never allocated it.

    ## What is wrong
    The profile has the item `rename`.

    ## Why is this bad
    The kernel keeps a pointer to the text inside the policy, and frees it with the profile: when the load fails,
    or when the profile is replaced or removed. That corrupts its memory. No parser writes the item, and all
    kernels that were read, up to Linux 7.2, have the fault.

    ## How to fix
    Leave the item out; remove the profile of the former name by itself.
    """
    for profile in content_of(subject).profiles:
        if profile.rename is not None:
            yield Diagnostic(
                f"the profile replaces {profile.rename.value!r}, and the kernel frees that name",
                text_place(profile.rename),
                label="the former name",
                why="the kernel frees a pointer into the policy, which it never allocated",
                fix="leave the item out",
            )


def apparmor_key_repeated(subject: Subject) -> Iterator[Diagnostic]:
    """A profile has data under the same key twice.

    ## What is wrong
    Two entries of a profile's data have the same key, up to the first NUL.

    ## Why is this bad
    The kernel refuses the whole load. Older kernels keep the first entry, and lose the memory of the second.

    ## How to fix
    Write each key once.
    """
    for profile in content_of(subject).profiles:
        first: dict[str, Item] = {}
        for key, _ in profile.data or ():
            text = c_text(key.value or "")
            if text in first:
                where = text_place(first[text])
                yield Diagnostic(
                    f"the key {text!r} has data already",
                    text_place(key),
                    label="again",
                    why="newer kernels refuse the load, older ones keep the first",
                    fix="write each key once",
                    related=(RelatedLocation("the first", where.path, where.offset, where.length),),
                )
            first.setdefault(text, key)


def apparmor_exec_name_malformed(subject: Subject) -> Iterator[Diagnostic]:
    """A name that executing leads to is not well-formed.

    ## What is wrong
    An entry of the table of names begins with a space, is a colon without a name behind it, has a NUL inside
    although it names no namespace, or more than one, or has a space or a NUL behind that NUL.

    ## Why is this bad
    The kernel refuses the whole load. It puts a colon where the NUL stands, and looks for the profile of that
    name: a reader that stops at the NUL goes to another profile.

    ## How to fix
    Write `profile`, or `:namespace` NUL `profile`.
    """
    for _, _, matcher in matchers_of(subject):
        for item in matcher.names:
            fault = _malformed(item.value)
            if fault is not None:
                yield Diagnostic(
                    f"the name {item.value!r} {fault}",
                    text_place(item),
                    label="the name",
                    why=REFUSED,
                    fix="write profile, or :namespace NUL profile",
                )


def _malformed(name: str | None) -> str | None:
    """Why the kernel does not take a name that executing leads to (`process_strs_entry`), or None."""
    if name is None:
        return None
    first, nul, rest = name.partition("\0")
    if begins_with_space(name):
        return "begins with a space"
    if first == ":":
        return "is a colon without a name behind it"
    if "\0" in rest:
        return "has more than one NUL inside"
    if nul and not first.startswith(":"):
        return "has a NUL inside, and names no namespace"
    if begins_with_space(rest):
        return "has a space behind its NUL"
    return "has a colon without a name behind its NUL" if rest == ":" else None
