"""The generated module of a schema."""

from __future__ import annotations

from ccheck_schemas.generate.python.writer import Writer
from ccheck_schemas.schema import Schema


def source(schema: Schema) -> str:
    """Returns the module of a schema.

    Raises:
        NotGenerated: The schema has a node that the generator does not know.
    """
    return Writer(schema).module()
