"""Checks of the permissions in compiled AppArmor policy, and of the numbers that lead to them and from them."""

from __future__ import annotations

from collections.abc import Iterator

from ccheck.core.check import Diagnostic
from ccheck.core.subject import Subject
from ccheck.formats.apparmor.checks.content import AGAIN, REFUSED, matchers_of
from ccheck_schemas.formats.apparmor.content import Dfa, Item, Matcher, Permissions, place_of
from ccheck_schemas.formats.apparmor.names import begins_with_space
from ccheck_schemas.formats.apparmor.numbers import (
    ACCEPT_INDEX_HIGH,
    EXCLUSIVE,
    FOR_OWNERS,
    NAME_IN_TABLE,
    NAME_INDEX,
    NAME_TYPE,
    TableId,
)

_FIRST_NAME = 4
"""The first index of an accept word that means an entry of the table of names."""


def apparmor_permissions_conflict(subject: Subject) -> Iterator[Diagnostic]:
    """An entry of a permission table contradicts itself.

    ## What is wrong
    A permission is allowed and denied at once, or has another pair of settings that exclude each other: cond,
    kill, complain, prompt or hide beside allow; cond, complain or prompt beside deny; complain beside prompt; or
    subtree without allow.

    ## Why is this bad
    The kernel refuses the whole load. Which of the two applies would depend on the place that asks.

    ## How to fix
    Compile the policy again.
    """
    for where, _, matcher in matchers_of(subject):
        for index, entry in enumerate(matcher.permissions or ()):
            for name, words, bits in _conflicts(entry):
                yield Diagnostic(
                    f"permissions[{index}] of {where}: {words} ({bits:#x})",
                    place_of(entry.item(name)),
                    label=f"{entry.number(name):#x}",
                    why=REFUSED,
                    fix=AGAIN,
                )


def _conflicts(entry: Permissions) -> Iterator[tuple[str, str, int]]:
    """Yields a number of an entry, what it contradicts in words, and the bits (`verify_perm`)."""
    for one, other in EXCLUSIVE:
        both = entry.number(one) & entry.number(other)
        if both:
            yield one, f"{one} and {other} have bits in common", both
    alone = entry.number("subtree") & ~entry.number("allow")
    if alone:
        yield "subtree", "subtree has bits that allow has not", alone


def apparmor_permission_outside(subject: Subject) -> Iterator[Diagnostic]:
    """A state has permissions that the table of permissions does not have.

    ## What is wrong
    Beside a table of permissions an accept word is an index of it, and this one is not less than the number of
    entries. Or the state has permissions for owners and for others, which are the entry behind it, and the table
    ends with the first.

    ## Why is this bad
    The kernel refuses the load where the entry for owners is outside, except for the DFA of the attachment. It
    does not compare that DFA, nor the entry for others: a program or file whose path ends in the state makes it
    read behind the table.

    ## How to fix
    Compile the policy again.
    """
    for where, profile, matcher in matchers_of(subject):
        if matcher.permissions is None or matcher.dfa is None:
            continue
        count = len(matcher.permissions)
        has_pairs = matcher.permsv is None and matcher is profile.file
        flags = matcher.dfa.table(TableId.ACCEPT2)
        for state, index in enumerate(matcher.dfa.table(TableId.ACCEPT)):
            for_others = has_pairs or (state < len(flags) and flags[state] & FOR_OWNERS)
            if index >= count or (for_others and index + 1 >= count):
                others = index + 1 if index < count else index
                yield Diagnostic(
                    f"state {state} of {where} has permissions[{others}]{' for others' if index < count else ''}, "
                    f"the table has {count:,}",
                    matcher.dfa.by_id[TableId.ACCEPT].entry(state),
                    label=f"{index}",
                    why="the kernel reads permissions behind their table",
                    fix=AGAIN,
                )


def apparmor_exec_index_outside(subject: Subject) -> Iterator[Diagnostic]:
    """A rule for executing names an entry that the table of names does not have.

    ## What is wrong
    An accept word, for the owner of a file or for others, or an entry of a permission table (xindex or label)
    leads to an entry of the table of profile names (xtable), and the table ends sooner, or is missing. Without a
    DFA the kernel throws the table away, and nothing may lead to it.

    ## Why is this bad
    The kernel reads a pointer behind the table when such a file is executed, and takes what it finds for a
    name.

    ## How to fix
    Compile the policy again.
    """
    for where, _, matcher in matchers_of(subject):
        if matcher.permissions is not None:
            yield from _names_of_permissions(where, matcher, matcher.permissions)
        elif matcher.dfa is not None and where == "the file rules":
            yield from _names_of_accept_words(matcher.dfa, len(matcher.names))


def _names_of_permissions(
    where: str, matcher: Matcher, permissions: tuple[Permissions, ...]
) -> Iterator[Diagnostic]:
    # Without a DFA the kernel reads the table of names, and throws it away.
    names = 0 if matcher.dfa is None else len(matcher.names)
    for index, entry in enumerate(permissions):
        xindex, label = entry.number("xindex"), entry.number("label")
        if xindex & NAME_TYPE == NAME_IN_TABLE and xindex & NAME_INDEX >= names:
            what = f"permissions[{index}] of {where} lead to name {xindex & NAME_INDEX:,}"
            yield _outside(what, names, entry.item("xindex"))
        if label and label >= names:
            yield _outside(
                f"permissions[{index}] of {where} have the label {label:,}", names, entry.item("label")
            )


