"""The encoding of a roster: names that a wrong one turns into signs are never let through.

Every bytes are text in some Windows code page, so that a reading as one proves nothing.  What it
makes of names is looked at: a sign inside a name, or names that are hardly anything but accents.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple
from unicodedata import name as name_of

from shapecalc.text.files import bare
from shapecalc.text.words import listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

#: Encodings that spreadsheets write, as Python names them, for names of which scripts.
CANDIDATES = (
    "gb18030", "big5", "cp932", "cp949", "euc_jp", "cp1251", "koi8_r", "cp866", "cp1250",
    "iso8859_2", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258", "cp874", "mac_roman",
)  # fmt: skip
#: The first bytes of the signs of everyday use, where an encoding has several thousand.
_COMMON = {
    "gb18030": range(0xB0, 0xD8),
    "big5": range(0xA4, 0xC7),
    "cp932": range(0x82, 0x98),
    "cp949": range(0xB0, 0xC9),
    "euc_jp": range(0xA4, 0xD0),
}
#: What stands in names beside letters.
_IN_NAMES = frozenset("\u2019\u2018\xb4`\xaa\xba\xb7\u2013\u2014\xa0")
#: What Mac Roman's accented letters become in Windows-1252, where no name has it: a capital or a
#: dash behind a small letter, a sound that no vowel carries, a quotation mark that opens in a word.
_FROM_MAC = re.compile(
    r"(?<!\bMc)(?<!\bMac)(?:(?<=[a-z])[\u017d\u0160\u0178\u0152]"
    r"|(?<=[A-Z])[\u017d\u0160\u0178\u0152](?=[a-z]))"
    r"|(?<=[a-z\u0153\u0161\u017e])[\u2013\u2014](?=[a-z])"
    r"|(?i:^[b-df-hj-np-tv-z]+\u0161(?=[b-df-hj-np-tv-z]))|(?<=[a-z])\u2018(?![aeiou])"
)
_WORD = re.compile(r"[^\s,;.()/'\"_@0-9-]+")
_MOST = 4


class _RosterReading(NamedTuple):
    """A reading of names: how much of it looks like names, and one of them."""

    likely: float
    encoding: str
    example: str


def strange(names: Iterable[str]) -> str:
    """Return a name that no Western encoding can mean, or nothing where all may be names.

    >>> strange(["Zoë Müller", "Þór", "Mª José", "Gal·la"]), strange(["Ann Lee", "±è¹Î"])
    ('', '±è¹Î')
    >>> strange(["Jšrg MŸller"]), strange(["Miloš Žák", "Zoë Müller"])
    ('Jšrg MŸller', '')
    """
    accented = [
        (name, word) for name in names for word in _WORD.findall(name) if not word.isascii()
    ]
    for name, word in accented:
        if any(ord(c) > 127 and not c.isalpha() and c not in _IN_NAMES for c in word):
            return name
    of_mac = [name for name, word in accented if _FROM_MAC.search(word)]
    if of_mac:
        return of_mac[0]
    odd = [name for name, word in accented if len(word) > 2 and 2 * _accents(word) > len(word)]
    return odd[0] if 2 * len(odd) > len(accented) else ""


def _accents(word: str) -> int:
    return sum(ord(letter) > 127 for letter in word)


def encodings_of(data: bytes, names: Sequence[bytes]) -> str:
    """Name the likeliest encodings of bytes, each with what it makes of a name."""
    readings = sorted(_readings(data, names), key=lambda reading: -reading.likely)
    best = [f"{encoding} ({example})" for _, encoding, example in readings[:_MOST]]
    return listed(best, "or")


def _readings(data: bytes, names: Sequence[bytes]) -> Iterator[_RosterReading]:
    """Yield the encodings in which all of a file is text, and names may be names."""
    seen = set()
    for encoding in CANDIDATES:
        try:
            data.decode(encoding)
            read = [name.decode(encoding) for name in names]
        except UnicodeError:
            continue
        words = [word for name in read for word in _WORD.findall(name) if not word.isascii()]
        likely = sum(_likely(word, encoding) for word in words) / max(len(words), 1)
        if likely > 0 and tuple(read) not in seen:
            seen.add(tuple(read))
            yield _RosterReading(
                likely, encoding, next(name for name in read if not name.isascii())
            )


def _likely(word: str, encoding: str) -> float:
    """Weigh how much a word looks like a name, from 0 to 1."""
    letters = [letter for letter in word if ord(letter) > 127]
    if not all(letter.isalpha() for letter in letters):
        return 0
    common = _COMMON.get(encoding)
    if common is not None:
        everyday = sum(letter.encode(encoding)[0] in common for letter in letters)
        return everyday / len(letters) * (len(word) <= 6)
    scripts = [
        script for script, _ in groupby(name_of(letter, "").partition(" ")[0] for letter in word)
    ]
    shaped = word.istitle() or word.isupper() or word.lower() == word.upper()
    if len(set(scripts)) > 1 or not shaped:
        return 0
    # accents are rare in a word of Latin letters; a word in a script of its own is nothing else
    return 1 if scripts[0] != "LATIN" else max(0.0, 1 - 1.5 * len(letters) / len(bare(word)))
