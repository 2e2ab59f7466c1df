"""The model of a format and of a file, in plain data: record types, their numbers and what these mean.

No Construct node leaves this package.

* `decompose` takes a file apart by its schema.
* `minimal_file` makes a small file from a schema alone.
* `constants` lists the numbers and magics that a schema names.
* `vocabulary` lists what of them a file uses.

An expression over several fields and a conditional number inside a row are left alone.
"""

from ccheck_schemas.model.constants import Constants, constants
from ccheck_schemas.model.decompose import decompose
from ccheck_schemas.model.minimal_file import minimal_file
from ccheck_schemas.model.record_type import (
    DERIVED,
    KEYS,
    Blob,
    Chained,
    Derivation,
    FileModel,
    ListForm,
    Number,
    Orphan,
    Payload,
    Piece,
    Pinned,
    PlaceForm,
    PooledForm,
    RecordType,
    Ref,
    Refs,
    Relation,
    Role,
    Share,
    TableRows,
)
from ccheck_schemas.model.vocabulary import vocabulary

__all__ = [
    "DERIVED",
    "KEYS",
    "Blob",
    "Chained",
    "Constants",
    "Derivation",
    "FileModel",
    "ListForm",
    "Number",
    "Orphan",
    "Payload",
    "Piece",
    "Pinned",
    "PlaceForm",
    "PooledForm",
    "RecordType",
    "Ref",
    "Refs",
    "Relation",
    "Role",
    "Share",
    "TableRows",
    "constants",
    "decompose",
    "minimal_file",
    "vocabulary",
]
