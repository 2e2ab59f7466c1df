"""Write a file as the shortest recipe that builds it again, by its layout."""

from __future__ import annotations

from typing import Any

from ccheck_schemas.layout import tree
from ccheck_schemas.read import read
from ccheck_schemas.recipe.by_layout.compose import compose
from ccheck_schemas.recipe.by_layout.describe import describe
from ccheck_schemas.schema import RecipeError, Schema
from ccheck_schemas.wrapping import ContentSchema


def recipe_of(layout: tree.Struct, data: bytes) -> dict[str, Any]:
    """Returns a recipe that builds exactly the bytes of a file.

    What follows from the rest is left out, if the bytes stay the same without it.

    Args:
        layout: The layout of its format.
        data: A file that is read by it without faults.

    Raises:
        RecipeError: No recipe builds these bytes.
    """
    for without in (("place", "other"), ("other",)):
        recipe = describe(layout, data, _content)
        composed = compose(layout, recipe)
        _same(data, composed.data)
        for optional in composed.optional:
            if ("place" if optional.place else "other") in without:
                optional.home.pop(optional.key, None)
        try:
            if compose(layout, recipe).data == data:
                return recipe
        except RecipeError:
            continue
    return describe(layout, data, _content)


def _content(schema: ContentSchema, data: bytes) -> Any:
    """Returns the recipe of the content of an envelope.

    Raises:
        RecipeError: No recipe builds it.
    """
    if not isinstance(schema, Schema):
        return recipe_of(schema.layout, data)
    reading = read(schema.layout, data)
    if schema.breaks(reading):
        raise RecipeError("", f"it breaks the schema {schema.name}")
    if schema.compose is None or schema.describe is None:
        return recipe_of(schema.layout, data)
    recipe = schema.describe(schema.assemble(reading))
    _same(data, schema.compose(recipe))
    return recipe


def _same(data: bytes, built: bytes) -> None:
    """Refuses a recipe that builds other bytes.

    Raises:
        RecipeError: It does.
    """
    if built != data:
        both = zip(data, built, strict=False)
        at = next((i for i, (one, other) in enumerate(both) if one != other), min(len(data), len(built)))
        raise RecipeError("", f"built again, it would differ from offset {at:#x} on")
