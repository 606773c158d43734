"""Answers in a workbook: cells as a spreadsheet has them, none computed, none unpacked blindly.

A formula counts by the value that the spreadsheet stored with it.  A cell means what it shows:
superscripts, what is struck through, the text of its number format.  What the spreadsheet made
something else of (a date of 6-6-25, a percentage) is not guessed at: it is unreadable, with what to
do about it.
"""

from __future__ import annotations

import datetime as dt
import lzma
import struct
import warnings
import zlib
from importlib.util import find_spec
from io import BytesIO
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias
from zipfile import BadZipFile, ZipFile

from shapecalc.errors import refuse
from shapecalc.homework.answers import (
    MAX_BYTES,
    MAX_CELLS,
    MAX_COLUMNS,
    PREFACE,
    Answers,
    refuse_file,
)
from shapecalc.homework.answers.number_format import shown_number, shown_text
from shapecalc.homework.answers.tables import about, from_rows, headings, together
from shapecalc.homework.assignment.model import stamp_in
from shapecalc.homework.languages import say, say_counted, to_say

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: A workbook holds at most so many files, which unpack to so many bytes.
MAX_PARTS = 200
MAX_UNPACKED = 4 * 2**20
#: Rows of a worksheet that are read.
MAX_ROWS = 2_000

#: What a broken archive makes of its reading.
_BROKEN = (
    BadZipFile,
    EOFError,
    OSError,
    NotImplementedError,
    ValueError,
    RuntimeError,
    struct.error,
    zlib.error,
    lzma.LZMAError,
)
_SAVE = to_say("save the table as .csv, or the workbook anew as .xlsx")
#: What a workbook has no use for, and a bomb does.
_MARKUP = tuple("<!DOCTYPE".encode(code) for code in ("utf-8", "utf-16-le", "utf-16-be"))


class CellText(NamedTuple):
    """A cell's text, and why it is no answer.

    `note`: what it shows, where that is something else.  `in_full`: nothing that a heading says
    multiplies it.
    """

    text: str
    reason: str = ""
    note: str = ""
    in_full: bool = False


#: Title, rows with their numbers, and what had to be understood.
Sheet: TypeAlias = tuple[str, list[tuple[int, list[CellText]]], tuple[str, ...]]


def need_openpyxl(what: str) -> None:
    """Require the extra package.  Raises `SpecErrors` (E754)."""
    if find_spec("openpyxl") is None:
        hint = "install it: pip install 'shapecalc-convnets[xlsx]'; or use .csv"
        message = f"{what} takes openpyxl, which is not installed"
        raise refuse("E754", message, hint=hint)


def read_workbook(data: bytes, name: str) -> Answers:
    """Read the answers of a workbook's sheet.

    Of several sheets it is the one with the stamp, else that with most known headings.  Raises
    `SpecErrors`: E701 for no table, E702 for too much, E754 without openpyxl, E755 for a file that
    cannot be opened.
    """
    need_openpyxl("a workbook")
    _harmless(data, name)
    try:
        tables = list(_tables(data))
    except Exception as error:  # noqa: BLE001  (a library on strange input: whatever it raises)
        kind = type(error).__name__
        failed = say("the workbook cannot be read: {error}", error=kind)
        raise refuse_file("E755", failed, name, _SAVE) from None
    return answers_of(tables, name)


def answers_of(tables: list[Sheet], name: str) -> Answers:
    """Return the answers of the one of several sheets that holds them.

    Others that name layers and quantities count, too: those with fewer headings, or without the
    stamp, where it leaves a blank.  Hidden ones do not.  Raises `SpecErrors`.
    """
    if not tables:
        raise refuse_file("E701", "the workbook has no sheet with cells", name, _SAVE)
    best = max(tables, key=lambda table: (*_likely(table[1]), say(_HIDDEN) not in table[2]))
    title, rows, notes = best
    further = [
        table for table in tables
        if table is not best and say(_HIDDEN) not in table[2] and _likely(table[1])[1] > 0
    ]  # fmt: skip
    parts = []
    names: dict[bool, list[str]] = {False: [title[:40]], True: []}
    for table in further:
        lesser = _likely(table[1]) < _likely(rows)
        part = _filled_in(table, name, beside=lesser)
        if part.cells:
            parts.append(part)
            names[lesser].append(table[0][:40])
    if len(tables) > 1:
        notes = (_read_of(len(tables), names[False], names[True]), *notes)
    answers = together([_answers((title, rows, notes), name), *parts], name, notes)
    return answers._replace(stamp=stamp_in(_text(rows)))


