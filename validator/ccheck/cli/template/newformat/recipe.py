"""The way back: recipes, content as people write it, to bytes and from them.

A recipe may say what is wrong, an action that has no name or an input that nobody supplies, so that the
corpus can hold bad files.
"""

from __future__ import annotations

from typing import Any

from ccheck_schemas.layout.lint import layout_of
from ccheck_schemas.model.fix_up import fix_up
from ccheck_schemas.read import read
from ccheck_schemas.recipe.packing import Packing
from ccheck_schemas.recipe.part import Part
from ccheck_schemas.record import Reading
from ccheck_schemas.schema import Recipe, RecipeError
from newformat.numbers import MAGIC, VERSION, Action


class Layout:
    """The structs of the schema, whose fixed fields are packed. root: the file's. rule: that of one rule."""

    def __init__(self, root: Any, rule: Any) -> None:
        self._layout = layout_of(root)
        self._header = Packing(root)
        self._rule = Packing(rule)

    def compose(self, recipe: Recipe) -> bytes:
        """The bytes of a recipe; count, size and checksum are worked out. Raises RecipeError."""
        top = Part(recipe)
        rules = [self._packed(part) for part in top.parts("rules")]
        if len(rules) > 0xFFFF:
            raise RecipeError("rules", f"{len(rules)} rules, the count has room for {0xFFFF}")
        fixed = {
            "magic": MAGIC,
            "version": top.integer("version", 0, 0xFFFF, default=VERSION),
            "count": len(rules),
            "size": 0,
            "checksum": 0,
        }
        top.done()
        data = self._header.pack(fixed) + b"".join(rules)
        return fix_up(data, read(self._layout, data))

    def _packed(self, part: Part) -> bytes:
        fixed = {
            "input": part.integer("input", 0, 0xFFFF),
            "action": part.name("action", Action, 0xFF),
            "reserved": 0,
            "limit": part.integer("limit", 0, 0xFFFFFFFF),
        }
        part.done()
        return self._rule.pack(fixed)

    def describe(self, content: Reading) -> Recipe:
        """The recipe of a file. Raises RecipeError where it could not be read."""
        root = content.root
        rules = root.get("rules")
        if rules is None or not content.complete:
            raise RecipeError("", "the file could not be read whole")
        return {
            "version": root.version,
            "rules": [
                {"input": rule.input, "action": _word(rule.action), "limit": rule.limit} for rule in rules
            ],
        }


def _word(action: int) -> str | int:
    """The name of an action, or its number where it has none."""
    return Action(action).name.lower() if action in set(Action) else action
