"""Mutators of texts and of pool items: lengths, pools and offsets follow."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import NamedTuple

from ccheck_fuzz.model import Draft, Model, Population
from ccheck_fuzz.model.draft import changed
from ccheck_fuzz.mutate.place import Context, chosen, pick
from ccheck_schemas.model import Blob, Orphan, Payload, Pinned, Relation

WORD = 8
MOST_TEXT = 1 << 16


class Text(NamedTuple):
    """A text as an edit sees it.

    Attributes:
        content: Its bytes.
        encoding: Its encoding; None for raw bytes.
        low: The least number of bytes that it may have.
        high: The greatest number of bytes that it may have.
    """

    content: bytes
    encoding: str | None
    low: int
    high: int

    def encoded(self, text: str) -> bytes:
        """Returns a text as its bytes."""
        return text.encode(self.encoding or "utf-8", "replace")

    @property
    def unit(self) -> bytes:
        """One NUL."""
        return self.encoded("\0")


Edit = Callable[[Text, Random, Context], bytes | None]


def text_emptied(model: Model, random: Random, context: Context) -> Model | None:
    """A text without a character."""
    return edited(model, random, context, lambda text, random, context: b"" if text.content else None)


def text_at_its_limit(model: Model, random: Random, context: Context) -> Model | None:
    """A text as long as it may be, or as something else says, or one byte or character more or less."""

    def edit(text: Text, random: Random, context: Context) -> bytes | None:
        limit = pick(random, (text.low, text.high, pick(random, context.interesting.named or (text.high,))))
        limit += pick(random, (-1, 0, 1)) * len(text.unit)
        limit = min(limit, MOST_TEXT, context.most)
        if limit < 0 or limit == len(text.content):
            return None
        fill = text.encoded(pick(random, "Aa0é"))
        body = text.content or fill
        return (body + fill * (limit // len(fill) + 1))[:limit]

    return edited(model, random, context, edit)


def text_with_nul(model: Model, random: Random, context: Context) -> Model | None:
    """A NUL inside a text."""

    def edit(text: Text, random: Random, context: Context) -> bytes | None:
        if text.encoding is None:
            return None
        unit = len(text.unit)
        at = int(random.random() * (len(text.content) // unit + 1)) * unit
        return text.content[:at] + text.unit + text.content[at + pick(random, (0, unit)) :]

    return edited(model, random, context, edit)


def text_malformed(model: Model, random: Random, context: Context) -> Model | None:
    """Bytes that are no text in the text's encoding."""

    def edit(text: Text, random: Random, context: Context) -> bytes | None:
        if text.encoding is None:
            return None
        bad = (b"\x00\xd8", b"A") if len(text.unit) == 2 else (b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xc0\x80")
        at = int(random.random() * (len(text.content) + 1)) // len(text.unit) * len(text.unit)
        return text.content[:at] + pick(random, bad) + text.content[at:]

    return edited(model, random, context, edit)


def interesting_text(model: Model, random: Random, context: Context) -> Model | None:
    """A text at the edges of encodings, case folding and separators, in place of the text or after it."""

    def edit(text: Text, random: Random, context: Context) -> bytes | None:
        made = text.encoded(pick(random, context.interesting.texts))
        return made if random.random() < 0.5 else text.content + made

    return edited(model, random, context, edit)


def text_in_other_case(model: Model, random: Random, context: Context) -> Model | None:
    """A text of the same length with its case swapped."""

    def edit(text: Text, random: Random, context: Context) -> bytes | None:
        content = text.content
        if text.encoding is None:
            return None
        at = int(random.random() * (len(content) + 1))
        return pick(
            random,
            (content.upper(), content.lower(), content.swapcase(), content[:at] + content[at:].swapcase()),
        )

    return edited(model, random, context, edit)


def text_resized(model: Model, random: Random, context: Context) -> Model | None:
    """A text cut short, doubled, or with a part said twice."""

    def edit(text: Text, random: Random, context: Context) -> bytes | None:
        content = text.content
        unit = len(text.unit) if text.encoding else pick(random, (1, WORD))
        count = len(content) // unit
        if not count:
            return None
        at = int(random.random() * (count + 1)) * unit
        return pick(random, (content[:at], content + content, content[:at] + content, content[unit:]))

    return edited(model, random, context, edit)


def text_of_another_record(model: Model, random: Random, context: Context) -> Model | None:
    """The text that another record has: the same text twice."""
    known = [
        ref.payload.content if isinstance(ref, Pinned) else ref.content
        for table in model.frame.tables.values()
        for refs in table.refs
        for ref in refs
        if isinstance(ref, Payload | Pinned)
    ]
    if len(known) < 2:
        return None
    return edited(model, random, context, lambda text, random, context: pick(random, known))


def interesting_word(model: Model, random: Random, context: Context) -> Model | None:
    """One integer of a list of integers in a pool, at its edges, with another bit, or interesting."""

    def edit(text: Text, random: Random, context: Context) -> bytes | None:
        if text.encoding is not None or len(text.content) < WORD:
            return None
        at = int(random.random() * (len(text.content) // WORD)) * WORD
        before = int.from_bytes(text.content[at : at + WORD], "little")
        near = (before + 1, before - 1, before ^ 1 << 63, before ^ 1 << int(random.random() * 64))
        wanted = pick(random, (*near, 0, -1, 1 << 63, pick(random, context.interesting.numbers)))
        word = (wanted & (1 << 64) - 1).to_bytes(WORD, "little")
        return text.content[:at] + word + text.content[at + WORD :]

    return edited(model, random, context, edit)


def words_swapped(model: Model, random: Random, context: Context) -> Model | None:
    """Two neighbouring integers of a pool in each other's place: a range upside down."""

    def edit(text: Text, random: Random, context: Context) -> bytes | None:
        if text.encoding is not None or len(text.content) < 2 * WORD:
            return None
        at = int(random.random() * (len(text.content) // WORD - 1)) * WORD
        one, two = text.content[at : at + WORD], text.content[at + WORD : at + 2 * WORD]
        return text.content[:at] + two + one + text.content[at + 2 * WORD :]

    return edited(model, random, context, edit)


# -- where texts stand


def edited(model: Model, random: Random, context: Context, edit: Edit) -> Model | None:
    """The file with one text edited; None if the edit has nothing to do."""
    options = [p for p in model.frame.populations if p.kind.pooled or _blobs(p)]
    for _ in range(3):
        if not options:
            return None
        population, row = chosen(options, random, context)
        change = _edit_pooled if population.kind.pooled else _edit_blob
        made = change(model, random, context, edit, population, row)
        if made is not None:
            return made
        context = context._replace(focus=None)
    return None


def _blobs(population: Population) -> list[Blob]:
    return [blob for blob in population.kind.blobs if blob.exact is None]


def _edit_pooled(
    model: Model, random: Random, context: Context, edit: Edit, population: Population, wished: int
) -> Model | None:
    key = population.table
    if key is None:
        held = {piece.key: piece.refs for piece in model.frame.pieces if piece.key in set(population.keys)}
        rows = [held[k] for k in population.keys]
    else:
        rows = list(model.frame.tables[key].refs)
    forms = len(population.kind.pooled)
    named = [(i, f) for i, refs in enumerate(rows) for f in range(forms) if refs[f] is not None]
    if not named:
        return None
    here = [place for place in named if place[0] == wished]
    row, number = pick(random, here or named)
    form = population.kind.pooled[number]
    ref = rows[row][number]
    payload = ref.payload if isinstance(ref, Pinned | Orphan) else ref
    if not isinstance(payload, Payload):
        return None
    text = Text(payload.content, payload.encoding, form.length.low, form.length.high)
    content = edit(text, random, context)
    if content is None or content == payload.content:
        return None
    gone = not content and form.optional
    made = None if gone else payload._replace(content=content)
    refs = (*rows[row][:number], made, *rows[row][number + 1 :])
    draft = Draft(model)
    if key is None:
        wanted = population.keys[row]
        draft.pieces = [changed(p, refs=refs) if p.key == wanted else p for p in draft.pieces]
    else:
        raw = bytearray(draft.cut(key, row).raw)
        for number_of_it in (form.offset, form.length) if gone else ():
            number_of_it.packer.pack_into(raw, number_of_it.delta, 0)
        draft.put(key, row, bytes(raw), refs)
    return draft.build()


def _edit_blob(
    model: Model, random: Random, context: Context, edit: Edit, population: Population, row: int
) -> Model | None:
    blob = pick(random, _blobs(population))
    start = population.starts[row] + blob.delta
    if blob.size is not None:
        before = model.data[start : start + blob.size]
        content = edit(Text(_until_nul(before, blob), blob.encoding, 0, blob.size), random, context)
        if content is None:
            return None
        after = content[: blob.size].ljust(blob.size, b"\0")
        return None if after == before else model.with_bytes(start, after)
    key = population.keys[row]
    end = model.frame.ends[key] - blob.behind
    relation = _relation(model, key)
    low, high = (0, MOST_TEXT) if relation is None else (relation.number.low, relation.number.high)
    text = Text(model.data[start:end], blob.encoding, low, high)
    content = edit(text, random, context)
    if content is None or content == text.content:
        return None
    draft = Draft(model)
    draft.set_text(key, content + bytes(blob.behind))
    return draft.build()


def _until_nul(raw: bytes, blob: Blob) -> bytes:
    """Returns a text of fixed size without the NULs at its end."""
    if blob.encoding is None:
        return raw
    stripped = raw.rstrip(b"\0")
    return raw[: len(stripped) + -len(stripped) % blob.unit]


def _relation(model: Model, key: int) -> Relation | None:
    """Returns the number that states the length of a piece."""
    return next((r for p in model.frame.pieces for r in p.relations if r.target == key == r.last), None)
