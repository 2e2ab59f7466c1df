"""One attribute while it is written: its keys, its expressions, and what was left out of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ccheck_kaitai.description import Attribute, Gap
from ccheck_kaitai.encodings import codec_of
from ccheck_kaitai.expression import (
    ChoiceNumber,
    Kind,
    NoNumber,
    Term,
    UnknownName,
    Untranslatable,
    number,
    translate,
    truth,
)
from ccheck_kaitai.fields.target import Lines, Stop, Target
from ccheck_kaitai.keys import Fate, fate, left_out
from ccheck_kaitai.plain_types import bit_width, is_number
from ccheck_kaitai.scope import Scope
from ccheck_kaitai.source import KaitaiError, words

_PATH = re.compile(r"\s*[a-z_][a-z0-9_]*(?:\.[a-z_][a-z0-9_]*)*\s*", re.ASCII)
_REPEATS = ("expr", "eos", "until")
LIST_KEYS = frozenset({"repeat", "repeat-expr", "repeat-until"})


class Field:
    """One attribute, as the node of a field.

    Attributes:
        gaps: What was left out without losing the place.
        notes: What changes nothing here.
        before: Lines in front of the field.
        after: Lines behind the field.
        kind: `seq` or `instance`.
        open: Whether the field's own end cannot be found.
    """

    def __init__(
        self,
        attribute: Attribute,
        scope: Scope,
        names: Target,
        kind: str = "seq",
        taken: frozenset[str] = frozenset(),
    ) -> None:
        """taken: keys that the field around has carried over."""
        self.attribute = attribute
        self.keys: Mapping[str, Any] = attribute.keys
        self.scope = scope
        self.names = names
        self.kind = kind
        self.gaps: list[Gap] = []
        self.notes: list[Gap] = []
        self.before: list[str] = []
        self.after: list[str] = []
        self.open = False
        self.last: Lines = ()
        self.taken = set(taken)
        self.sized_by: str | None = None

    def get(self, key: str) -> Any:
        """What the description says under a key, which is carried over."""
        self.taken.add(key)
        return self.keys.get(key)

    def truth_of(self, key: str, default: bool) -> bool:
        """Whether a key is true; the default without it."""
        said = self.get(key)
        if said is None:
            return default
        if not isinstance(said, bool):
            raise self.wrong(f"{said!r} is neither true nor false", key)
        return said

    def check(self) -> None:
        """Refuse what is an error in the description, whatever the field is."""
        keys = self.keys
        for key in keys:
            if fate(self.kind, key) is Fate.CARRIED and keys[key] is None and key != "id":
                raise self.wrong(f"{key} has no value", key)
        if "encoding" in keys:
            codec_of(keys["encoding"], (*self.attribute.place, "encoding"))
        for key in ("size-eos", "consume", "include", "eos-error"):
            if key in keys and not isinstance(keys[key], bool):
                raise self.wrong(f"{keys[key]!r} is neither true nor false", key)
        if keys.get("size-eos") is True and "size" in keys:
            raise self.wrong("size and size-eos exclude each other", "size-eos")
        if "repeat" in keys and keys["repeat"] not in _REPEATS:
            raise self.wrong(f"repeat is one of {', '.join(_REPEATS)}", "repeat")
        for repeat in ("expr", "until"):
            if keys.get("repeat") == repeat and f"repeat-{repeat}" not in keys:
                raise self.wrong(f"repeat-{repeat} is missing", "repeat")
        if "terminator" in keys and bytes_of(keys["terminator"]) is None:
            detail = f"{keys['terminator']!r} is no byte, and no list of bytes"
            raise self.wrong(detail, "terminator")
        if "pad-right" in keys and not _is_byte(keys["pad-right"]):
            raise self.wrong(f"{keys['pad-right']!r} is no byte", "pad-right")
        if "enum" in keys and not isinstance(keys["enum"], str):
            raise self.wrong(f"{keys['enum']!r} is no name", "enum")
        if "process" in keys and not isinstance(keys["process"], str):
            raise self.wrong(f"{keys['process']!r} is no text", "process")
        said = keys.get("type")
        if said is not None and not isinstance(said, str | dict):
            raise self.wrong(f"{said!r} is no type", "type")
        if isinstance(said, dict):
            self._check_switch(said)
        if isinstance(said, str) and (is_number(said) or bit_width(said)):
            for key in ("size", "size-eos"):
                if key in keys:
                    raise self.wrong(f"{said} has a size of its own", key)

    def _check_switch(self, said: Mapping[str, Any]) -> None:
        place = (*self.attribute.place, "type")
        self.gaps += [Gap(*gap, field=self.attribute.name) for gap in left_out(said, "switch", place)]
        if "switch-on" not in said or not isinstance(said.get("cases"), dict):
            raise KaitaiError(place, "a choice has switch-on, and a mapping of cases")
        for key, name in said["cases"].items():
            if not isinstance(name, str):
                raise KaitaiError((*place, "cases", key), f"{name!r} is no type")

    def account(self) -> None:
        """Name the keys that nothing has carried over."""
        for key in self.keys:
            if key not in self.taken and fate(self.kind, key) is Fate.CARRIED and key != "id":
                detail = (
                    "the condition is not carried over"
                    if key == "valid"
                    else f"{key} is not carried over here"
                )
                self.gap(detail, key)

    def extent(self) -> str | None:
        """The size of the field in Python, empty for all bytes up to the end; None if it has neither."""
        if self.sized_by is not None:
            return self.sized_by
        if "size" in self.keys:
            return self.expression(number, "size")
        return "" if self.truth_of("size-eos", default=False) else None

    def opaque(self, extent: str, detail: str, *key: str) -> str:
        """Bytes that are not looked into because something was left out."""
        self.gap(detail, *key)
        reason, dropped = repr(detail), repr(words((*self.attribute.place, *key)))
        if extent:
            return f"{self.names.use('Opaque')}({extent}, {reason}, dropped={dropped})"
        return f"{self.names.use('OpaqueRest')}({reason}, dropped={dropped})"

    def condition_text(self) -> str | None:
        """The Python of the field's `if`; None without one."""
        return self.expression(truth, "if") if "if" in self.keys else None

    def whole(self, said: object) -> int:
        """A constant, which may be negative."""
        self.scope.scopes.budget = 100
        term = translate(said, self.scope.look_up)
        if term.value is None or term.kind is not Kind.NUMBER:
            raise Untranslatable(f"{said} is no constant")
        return term.value

    def expression(self, kind: Callable[[object, Any], Any], key: str) -> str:
        """The Python of the expression under a key.

        Args:
            kind: Translates it: `number` or `truth`.
            key: The key.

        Raises:
            Stop: A schema cannot state it.
            KaitaiError: It names what is nowhere, or nothing but a field that is no number.
        """
        scope = replace(self.scope, condition=None if key == "if" else self.keys.get("if"))
        scope.scopes.budget = 400
        said = self.get(key)
        try:
            return self.used(kind(said, scope.look_up))
        except UnknownName as why:
            raise self.wrong(why.detail, key) from why
        except NoNumber as why:
            choice = isinstance(why, ChoiceNumber) and self.kind == "instance"
            if isinstance(said, str) and _PATH.fullmatch(said) and not choice:
                raise self.wrong(why.detail, key) from why
            raise self.stop(why.detail, key) from why
        except Untranslatable as why:
            raise self.stop(why.detail, key) from why

    def used(self, term: Term) -> str:
        """The Python of an expression, with what it needs imported."""
        for name in sorted(term.uses):
            self.names.use(name)
        return term.text

    def gap(self, detail: str, *key: str) -> None:
        """Name what is left out without losing the place."""
        self.gaps.append(Gap((*self.attribute.place, *key), detail, self.attribute.name))

    def stop(self, detail: str, *key: str) -> Stop:
        """Returns what to raise where the field cannot be written."""
        return Stop((*self.attribute.place, *key), detail)

    def wrong(self, detail: str, *key: str) -> KaitaiError:
        """Returns what to raise for an error in the description."""
        return KaitaiError((*self.attribute.place, *key), detail)

    def beside(self, keys: Mapping[str, Any], taken: frozenset[str]) -> Field:
        """Returns the same field with other keys, of which some are carried over."""
        return Field(replace(self.attribute, keys=keys), self.scope, self.names, self.kind, taken)


def bytes_of(said: object) -> bytes | None:
    """A byte, or a list of bytes; None for what is neither."""
    listed: list[Any] = said if isinstance(said, list) else [said]
    return bytes(listed) if listed and all(_is_byte(one) for one in listed) else None


def _is_byte(said: object) -> bool:
    return isinstance(said, int) and not isinstance(said, bool) and 0 <= said <= 0xFF
