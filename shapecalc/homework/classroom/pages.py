"""A document in both of its formats, which say the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shapecalc.homework.classroom.document_html import to_html
from shapecalc.homework.classroom.document_markdown import to_markdown

if TYPE_CHECKING:
    from shapecalc.homework.classroom.document import Document


class Pages(NamedTuple):
    """A document in both formats."""

    html: str
    markdown: str

    def by_suffix(self) -> dict[str, str]:
        """Return them by the suffixes of their files."""
        return {"html": self.html, "md": self.markdown}


def write(document: Document) -> Pages:
    """Write a document in both formats."""
    return Pages(to_html(document), to_markdown(document))
