"""Turn a schema into plain Python that knows a faultless file when it sees one.

`source(schema)` walks the annotated Construct tree and writes a module with one function, ``spotless(data)``:
neighbouring numbers are unpacked at once, tables are read by `iter_unpack`, ``this`` expressions become local
variables, and all conditions of a record are one ``if``. It gives the file's `Columns` when the reader would
find no fault at all, and None at the first doubt.

The reader (`read`) stays the one that says what is wrong; the generated function only says that nothing is. A
test holds the two against each other. `enough` says for which schemas that will do to pass a file unread. A
schema with a node that is not understood here raises `NotGenerated`, and is then read by the reader alone.
"""

from __future__ import annotations

from ccheck_schemas.generate.scope import NotGenerated
from ccheck_schemas.generate.writer import Writer
from ccheck_schemas.schema import Schema

__all__ = ["NotGenerated", "source"]


def source(schema: Schema) -> str:
    """The module of a schema. Raises NotGenerated."""
    return Writer(schema).module()