def _outside(what: str, names: int, item: Item) -> Diagnostic:
    return Diagnostic(
        f"{what}, the table has {names:,}",
        place_of(item),
        label=f"{item.value:#010x}",
        why="the kernel reads a pointer behind the table, and takes it for a name",
        fix=AGAIN,
    )


def _names_of_accept_words(dfa: Dfa, names: int) -> Iterator[Diagnostic]:
    for index, word in enumerate(dfa.table(TableId.ACCEPT)):
        for who, shift in (("the owner", 0), ("others", 14)):
            number = word >> shift + 10 & ACCEPT_INDEX_HIGH
            if number >= _FIRST_NAME and number - _FIRST_NAME >= names:
                yield Diagnostic(
                    f"state {index} leads {who} to name {number - _FIRST_NAME}, the table has {names}",
                    dfa.by_id[TableId.ACCEPT].entry(index),
                    label=f"{word:#010x}",
                    why="the kernel reads a pointer behind the table, and takes it for a name",
                    fix=AGAIN,
                )


def apparmor_tags_inconsistent(subject: Subject) -> Iterator[Diagnostic]:
    """The tables of tags do not fit each other.

    ## What is wrong
    Some of the three tables (texts, headers, sets) are empty and others are not; a set is longer than the table
    of sets; a set names a header, a header names a text, or a permission names a set that is not there; a header
    says another number of tags or another size than its text has; or a text does not end in two NULs, is empty,
    or has an empty tag, one that begins with a space, or a colon alone.

    ## Why is this bad
    The kernel refuses the whole load. It copies texts by the size that the header states, to a program that asks
    for the tags of a permission.

    ## How to fix
    Compile the policy again.
    """
    for where, _, matcher in matchers_of(subject):
        for what, item in _tag_faults(matcher):
            yield Diagnostic(
                f"{where}: {what}",
                place_of(item),
                label="of tags",
                why=REFUSED,
                fix=AGAIN,
            )


def _tag_faults(matcher: Matcher) -> Iterator[tuple[str, Item]]:
    """Yields what is wrong with tags (`verify_tags`, `process_strs_entry`), in words, and the item."""
    sets = 0
    if matcher.tags is not None:
        tags = matcher.tags
        sets = len(tags.sets)
        counts = {"texts": len(tags.texts or ()), "headers": len(tags.headers), "sets": sets}
        missing = [name for name, count in counts.items() if not count]
        if missing and any(counts.values()):
            yield f"tags have no {' and no '.join(missing)}, and others of the three", tags.source
            return
        texts = tags.texts or ()
        for item in texts:
            fault = _tag_text_fault(item.value)
            if fault:
                yield f"the text of tags {item.value!r} {fault}", item
        yield from _set_faults(tags.sets, len(tags.headers))
        for header in tags.headers:
            if header.tags.value >= len(texts):
                yield f"a header names text {header.tags.value:,} of {len(texts):,}", header.tags
                continue
            text = texts[header.tags.value].value or ""
            count, size = _tag_count(text), len(text.encode("utf-8", "surrogatepass")) + 1
            if header.count.value != count:
                yield f"a header says {header.count.value:,} tags, its text has {count}", header.count
            if header.size.value != size:
                yield f"a header says {header.size.value:,} bytes, its text has {size}", header.size
    for index, entry in enumerate(matcher.permissions or ()):
        tag = entry.number("tag")
        if tag and tag >= sets:
            yield f"permissions[{index}] have set {tag:,} of tags, there are {sets:,}", entry.item("tag")


def _set_faults(sets: tuple[Item, ...], headers: int) -> Iterator[tuple[str, Item]]:
    """Yields what is wrong with sets: each is its length, and that many numbers of headers."""
    at = 0
    while at < len(sets):
        count = sets[at].value
        if at + count >= len(sets):
            yield f"a set of {count:,} headers begins {len(sets) - at - 1:,} before the end", sets[at]
            return
        for item in sets[at + 1 : at + 1 + count]:
            if item.value >= headers:
                yield f"a set names header {item.value:,} of {headers:,}", item
        at += 1 + count


def _tag_text_fault(text: str | None) -> str:
    """Returns why a text of tags is not taken, or an empty text; its last NUL is not part of it."""
    if text is None:
        return ""
    if not text.endswith("\0"):
        return "does not end in two NULs"
    *inner, last = text[:-1].split("\0")
    if "" in inner:
        return "has an empty tag"
    for tag in (*inner, last):
        if begins_with_space(tag):
            return "has a tag that begins with a space"
        if tag == ":":
            return "has a tag that is a colon"
    return ""


def _tag_count(text: str) -> int:
    """Returns how many tags a text has as the kernel counts them: `:namespace` NUL `name` is one."""
    tags = text.removesuffix("\0").split("\0")
    namespaces = sum(tag.startswith(":") for tag in tags[:-1])
    return len(tags) - namespaces
