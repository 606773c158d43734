"""A document: headings, prose, grids, pictures, lists, cards, charts and formulas.

What an explanation, a solution and the pages of a class are made of before they become text,
Markdown, HTML or LaTeX.  Texts are plain: no markup, and one line each.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, TypeAlias

from shapecalc.output.table import Picture
from shapecalc.text import NamedTuple
from shapecalc.text.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from shapecalc.algebra.traced import Formula

#: What a colour stands for; the words beside it say the same.
Tone: TypeAlias = Literal["", "good", "own", "bad", "open"]

#: What finds the names that stay as they are.
Names: TypeAlias = re.Pattern[str] | None


class Heading(NamedTuple):
    """What the blocks below it are about, and the answer in short."""

    text: str
    answer: str = ""


class Prose(NamedTuple):
    """A paragraph; an `urgent` one stands out, one of `remarks` stays behind."""

    text: str
    kind: Literal["", "urgent", "remarks"] = ""


class Cell(NamedTuple):
    """A cell of a grid: a text, lines beneath it, and what its colour says.

    `heat` from 0 to 1 colours the cell by a number that is its text; `page` leads to another page,
    folder by folder without a suffix, `card` to the anchor of a card on this page.
    """

    text: str
    below: tuple[str, ...] = ()
    tone: Tone = ""
    heat: float | None = None
    page: tuple[str, ...] = ()
    card: str = ""


class Grid(NamedTuple):
    """A small table: the first cell of a row is its heading.

    `right` tells which columns are set flush right, `spare` which one may go where space is scarce.
    A cell is a text, or a `Cell` where there is more to it.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str | Cell, ...], ...]
    right: tuple[bool, ...]
    caption: str = ""
    footer: tuple[str, ...] = ()
    spare: int | None = None

    def without_spare(self) -> Grid:
        """Leave the spare column out."""
        kept = [column for column in range(len(self.header)) if column != self.spare]
        return self._replace(
            header=tuple(self.header[column] for column in kept),
            rows=tuple(tuple(row[column] for column in kept) for row in self.rows),
            right=tuple(self.right[column] for column in kept),
            spare=None,
        )

    def one_line(self) -> Grid:
        """Make cells that are texts one line of visible characters each."""
        rows = (
            tuple(one_line(cell) if isinstance(cell, str) else cell for cell in row)
            for row in self.rows
        )
        return self._replace(rows=tuple(rows))


class Bars(NamedTuple):
    """A chart of counts, each with its label."""

    caption: str
    heads: tuple[str, str]
    bars: tuple[tuple[str, int], ...]


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


class Form(NamedTuple):
    """A formula in one of its forms: with `letters`, or with numbers in their places."""

    formula: Formula
    letters: bool = False

    def text(self, times: str) -> str:
        """Write it in a line; `times` is the sign of a multiplication."""
        return self.formula.rule(times) if self.letters else self.formula.substituted(times)


class Chain(NamedTuple):
    """What stands left, and all that it equals, in this order.

    Its links are formulas, or texts where nothing is known of what they are made of.  `letters` are
    those that a person must be told, with their numbers and their meanings; `times` is the sign of
    a multiplication.
    """

    label: str
    links: tuple[Form, ...] | tuple[str, ...]
    letters: tuple[tuple[str, str, str], ...] = ()
    times: str = "*"

    @property
    def texts(self) -> tuple[str, ...]:
        """The links as texts."""
        return tuple(
            link if isinstance(link, str) else link.text(self.times) for link in self.links
        )

    @property
    def where(self) -> str:
        """What the letters are, in words."""
        letters = (f"{letter} = {number} ({meaning})" for letter, number, meaning in self.letters)
        return f"with {', '.join(letters)}" if self.letters else ""


Block: TypeAlias = Heading | Prose | Grid | Bars | Points | Card | Picture | Chain


class Document(NamedTuple):
    """A document: its title, what it is about, what it answers, facts, blocks, terms, remarks.

    `level` is that of its title: 1 for a page, 2 for a part of one, 0 for a line in bold.  `names`
    are those of layers, blocks and files: they stay as they are, so that they can be copied.
    `language` is that of its words.
    """

    title: str
    blocks: tuple[Block, ...]
    about: tuple[str, ...] = ()
    answer: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    legend: tuple[tuple[str, str], ...] = ()
    remarks: tuple[str, ...] = ()
    level: int = 1
    names: tuple[str, ...] = ()
    language: str = "en"

    def names_pattern(self) -> Names:
        """Find the names in a text, the longest first."""
        names = sorted(filter(None, set(self.names)), key=lambda name: (-len(name), name))
        if not names:
            return None
        return re.compile(rf"(?<![\w/])(?:{'|'.join(map(re.escape, names))})(?!\w)")


def address(page: Sequence[str]) -> str:
    """Return the relative address of a page, without its suffix; it leads nowhere else.

    >>> address(("feedback", "../a b"))
    'feedback/..%2Fa%20b'
    """
    from urllib.parse import quote

    return "/".join(quote(part, safe="") for part in page)


def section(title: str, blocks: Iterable[Block]) -> tuple[Block, ...]:
    """Put a heading over blocks; where there are none, there is none."""
    below = tuple(blocks)
    return (Heading(title), *below) if below else ()
