"""Texts of strangers on a terminal: nothing that moves the cursor, and how wide they come out."""

from __future__ import annotations


def visible(text: str) -> str:
    r"""Replace what would move the cursor or change colours; blanks stay as many as they were.

    >>> visible("a\tb"), visible("\x1b[31mred")
    ('a b', '�[31mred')
    """
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() else " " if c in "\t\n\r" else "\N{REPLACEMENT CHARACTER}"
        for c in text
    )


def printable(text: str) -> str:
    r"""Make a text one line of visible characters, each stretch of blanks a single one.

    >>> printable("two\n  lines")
    'two lines'
    """
    return visible(" ".join(text.split()))


def width_of(text: str) -> int:
    """Return how many columns a terminal gives to a text."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    other = [c for c in text if c > "\x7f"]
    wide = sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in other)
    return len(text) - len(other) + wide


def terminal_width() -> int:
    """Measure the terminal."""
    from shutil import get_terminal_size

    return get_terminal_size().columns
