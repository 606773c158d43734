"""Lessons as text for a terminal, for lecture notes, for a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapecalc.analysis.explain.model import Explanation


class Lesson(NamedTuple):
    """A lesson that draws itself."""

    explanation: Explanation

    def lines(self, width: int | None) -> Iterable[tuple[str, str]]:
        """Return lines of at most a width, 80 without one, each with its style."""
        from shapecalc.analysis.explain.text import to_lines

        return to_lines(self.explanation, width)

    def coloured(self, width: int) -> str:
        """Write the lines in the colours of a terminal."""
        from shapecalc.output.terminal import coloured

        return coloured(self.lines(width))

    def markdown(self) -> str:
        """Write it as Markdown."""
        from shapecalc.analysis.explain.markdown import to_markdown

        return to_markdown(self.explanation)

    def html(self, *, standalone: bool) -> str:
        """Write it as a page, or as the part of one."""
        from shapecalc.analysis.explain.html import to_html

        return to_html(self.explanation, standalone=standalone)


def document(lesson: Explanation) -> Lesson:
    """Return what a person reads."""
    return Lesson(lesson)
