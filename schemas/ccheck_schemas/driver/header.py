"""The header that a driver includes: a macro beside each call site states what it supplies."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from ccheck_schemas.build_facts import Fact, FactKind, Promise
from ccheck_schemas.driver.record import END, HIGHEST, KEYS, MAGIC, NAMES
from ccheck_schemas.layout import meanings, tree
from ccheck_schemas.schema import Schema

_EXAMPLE_KEY = "IPC@2"
_SAFE = re.compile(r"[A-Za-z0-9_.@ +-]+")
"""Text that no preprocessor, assembler or linker script takes apart."""


class NoHeader(ValueError):
    """A schema that no header can be written for, and why."""


def promises_of(schema: Schema) -> list[Promise]:
    """Returns what the schema itself promises: an index below a count that has an upper bound of its own."""
    found: dict[str, int] = {}
    for node in tree.nodes(schema.layout):
        for meaning in tree.meanings_of(node):
            if isinstance(meaning, meanings.ComparedWithFact) and meaning.fact.kind is FactKind.COUNT:
                highs = [one.high for one in meaning.others if isinstance(one, meanings.Bounded)]
                if highs and not meaning.key:
                    name = meaning.fact.name
                    found[name] = max(found.get(name, 0), min(highs) + 1)
    return [Promise(name, "", number) for name, number in found.items()]


def header(schema: Schema, promises: Sequence[Promise] = (), digest: str = "", version: str = "") -> str:
    """Returns the text of ``ccheck_contract.h``.

    Args:
        schema: The schema.
        promises: What the definitions of the content promise, besides the schema.
        digest: The digest of the definitions in hex; empty if there are none.
        version: The version of ccheck.

    Raises:
        NoHeader: The schema refers to no facts, or a name cannot stand in a header.
    """
    if not schema.facts:
        raise NoHeader(f"the schema {schema.name} refers to no facts of driver builds")
    every = [*promises_of(schema), *promises]
    keys: dict[str, dict[str, Promise]] = {}
    for promise in every:
        _require_safe(promise.key, KEYS)
        own = keys.setdefault(promise.fact, {})
        word = identifier(promise.key)
        if word in own and own[word].key != promise.key:
            raise NoHeader(f"the keys {own[word].key!r} and {promise.key!r} have one name in C, {word}")
        own[word] = promise
    for fact in schema.facts:
        _require_safe(fact.name, NAMES)
    lines = [
        _HEAD.format(
            schema=schema.name,
            example=_example(schema.facts, keys),
            version=f" {version}" if version else "",
            magic=MAGIC.decode(),
            end=END.decode(),
            names=NAMES,
            keys=KEYS,
            digest=digest[:55],
            highest=HIGHEST,
        )
    ]
    for fact in schema.facts:
        lines += _of_fact(fact, keys.get(fact.name, {}))
    counts = [fact for fact in schema.facts if fact.kind is FactKind.COUNT]
    if len(counts) == 1 and (not counts[0].keyed or keys.get(counts[0].name)):
        lines += ["/* The same, for short: there is one count. */", *_macro(counts[0], "SUPPLIES"), ""]
    text = "\n".join([*lines, "#endif", ""])
    twice = Counter(re.findall(r"^#define (\w+)", text.partition("struct ccheck_fact")[2], re.MULTILINE))
    for name, count in twice.items():
        if count > 1 and not name.endswith("_"):
            raise NoHeader(f"two facts or values have one name in C, {name}: rename one of them")
    return text


def _example(facts: Sequence[Fact], keys: dict[str, dict[str, Promise]]) -> str:
    """Returns a line that a driver could have: for the first count, or the first fact without one."""
    fact = next((one for one in facts if one.kind is FactKind.COUNT), facts[0])
    name = identifier(fact.name)
    match fact.kind:
        case FactKind.COUNT | FactKind.LIMIT:
            verb = "SUPPLIES" if fact.kind is FactKind.COUNT else "TAKES"
            number = "CCHECK_ARRAY_SIZE(inputs)" if fact.kind is FactKind.COUNT else "4096"
            if not fact.keyed:
                return f"CCHECK_{verb}_{name}({number});"
            word = next(iter(keys.get(fact.name, {})), None)
            at, key = ("_AT", f'"{_EXAMPLE_KEY}"') if word is None else ("", word)
            return f"CCHECK_{verb}_{name}{at}({key}, {number});"
        case FactKind.SET:
            value = identifier(next(iter(fact.names), "1"))
            return f"CCHECK_UNDERSTANDS_{name}({value});"
        case FactKind.SWITCH:
            return f"CCHECK_SWITCH_{name}(1);"


def identifier(text: str) -> str:
    """Returns the name that a key or a fact has in C."""
    return re.sub(r"[^A-Za-z0-9_]", "_", text)


def _require_safe(text: str, size: int) -> None:
    if text and (_SAFE.fullmatch(text) is None or len(text) >= size):
        raise NoHeader(
            f"{text!r} cannot stand in a header: letters, digits, spaces and _.@+-, at most {size - 1}"
        )


def _of_fact(fact: Fact, promises: dict[str, Promise]) -> Iterable[str]:
    name = identifier(fact.name)
    match fact.kind:
        case FactKind.COUNT | FactKind.LIMIT:
            yield from _of_number(fact, name, promises)
        case FactKind.SET:
            yield f"/* {fact}: values that this build understands, one use for each. */"
            for word, number in fact.names.items():
                yield f"#define CCHECK_VALUE_{name}_{identifier(word)} {number}"
            key, text = ("key, ", "key") if fact.keyed else ("", '""')
            if fact.names:
                yield f"#define CCHECK_UNDERSTANDS_{name}({key}value) \\"
                yield f'    CCHECK_FACT_("set", "{fact.name}", {text}, CCHECK_VALUE_{name}_##value, 0)'
            plain = f"{name}_NUMBER" if fact.names else name
            yield f"#define CCHECK_UNDERSTANDS_{plain}({key}value) \\"
            yield f'    CCHECK_FACT_("set", "{fact.name}", {text}, (value), 0)'
            yield ""
        case FactKind.SWITCH:
            yield f"/* {fact}: 1 or 0. */"
            yield f"#define CCHECK_SWITCH_{name}(on) \\"
            yield f'    CCHECK_FACT_("switch", "{fact.name}", "", (on) ? 1 : 0, 0)'
            yield ""


def _of_number(fact: Fact, name: str, promises: dict[str, Promise]) -> Iterable[str]:
    is_count = fact.kind is FactKind.COUNT
    verb = "SUPPLIES" if is_count else "TAKES"
    what = "how many this call site supplies" if is_count else "how much this build takes"
    yield f"/* {fact}: {what}. */"
    if not fact.keyed:
        yield f"#define CCHECK_PROMISED_{name} {promises[''].promised if '' in promises else 0}"
    for word, promise in promises.items() if fact.keyed else ():
        yield f'#define CCHECK_KEY_{name}_{word} "{promise.key}"'
        yield f"#define CCHECK_PROMISED_{name}_{word} {promise.promised}"
    if promises or not fact.keyed:
        yield from _macro(fact, f"{verb}_{name}")
    if fact.keyed:
        yield f'/* The same for a key in quotes, such as "{_EXAMPLE_KEY}", without a promise. */'
        yield f"#define CCHECK_{verb}_{name}_AT(key, number) \\"
        yield f'    CCHECK_FACT_("{"count" if is_count else "limit"}", "{fact.name}", key, (number), 0)'
    yield ""


def _macro(fact: Fact, called: str) -> Iterable[str]:
    """Yields the macro of a count or a limit.

    A key is pasted at once, before a macro of the driver's replaces it.
    """
    name, kind = identifier(fact.name), "count" if fact.kind is FactKind.COUNT else "limit"
    if fact.keyed:
        yield f"#define CCHECK_{called}(key, number) \\"
        yield f'    CCHECK_FACT_("{kind}", "{fact.name}", CCHECK_KEY_{name}_##key, (number), \\'
        yield f"                 CCHECK_PROMISED_{name}_##key)"
    else:
        yield f"#define CCHECK_{called}(number) \\"
        yield f'    CCHECK_FACT_("{kind}", "{fact.name}", "", (number), CCHECK_PROMISED_{name})'


_HEAD = """\
/*
 * The contract of content of the format {schema} with this driver. Written by ccheck{version}; do not edit.
 *
 * A macro beside each call site states what the site supplies:
 *
 *     {example}
 *
 * It does not compile if the definitions promise more than that. It leaves a record of 484 bytes in the
 * section .ccheck of the binary, from which `ccheck consumers add` reads the facts of the build.
 *
 * C11 and C++17: gcc, clang, clang-cl, also in a kernel. The lines for Microsoft's compiler were never
 * compiled with it. Define CCHECK_BUILD as the name of the build, in quotes, before this file is included.
 */
