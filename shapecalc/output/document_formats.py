"""Documents in every format that they have."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shapecalc.output.document import Document


def write(document: Document, name: str, width: int | None, *, standalone: bool = True) -> str:
    """Write a document in a format for people, the last line ended.

    `width` is the page's in characters, 80 without it; a terminal is measured.
    """
    if name == "html":
        from shapecalc.output.html import document_html

        return document_html(document, standalone=standalone)
    if name == "markdown":
        from shapecalc.output.document_markdown import document_markdown

        return document_markdown(document)
    if name == "latex":
        from shapecalc.output.document_latex import document_latex

        return document_latex(document, standalone=standalone)
    from shapecalc.output.document_text import document_text, to_lines

    if name == "terminal":
        from shapecalc.output.terminal import coloured, terminal_width

        return coloured(to_lines(document, width or terminal_width()))
    return document_text(document, width)
