"""Checks of the DFAs of compiled AppArmor policy: every number that the kernel uses as an index."""

from __future__ import annotations

from collections.abc import Iterator

from ccheck.core.check import Diagnostic
from ccheck.core.finding import RelatedLocation
from ccheck.core.subject import Subject
from ccheck.formats.apparmor.checks.content import AGAIN, REFUSED, content_of, matchers_of
from ccheck_schemas.formats.apparmor.content import Dfa, Matcher, place_of
from ccheck_schemas.formats.apparmor.numbers import (
    BASE_MASK,
    CLASSES,
    DIFF_ENCODE,
    ELEMENT_SIZES,
    FLAGS_IN_ACCEPT2,
    OUT_OF_BAND,
    STATES,
    DfaFlag,
    TableId,
)
from ccheck_schemas.span import Span

_NEEDED = (TableId.ACCEPT, TableId.BASE, TableId.CHECK, TableId.DEFAULT, TableId.NEXT)


def _word(kind: int) -> str:
    return TableId(kind).name.lower() if kind in TableId._value2member_map_ else str(kind)


def _place(dfa: Dfa, kind: TableId, index: int) -> Span:
    """Where an entry of a table stands."""
    return dfa.by_id[kind].entry(index)


def apparmor_table_missing(subject: Subject) -> Iterator[Diagnostic]:
    """A DFA lacks a table.

    ## What is wrong
    A DFA has no table of accept words, base, check, default or next; or it has no table accept2, and its profile
    has no table of permissions, or says by `permsv` that accept2 has flags.

    ## Why is this bad
    The kernel refuses the whole load. A reader that did not would follow a NULL pointer at the first match.

    ## How to fix
    Compile the policy again.
    """
    for dfa in content_of(subject).dfas:
        for kind in _NEEDED:
            if all(table.id != kind for table in dfa.tables):
                yield Diagnostic(
                    f"the DFA has no table of {_word(kind)}",
                    dfa.source.span("magic"),
                    label="this DFA",
                    why=_NULL,
                    fix=AGAIN,
                )
    for where, _, matcher in matchers_of(subject):
        if matcher.dfa is not None and _needs_accept2(matcher) and _accept2(matcher.dfa) is None:
            yield Diagnostic(
                f"the DFA of {where} has no table of accept2",
                matcher.dfa.source.span("magic"),
                label="this DFA",
                why=_NULL,
                fix=AGAIN,
            )


def apparmor_table_unexpected(subject: Subject) -> Iterator[Diagnostic]:
    """A DFA has a table that does not belong beside a table of permissions.

    ## What is wrong
    The profile has a table of permissions, does not say by `permsv` that accept2 has flags, and its DFA has a
    table accept2.

    ## Why is this bad
    The kernel refuses the whole load.

    ## How to fix
    Compile the policy again.
    """
    for where, _, matcher in matchers_of(subject):
        table = None if matcher.dfa is None else _accept2(matcher.dfa)
        if table is not None and not _needs_accept2(matcher):
            yield Diagnostic(
                f"the DFA of {where} has a table of accept2 beside its permissions",
                table,
                label="accept2",
                why=REFUSED,
                fix=AGAIN,
            )


_NULL = "the kernel refuses the load; a reader without that check follows a NULL pointer"


def _needs_accept2(matcher: Matcher) -> bool:
    """Returns whether accept2 must be there; if not, it must be missing."""
    if matcher.permissions is None:
        return True
    return matcher.permsv is not None and matcher.permsv.value >= FLAGS_IN_ACCEPT2


def _accept2(dfa: Dfa) -> Span | None:
    """Returns the place of the table accept2."""
    return next((table.source.span("id") for table in dfa.tables if table.id == TableId.ACCEPT2), None)


def apparmor_states_too_few(subject: Subject) -> Iterator[Diagnostic]:
    """A DFA has fewer than two states.

    ## What is wrong
    The table of base has one entry. State 0 matches nothing, and matching starts in state 1.

    ## Why is this bad
    Newer kernels refuse the whole load. Older ones read the base of state 1 behind the table.

    ## How to fix
    Compile the policy again.
    """
    for dfa in content_of(subject).dfas:
        if 0 < dfa.states < STATES:
            yield Diagnostic(
                f"the DFA has {dfa.states} state, {STATES} belong here: one that matches nothing, and the start",
                dfa.by_id[TableId.BASE].source.span("count"),
                label=f"{dfa.states}",
                why="newer kernels refuse the load, older ones read the base of state 1 behind the table",
                fix=AGAIN,
            )


