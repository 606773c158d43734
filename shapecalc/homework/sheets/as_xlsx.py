"""A sheet as a workbook: blanks marked and open, all else locked, every cell a text.

Blanks are formatted as text, so that a spreadsheet makes no date of 6-6-256 and no other number of
what is typed.
"""

from __future__ import annotations

import re
from io import BytesIO
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from shapecalc.homework.answers import DOES
from shapecalc.homework.answers.workbook import need_openpyxl
from shapecalc.homework.assignment.model import stamp_text
from shapecalc.homework.languages import figures, in_its_language, say
from shapecalc.homework.sheets import (
    NOT_ASKED,
    grid_of,
    inputs_text,
    marks_of,
    shown,
    stated,
    title_of,
)
from shapecalc.homework.sheets.worked import solution_lines
from shapecalc.text.safe import one_line

if TYPE_CHECKING:
    from shapecalc.homework.assignment.model import Homework

#: The colour of a blank; a first and a last date that no clock has written.
_BLANK = "FFF3BF"
_HEAD = "E9ECEF"
_NO_DATE = (1980, 1, 1, 0, 0, 0)
_DATES = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*(<)")


@in_its_language
def to_xlsx(homework: Homework, *, solution: bool = False, who: str = "") -> bytes:
    """Write the sheet of a homework; the same homework gives the same bytes.

    Raises `SpecErrors` (E754) without openpyxl.
    """
    need_openpyxl("a workbook")
    from openpyxl import Workbook

    book = Workbook()
    page: Any = book.active
    page.title = say("answers")
    _write(page, 1, [title_of(homework, solution=solution)], bold=True)
    _write(page, 2, [stamp_text(homework)])
    _write(page, 3, [say("name"), one_line(who)], blanks={1} if not who and not solution else set())
    _write(page, 4, [say("input"), inputs_text(homework)])
    at = 5
    for text in filter(None, [one_line(homework.note)]):
        _write(page, at, [say("note"), text])
        at += 1
    for term, meaning in stated(homework).items():
        _write(page, at, [f"({term})" if term == NOT_ASKED else term, meaning])
        at += 1
    at = _table(page, homework, at + 1, solution=solution)
    _layout(page, homework)
    page.freeze_panes = None
    page.print_title_rows = None
    page.protection.sheet = not solution
    if solution:
        worked: Any = book.create_sheet(say("worked out"))
        for number, line in enumerate(solution_lines(homework), 1):
            _write(worked, number, [line])
        worked.column_dimensions["A"].width = 100
    return _settled(book)


def _table(page: Any, homework: Homework, at: int, *, solution: bool) -> int:  # noqa: ANN401
    """Write the table from a row on; return the row behind it."""
    header = [say("layer"), say(DOES), *(say(column.title) for column in homework.columns)]
    _write(page, at, header, bold=True, fill=_HEAD)
    for number, (layer, does, cells) in enumerate(grid_of(homework), at + 1):
        texts = [figures(shown(homework, cell, solution=solution)) for cell in cells]
        blanks = {
            place
            for place, cell in enumerate(cells, 2)
            if cell is not None and cell.is_asked and not solution
        }
        _write(page, number, [one_line(layer), one_line(does), *texts], blanks)
        at = number
    _write(page, at + 1, [say("marks"), "", *marks_of(homework)], bold=True)
    return at + 2


def _write(
    page: Any,  # noqa: ANN401
    row: int,
    texts: list[str],
    blanks: set[int] | None = None,
    *,
    bold: bool = False,
    fill: str = "",
) -> None:
    """Write texts, which stay texts whatever they begin with; `blanks` are to be filled in."""
    from openpyxl.styles import Border, Font, PatternFill, Protection, Side

    line = Side(style="thin", color="ADB5BD")
    for at, text in enumerate(texts):
        blank = at in (blanks or ())
        cell = page.cell(row, at + 1)
        if text:
            cell.value = text
            cell.data_type = "s"  # no formula
        cell.number_format = "@"
        if bold:
            cell.font = Font(bold=True)
        if blank or fill:
            cell.fill = PatternFill("solid", start_color=_BLANK if blank else fill)
            cell.border = Border(line, line, line, line)
        if blank:
            cell.protection = Protection(locked=False)


def _layout(page: Any, homework: Homework) -> None:  # noqa: ANN401
    """Set the widths of the columns, and how the page is printed."""
    from openpyxl.utils import get_column_letter

    rows = list(grid_of(homework))
    widths = [
        max([16, *(len(line.layer) + 2 for line in rows)]),
        max([24, *(len(line.does) + 2 for line in rows)]),
        *(18 for _ in homework.columns),
    ]
    for at, width in enumerate(widths, 1):
        page.column_dimensions[get_column_letter(at)].width = min(width, 60)
    page.page_setup.orientation = "landscape"
    page.page_setup.fitToHeight = 0
    page.sheet_properties.pageSetUpPr.fitToPage = True


def _settled(book: Any) -> bytes:  # noqa: ANN401
    """Save without the time of day."""
    written = BytesIO()
    book.save(written)
    target = BytesIO()
    with ZipFile(written) as source, ZipFile(target, "w", ZIP_DEFLATED) as archive:
        for part in source.infolist():
            data = source.read(part)
            if part.filename == "docProps/core.xml":
                data = _DATES.sub(rb"\g<1>1980-01-01T00:00:00Z\2", data)
            entry = ZipInfo(part.filename, _NO_DATE)
            entry.compress_type = ZIP_DEFLATED
            archive.writestr(entry, data)
    return target.getvalue()
