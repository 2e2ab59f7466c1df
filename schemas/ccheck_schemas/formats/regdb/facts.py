"""The facts of a kernel that wireless regulatory databases are compared with."""

from __future__ import annotations

from ccheck_schemas.build_facts import Fact, FactKind
from ccheck_schemas.formats.regdb.numbers import RuleSize

VERSIONS = Fact(FactKind.SET, "regdb_versions", values=range(1 << 32))
RULE_LENGTHS = Fact(FactKind.SET, "regdb_rule_lengths", values=frozenset(map(int, RuleSize)))
"""Lengths of a rule, in bytes, of which the kernel reads each field; in version 20 alone."""
RULES = Fact(FactKind.LIMIT, "regdb_rules")
"""Rules of one country."""

FACTS = (VERSIONS, RULE_LENGTHS, RULES)
