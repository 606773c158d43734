"""Formats: a report as text for a terminal, a paper, a slide, a notebook or a program."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.errors import Problem, SpecErrors
from shapecalc.text.source import Origin, Source, Span
from shapecalc.text.suggest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.output.report_table import Table
    from shapecalc.output.view import View
    from shapecalc.report.model import Report


class Format(NamedTuple):
    """A format: what it is for, and the suffixes of its files, the usual one first."""

    name: str
    meaning: str
    suffixes: tuple[str, ...]


#: Every format by name.
FORMATS: dict[str, Format] = {
    each.name: each
    for each in (
        Format("terminal", "colours, fitted to the terminal's width", ()),
        Format("text", "plain aligned text", (".txt",)),
        Format("markdown", "a table for GitHub, a notebook or a README", (".md", ".markdown")),
        Format("csv", "plain numbers for a spreadsheet, a line a layer", (".csv",)),
        Format("json", "plain numbers with totals, for a program", (".json",)),
        Format("latex", "a booktabs table for a paper", (".tex",)),
        Format("html", "a page that stands alone", (".html", ".htm")),
    )
}

#: The characters that a page of LaTeX takes in a line of a table.
LATEX_WIDTH = 80


def format_for(name: str | None, path: str | None = None, *, terminal: bool = False) -> str:
    """Return the format: the one named, or the one of the file's suffix, or that of the output.

    Raises `SpecErrors` (E302) for a name or a suffix that no format has.
    """
    if name is not None:
        if name in FORMATS:
            return name
        hint = did_you_mean(name, FORMATS) or f"one of {', '.join(FORMATS)}"
        raise _unknown(f"--format {name}", name, f"unknown format '{name}'", hint)
    if path is None:
        return "terminal" if terminal else "text"
    stem, dot, ending = path.replace("\\", "/").rsplit("/", 1)[-1].rpartition(".")
    suffix = dot + ending.lower() if stem else ""
    for each in FORMATS.values():
        if suffix in each.suffixes:
            return each.name
    known = ", ".join(each.suffixes[0] for each in FORMATS.values() if each.suffixes)
    message = f"no format has the suffix '{suffix}'" if suffix else "the file has no suffix"
    raise _unknown(f"--output {path}", path, message, f"use {known}, or name it with --format")


def _unknown(option: str, text: str, message: str, hint: str) -> SpecErrors:
    origin = Origin(Source(option, text), Span(0, 0, 0, len(text)))
    return SpecErrors([Problem("E302", message, origin, hint=hint)])


def render(
    report: Report,
    format: str = "text",  # noqa: A002  (the word of the command line)
    view: View | None = None,
    *,
    width: int | None = None,
    standalone: bool = True,
    **options: Any,  # noqa: ANN401  (the arguments of `make_view`)
) -> str:
    """Write a report in a format, the last line ended.

    Say how to look at it by a `view`, or by the arguments of `make_view`.  `width` is the page's
    in characters: default columns are dropped until the table fits.  Without it a terminal is
    measured, LaTeX takes 80, and the others drop nothing.  `standalone=False` leaves out what
    makes HTML a page of its own.  Raises `SpecErrors` for unknown words.
    """
    from shapecalc.output.options import make_view
    from shapecalc.output.view import View

    format_for(format)
    view = view or (make_view(**options) if options else View())
    if format == "csv":
        from shapecalc.output.csv import to_csv

        return to_csv(report, view)
    if format == "json":
        from shapecalc.output.json import to_json

        return to_json(report, view)
    from shapecalc.output.report_table import tabulate

    return draw(partial(tabulate, report, view), format, width, standalone=standalone)


def draw(
    tabulate: Callable[[int | None], Table], name: str, width: int | None, *, standalone: bool
) -> str:
    """Write the table that `tabulate` makes for a page's width in a format for people."""
    if name == "terminal":
        from shapecalc.output.terminal import terminal_width, to_terminal

        width = width or terminal_width()
        return to_terminal(tabulate(width), width)
    if name == "markdown":
        from shapecalc.output.markdown import to_markdown

        return to_markdown(tabulate(width))
    if name == "latex":
        from shapecalc.output.latex import to_latex

        return to_latex(tabulate(width or LATEX_WIDTH))
    if name == "html":
        from shapecalc.output.html import to_html

        return to_html(tabulate(width), standalone=standalone)
    from shapecalc.output.text import to_text

    return to_text(tabulate(width), width)