def apparmor_table_repeated(subject: Subject) -> Iterator[Diagnostic]:
    """A DFA has a table twice.

    ## What is wrong
    Two tables of one DFA have the same id.

    ## Why is this bad
    The kernel refuses the whole load. One that kept the last would have checked the sizes of the first.

    ## How to fix
    Compile the policy again.
    """
    for dfa in content_of(subject).dfas:
        first: dict[int, Span] = {}
        for table in dfa.tables:
            span = table.source.span("id")
            if table.id in first:
                where = first[table.id]
                yield Diagnostic(
                    f"a second table of {_word(table.id)} begins here",
                    span,
                    label="again",
                    why="a reader that keeps the last has checked the first",
                    fix=AGAIN,
                    related=(RelatedLocation("the first", where.path, where.offset, where.length),),
                )
            else:
                first[table.id] = span


def apparmor_table_size_wrong(subject: Subject) -> Iterator[Diagnostic]:
    """A table of a DFA has another size than it must.

    ## What is wrong
    The entries of a table have another size than its kind has, or the tables of states (base, default, accept) or
    of transitions (next, check) have different lengths, or the equivalence classes are not 256.

    ## Why is this bad
    The kernel uses a state as an index of all tables of states, and compares it with the length of one. A
    shorter one is read out of bounds for every path that is opened.

    ## How to fix
    Compile the policy again.
    """
    for dfa in content_of(subject).dfas:
        for table in dfa.tables:
            if table.id in TableId._value2member_map_ and table.size not in ELEMENT_SIZES[TableId(table.id)]:
                sizes = " or ".join(map(str, ELEMENT_SIZES[TableId(table.id)]))
                yield _size(
                    f"entries of {_word(table.id)} have {table.size} bytes, {sizes} belong here",
                    table.source.span("size"),
                )
        for kinds, like in (
            ((TableId.DEFAULT, TableId.ACCEPT, TableId.ACCEPT2), TableId.BASE),
            ((TableId.CHECK,), TableId.NEXT),
        ):
            for kind in kinds:
                if kind in dfa.by_id and like in dfa.by_id:
                    have, wanted = len(dfa.table(kind)), len(dfa.table(like))
                    # A table without entries is out of bounds by itself.
                    if have and wanted and have != wanted:
                        yield _size(
                            f"{_word(kind)} has {have:,} entries, {_word(like)} has {wanted:,}",
                            dfa.by_id[kind].source.span("count"),
                        )
        classes = len(dfa.table(TableId.CLASSES))
        if classes and classes != CLASSES:
            yield _size(
                f"there are {classes:,} equivalence classes, {CLASSES} belong here",
                dfa.by_id[TableId.CLASSES].source.span("count"),
            )


def _size(message: str, span: Span) -> Diagnostic:
    return Diagnostic(
        message,
        span,
        label="its size",
        why="the kernel compares an index with the length of one table, and reads the others by it",
        fix=AGAIN,
    )


def apparmor_state_outside(subject: Subject) -> Iterator[Diagnostic]:
    """A table of a DFA names a state that it does not have.

    ## What is wrong
    An entry of default, next or check is not less than the number of states.

    ## Why is this bad
    The kernel goes to that state and reads its base out of bounds. Until 2026 it compared no default entry
    of a state that is encoded by its difference from another: any user who could load policy, or make root
    load it, read kernel memory.

    ## How to fix
    Compile the policy again.
    """
    for dfa in content_of(subject).dfas:
        states = dfa.states
        if not states:
            continue
        for kind in (TableId.DEFAULT, TableId.NEXT, TableId.CHECK):
            for index, state in enumerate(dfa.table(kind)):
                if state >= states:
                    yield Diagnostic(
                        f"{_word(kind)}[{index}] is state {state}, the DFA has {states} (0 to {states - 1})",
                        _place(dfa, kind, index),
                        label=f"state {state}",
                        why="the kernel reads the base of that state out of bounds",
                        fix=AGAIN,
                    )


