"""Patterns for names of files and of fields, as a project's configuration writes them."""

from __future__ import annotations

import re
from functools import lru_cache

_GLOB = re.compile(r"(?P<deep>\*\*/)|(?P<rest>\*\*)|(?P<some>\*)|(?P<one>\?)|(?P<plain>.)", re.DOTALL)
_EXPRESSIONS = {"deep": "(?:.*/)?", "rest": ".*", "some": "[^/]*", "one": "[^/]"}
_STEP = re.compile(r"(?P<name>[^./\[\]]+)|(?P<index>\[[0-9]+\])|(?P<other>.)", re.DOTALL)


@lru_cache(maxsize=256)
def file_pattern(glob: str) -> re.Pattern[str]:
    """The expression for a glob over paths with forward slashes; match it with `fullmatch`.

    ``*`` and ``?`` stay inside one folder, ``**`` crosses folders; all else is literal. A glob
    without a slash is compared with the last part of the path. Case counts on every platform.
    """
    parts = (_EXPRESSIONS.get(str(m.lastgroup), re.escape(m.group())) for m in _GLOB.finditer(glob))
    return re.compile(("" if "/" in glob else "(?:.*/)?") + "".join(parts), re.DOTALL)


@lru_cache(maxsize=256)
def field_pattern(path: str) -> re.Pattern[str]:
    """The expression for a field such as ``instances[1].criteria.field_index``; match it with `fullmatch`.

    A name that is written without an index matches every index, and none.
    """
    parts = []
    for match in _STEP.finditer(path):
        indexed = path[match.end() : match.end() + 1] == "["
        any_index = r"(?:\[[0-9]+\])*" if match.lastgroup == "name" and not indexed else ""
        parts.append(re.escape(match.group()) + any_index)
    return re.compile("".join(parts), re.DOTALL)