#ifndef CCHECK_CONTRACT_H
#define CCHECK_CONTRACT_H

#ifndef CCHECK_BUILD
#define CCHECK_BUILD ""
#endif

#if defined(_MSC_VER)
#pragma section(".ccheck", read)
#if defined(__clang__)
#define CCHECK_PLACE_ __declspec(allocate(".ccheck")) __attribute__((used))
#else
#define CCHECK_PLACE_ __declspec(allocate(".ccheck"))
#endif
#elif defined(__APPLE__)
#define CCHECK_PLACE_ __attribute__((used, section("__TEXT,__ccheck")))
#elif defined(__has_attribute) && defined(__ELF__) && !defined(__KERNEL__)
/* A kernel gives the flag of `retain` a meaning of its own. */
#if __has_attribute(retain)
#define CCHECK_PLACE_ __attribute__((used, retain, section(".ccheck")))
#else
#define CCHECK_PLACE_ __attribute__((used, section(".ccheck")))
#endif
#else
#define CCHECK_PLACE_ __attribute__((used, section(".ccheck")))
#endif

#ifdef __cplusplus
#define CCHECK_ASSERT_ static_assert
#else
#define CCHECK_ASSERT_ _Static_assert
#endif

/* CCHECK_RECORD_ONLY leaves the comparison out: for a driver that shipped before it had this header. */
#ifdef CCHECK_RECORD_ONLY
#define CCHECK_COMPARE_(value, promised) CCHECK_ASSERT_(1, "")
#else
#define CCHECK_COMPARE_(value, promised) \\
    CCHECK_ASSERT_((unsigned long long)(value) >= (unsigned long long)(promised), \\
                   "the definitions promise more than this call site supplies")
