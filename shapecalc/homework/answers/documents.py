"""Answers in documents: OpenDocument's spreadsheets and texts, Word's texts, notebooks.

Of an archive only the one part with the content is unpacked, up to a limit; markup that declares
anything of its own is refused, so that nothing grows and nothing outside is asked for.  Texts
become Markdown: a table is a table, wherever it was typed.
"""

from __future__ import annotations

import json
import re
import zlib
from fractions import Fraction
from io import BytesIO
from typing import TYPE_CHECKING, NamedTuple
from xml.etree import ElementTree as ET
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

from shapecalc.homework.answers import MAX_CELLS, MAX_COLUMNS, refuse_file
from shapecalc.homework.answers.tables import headings, read_csv, read_markdown, together
from shapecalc.homework.answers.workbook import MAX_ROWS, CellText, answers_of, number_cell
from shapecalc.homework.assignment.model import stamp_in
from shapecalc.homework.assignment.notation import Blank, Unreadable
from shapecalc.homework.assignment.notation.numerals import read_number
from shapecalc.homework.languages import say, to_say

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from shapecalc.homework.answers import Answers

#: Limits of the part with the content: bytes unpacked, and how deep its elements lie.
MAX_PART = 8 * 2**20
MAX_DEPTH = 60
_BROKEN = (BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError, NotImplementedError)
_ANEW = to_say("save it anew, and see that it opens")
_SAVE = to_say("save the table as .csv, or type it anew")
_ODF = "application/vnd.oasis.opendocument"


class DocumentKind(NamedTuple):
    """What an archive is, the part that holds its content, and how other kinds are handed in."""

    what: str
    part: str = ""
    hint: str = _SAVE


_SPREADSHEET = DocumentKind(to_say("an OpenDocument spreadsheet"), "content.xml")
_TEXT = DocumentKind(to_say("an OpenDocument text"), "content.xml")
_WORD = DocumentKind(to_say("a Word document"), "word/document.xml")
WORKBOOK = DocumentKind(to_say("an Excel workbook"), "xl/workbook.xml")
#: A member that only one kind has.
_MEMBERS = {
    WORKBOOK.part: WORKBOOK,
    _WORD.part: _WORD,
    "xl/workbook.bin": DocumentKind(
        to_say("a binary Excel workbook"), hint=to_say("save it as .xlsx or .csv")
    ),
    "ppt/presentation.xml": DocumentKind(to_say("a presentation"), hint=_SAVE),
    "Index/Document.iwa": DocumentKind(
        to_say("a document of Apple's Numbers or Pages"),
        hint=to_say("export it as CSV, Excel or Word"),
    ),
}
_TYPES = {f"{_ODF}.spreadsheet": _SPREADSHEET, f"{_ODF}.text": _TEXT}
_ARCHIVE = DocumentKind(
    to_say("a zip archive"), hint=to_say("hand in the file with the table itself")
)


def kind_of(data: bytes) -> DocumentKind:
    """Tell what an archive is, by what it holds; its name proves nothing."""
    try:
        with ZipFile(BytesIO(data)) as archive:
            names = set(archive.namelist())
            if "mimetype" in names:
                with archive.open("mimetype") as file:
                    written = file.read(200).decode("ascii", "replace").strip()
                written = written.removesuffix("-template")
                if written in _TYPES:
                    return _TYPES[written]
                if written.startswith(_ODF):
                    return DocumentKind(to_say("an OpenDocument file without a table"))
    except _BROKEN:
        return DocumentKind(
            to_say("a zip archive, as .xlsx and .docx are, but a broken one"), hint=_ANEW
        )
    return next((kind for member, kind in _MEMBERS.items() if member in names), _ARCHIVE)


def read_document(data: bytes, name: str, kind: DocumentKind) -> Answers:
    """Read the answers of a document, no workbook.

    Raises `SpecErrors`: E701 for no table, E702 for too much, E703 for a kind that is not read,
    E755 for one that cannot be opened.
    """
    if not kind.part:
        raise refuse_file(
            "E703",
            say("the file is {kind}, no table in text", kind=say(kind.what)),
            name,
            kind.hint,
        )
    content = _content(data, name, kind)
    if kind is _SPREADSHEET:
        return answers_of(list(_sheets(content)), name)
    lines = list(_WordText(content).lines() if kind is _WORD else _OdfText(content).lines())
    return _written(lines, name)._replace(stamp=stamp_in("\n".join(lines)))