def _read_of(count: int, whole: list[str], blanks: list[str]) -> str:
    """Say which of so many sheets were read, and which only for what those leave blank."""
    read = say_counted(
        "of {all} sheets {sheets} was read",
        "of {all} sheets {sheets} were read",
        len(whole),
        all=count,
        sheets=_with_and(whole),
    )
    if not blanks:
        return read
    return say(
        "{read}, and {sheets} for what that leaves blank", read=read, sheets=_with_and(blanks)
    )


def _with_and(names: list[str]) -> str:
    *first, last = names
    return say("{names} and {last}", names=", ".join(first), last=last) if first else last


def _filled_in(sheet: Sheet, name: str, *, beside: bool) -> Answers:
    """Return what is answered on a further sheet."""
    part = _answers(sheet, name)
    cells = tuple(cell._replace(beside=beside) for cell in part.cells if cell.raw.strip())
    return part._replace(cells=cells)


def _answers(sheet: Sheet, name: str) -> Answers:
    """Return the answers of a sheet, whose title may name the network that it is about."""
    title, rows, notes = sheet
    plain = [(number, [cell.text for cell in row]) for number, row in rows]
    reasons = {
        (number, at): cell.reason
        for number, row in rows
        for at, cell in enumerate(row)
        if cell.reason
    }
    in_full = {(number, at) for number, row in rows for at, cell in enumerate(row) if cell.in_full}
    return about(from_rows(plain, name, notes, reasons, in_full), title)


