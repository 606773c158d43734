"""What pages for a class are made of, before they become HTML or Markdown.

Texts are plain: no markup, and nothing but visible characters where a stranger wrote them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from shapecalc.homework.classroom.model import Graded

#: What a colour stands for; the words beside it say the same.
Tone: TypeAlias = Literal["", "good", "own", "bad", "open"]

# Without them names in Persian or in Indic scripts are misspelt.
_JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"


class Cell(NamedTuple):
    """A cell of a grid: a text, lines beneath it, and what its colour says.

    `heat` from 0 to 1 colours the cell by a number that is its text; `page` is a feedback page,
    `card` the anchor of a card on this page, that the last line leads to.
    """

    text: str
    below: tuple[str, ...] = ()
    tone: Tone = ""
    heat: float | None = None
    page: str = ""
    card: str = ""


class Grid(NamedTuple):
    """A table: the first cell of a row is its heading, `right` those columns that are numbers."""

    caption: str
    header: tuple[str, ...]
    right: tuple[bool, ...]
    rows: tuple[tuple[Cell, ...], ...]
    footer: tuple[str, ...] = ()


class Bars(NamedTuple):
    """A chart of counts, each with its label."""

    caption: str
    heads: tuple[str, str]
    bars: tuple[tuple[str, int], ...]


class Prose(NamedTuple):
    """A paragraph; an `urgent` one stands out, one of `remarks` stays behind."""

    text: str
    kind: Literal["", "urgent", "remarks"] = ""


class Points(NamedTuple):
    """A list."""

    items: tuple[str, ...]


class Card(NamedTuple):
    """One explanation: what it says in short, in paragraphs, and in lines with numbers."""

    title: str
    texts: tuple[str, ...]
    points: tuple[str, ...] = ()
    anchor: str = ""
    tone: Tone = ""


Block: TypeAlias = Grid | Bars | Prose | Points | Card


class Section(NamedTuple):
    """Blocks under a heading."""

    title: str
    blocks: tuple[Block, ...]


class Document(NamedTuple):
    """A page: title, a sentence about it, facts, sections, and the terms that were used."""

    title: str
    about: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    legend: tuple[tuple[str, str], ...] = ()


def clean(text: str) -> str:
    r"""Make a stranger's text one line of visible characters, as its script writes them.

    >>> clean("Zo\u00eb\n\u202eX"), clean("\u0645\u06cc\u200c\u0631\u0648\u062f")
    ('Zoë �X', 'می\u200cرود')
    """
    return "".join(
        c if c.isprintable() or c in _JOINERS else "\N{REPLACEMENT CHARACTER}"
        for c in " ".join(text.split())
    )


def shortened(text: str, most: int = 60) -> str:
    """Clean a text, and cut what is longer than it need be."""
    shown = clean(text)
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"


def name_of(graded: Graded) -> str:
    """Return what a student is called."""
    student = graded.student
    return shortened(student.name) or shortened(student.id) or shortened(student.email)
