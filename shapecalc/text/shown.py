"""Results show themselves: as text, on a page, and in a notebook."""

from __future__ import annotations

from typing import Any


class Shown:
    """A result that can be written in every format that there is.

    This is the one look forward of the house: what is computed lies below the output, and reaches
    it only when it is asked to show itself.
    """

    __slots__ = ()

    def render(self, format: str = "text", **options: Any) -> str:  # noqa: A002, ANN401
        """Write the result as text, markdown, csv, json, latex, html, or for a terminal.

        `options` are those of its command; and width, standalone.  Raises `SpecErrors` for unknown
        words.
        """
        from shapecalc.output.formats import render

        return render(self, format, **options)  # type: ignore[arg-type]

    def _repr_html_(self) -> str:
        return self.render("html", standalone=False)

    def _repr_markdown_(self) -> str:
        return self.render("markdown")

    def __str__(self) -> str:
        return self.render("text")
