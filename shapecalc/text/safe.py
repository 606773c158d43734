"""Texts of strangers, safe to show: on a terminal, in one line, in a spreadsheet; and how wide."""

from __future__ import annotations

import os
import sys
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

#: What a spreadsheet would take for the start of a formula.
FORMULA = (*"=+-@\t\r", *"＝＋－＠﹢﹣﹦﹫")  # noqa: RUF001  (as wide and small letters)


def terminal_safe(text: str) -> str:
    r"""Replace what would move the cursor or change colours; blanks stay as many as they were.

    >>> terminal_safe("a\tb"), terminal_safe("\x1b[31mred")
    ('a b', '�[31mred')
    """
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() else " " if c in "\t\n\r" else "\N{REPLACEMENT CHARACTER}"
        for c in text
    )


def with_controls_shown(text: str) -> str:
    r"""Write out what a terminal would obey; the ends of lines and tabs stay.

    >>> with_controls_shown("a,b\x1b[31mred\u202e\rc\r\n")
    'a,b\\x1b[31mred\\u202e\\rc\r\n'
    """
    if text.replace("\n", "").isprintable():
        return text
    return "\r\n".join(
        "".join(c if c in "\n\t" or not _is_obeyed(c) else _written_out(c) for c in part)
        for part in text.split("\r\n")
    )


def _is_obeyed(character: str) -> bool:
    """Tell whether a character is a control, or turns the direction of a line."""
    if character.isprintable():
        return False
    from unicodedata import category

    return category(character) in ("Cc", "Cf", "Zl", "Zp") and character not in _JOINERS


#: What joins letters and pictures of many scripts, and a hyphen that does not show.
_JOINERS = "\u200c\u200d\xad"


def _written_out(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def one_line(text: str) -> str:
    r"""Make a text one line of visible characters, each stretch of blanks a single one.

    >>> one_line("two\n  lines")
    'two lines'
    """
    return terminal_safe(" ".join(text.split()))


def width_of(text: str) -> int:
    """Return how many columns a terminal gives to a text."""
    return len(text) if text.isascii() else _width_of_letters(text)


@lru_cache(maxsize=4096)
def _width_of_letters(text: str) -> int:
    from unicodedata import combining, east_asian_width

    other = [c for c in text if c > "\x7f"]
    wide = sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in other)
    return len(text) - len(other) + wide


def widest(texts: Collection[str]) -> int:
    """Return how many columns the widest of several texts takes."""
    if "".join(texts).isascii():  # a long table's columns mostly are
        return max(map(len, texts))
    return max(map(width_of, texts))


def terminal_width() -> int:
    """Measure the terminal, as `shutil` does, which would import what reads archives."""
    try:
        given = int(os.environ["COLUMNS"])
    except (KeyError, ValueError):
        given = 0
    if given > 0:
        return given
    if sys.__stdout__ is None:
        return 80
    try:
        return os.get_terminal_size(sys.__stdout__.fileno()).columns or 80
    except (ValueError, OSError):  # closed, or no terminal
        return 80


def csv_safe(text: str) -> str:
    r"""Put a `'` before what a spreadsheet would read as a formula, blanks before it left out.

    >>> csv_safe("=1+1"), csv_safe(" \n@a"), csv_safe("a = 1")
    ("'=1+1", "' \n@a", 'a = 1')
    """
    return f"'{text}" if text.startswith(FORMULA) or text.lstrip().startswith(FORMULA) else text