def _written(lines: Sequence[str], name: str) -> Answers:
    """Read the tables of a text, and what stands in columns beside them, tabs between."""
    tables = any(line.startswith("|") for line in lines)
    columns = "\n".join("" if line.startswith("|") else line for line in lines)
    if not tables:
        return read_csv(columns, name)
    answers = read_markdown("\n".join(lines), name)
    if not any("\t" in line and headings(line.split("\t")) for line in columns.splitlines()):
        return answers
    return together([answers, read_csv(columns, name)], name, answers.notes)


def _content(data: bytes, name: str, kind: DocumentKind) -> ET.Element:
    """Unpack and parse the part with the content.  Raises `SpecErrors` (E702, E755)."""
    what = say(kind.what)
    try:
        with ZipFile(BytesIO(data)) as archive:
            info = archive.getinfo(kind.part)
            if info.flag_bits & 1:
                raise refuse_file(
                    "E755", say("{kind} with a password", kind=what), name, "take it off"
                )
            if info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
                packed = say("{kind} packed in a way not read", kind=what)
                raise refuse_file("E755", packed, name, _SAVE)
            with archive.open(info) as file:
                markup = file.read(MAX_PART + 1)
    except (*_BROKEN, KeyError):
        broken = say("{kind} that cannot be unpacked", kind=what)
        raise refuse_file("E755", broken, name, _SAVE) from None
    if len(markup) > MAX_PART:
        most = MAX_PART // 2**20
        message = say("{kind} that unpacks to more than {size} MiB", kind=what, size=most)
        raise refuse_file("E702", message, name, _SAVE)
    try:
        parser = ET.XMLParser(target=_Bounded())  # noqa: S314  (nothing is declared in it)
        return ET.fromstring(markup, parser)  # noqa: S314
    except (ET.ParseError, ValueError, LookupError) as error:
        message = say("{kind} that cannot be read: {error}", kind=what, error=str(error))
        raise refuse_file("E755", message[:200], name, _SAVE) from None


class _Bounded(ET.TreeBuilder):
    """Builds a tree up to a depth, in which nothing is declared."""

    depth = 0

    def start(self, tag: str, attrs: dict[str, str]) -> ET.Element:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            message = "it is nested too deeply"
            raise ValueError(message)
        return super().start(tag, attrs)

    def end(self, tag: str) -> ET.Element:
        self.depth -= 1
        return super().end(tag)

    def doctype(self, *_: str | None) -> None:
        message = "it declares markup of its own"
        raise ValueError(message)


def _name(element: ET.Element) -> str:
    """Return an element's name without its namespace."""
    return element.tag.rpartition("}")[2]


def _attribute(element: ET.Element, name: str) -> str:
    """Return an attribute by its name without its namespace; of several the first."""
    return next((v for k, v in element.attrib.items() if k.rpartition("}")[2] == name), "")


def _repeated(element: ET.Element, what: str, most: int) -> int:
    number = _attribute(element, f"number-{what}-repeated")
    return min(int(number), most) if number.isdecimal() and len(number) < 10 else 1


def _spanned(cell: ET.Element) -> int:
    number = _attribute(cell, "number-columns-spanned")
    return int(number) if number.isdecimal() and len(number) < 10 else 1


_Row = tuple[int, list[CellText]]


def _sheets(content: ET.Element) -> Iterator[tuple[str, list[_Row], tuple[str, ...]]]:
    """Yield the sheets with cells of an OpenDocument spreadsheet, as those of a workbook."""
    text = _OdfText(content)
    for table in content.iter():
        if _name(table) != "table":
            continue
        rows: list[_Row] = []
        notes = []
        number = width = 0
        above: dict[int, str] = {}
        for row in table.iter():
            if _name(row) != "table-row":
                continue
            cells = list(_row_cells(row, text, above))
            width = max(width, len(cells))
            for _ in range(_repeated(row, "rows", MAX_ROWS if cells else 1)):
                number += 1
                if cells and number <= MAX_ROWS and len(rows) * width <= 2 * MAX_CELLS:
                    rows.append((number, cells))
        spans = any(_attribute(cell, f"number-{what}-spanned") not in ("", "1")
                    for cell in table.iter() for what in ("rows", "columns"))  # fmt: skip
        if spans:
            notes.append(say("of merged cells only the first holds an answer"))
        if rows:
            yield _attribute(table, "name"), rows, tuple(notes)


