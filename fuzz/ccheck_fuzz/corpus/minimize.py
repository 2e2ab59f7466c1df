"""Make a file smaller and plainer while it keeps a property: on its records, not on its bytes.

Records are dropped, texts shortened, kinds and numbers replaced by the smallest; sizes, counts,
offsets and checksums follow, so that a file with a checksum shrinks at all. Unexplained bytes are
left out at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from ccheck_fuzz.model import Draft, Model, Population, opened
from ccheck_fuzz.model.draft import changed
from ccheck_schemas.model import DERIVED, Number, Payload, Pinned, Role
from ccheck_schemas.schema import Schema

LEAST_RUN = 4
"""Bytes of the shortest run that is left out."""

MOST_ROUNDS = 8
"""The number of rounds of all passes at most; each works on the result of the one before."""


def minimize(data: bytes, schema: Schema, keeps: Callable[[bytes], bool], tries: int = 2000) -> bytes:
    """Returns the smallest file found that has the property; the same one every time.

    Args:
        data: The file.
        schema: The format.
        keeps: Returns whether a file has the property.
        tries: The number of files to try at most.

    Raises:
        ValueError: `data` itself does not have the property.
    """
    if not keeps(data):
        raise ValueError("the file to be minimised does not keep the property")
    search = _Search(opened(schema, data), keeps, tries)
    for _ in range(MOST_ROUNDS):
        before = search.model.data
        search.take(opened(schema, before, repaired=True))
        search.records()
        search.texts()
        search.numbers()
        search.tail()
        search.runs(schema)
        if search.model.data == before or search.left <= 0:
            break
        # What is left may be understood better than what was there.
        search.model = opened(schema, search.model.data)
    return search.model.data


class _Search:
    """The smallest file so far, and how many questions are left."""

    def __init__(self, model: Model, keeps: Callable[[bytes], bool], tries: int) -> None:
        self.model = model
        self.keeps = keeps
        self.left = tries
        self.asked = {model.data}

    def take(self, model: Model) -> bool:
        """Continue with a file if it keeps the property and was not tried before."""
        if self.left <= 0 or model.data in self.asked:
            return False
        self.left -= 1
        self.asked.add(model.data)
        if not self.keeps(model.data):
            return False
        self.model = model
        return True

    # -- records

    def records(self) -> None:
        """Drop records: halves of each table and list first, then less, then single ones."""
        for key in list(self.model.frame.tables):
            self.thin(partial(self.rows, key), partial(_drop, key))
        for tag in list(self.model.frame.lists):
            self.thin(partial(self.elements, tag), partial(_prune, tag))

    def rows(self, key: int) -> int:
        table = self.model.frame.tables.get(key)
        return 0 if table is None else len(table.refs)

    def elements(self, tag: int) -> int:
        chained = self.model.frame.lists.get(tag)
        if chained is None or not chained.form.variable:
            return 0
        return len(chained.elements)

    def thin(self, count: Callable[[], int], drop: Callable[[Draft, int], None]) -> None:
        """Drop runs of records, from the end to the start, in ever smaller runs."""
        size = max(1, count() // 2)
        while size:
            end = count()
            while end > 0 and self.left > 0:
                start = max(0, end - size)
                draft = Draft(self.model)
                for number in reversed(range(start, min(end, count()))):
                    drop(draft, number)
                self.take(draft.build())
                end = start
            size //= 2

    # -- texts

    def texts(self) -> None:
        """Shorten texts: nothing, one character, half of it."""
        for key in list(self.model.frame.tables):
            table = self.model.frame.tables[key]
            for row in range(len(table.refs)):
                for form in range(len(table.kind.pooled)):
                    self.payload(key, row, form)
        for population in self.model.frame.populations:
            for blob in population.kind.blobs:
                if blob.exact is None:
                    for row in range(len(population.starts)):
                        self.blob(population.kind.name, row, blob.name)

    def payload(self, key: int, row: int, number: int) -> None:
        """Shorten what a row names in a pool."""
        while True:
            table = self.model.frame.tables[key]
            ref = table.refs[row][number]
            held = ref.payload if isinstance(ref, Pinned) else ref
            if not isinstance(held, Payload):
                return
            draft = Draft(self.model)
            raw = draft.cut(key, row).raw
            before, after = table.refs[row][:number], table.refs[row][number + 1 :]
            unit = _unit(held)
            for length in dict.fromkeys((unit, len(held.content) // 2 // unit * unit)):
                if 0 < length < len(held.content):
                    draft = Draft(self.model)
                    shorter = held._replace(content=held.content[:length])
                    draft.put(key, row, raw, (*before, shorter, *after))
                    if self.take(draft.build()):
                        break
            else:
                return

    def blob(self, kind: str, row: int, name: str) -> None:
        """Shorten a text of a record."""
        population = next((p for p in self.model.frame.populations if p.kind.name == kind), None)
        if population is None or row >= len(population.starts):
            return
        blob = next(blob for blob in population.kind.blobs if blob.name == name)
        start = population.starts[row] + blob.delta
        if blob.size is not None:
            self.take(self.model.with_bytes(start, bytes(blob.size)))
            return
        key = population.keys[row]
        while True:
            frame = self.model.frame
            content = self.model.data[frame.starts[key] : frame.ends[key] - blob.behind]
            for length in dict.fromkeys((0, blob.unit, len(content) // 2 // blob.unit * blob.unit)):
                if length < len(content):
                    draft = Draft(self.model)
                    draft.set_text(key, content[:length] + bytes(blob.behind))
                    if self.take(draft.build()):
                        break
            else:
                return

    # -- numbers

    def numbers(self) -> None:
        """Make numbers the smallest that there are: all of a kind at once, then one by one."""
        for population in self.model.frame.populations:
            for number in population.kind.numbers:
                for value in _plainest(number):
                    if not self.column(population, number, value):
                        for start in population.starts:
                            if self.model.value(start, number) != value:
                                self.take(self.model.with_number(start, number, value))

    def column(self, population: Population, number: Number, value: int) -> bool:
        """Give a number of all records of a kind one value. Whether they have it now."""
        model = self.model
        for start in population.starts:
            if model.value(start, number) != value:
                model = model.with_number(start, number, value)
        return model.data == self.model.data or self.take(model)

    # -- bytes

    def tail(self) -> None:
        """Leave out bytes that nobody explains, and what follows the last record."""
        for piece in list(self.model.frame.pieces):
            if (
                piece.record_type is None
                and piece.table is None
                and piece.pool is None
                and not piece.relations
            ):
                frame = self.model.frame
                if frame.starts.get(piece.key, 0) < frame.ends.get(piece.key, 0):
                    draft = Draft(self.model)
                    draft.pieces = [changed(p, refs=()) if p.key == piece.key else p for p in draft.pieces]
                    draft.set_text(piece.key, b"")
                    self.take(draft.build())

    def runs(self, schema: Schema) -> None:
        """Leave out runs of bytes, once records no longer explain them."""
        size = 1 << max(0, len(self.model.data) // 2).bit_length()
        most = self.left // 4
        while size >= LEAST_RUN and most > 0:
            end = len(self.model.data)
            while end > 0 and most > 0:
                start = max(0, end - size)
                most -= 1
                self.take(opened(schema, self.model.data[:start] + self.model.data[end:]))
                end = start
            size //= 2


def _drop(key: int, draft: Draft, row: int) -> None:
    draft.drop(key, row)


def _prune(tag: int, draft: Draft, number: int) -> None:
    draft.prune(tag, number)


def _plainest(number: Number) -> Iterator[int]:
    """Yields the plainest values of a number; none if it follows from something else."""
    if number.role in DERIVED:
        return
    if number.role in (Role.ENUM, Role.VERSION):
        yield min(number.values)
    else:
        yield max(number.low, 0)


def _unit(payload: Payload) -> int:
    """Returns the bytes of one character, or of one integer."""
    if payload.encoding is None:
        return 8
    return 2 if payload.encoding.startswith("utf-16") else 1
