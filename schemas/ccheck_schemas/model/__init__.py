"""The model of a format and of a file, in plain data: record types, their numbers and what these mean.

No Construct node leaves this package.

* `decompose` splits a file into pieces by its schema.
* `minimal_file` builds a small file from a schema only.
* `constants` lists the numbers and magics that a schema names.
* `vocabulary` lists which of them a file uses.

An expression over several fields and a conditional number inside a row are left as they are.
"""

from ccheck_schemas.model.allowed_numbers import NoAllowedNumber
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
    "NoAllowedNumber",
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
