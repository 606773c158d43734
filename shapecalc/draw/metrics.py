"""How wide a text is set, by the advances of one free font, DejaVu Sans.

A picture asks for that font, and for Verdana, which has nearly the same advances; in another font a
text keeps the length that it has here, since the picture states it.
"""

from __future__ import annotations

from bisect import bisect_left
from functools import cache
from pathlib import Path

#: Units of the font in its size.
_EM = 2048
#: A letter that the table does not have is given so much: none of a text's script is wider.
_UNKNOWN = 2048
#: Beside a text this part of its width stays free.
SLACK = 0.1
ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"


@cache
def _advances() -> dict[bool, dict[str, int]]:
    """Read the tables of the plain and of the bold font."""
    text = (Path(__file__).parent / "advances.txt").read_text(encoding="utf-8")
    tables: dict[bool, dict[str, int]] = {}
    bold = False
    for row in text.split("\n"):
        number, _, letters = row.partition(" ")
        if number == "=":
            bold = letters == "bold"
            tables[bold] = {}
        elif number.isdecimal():
            tables[bold].update(dict.fromkeys(letters, int(number)))
    return tables


def width(text: str, size: float, *, bold: bool = False) -> float:
    """Return how wide a text is set, in the unit of its size.

    >>> width("conv1", 16)
    48.375
    """
    table = _advances()[bold]
    return sum(table.get(letter, _UNKNOWN) for letter in text) * size / _EM


def room(text: str, size: float, *, bold: bool = False) -> float:
    """Return the room that a text is given: its width, and a tenth of it."""
    return width(text, size, bold=bold) * (1 + SLACK)


def fitted(text: str, size: float, most: float, *, bold: bool = False) -> str:
    """Shorten a text to what has room in `most`, its middle left out: ends tell names apart.

    >>> fitted("inception_4a/conv_reduce", 10, 90)
    'incepti…reduce'
    """
    if room(text, size, bold=bold) <= most:
        return text

    def shortened(kept: int) -> str:
        return text[: (kept + 1) // 2] + ELLIPSIS + text[len(text) - kept // 2 :]

    def is_wider(kept: int) -> bool:
        return room(shortened(kept), size, bold=bold) > most

    # a text with more letters is no narrower: the first that is too wide ends what fits
    return shortened(bisect_left(range(1, len(text)), 1, key=is_wider))
