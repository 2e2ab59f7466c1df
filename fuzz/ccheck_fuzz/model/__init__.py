"""An elastic file: records are dropped, doubled, moved and resized, and dependent numbers follow.

A `Model` is a file's bytes and a `Frame`, which describes the bytes. Neither is ever changed: an edit
of a number gives a new model on the same frame, and a `Draft` gives a new model on a new frame.
"""

from ccheck_fuzz.model.cache import Models
from ccheck_fuzz.model.draft import Cutting, Draft
from ccheck_fuzz.model.frame import Frame, Model, Population, Sharing, Table
from ccheck_fuzz.model.layout import rebuilt
from ccheck_fuzz.model.opened import opened

__all__ = [
    "Cutting",
    "Draft",
    "Frame",
    "Model",
    "Models",
    "Population",
    "Sharing",
    "Table",
    "opened",
    "rebuilt",
]
