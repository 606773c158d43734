"""Names of people and files, in any script: what makes two of them the same, and what is safe."""

from __future__ import annotations

import re
from unicodedata import normalize

#: Names that Windows keeps for devices.
_DEVICES = frozenset({"con", "prn", "aux", "nul"}) | {
    f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10)
}
#: Bytes and characters of a page's name, so that a suffix and what a copy adds fit as well.
_BYTES = 120
_LETTERS = 60


def fold(text: str) -> str:
    """Return what tells an identity from others: letters' case and composition make no difference.

    >>> fold(" Ann@X.edu "), fold("e\u0301") == fold("\u00c9")
    ('ann@x.edu', True)
    """
    return normalize("NFC", normalize("NFKC", text).strip().casefold())


def bare(text: str) -> str:
    """Return only the letters and digits of a name, as platforms put it into file names.

    >>> bare("O'Brien, Mary-Ann"), bare("李 雷")
    ('obrienmaryann', '李雷')
    """
    return "".join(c for c in fold(text) if c.isalnum())


def turned(name: str) -> str:
    """Write `Last, First` as `First Last`.

    >>> turned("O'Brien, Mary"), turned("Mary O'Brien")
    ("Mary O'Brien", "Mary O'Brien")
    """
    last, comma, first = name.partition(",")
    return f"{first.strip()} {last.strip()}" if comma and first.strip() else name.strip()


def page_name(identity: str, taken: set[str]) -> str:
    """Make a file's name of an identity, safe on every system, and add it to those `taken`.

    Letters and digits of every script stay; what differs only in case gets a number.
    """
    kept = "".join(c if c.isalnum() or c in "-_." else "-" for c in normalize("NFC", identity))
    name = re.sub(r"-{2,}", "-", kept[:_LETTERS]).strip("-. ") or "student"
    while len(name.encode()) > _BYTES:
        name = name[:-1]
    if name.split(".")[0].casefold() in _DEVICES:
        name = f"{name}-student"
    free, number = name, 1
    while fold(free) in taken:
        number += 1
        free = f"{name}-{number}"
    taken.add(fold(free))
    return free
