"""The anatomy of a format and of a file, in plain data: kinds of records, their numbers and what these mean.

No Construct node leaves this package: `dissect` takes a file apart by its schema, `sprout` makes a small file
out of a schema alone, `constants` lists the numbers and magics that a schema names,
`vocabulary` what of them a file uses. What is not understood
(an expression over several fields, a conditional number inside a row) has no description and is left alone.
"""

from ccheck_schemas.model.constants import Constants, constants
from ccheck_schemas.model.dissect import dissect
from ccheck_schemas.model.kind import (
    DERIVED,
    KEYS,
    Anatomy,
    Blob,
    Chained,
    Kind,
    ListForm,
    Number,
    Payload,
    Piece,
    PlaceForm,
    PooledForm,
    Ref,
    Refs,
    Relation,
    Role,
    Share,
    Spot,
    Stray,
    TableRows,
    Tie,
)
from ccheck_schemas.model.sprout import sprout
from ccheck_schemas.model.vocabulary import vocabulary

__all__ = [
    "DERIVED",
    "KEYS",
    "Anatomy",
    "Blob",
    "Chained",
    "Constants",
    "Kind",
    "ListForm",
    "Number",
    "Payload",
    "Piece",
    "PlaceForm",
    "PooledForm",
    "Ref",
    "Refs",
    "Relation",
    "Role",
    "Share",
    "Spot",
    "Stray",
    "TableRows",
    "Tie",
    "constants",
    "dissect",
    "sprout",
    "vocabulary",
]
