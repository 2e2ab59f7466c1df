"""Names of encodings, as Kaitai Struct writes them, into codecs of Python."""

from __future__ import annotations

import codecs

from ccheck.kaitai.source import KaitaiError, Place

_PAGES = (
    37, 273, 424, 437, 500, 720, 737, 775, 850, 852, 855, 856, 857, 858, 860, 861, 862, 863, 864, 865, 866,
    869, 874, 875, 932, 949, 950, 1006, 1026, 1125, 1140, *range(1250, 1259),
)  # fmt: skip
_TEXT = frozenset(
    {
        "ascii", "utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be",
        "shift_jis", "shift_jis_2004", "shift_jisx0213", "euc_jp", "euc_kr", "euc_jis_2004", "iso2022_jp",
        "iso2022_kr", "big5", "big5hkscs", "gb2312", "gbk", "gb18030", "hz", "johab", "koi8-r", "koi8-u",
        "koi8-t", "tis-620", "hp-roman8", "ptcp154", "kz1048", "mac-roman", "mac-cyrillic", "mac-greek",
        "mac-iceland", "mac-latin2", "mac-turkish",
        *(f"iso8859-{part}" for part in range(1, 17) if part != 12),
        *(f"cp{page:03}" for page in _PAGES),
    }
)  # fmt: skip
"""Codecs of texts; Python has others, such as rot13 and base64, which are none."""


def codec_of(said: object, place: Place) -> str:
    """The codec of an encoding, whatever the case of its name. Raises KaitaiError for an unknown one."""
    try:
        name = codecs.lookup(said).name if isinstance(said, str) and said.isascii() else ""
    except (LookupError, ValueError):
        name = ""
    name = name.replace("_", "-") if name.replace("_", "-") in _TEXT else name
    if name not in _TEXT:
        raise KaitaiError(place, f"the encoding {said!r} is not known")
    return name
