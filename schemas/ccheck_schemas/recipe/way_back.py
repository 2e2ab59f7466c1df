"""A recipe to bytes and back, for any schema: by its own functions, or by its layout."""

from __future__ import annotations

from typing import Any

from ccheck_schemas.recipe.by_layout.compose import compose
from ccheck_schemas.recipe.by_layout.written import recipe_of
from ccheck_schemas.schema import Recipe, RecipeError, Schema


def build(schema: Schema, recipe: Any, notes: list[str] | None = None) -> bytes:
    """Returns the bytes of a recipe.

    Args:
        schema: Its format.
        recipe: A mapping.
        notes: Gets a line for each place where the recipe contradicts itself, and is built all the same.

    Raises:
        RecipeError: It cannot be built. The error names the key.
    """
    if schema.compose is not None:
        return schema.compose(recipe)
    composed = compose(schema.layout, recipe)
    if notes is not None:
        notes += composed.notes
    return composed.data


def describe(schema: Schema, data: bytes, content: Any) -> Recipe:
    """Returns the recipe of a file without faults.

    Args:
        schema: Its format.
        data: The file.
        content: What the schema assembled of it.

    Raises:
        RecipeError: No recipe builds this file.
    """
    if schema.describe is not None:
        return schema.describe(content)
    if schema.compose is not None:
        raise RecipeError("", "its Schema has compose and no describe: it needs both, or neither")
    return recipe_of(schema.layout, data)


def meaning(schema: Schema, data: bytes, content: Any) -> Recipe:
    """Returns the recipe of a file without its layout, for comparing what two files mean.

    Args:
        schema: Its format.
        data: The file.
        content: What the schema assembled of it.

    Raises:
        RecipeError: No recipe builds this file.
    """
    recipe = describe(schema, data, content)
    return recipe if schema.as_compiled is None else schema.as_compiled(recipe)
