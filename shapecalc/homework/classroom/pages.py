"""Pages for a class in both of their formats, which say the same; strangers' texts made plain."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shapecalc.output.html import document_to_html
from shapecalc.output.markdown import document_to_markdown
from shapecalc.output.markup import JOINERS

if TYPE_CHECKING:
    from shapecalc.homework.classroom import Graded
    from shapecalc.output.document import Document


class Pages(NamedTuple):
    """A document in both formats."""

    html: str
    markdown: str

    def by_suffix(self) -> dict[str, str]:
        """Return them by the suffixes of their files."""
        return {"html": self.html, "md": self.markdown}


def write(document: Document) -> Pages:
    """Write a document in both formats."""
    return Pages(document_to_html(document), document_to_markdown(document))


def clean(text: str) -> str:
    r"""Make a stranger's text one line of visible characters, as its script writes them.

    >>> clean("Zo\u00eb\n\u202eX"), clean("\u0645\u06cc\u200c\u0631\u0648\u062f")
    ('Zoë �X', 'می\u200cرود')
    """
    line = " ".join(text.split())
    if line.isprintable():
        return line
    return "".join(
        c if c.isprintable() or c in JOINERS else "\N{REPLACEMENT CHARACTER}" for c in line
    )


def shortened(text: str, most: int = 60) -> str:
    """Clean a text, and cut what is longer than it need be."""
    shown = clean(text)
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"


def name_of(graded: Graded) -> str:
    """Return what a student is called."""
    student = graded.student
    return shortened(student.name) or shortened(student.id) or shortened(student.email)
