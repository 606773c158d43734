"""A sheet as a page to print, with room to write; a worked solution below its table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.output.document import Block, Heading, Prose
from shapecalc.output.html import to_html
from shapecalc.text.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.homework.assignment.model import Homework
    from shapecalc.output.table import Table


def to_page(homework: Homework, table: Table, *, solution: bool = False) -> str:
    """Write the table of a sheet as a page that stands alone."""
    to_fill_in = len(homework.columns)
    if not solution:
        return to_html(table, sheet_of=to_fill_in)
    below = tuple(_worked(homework))
    return to_html(table._replace(notes=()), sheet_of=to_fill_in, below=below)


def _worked(homework: Homework) -> Iterator[Block]:
    from shapecalc.homework.sheets.worked import work_out  # lessons take their time to import

    for cell in homework.cells:
        worked = work_out(homework, cell)
        yield Heading(one_line(f"{cell.layer}, {cell.quantity.title}"), worked.answer)
        for chain in worked.chains:
            yield chain._replace(label=one_line(chain.label))
        for text in worked.words:
            yield Prose(one_line(text))
