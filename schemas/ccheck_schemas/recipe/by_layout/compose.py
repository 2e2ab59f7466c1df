"""Build the bytes of a recipe by a layout.

Bytes are written in passes. A pass writes everything once, with what the pass before worked out, and then
works out the numbers that the recipe leaves out. The passes end when one works out what it was given.
"""

from __future__ import annotations

from dataclasses import dataclass

from ccheck_schemas.layout import tree
from ccheck_schemas.recipe.by_layout.leaf import kind_of
from ccheck_schemas.recipe.by_layout.solve import Solver
from ccheck_schemas.recipe.by_layout.write.node import write_node
from ccheck_schemas.recipe.by_layout.write.state import Known, Optional
from ccheck_schemas.recipe.by_layout.write.writer import Writer
from ccheck_schemas.schema import RecipeError, Schema
from ccheck_schemas.wrapping import ContentSchema

PASSES = 12
"""Passes over a recipe, at most."""


@dataclass(frozen=True, slots=True)
class Composed:
    """The bytes of a recipe.

    Attributes:
        data: The bytes.
        optional: What the recipe has and could leave out.
        notes: Where the recipe contradicts itself: numbers that it gives are written as they are.
    """

    data: bytes
    optional: tuple[Optional, ...]
    notes: tuple[str, ...] = ()


class _Contents:
    """The content of envelopes, each built once, whatever the number of passes.

    Attributes:
        notes: Where their recipes contradict themselves.
    """

    def __init__(self) -> None:
        self.notes: list[str] = []
        self._built: dict[str, bytes] = {}

    def __call__(self, schema: ContentSchema, recipe: object, path: str) -> bytes:
        """Returns the bytes of the content of an envelope.

        Raises:
            RecipeError: It cannot be built. The error names the key.
        """
        if path not in self._built:
            try:
                self._built[path] = self._build(schema, recipe, path)
            except RecipeError as wrong:
                raise RecipeError(f"{path}.{wrong.path}" if wrong.path else path, wrong.detail) from None
        return self._built[path]

    def _build(self, schema: ContentSchema, recipe: object, path: str) -> bytes:
        if isinstance(schema, Schema) and schema.compose is not None:
            if not isinstance(recipe, dict):
                raise RecipeError("", f"a mapping belongs here, not {kind_of(recipe)}")
            return schema.compose(recipe)
        composed = compose(schema.layout, recipe)
        self.notes += (f"{path}.{note}" for note in composed.notes)
        return composed.data


def compose(layout: tree.Struct, recipe: object) -> Composed:
    """Returns the bytes of a recipe.

    Args:
        layout: The layout of its format.
        recipe: A mapping with the fields of the top record.

    Raises:
        RecipeError: It cannot be built. The error names the key.
    """
    known, contents = Known(), _Contents()
    for _ in range(PASSES):
        writer = Writer(layout, known, write_node, contents)
        writer.run(recipe)
        solver = Solver(writer)
        image = solver.run()
        if solver.stable:
            return Composed(
                bytes(image.data),
                tuple(solver.optional(image)),
                tuple(dict.fromkeys((*solver.notes, *contents.notes))),
            )
        known = solver.known
    raise RecipeError(
        "", "the numbers that it leaves out depend on each other without end: give lengths and offsets"
    )