def _row_cells(row: ET.Element, text: _OdfText, above: dict[int, str]) -> Iterator[CellText]:
    """Yield the cells of a row up to the last that is filled.

    `above` holds what covers cells below it, by column.
    """
    blanks = 0
    written = 0
    for cell in row:
        if _name(cell) not in ("table-cell", "covered-table-cell"):
            continue
        times = _repeated(cell, "columns", MAX_COLUMNS)
        at = blanks + written
        if _name(cell) == "table-cell":
            cell_text = _open_cell(cell, text)
            above.update(
                dict.fromkeys(range(at, at + min(_spanned(cell), MAX_COLUMNS)), cell_text.text)
            )
        else:
            covered = above.get(at, "").strip()
            cell_text = (
                CellText(_MERGED, say("merged with another cell; unmerge them"))
                if covered
                else CellText("")
            )
        if not cell_text.text:
            blanks += times
            continue
        row_part = (*[CellText("")] * blanks, *[cell_text] * times)[: MAX_COLUMNS - written]
        written += len(row_part)
        yield from row_part
        blanks = 0


def _open_cell(cell: ET.Element, text: _OdfText) -> CellText:
    """Return what stands in a cell: a number as it is stored, a text as it is shown."""
    shown = text.inside(cell)
    kind, value = _attribute(cell, "value-type"), _attribute(cell, "value")
    if any(key.endswith("}value-type") and value == "error" for key, value in cell.attrib.items()):
        failed = say("the cell holds an error of the spreadsheet, {error}", error=shown[:40])
        return CellText(shown[:200], failed)
    if kind in ("float", "currency", "percentage"):
        try:
            number = float(value)
        except ValueError:
            return CellText(shown)
        stored = number_cell(number, "0%" if kind == "percentage" else "General", "")
        return stored if stored.reason else _as_shown(stored, shown)
    if kind in ("date", "time"):
        reason = say(
            "the spreadsheet made a date of it; format the cell as text, and write 6x6x256"
        )
        return CellText(shown or "date", reason)
    if kind == "boolean":
        return CellText(shown, say("{value} is no number", value=shown))
    return CellText(shown)


def _as_shown(stored: CellText, shown: str) -> CellText:
    """Return what a cell shows where its format adds K or M to the number or takes decimals off."""
    if "." in stored.text and shown.isdecimal():
        return CellText(shown)
    added = re.fullmatch(r"(.*\d)\s?[KMGkmg]", shown.strip())
    numbers = read_number(added[1]) if added is not None else ()
    if isinstance(numbers, Unreadable | Blank):
        return stored
    near = (abs(number.value - Fraction(stored.text)) <= Fraction(1, 2) for number in numbers)
    return CellText(shown) if any(near) else stored