#endif

/* The elements of a true array; a pointer does not compile. */
#if defined(__cplusplus)
template <typename T, decltype(sizeof(0)) N> char (&ccheck_size_(T const (&)[N]))[N];
#define CCHECK_ARRAY_SIZE(array) (sizeof(ccheck_size_(array)))
#elif defined(__GNUC__)
#define CCHECK_ARRAY_SIZE(array) \\
    (sizeof(array) / sizeof((array)[0]) + \\
     0 * sizeof(char[1 - 2 * !!__builtin_types_compatible_p(__typeof__(array), __typeof__(&(array)[0]))]))
#else
#define CCHECK_ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#endif

struct ccheck_fact {{
    char magic[16];
    char size[4];
    char kind[8];
    char value[10];
    char promised[10];
    char fact[{names}];
    char key[{keys}];
    char build[{names}];
    char definitions[56];
    /* The same again: a record of which the two differ is damaged. */
    char kind_again[8];
    char value_again[10];
    char promised_again[10];
    char fact_again[{names}];
    char key_again[{keys}];
    char build_again[{names}];
    char definitions_again[56];
    char end[8];
}};

#define CCHECK_CHARS4_(a, b, c, d) {{a, b, c, d}}
#define CCHECK_DIGIT_(n, p) ((char)('0' + (char)(((unsigned long long)(n) / (p)) % 10u)))
#define CCHECK_DIGITS_(n) \\
    {{CCHECK_DIGIT_(n, 1000000000ull), CCHECK_DIGIT_(n, 100000000ull), CCHECK_DIGIT_(n, 10000000ull), \\
     CCHECK_DIGIT_(n, 1000000ull), CCHECK_DIGIT_(n, 100000ull), CCHECK_DIGIT_(n, 10000ull), \\
     CCHECK_DIGIT_(n, 1000ull), CCHECK_DIGIT_(n, 100ull), CCHECK_DIGIT_(n, 10ull), CCHECK_DIGIT_(n, 1ull)}}
#define CCHECK_JOIN2_(a, b) a##b
#define CCHECK_JOIN_(a, b) CCHECK_JOIN2_(a, b)
#define CCHECK_NAME_ CCHECK_JOIN_(ccheck_fact_, __COUNTER__)

#define CCHECK_FACT_(kind_, fact_, key_, value_, promised_) \\
    CCHECK_ASSERT_((unsigned long long)(value_) <= {highest}ull, "a fact has at most ten digits"); \\
    CCHECK_COMPARE_(value_, promised_); \\
    CCHECK_ASSERT_(sizeof(CCHECK_BUILD) <= {names}, "CCHECK_BUILD is too long"); \\
    CCHECK_PLACE_ static const struct ccheck_fact CCHECK_NAME_ = {{ \\
        {{'@', '(', '#', ')', 'c', 'c', 'h', 'e', 'c', 'k', '-', 'f', 'a', 'c', 't', '2'}}, \\
        CCHECK_CHARS4_('0', '4', '8', '4'), \\
        kind_, CCHECK_DIGITS_(value_), CCHECK_DIGITS_(promised_), fact_, key_, CCHECK_BUILD, "{digest}", \\
        kind_, CCHECK_DIGITS_(value_), CCHECK_DIGITS_(promised_), fact_, key_, CCHECK_BUILD, "{digest}", \\
        {{'#', 'c', 'c', 'h', 'e', 'c', 'k', ')'}}}}

"""
