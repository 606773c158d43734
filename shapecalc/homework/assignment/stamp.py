"""The stamp of a sheet: how it states which homework, and which variant, it is of."""

from __future__ import annotations

import re

_STAMP = re.compile(r"shapecalc homework ([0-9a-f]{8})\b")


def stamp_in(text: str) -> str:
    """Return the stamp that a text holds, or nothing.

    >>> stamp_in("Sheet: shapecalc homework 25a0a180.")
    '25a0a180'
    """
    match = _STAMP.search(text)
    return match[1] if match else ""