def _harmless(data: bytes, name: str) -> None:
    """Refuse what would unpack to too much, or to markup that grows.  Raises `SpecErrors`."""
    if len(data) > MAX_BYTES:
        hint = to_say("a sheet of answers takes a few KiB; is it the right file?")
        large = say("the file holds more than {size} KiB", size=MAX_BYTES // 2**10)
        raise refuse_file("E702", large, name, hint)
    try:
        with ZipFile(BytesIO(data)) as archive:
            parts = archive.infolist()
            size = sum(part.file_size for part in parts)
            if len(parts) > MAX_PARTS or size > MAX_UNPACKED:
                message = say(
                    "the workbook unpacks to {files} files of {size:,} bytes",
                    files=len(parts),
                    size=size,
                )
                hint = say(
                    "at most {files} files and {size} MiB are read; {repair}",
                    files=MAX_PARTS,
                    size=MAX_UNPACKED // 2**20,
                    repair=say(_SAVE),
                )
                raise refuse_file("E702", message, name, hint)
            if any(part.flag_bits & 1 for part in parts):
                raise refuse_file("E755", "the workbook has a password", name, "take it off")
            markup = any(sign in archive.read(part) for part in parts for sign in _MARKUP)
    except _BROKEN:
        raise refuse_file("E755", "the workbook cannot be unpacked", name, _SAVE) from None
    if markup:
        raise refuse_file("E755", "the workbook declares entities of its own", name, _SAVE)


def _tables(data: bytes) -> Iterator[Sheet]:
    """Yield the sheets with cells: title, rows, and what had to be understood."""
    from openpyxl import load_workbook

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about features that are no concern of ours
        formulas = load_workbook(BytesIO(data), keep_links=False, rich_text=True)
        values = load_workbook(BytesIO(data), keep_links=False, data_only=True)
    for sheet in formulas.worksheets:
        stored = values[sheet.title]
        rows = []
        width = min(sheet.max_column, MAX_COLUMNS)
        height = min(sheet.max_row, MAX_ROWS, 2 * MAX_CELLS // width)
        covered = _covered(sheet, height, width)
        for number in range(1, height + 1):
            cells = [
                _cell_text(sheet.cell(number, at), stored.cell(number, at))
                for at in range(1, width + 1)
            ]
            for at in range(1, width + 1):
                if (number, at) in covered:
                    first = covered[number, at]
                    text = _cell_text(sheet[first], stored[first]).text
                    merged = say("merged with {cell}; unmerge the cells", cell=first)
                    cells[at - 1] = CellText(text, merged if text else "")
            while cells and not cells[-1].text:
                cells.pop()
            if cells:
                rows.append((number, cells))
        if not rows:
            continue
        notes = list(_hidden(sheet, rows, width))
        if sheet.merged_cells.ranges:
            areas = ", ".join(sorted(str(area) for area in sheet.merged_cells.ranges)[:5])
            notes.append(
                say("of merged cells only the first holds an answer: {areas}", areas=areas)
            )
        shown = [cell.note for _, row in rows for cell in row if cell.note]
        if shown:
            listed = "; ".join(shown[:5])
            if (more := len(shown) - 5) > 0:
                listed = say("{names} and {count:,} more", names=listed, count=more)
            notes.append(say("cells show something else than they hold: {cells}", cells=listed))
        if sheet.max_row > height or sheet.max_column > width:
            notes.append(
                say(
                    "only {rows:,} rows and {columns} columns were read", rows=height, columns=width
                )
            )
        yield sheet.title, rows, tuple(notes)


#: The note on a sheet that nobody sees.
_HIDDEN = to_say("the sheet is hidden, and was read all the same")


def _hidden(
    sheet: Any,  # noqa: ANN401
    rows: Iterable[tuple[int, list[CellText]]],
    width: int,
) -> Iterator[str]:
    """Say what is hidden and was read all the same."""
    if sheet.sheet_state != "visible":
        yield say(_HIDDEN)
    lines = [number for number, _ in rows if sheet.row_dimensions[number].hidden]
    if lines:
        yield say("hidden rows were read all the same: {rows}", rows=", ".join(map(str, lines[:8])))
    letters = [
        letter
        for letter, column in sheet.column_dimensions.items()
        if column.hidden and (column.min or 1) <= width
    ]
    if letters:
        yield say(
            "hidden columns were read all the same: {columns}",
            columns=", ".join(sorted(letters)[:8]),
        )


def _covered(sheet: Any, height: int, width: int) -> dict[tuple[int, int], str]:  # noqa: ANN401
    """Return the cells that another one covers, and which."""
    covered = {}
    for area in sheet.merged_cells.ranges:
        first = sheet.cell(area.min_row, area.min_col).coordinate
        for row in range(area.min_row, min(area.max_row, height) + 1):
            for column in range(area.min_col, min(area.max_col, width) + 1):
                if (row, column) != (area.min_row, area.min_col):
                    covered[row, column] = first
    return covered


def _cell_text(cell: Any, stored: Any) -> CellText:  # noqa: ANN401  (openpyxl's cells, of two loads)
    """Return what stands in a cell."""
    value = stored.value
    if cell.data_type == "f":
        formula = str(getattr(cell.value, "text", cell.value))
        if value is None:
            reason = say(
                "a formula whose result was never stored; write its result, or open and save the"
                " file in a spreadsheet"
            )
            return CellText(formula[:200], reason)
    if value is None:
        return CellText("")
    if stored.data_type == "e":
        failed = say("the cell holds an error of the spreadsheet, {error}", error=str(value))
        return CellText(str(value)[:200], failed)
    if isinstance(value, bool):
        truth = str(value).upper()
        return CellText(truth, say("{value} is no number", value=truth))
    if isinstance(value, dt.date | dt.time | dt.timedelta):
        reason = say(
            "the spreadsheet made a date of it; format the cell as text, and write 6x6x256"
        )
        return CellText(str(value), reason)
    form = str(cell.number_format or "General")
    struck = bool(cell.font is not None and cell.font.strike)
    if isinstance(value, int | float):
        return _struck(number_cell(value, form, cell.coordinate), struck=struck)
    return _struck(CellText(shown_text(_shown(cell.value, str(value)), form)), struck=struck)


def _struck(cell: CellText, *, struck: bool) -> CellText:
    """Mark what is struck through as Markdown does."""
    return cell._replace(text=f"~~{cell.text}~~") if struck and cell.text.strip() else cell


def _shown(rich: Any, text: str) -> str:  # noqa: ANN401  (a text, or openpyxl's runs of one)
    """Return what a text shows: its superscripts as powers, what is struck through marked so."""
    if isinstance(rich, str) or not hasattr(rich, "as_list"):
        return text
    shown = ""
    for run in rich:
        font = getattr(run, "font", None)
        words = str(getattr(run, "text", run))
        if font is not None and font.vertAlign == "superscript" and words.strip().isdigit():
            words = f"^{words.strip()}"
        if font is not None and font.strike and words.strip():
            words = f"~~{words}~~"
        shown += words
    return shown


def number_cell(value: float, form: str, place: str) -> CellText:
    """Write a stored number as the cell shows it; spreadsheets keep 15 digits of it."""
    shown = shown_number(value, form)
    reason = shown.reason
    if not reason and abs(value) >= 10**15:
        reason = say("a spreadsheet keeps 15 digits only; format the cell as text")
    note = f"{place}: {shown.note}" if shown.note else ""
    return CellText(shown.text, reason, note, shown.in_full)


def _likely(rows: Iterable[tuple[int, list[CellText]]]) -> tuple[bool, int]:
    """Weigh a sheet: with the stamp, and by the headings that are known."""
    first_rows = list(rows)[:PREFACE]
    known = max((headings([cell.text for cell in row]) for _, row in first_rows), default=0)
    return bool(stamp_in(_text(first_rows))), known


def _text(rows: Iterable[tuple[int, list[CellText]]]) -> str:
    return "\n".join(cell.text for _, row in list(rows)[:MAX_CELLS] for cell in row)