def apparmor_transition_outside(subject: Subject) -> Iterator[Diagnostic]:
    """A state's transitions pass the end of their table, or begin before it.

    ## What is wrong
    A state needs room for 256 transitions from its base on, and the tables of next and check end sooner. Or a
    state has an out-of-band transition, whose place is one before its base, and its base is 0.

    ## Why is this bad
    A character of a path is added to the base, and the sum read in both tables. A path with the right byte
    reads out of bounds; so does the match that takes the out-of-band transition.

    ## How to fix
    Compile the policy again.
    """
    for dfa in content_of(subject).dfas:
        room = dfa.transitions
        if not room:
            continue
        for index, word in enumerate(dfa.table(TableId.BASE)):
            base = word & BASE_MASK
            if base + CLASSES > room:
                yield Diagnostic(
                    f"the transitions of state {index} are {base:,} to {base + CLASSES - 1:,}, the table has {room:,}",
                    _place(dfa, TableId.BASE, index),
                    label=f"base {base:,}",
                    why="a path with the right byte reads out of bounds",
                    fix=AGAIN,
                )
            if word & OUT_OF_BAND and dfa.flags & DfaFlag.OUT_OF_BAND and base == 0:
                yield Diagnostic(
                    f"the out-of-band transition of state {index} is before the table: its base is 0",
                    _place(dfa, TableId.BASE, index),
                    label="base 0",
                    why="the kernel refuses the load; one that did not would read before the table",
                    fix=AGAIN,
                )


def apparmor_base_flag_unknown(subject: Subject) -> Iterator[Diagnostic]:
    """A state has flags that it must not have.

    ## What is wrong
    The upper byte of a base word has other bits than 0x80 (encoded by the difference from the default state) and
    0x20 (out of band), or one of these that the flags of the DFA do not announce.

    ## Why is this bad
    The kernel refuses the load. It marks states that it has verified in these very bits: a word that comes
    with them is never verified.

    ## How to fix
    Compile the policy again.
    """
    for dfa in content_of(subject).dfas:
        allowed = (DIFF_ENCODE if dfa.flags & DfaFlag.DIFF_ENCODE else 0) | (
            OUT_OF_BAND if dfa.flags & DfaFlag.OUT_OF_BAND else 0
        )
        for index, word in enumerate(dfa.table(TableId.BASE)):
            unknown = word & ~BASE_MASK & ~allowed
            if unknown:
                yield Diagnostic(
                    f"state {index} has the flags {unknown >> 24:#04x}, which this DFA does not announce",
                    _place(dfa, TableId.BASE, index),
                    label=f"{word:#010x}",
                    why="the kernel marks what it has verified in these bits, and does not verify this state",
                    fix=AGAIN,
                )


def apparmor_chain_endless(subject: Subject) -> Iterator[Diagnostic]:
    """States that are encoded by their difference lead to each other without end.

    ## What is wrong
    A state that is encoded by the difference from its default state has a default state that is encoded so
    too, and following them leads back to one that was there before.

    ## Why is this bad
    The kernel follows the default states until one has the transition, with preemption off. A path that
    none of them has keeps it there for ever: the processor is lost. Until 2026 the kernel's own test of
    these chains could be led past such a loop.

    ## How to fix
    Compile the policy again.
    """
    for dfa in content_of(subject).dfas:
        base, default = dfa.table(TableId.BASE), dfa.table(TableId.DEFAULT)
        if len(base) != len(default):
            continue
        done = bytearray(len(base))
        for first in range(len(base)):
            chain: dict[int, None] = {}
            state = first
            while state < len(base) and not done[state] and base[state] & DIFF_ENCODE and state not in chain:
                chain[state] = None
                state = default[state]
            if state in chain:
                loop = list(chain)[list(chain).index(state) :]
                names = " → ".join(map(str, [*loop[:6], *(["…"] if len(loop) > 6 else []), state]))
                yield Diagnostic(
                    f"the chain of default states never ends: {names}",
                    _place(dfa, TableId.DEFAULT, loop[-1]),
                    label=f"to {state}",
                    why="the kernel follows it for ever, with preemption off",
                    fix=AGAIN,
                )
            for state in chain:
                done[state] = 1


def apparmor_start_outside(subject: Subject) -> Iterator[Diagnostic]:
    """Matching starts in a state that the DFA does not have.

    ## What is wrong
    The start state is not less than the number of states. Where the policy names none, it is 1.

    ## Why is this bad
    The kernel reads the base of that state at the first match. Until 2026 it took the number from the policy
    without a look.

    ## How to fix
    Compile the policy again.
    """
    for where, _, matcher in matchers_of(subject):
        dfa = matcher.dfa
        if dfa is None or dfa.states < STATES:
            continue
        for start in dict.fromkeys((matcher.start, matcher.file_start)):
            if start.state >= dfa.states:
                named = start.source is not None
                span = place_of(start.source) if start.source is not None else dfa.source.span("magic")
                yield Diagnostic(
                    f"{where}: matching starts in state {start.state}, the DFA has {dfa.states} (0 to {dfa.states - 1})",
                    span,
                    label=f"state {start.state}" if named else "this DFA",
                    why="the kernel reads the base of that state out of bounds",
                    fix=AGAIN,
                )
