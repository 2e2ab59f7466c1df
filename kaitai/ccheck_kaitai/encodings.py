"""Names of encodings, as Kaitai Struct writes them, into codecs of Python."""

from __future__ import annotations

from ccheck_kaitai.source import KaitaiError, Place
from ccheck_schemas.vocabulary.encoding import text_encoding


def codec_of(said: object, place: Place) -> str:
    """The codec of an encoding, whatever the case of its name.

    Raises:
        KaitaiError: The encoding is unknown, or ambiguous.
    """
    if not isinstance(said, str) or not said.isascii():
        raise KaitaiError(place, f"the encoding {said!r} is not known")
    try:
        return text_encoding(said)
    except ValueError as why:
        raise KaitaiError(place, f"the encoding {said!r} is not known: {why}") from why
