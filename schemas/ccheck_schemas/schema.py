"""One format: its Construct tree, how it is recognised, and how its meaning is taken out of the bytes and put
back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import construct

from ccheck_schemas.layout.lint import lint
from ccheck_schemas.record import Reading
from ccheck_schemas.vocabulary.streams import SOURCE

Recipe = Mapping[str, Any]
"""Content as people write it: plain mappings, lists, text and numbers, as YAML has them."""


class RecipeError(ValueError):
    """A recipe that cannot be built. path: the key in the recipe. detail: what is wrong there."""

    def __init__(self, path: str, detail: str) -> None:
        super().__init__(f"{path}: {detail}" if path else detail)
        self.path = path
        self.detail = detail


class SchemaRefused(ValueError):
    """A schema that uses nodes which a strict validator cannot trust. complaints: each ``place: reason``."""

    def __init__(self, name: str, complaints: tuple[str, ...]) -> None:
        super().__init__(f"schema {name!r} is refused:\n  " + "\n  ".join(complaints))
        self.complaints = complaints


@dataclass(frozen=True, slots=True)
class Identity:
    """How people name one element of a list of a recipe. label: a format string over its keys. headline: the
    key whose change needs no name.
    """

    label: str
    headline: str | None = None


@dataclass(frozen=True, slots=True)
class Omission:
    """Something that an importer did not carry over from a description into a schema.

    place: where it is in the description, such as ``types.chunk.seq[2].valid``. source: the description's
    file name. line: from 1. detail: what is missing. field: the field that it was said of, by the schema's
    names.
    """

    place: str
    source: str
    line: int
    detail: str
    field: str = ""


@dataclass(frozen=True)
class Schema:
    """A format that ccheck reads. Making one lints the tree, and raises `SchemaRefused`.

    name: the word on the command line. title: one line for people. root: a Struct in the vocabulary of
    `meaning`. recognise: whether bytes look like this format. assemble: the typed content of a reading; the
    reading itself when the format has none. compose: a recipe to bytes, raises `RecipeError`. describe:
    content to a recipe, the way back, raises `RecipeError`; both or neither. identity: for `ccheck diff`,
    how the elements of a recipe's lists are named, by the list's key. target: looks up a consumer version
    that files can be judged for; raises ValueError, which names the known ones. omitted: what an importer
    left out: files are not examined whole by such a schema, and do not pass unless their users allow it.
    """

    name: str
    title: str
    root: construct.Construct
    recognise: Callable[[bytes], bool]
    assemble: Callable[[Reading], Any] = lambda reading: reading
    compose: Callable[[Recipe], bytes] | None = None
    describe: Callable[[Any], Recipe] | None = None
    identity: Mapping[str, Identity] = field(default_factory=dict)
    target: Callable[[str], object] | None = None
    omitted: tuple[Omission, ...] = ()

    def rebuild(self, data: bytes, content: Any) -> bytes:
        """The bytes that the content of a file without faults has in canonical form. Raises RecipeError.

        A format with recipes composes its content anew; any other is parsed and built by its Construct tree.
        """
        if self.compose is not None and self.describe is not None:
            return self.compose(self.describe(content))
        try:
            return bytes(self.root.build(self.root.parse(data), **{SOURCE: data}))
        except construct.ConstructError as fault:
            raise RecipeError("", f"Construct refuses it: {fault}") from fault

    def __post_init__(self) -> None:
        complaints = lint(self.root)
        if complaints:
            raise SchemaRefused(self.name, complaints)
