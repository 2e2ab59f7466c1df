"""Generate plain Python from a schema: a module that accepts a file only if the reader finds no fault in it.

`source.source(schema)` follows the Construct tree and writes a module with one function, ``accept(data)``. It
unpacks neighbouring numbers together, reads tables with `iter_unpack`, turns ``this`` expressions into local
variables, and tests all conditions of a record in one ``if``. `accept` returns the `Columns` of a valid file,
and None as soon as something is wrong.

The reader (`read`) reports what is wrong; the generated function only whether a file is valid. A test
compares the two. `canonical` decides for which schemas an accepted file passes unread. A schema with a node
that the generator does not know raises `NotGenerated`; only the reader reads its files.
"""
