"""What is wrong in a classic BPF program. A check is a function; its docstring is its manual."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cbpf.numbers import (
    ABSOLUTE,
    ANCILLARIES,
    ANCILLARY_FROM,
    BRANCHES,
    DIVISIONS,
    LOADS,
    RETURNS,
    SHIFTS,
    STORES,
    WORDS,
    Code,
)
from ccheck.check import Check, Diagnostic, Subject
from ccheck.formats.checks.general import VERSION, FormatChecks
from ccheck_schemas.record import Record

ALL_WORDS = (1 << WORDS) - 1


def instructions_of(subject: Subject) -> Sequence[Record]:
    """The instructions of a program; none where their number is wrong."""
    found: Sequence[Record] = subject.content.tables.get("instructions", ())
    return found


def targets_of(instruction: Record) -> Iterator[tuple[str, int]]:
    """Each field of an instruction that says how many instructions to pass over, and its number."""
    if instruction.code == Code.JA:
        yield "k", instruction.k
    elif instruction.code in BRANCHES:
        yield "jt", instruction.jt
        yield "jf", instruction.jf


def cbpf_division_by_zero(subject: Subject) -> Iterator[Diagnostic]:
    """A division or a remainder by the constant 0.

    ## What is wrong
    The instruction is `div #k` or `mod #k`, and k is 0.

    ## Why is this bad
    Linux refuses the program (`bpf_check_classic`). Code that is made of it without that look divides by zero
    in kernel mode.

    ## How to fix
    Divide by another number, or by X: with X at 0 the program ends and returns 0.
    """
    for instruction in instructions_of(subject):
        if instruction.code in DIVISIONS and not instruction.k:
            yield Diagnostic(
                f"{Code(instruction.code).name.lower()} has the constant 0",
                instruction.span("k"),
                label="the divisor",
                why="bpf_check_classic refuses the program; unchecked, it divides by zero in kernel mode",
                fix="give another divisor",
            )


def cbpf_shift_too_large(subject: Subject) -> Iterator[Diagnostic]:
    """A shift by 32 bits or more.

    ## What is wrong
    The instruction is `lsh #k` or `rsh #k`, and k is above 31.

    ## Why is this bad
    Linux refuses the program (`bpf_check_classic`). What such a shift gives depends on the processor.

    ## How to fix
    Shift by 0 to 31 bits; load the constant 0 where nothing is to be left.
    """
    for instruction in instructions_of(subject):
        if instruction.code in SHIFTS and instruction.k > 31:
            yield Diagnostic(
                f"shift by {instruction.k} bits, a word has 32",
                instruction.span("k"),
                label=f"{instruction.k} bits",
                why="bpf_check_classic refuses the program; unchecked, the result depends on the processor",
                fix="shift by 0 to 31 bits",
            )


def cbpf_memory_outside(subject: Subject) -> Iterator[Diagnostic]:
    """A word of scratch memory that is not there.

    ## What is wrong
    The instruction stores to M[k] or loads from it, and k is above 15.

    ## Why is this bad
    Linux refuses the program (`bpf_check_classic`). Unchecked, it reads or writes the kernel's stack behind
    the sixteen words.

    ## How to fix
    Use M[0] to M[15].
    """
    for instruction in instructions_of(subject):
        if instruction.code in STORES | LOADS and instruction.k >= WORDS:
            verb = "stores to" if instruction.code in STORES else "loads from"
            yield Diagnostic(
                f"{verb} M[{instruction.k}], but there are {WORDS} words (0 to {WORDS - 1})",
                instruction.span("k"),
                label=f"word {instruction.k}",
                why="bpf_check_classic refuses the program; unchecked, it leaves its part of the stack",
                fix=f"use M[0] to M[{WORDS - 1}]",
            )


def cbpf_jump_outside(subject: Subject) -> Iterator[Diagnostic]:
    """A jump leads past the last instruction.

    ## What is wrong
    The number of instructions to pass over (jt or jf of a comparison, k of `ja`) is that of all that follow,
    or above.

    ## Why is this bad
    Linux refuses the program (`bpf_check_classic`). Unchecked, it goes on with whatever lies behind its end.

    ## How to fix
    Jump to an instruction of the program. Jumps lead forward, and 0 is the next instruction.
    """
    program = instructions_of(subject)
    for at, instruction in enumerate(program):
        for name, passed in targets_of(instruction):
            target = at + 1 + passed
            if target >= len(program):
                yield Diagnostic(
                    f"instruction {at} jumps to instruction {target}, the last one is {len(program) - 1}",
                    instruction.span(name),
                    label=f"passes over {passed}",
                    why="bpf_check_classic refuses the program; unchecked, it runs what lies behind its end",
                    fix="jump to an instruction of the program",
                )


def cbpf_ancillary_unknown(subject: Subject) -> Iterator[Diagnostic]:
    """An absolute load of bookkeeping data that has no number.

    ## What is wrong
    The instruction is `ld [k]`, `ldh [k]` or `ldb [k]`, k is 0xfffff000 or above, and no `SKF_AD_…` has that
    number.

    ## Why is this bad
    Linux refuses the program (`bpf_check_classic`), so that numbers which later kernels add can be probed.

    ## How to fix
    Load 0xfffff000 plus one of the numbers 0, 4, 8 … 60, or bytes of the packet.
    """
    for instruction in instructions_of(subject):
        k = instruction.k
        if instruction.code in ABSOLUTE and k >= ANCILLARY_FROM and k not in ANCILLARIES:
            yield Diagnostic(
                f"no bookkeeping data has the number {k - ANCILLARY_FROM}",
                instruction.span("k"),
                label=f"SKF_AD_OFF + {k - ANCILLARY_FROM}",
                why="bpf_check_classic refuses the program",
                fix="give one of the numbers 0, 4, 8 … 60",
            )


def cbpf_end_without_return(subject: Subject) -> Iterator[Diagnostic]:
    """The last instruction does not return.

    ## What is wrong
    The last instruction is neither `ret #k` nor `ret a`.

    ## Why is this bad
    Linux refuses the program (`bpf_check_classic`). Unchecked, it goes on with whatever lies behind its end.

    ## How to fix
    End the program with a return.
    """
    program = instructions_of(subject)
    if program and program[-1].code not in RETURNS:
        yield Diagnostic(
            f"the program ends with code {program[-1].code:#x}, and not with a return (0x6, 0x16)",
            program[-1].span("code"),
            label="last instruction",
            why="bpf_check_classic refuses the program; unchecked, it runs what lies behind its end",
            fix="add a return",
        )


def cbpf_memory_unwritten(subject: Subject) -> Iterator[Diagnostic]:
    """A word of scratch memory is loaded that a path has not stored.

    ## What is wrong
    The instruction loads M[k], and on some path to it nothing is stored there. As in Linux, a return counts
    as if the instruction behind it were reached, and one that nothing leads to may load every word.

    ## Why is this bad
    Linux refuses the program (`check_load_and_stores`). Unchecked, the program reads what the kernel's stack
    held before, and can hand it out bit by bit.

    ## How to fix
    Store the word on every path, at best at the start of the program.
    """
    program = instructions_of(subject)
    arriving = [ALL_WORDS] * len(program)
    stored = 0
    for at, instruction in enumerate(program):
        stored &= arriving[at]
        if instruction.code in STORES:
            stored |= 1 << instruction.k
        elif instruction.code in LOADS and not stored >> instruction.k & 1:
            yield Diagnostic(
                f"instruction {at} loads M[{instruction.k}], which not every path to it has stored",
                instruction.span("k"),
                label=f"word {instruction.k}",
                why="check_load_and_stores refuses the program; unchecked, it reads what the stack held",
                fix="store the word on every path to the load",
            )
        targets = list(targets_of(instruction))
        for _, passed in targets:
            arriving[at + 1 + passed] &= stored
        if targets:
            stored = ALL_WORDS


_OUTSIDE = Check(cbpf_memory_outside, requires=(VERSION,), schemas=("cbpf",))
_JUMPS = Check(cbpf_jump_outside, requires=(VERSION,), schemas=("cbpf",))

CHECKS = (
    *(
        Check(function, requires=(VERSION,), schemas=("cbpf",))
        for function in (
            cbpf_division_by_zero,
            cbpf_shift_too_large,
            cbpf_ancillary_unknown,
            cbpf_end_without_return,
        )
    ),
    _OUTSIDE,
    _JUMPS,
    Check(cbpf_memory_unwritten, requires=(_OUTSIDE, _JUMPS), schemas=("cbpf",)),
)
TABLE = FormatChecks(CHECKS)
