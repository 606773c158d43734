"""Explanations and solutions, which draw themselves line by line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from shapecalc.text.safe import terminal_width

if TYPE_CHECKING:
    from collections.abc import Iterable


class Drawn(Protocol):
    """What is drawn: lines of text with their styles, Markdown, a page."""

    def lines(self, width: int | None) -> Iterable[tuple[str, str]]:
        """Return lines of at most a width, each with its style."""

    def coloured(self, width: int) -> str:
        """Write the lines in the colours of a terminal."""

    def markdown(self) -> str:
        """Write it as Markdown."""

    def html(self, *, standalone: bool) -> str:
        """Write it as a page, or as the part of one."""


def to_text(drawn: Drawn, width: int | None) -> str:
    """Write the lines as plain text."""
    return "\n".join(line for line, _ in drawn.lines(width)) + "\n"


def to_terminal(drawn: Drawn, width: int | None) -> str:
    """Write the lines with colours; without a width the terminal is measured."""
    return drawn.coloured(width or terminal_width())


def to_markdown(drawn: Drawn) -> str:
    """Write Markdown."""
    return drawn.markdown()


def to_html(drawn: Drawn, *, standalone: bool) -> str:
    """Write HTML."""
    return drawn.html(standalone=standalone)
