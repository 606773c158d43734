"""A sheet as a page to print, with room to write; a worked solution below its table."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from shapecalc.output.html import extents, to_html
from shapecalc.text.safe import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shapecalc.homework.assignment.model import Homework
    from shapecalc.homework.sheets.worked import Worked
    from shapecalc.output.report_table import Table

#: More columns than these are printed on a page turned on its side.
_FEW = 3
#: On paper all columns must be seen, and there must be room to write.
_PRINT = """\
  @page { margin: 12mm; }
  @media print {
    .shapecalc .wide { overflow: visible; }
    .shapecalc .layers th, .shapecalc .layers td { padding: 0.5em 0.6em; }
    .shapecalc .layers tr > th:first-child { position: static; }
    .shapecalc .layers tr, .shapecalc .facts tr, .shapecalc .legend dd { break-inside: avoid; }
  }
"""
_WORKED = """\
  .shapecalc .worked { margin: 1.6em 0; max-width: 60em; }
  .shapecalc .worked section { margin: 0 0 1em; break-inside: avoid; }
  .shapecalc .worked h2 { margin: 0; font-size: 1em; font-weight: 650; }
  .shapecalc .worked p { margin: 0.15em 0 0; font-size: 0.9em; }
  .shapecalc .worked .step {
    font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; font-size: 0.84em;
  }
"""


def to_page(homework: Homework, table: Table, *, solution: bool = False) -> str:
    """Write the table of a sheet as a page that stands alone."""
    style = _PRINT
    if len(homework.columns) > _FEW:
        style = style.replace("@page {", "@page { size: landscape;")
    if not solution:
        return to_html(table, style=style)
    from shapecalc.homework.sheets.worked import work_out  # lessons take their time to import

    worked = (work_out(homework, cell) for cell in homework.cells)
    below = "\n".join(_sections(worked))
    return to_html(table._replace(notes=()), style=style + _WORKED, below=below)


def _sections(worked: Iterable[Worked]) -> Iterator[str]:
    yield '<div class="worked">'
    for each in worked:
        place = f"{each.cell.layer}, {each.cell.quantity.title}: {each.answer}"
        yield f"<section>\n<h2>{extents(printable(place))}</h2>"
        for step in each.steps:
            yield f'<p class="step">{escape(printable(step))}</p>'
        for words in each.words:
            yield f"<p>{escape(printable(words))}</p>"
        yield "</section>"
    yield "</div>"
