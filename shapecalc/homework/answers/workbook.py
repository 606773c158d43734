"""Answers in a workbook: cells as a spreadsheet has them, none computed, none unpacked blindly.

A formula counts by the value that the spreadsheet stored with it.  What the spreadsheet made
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
from shapecalc.homework.answers.tables import from_rows, headings
from shapecalc.homework.assignment.model import stamp_in

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
_SAVE = "save the table as .csv, or the workbook anew as .xlsx"
#: What a workbook has no use for, and a bomb does.
_MARKUP = tuple("<!DOCTYPE".encode(code) for code in ("utf-8", "utf-16-le", "utf-16-be"))


class CellText(NamedTuple):
    """A cell's text, and why it is no answer."""

    text: str
    reason: str = ""


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
        raise refuse_file("E755", f"the workbook cannot be read: {kind}", name, _SAVE) from None
    return answers_of(tables, name)


def answers_of(tables: list[Sheet], name: str) -> Answers:
    """Return the answers of the one of several sheets that holds them.  Raises `SpecErrors`."""
    if not tables:
        raise refuse_file("E701", "the workbook has no sheet with cells", name, _SAVE)
    title, rows, notes = max(tables, key=lambda table: _likely(table[1]))
    if len(tables) > 1:
        notes = (f"of {len(tables)} sheets {title[:40]} was read", *notes)
    plain = [(number, [cell.text for cell in row]) for number, row in rows]
    reasons = {
        (number, at): cell.reason
        for number, row in rows
        for at, cell in enumerate(row)
        if cell.reason
    }
    answers = from_rows(plain, name, notes, reasons)
    return answers._replace(stamp=stamp_in(_text(rows)))


def _harmless(data: bytes, name: str) -> None:
    """Refuse what would unpack to too much, or to markup that grows.  Raises `SpecErrors`."""
    if len(data) > MAX_BYTES:
        hint = "a sheet of answers takes a few KiB; is it the right file?"
        raise refuse_file("E702", f"the file holds more than {MAX_BYTES // 2**10} KiB", name, hint)
    try:
        with ZipFile(BytesIO(data)) as archive:
            parts = archive.infolist()
            size = sum(part.file_size for part in parts)
            if len(parts) > MAX_PARTS or size > MAX_UNPACKED:
                message = f"the workbook unpacks to {len(parts)} files of {size:,} bytes"
                most = f"{MAX_PARTS} files and {MAX_UNPACKED // 2**20} MiB"
                hint = f"at most {most} are read; {_SAVE}"
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
        formulas = load_workbook(BytesIO(data), keep_links=False)
        values = load_workbook(BytesIO(data), keep_links=False, data_only=True)
    for sheet in formulas.worksheets:
        stored = values[sheet.title]
        rows = []
        width = min(sheet.max_column, MAX_COLUMNS)
        height = min(sheet.max_row, MAX_ROWS, 2 * MAX_CELLS // width)
        for number in range(1, height + 1):
            cells = [
                _cell_text(sheet.cell(number, at), stored.cell(number, at))
                for at in range(1, width + 1)
            ]
            while cells and not cells[-1].text:
                cells.pop()
            if cells:
                rows.append((number, cells))
        if not rows:
            continue
        notes = []
        if sheet.merged_cells.ranges:
            areas = ", ".join(sorted(str(area) for area in sheet.merged_cells.ranges)[:5])
            notes.append(f"of merged cells only the first holds an answer: {areas}")
        if sheet.max_row > height or sheet.max_column > width:
            notes.append(f"only {height:,} rows and {width} columns were read")
        yield sheet.title, rows, tuple(notes)


def _cell_text(cell: Any, stored: Any) -> CellText:  # noqa: ANN401  (openpyxl's cells, of two loads)
    """Return what stands in a cell."""
    value = stored.value
    if cell.data_type == "f":
        formula = str(getattr(cell.value, "text", cell.value))
        if value is None:
            reason = "a formula whose result was never stored; write its result, or open and save"
            return CellText(formula[:200], f"{reason} the file in a spreadsheet")
    if value is None:
        return CellText("")
    if stored.data_type == "e":
        return CellText(str(value)[:200], f"the cell holds an error of the spreadsheet, {value}")
    if isinstance(value, bool):
        return CellText(str(value).upper(), f"{str(value).upper()} is no number")
    if isinstance(value, dt.date | dt.time | dt.timedelta):
        reason = "the spreadsheet made a date of it; format the cell as text, and write 6x6x256"
        return CellText(str(value), reason)
    if isinstance(value, int | float):
        return number_text(value, str(cell.number_format or ""))
    return CellText(str(value))


def number_text(value: float, form: str) -> CellText:
    """Write a stored number; spreadsheets keep 15 digits of it."""
    whole = isinstance(value, int) or value.is_integer()
    text = str(int(value)) if whole and abs(value) < 10**18 else repr(value)
    if "%" in form:
        shown = f"{100 * value:g}%"
        return CellText(shown, f"a percentage, {shown}; format the cell as a number")
    if abs(value) >= 10**15:
        return CellText(text, "a spreadsheet keeps 15 digits only; format the cell as text")
    return CellText(text)


def _likely(rows: Iterable[tuple[int, list[CellText]]]) -> tuple[bool, int]:
    """Weigh a sheet: with the stamp, and by the headings that are known."""
    first_rows = list(rows)[:PREFACE]
    known = max((headings([cell.text for cell in row]) for _, row in first_rows), default=0)
    return bool(stamp_in(_text(first_rows))), known


def _text(rows: Iterable[tuple[int, list[CellText]]]) -> str:
    return "\n".join(cell.text for _, row in list(rows)[:MAX_CELLS] for cell in row)
