"""The oracles in one table: named properties of any bytes.

An oracle is a function that takes a `Case` and yields a `Broken` for each way in which the input breaks its
property. An exception that it raises is a fault of ccheck: `broken` turns it into a `Broken` of the oracle
*ccheck*. pytest, Hypothesis and the fuzzers use the same functions.

| oracle | the property |
|---|---|
| validator-bypass | no supported build traps on what the validator passes |
| refused | no supported build refuses what the validator passes |
| trap | a build that claims bounds checks traps on no bytes at all |
| disagreement | schema and interpreter read the same bytes alike: counts, types, operands, who matches |
| non-canonical | what passes without a warning builds back to the same bytes |
| fast-path | what passes the fast path passes the checks |
| resources | steps, time and memory are proportional to the file |
| over-strict | what is refused does harm under some build, or is not canonical (informational) |
| needs-validator | a build without bounds checks traps on no bytes at all (informational) |
| reader | an interpreter of the user's neither hangs, nor ends its process, nor fills the memory |
| schema | a schema and checks of the user's raise nothing, and end no process |
| ccheck | nothing but findings and traps comes out of ccheck itself |
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from ccheck.core.users_code import interrupts
from ccheck_fuzz.oracles.broken import Broken, itself
from ccheck_fuzz.oracles.case import OracleCase
from ccheck_fuzz.oracles.drivers import needs_validator, refused, trap, validator_bypass
from ccheck_fuzz.oracles.readings import disagreement, fast_path, non_canonical, over_strict
from ccheck_fuzz.oracles.resources import resources

Oracle = Callable[[OracleCase], Iterator[Broken]]


ORACLES: Mapping[str, Oracle] = MappingProxyType(
    {
        "validator-bypass": validator_bypass,
        "refused": refused,
        "trap": trap,
        "disagreement": disagreement,
        "non-canonical": non_canonical,
        "fast-path": fast_path,
        "resources": resources,
        "over-strict": over_strict,
        "needs-validator": needs_validator,
    }
)
"""All oracles that look at a case, by name, the gravest first. *schema* and *ccheck* look at the oracles
themselves, and *reader* at the process in which a user's interpreter runs.
"""


EVERY_RUN: Mapping[str, Oracle] = MappingProxyType(
    {name: ORACLES[name] for name in ("validator-bypass", "refused", "trap", "resources")}
)
"""The oracles that check every run of a campaign; the others check a share of the runs."""


def broken(case: OracleCase, oracles: Mapping[str, Oracle] = ORACLES) -> tuple[Broken, ...]:
    """Returns all properties that a case breaks, including by raising, each once by its signature."""
    found: dict[tuple[str, ...], Broken] = {}
    for oracle in oracles.values():
        try:
            for one in oracle(case):
                found.setdefault(one.signature, one)
        except BaseException as raised:  # any here is what the oracles schema and ccheck look for
            if interrupts(raised):
                raise
            one = itself(raised)
            found.setdefault(one.signature, one)
    return tuple(found.values())