def _table(rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """Write a table as Markdown has it."""
    for row in rows:
        cells = (" ".join(cell.split()).replace("|", "\\|") for cell in row)
        yield f"| {' | '.join(cells)} |"
    yield ""


class _OdfText:
    """An OpenDocument text as Markdown."""

    def __init__(self, content: ET.Element) -> None:
        self._content = content
        self._raised = {
            _attribute(style, "name")
            for style in content.iter()
            if _name(style) == "style"
            for properties in style
            if _attribute(properties, "text-position").startswith(("super", *"123456789"))
        }
        self._struck = {
            _attribute(style, "name")
            for style in content.iter()
            if _name(style) == "style"
            for properties in style
            if _attribute(properties, "text-line-through-style") not in ("", "none")
        }

    def lines(self) -> Iterator[str]:
        yield from self._lines(self._content)

    def _lines(self, element: ET.Element) -> Iterator[str]:
        for inner in element:
            name = _name(inner)
            if name == "table":
                rows = (row for row in inner.iter() if _name(row) == "table-row")
                above: dict[int, str] = {}
                yield from _table(
                    [[cell.text for cell in _row_cells(row, self, above)] for row in rows]
                )
            elif name == "h":
                yield f"# {self.inside(inner)}"
            elif name == "p":
                yield self.inside(inner)
            elif name != "tracked-changes":
                yield from self._lines(inner)

    def inside(self, element: ET.Element) -> str:
        """Return the text of an element: paragraphs apart, powers with their sign."""
        if _name(element) in ("p", "h"):
            return "".join(self._text(element)).strip()
        paragraphs = (part for part in element if _name(part) in ("p", "h", "list"))
        return "\n".join(filter(None, ("".join(self._text(part)).strip() for part in paragraphs)))

    def _text(self, element: ET.Element) -> Iterator[str]:
        text = "".join(self._plain(element))
        style = _attribute(element, "style-name") if _name(element) == "span" else ""
        yield f"~~{text}~~" if style in self._struck and text.strip() else text

    def _plain(self, element: ET.Element) -> Iterator[str]:
        if element.text:
            raised = _name(element) == "span" and _attribute(element, "style-name") in self._raised
            yield f"^{element.text}" if raised else element.text
        for inner in element:
            name = _name(inner)
            if name in ("s", "tab", "line-break"):
                times = _attribute(inner, "c")
                many = int(times) if times.isdecimal() and len(times) < _FEW_DIGITS else 1
                yield "\t" if name == "tab" else " " * many
            elif name not in ("annotation", "note"):
                yield from self._text(inner)
            yield inner.tail or ""


#: A number of more digits counts no blanks.
_FEW_DIGITS = 4
#: What stands for a cell that another one covers: no answer, and not blank.
_MERGED = "merged"


def _inside(element: ET.Element, name: str) -> Iterator[ET.Element]:
    """Yield what of a name stands in an element, in controls and the like too, not in itself."""
    for inner in element:
        if _name(inner) == name:
            yield inner
        elif _name(inner) not in ("tbl", "tr", "tc", "p"):
            yield from _inside(inner, name)


def _strikes(properties: ET.Element) -> bool:
    """Tell whether the properties of a run strike it through."""
    return _name(properties) == "rPr" and any(
        _name(part) in ("strike", "dstrike") and _attribute(part, "val") not in ("0", "false")
        for part in properties
    )


class _WordText:
    """A Word document as Markdown; what was deleted and is only marked so is not read."""

    def __init__(self, content: ET.Element) -> None:
        self._content = content

    def lines(self) -> Iterator[str]:
        yield from self._lines(self._content)

    def _lines(self, element: ET.Element) -> Iterator[str]:
        for inner in element:
            name = _name(inner)
            if name == "tbl":
                above: dict[int, str] = {}
                yield from _table([list(self._cells(row, above)) for row in _inside(inner, "tr")])
            elif name == "p":
                styles = (
                    _attribute(part, "val") for part in inner.iter() if _name(part) == "pStyle"
                )
                mark = "# " if any(style.startswith("Heading") for style in styles) else ""
                yield mark + self._text(inner)
            else:
                yield from self._lines(inner)

    def _cells(self, row: ET.Element, above: dict[int, str]) -> Iterator[str]:
        """Yield a row's cells; `above` holds what is merged downwards, by column."""
        at = 0
        for cell in _inside(row, "tc"):
            spans = [_attribute(part, "val") for part in cell.iter() if _name(part) == "gridSpan"]
            wide = int(spans[0]) if spans and spans[0].isdecimal() and len(spans[0]) < 3 else 1
            text = " ".join(self._text(part) for part in _inside(cell, "p"))
            merged = [_attribute(part, "val") for part in cell.iter() if _name(part) == "vMerge"]
            if merged and merged[0] != "restart":
                text = _MERGED if above.get(at, "").strip() else text
            else:
                above[at] = text
            yield text
            yield from [""] * (wide - 1)
            at += wide

    def _text(self, element: ET.Element) -> str:
        name = _name(element)
        if name in ("t", "delText"):
            return element.text or "" if name == "t" else ""
        if name == "pPr":  # its tabs are stops
            return ""
        if name in ("tab", "br", "cr"):
            return "\t" if name == "tab" else " "
        text = "".join(map(self._text, element))
        if name == "r" and text.strip() and any(map(_strikes, element)):
            return f"~~{text}~~"
        marks = (_attribute(part, "val") for part in element.iter() if _name(part) == "vertAlign")
        raised = (name == "r" and "superscript" in marks) or name == "sup"
        return f"^{text}" if raised and text.strip() else text


def read_notebook(text: str, name: str, notes: tuple[str, ...] = ()) -> Answers:
    """Read the tables in the Markdown cells of a notebook.  Raises `SpecErrors` (E701)."""
    try:
        notebook = json.loads(text, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        raise refuse_file("E701", "the notebook is not JSON", name, "save it anew") from None
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    written = (
        [_source(cell) for cell in cells if isinstance(cell, dict)]
        if isinstance(cells, list)
        else []
    )
    return read_markdown("\n\n".join(written), name, notes)


def _source(cell: Mapping[str, object]) -> str:
    """Return the text of a cell that is no program."""
    if cell.get("cell_type") not in ("markdown", "raw"):
        return ""
    source = cell.get("source")
    lines = source if isinstance(source, list) else [source]
    return "".join(line for line in lines if isinstance(line, str))
