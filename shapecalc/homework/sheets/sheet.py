"""Sheets to fill in, and worked solutions, in every format."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from shapecalc.errors import refuse
from shapecalc.homework.answers import DOES
from shapecalc.homework.assignment.model import stamp_text
from shapecalc.homework.assignment.notation import marks_text
from shapecalc.homework.languages import figures, in_its_language, say, spoken
from shapecalc.homework.sheets import (
    NOT_ASKED,
    grid_of,
    inputs_text,
    marks_of,
    shown,
    stated,
    title_of,
)
from shapecalc.output import table
from shapecalc.output.csv import Plain, written
from shapecalc.output.formats import format_for, write
from shapecalc.output.table import Fact, Head, Table
from shapecalc.output.text import PROSE, pad_rows, row_width, wrap
from shapecalc.text.safe import one_line, width_of
from shapecalc.text.shown import Shapes, Shown
from shapecalc.text.words import format_meant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.homework.assignment.model import Homework
    from shapecalc.homework.sheets.pictured import PictureFile
    from shapecalc.output.document import Block

#: A place for an answer, on paper.
_BLANK = "_" * 14
#: What a layer does is broken into lines of at least so many characters.
_FEW = 16


@dataclass(frozen=True)
class Sheet(Shown):
    """The sheet of a homework for somebody, or its solution."""

    shapes = Shapes("a sheet", table="homework.sheets.sheet.tabulate")
    homework: Homework
    who: str = ""
    solution: bool = False

    @property
    def language(self) -> str:
        """The homework's."""
        return self.homework.language


@in_its_language
def sheet(
    homework: Homework,
    format: str,  # noqa: A002
    *,
    solution: bool = False,
    who: str = "",
    width: int | None = None,
) -> str:
    """Write the sheet of a homework, the last line ended; with `solution` its answers.

    `who` is whose sheet it is, `width` that of its page in characters.
    """
    if format == "yaml":
        return _yaml(homework, who, solution=solution)
    format_for(format)
    if format == "csv":
        return _csv(homework, who, solution=solution)
    made = Sheet(homework, who, solution)
    blank = _BLANK if format in ("html", "latex") else ""
    if format == "html":
        return _page(homework, tabulate(made, blank=blank), solution=solution)
    if format == "latex":
        return write(made, format, blank=blank, width=width) + _figures(homework, solution=solution)
    if format == "text":  # for paper; what is read back has a line a layer
        return write(made, format, wrapped=True, width=width or PROSE)
    return write(made, format, blank=blank, width=width)


@in_its_language
def tabulate(
    sheet: Sheet, *, blank: str = "", wrapped: bool = False, width: int | None = None
) -> Table:
    """Lay a sheet out, with `blank` where an answer goes; `wrapped` breaks what layers do."""
    homework, who, solution = sheet.homework, sheet.who, sheet.solution
    columns = homework.columns
    titles = [say(column.title) for column in columns]
    heads = [
        Head(title, extents=column.key == "output")
        for title, column in zip(titles, columns, strict=True)
    ]
    lines = tuple(
        table.Line(
            (
                one_line(layer),
                one_line(does),
                *(figures(shown(homework, cell, solution=solution, blank=blank)) for cell in cells),
            )
        )
        for layer, does, cells in grid_of(homework)
    )
    graded = [cell.out_of for cell in homework.cells if cell.is_asked]
    marks = (Fact(say("marks"), figures(marks_text(sum(graded, Fraction(0))))),)
    about = (inputs_text(homework), *homework.doubts, homework.note)
    made = Table(
        title=title_of(homework, solution=solution),
        about=tuple(filter(None, map(one_line, about))),
        columns=(Head(say("the layer")), Head(say(DOES), extents=True), *heads),
        header=(say("layer"), say(DOES), *titles),
        lines=lines,
        footer=(say("marks"), "", *marks_of(homework)),
        facts=marks if solution else (Fact(say("name"), one_line(who) or _BLANK * 2), *marks),
        notes=tuple(_worked(homework)) if solution else (),
        legend=tuple(stated(homework).items()),
        remarks=(say("Sheet: {stamp}.", stamp=stamp_text(homework)),),
        language=spoken(),
    )
    return _broken(made, width) if wrapped and width is not None else made


def _broken(made: Table, width: int) -> Table:
    """Break the column of what layers do where a sheet is wider than its page."""
    rows = [made.header, made.footer, *(line.cells for line in made.lines)]
    does = max(width_of(row[1]) for row in rows)
    room = max(does + width - max(map(row_width, pad_rows(rows, [False] * len(made.header)))), _FEW)
    if room >= does:
        return made
    lines = []
    for (layer, text, *others), mark in made.lines:
        first, *more = wrap(text, room) or [""]
        lines.append(table.Line((layer, first, *others), mark))
        lines += [table.Line(("", part, *[""] * len(others))) for part in more]
    return made._replace(lines=tuple(lines))


def _worked(homework: Homework) -> Iterator[str]:
    from shapecalc.homework.sheets.worked import solution_lines  # lessons take their time to import

    return solution_lines(homework)


def _page(homework: Homework, table: Table, *, solution: bool = False) -> str:
    """Write a sheet as a page to print, with room to write; a worked solution below its table."""
    from shapecalc.output.html import to_html

    to_fill_in = len(homework.columns)
    pictures = _pictures(homework, solution=solution)
    if not solution:
        return to_html(table, sheet_of=to_fill_in, below=pictures)
    below = (*pictures, *_worked_blocks(homework))
    return to_html(table._replace(notes=()), sheet_of=to_fill_in, below=below)


def _pictures(homework: Homework, *, solution: bool) -> tuple[Block, ...]:
    """Return the figures of a page, if the teacher wants any."""
    if not homework.picture:
        return ()
    from shapecalc.homework.sheets.pictured import blocks  # few sheets have a picture

    return tuple(blocks(homework, solution=solution))


def _figures(homework: Homework, *, solution: bool) -> str:
    """Return the figures in LaTeX, if the teacher wants any."""
    if not homework.picture:
        return ""
    from shapecalc.homework.sheets.pictured import in_latex

    return "".join(in_latex(homework, solution=solution))


def _worked_blocks(homework: Homework) -> Iterator[Block]:
    from shapecalc.homework.sheets.worked import work_out  # lessons take their time to import
    from shapecalc.output.document import Heading, Prose

    for cell in homework.cells:
        worked = work_out(homework, cell)
        yield Heading(one_line(f"{cell.layer}, {say(cell.quantity.title)}"), worked.answer)
        for chain in worked.chains:
            yield chain._replace(label=one_line(chain.label))
        for text in worked.words:
            yield Prose(one_line(text))


def _csv(homework: Homework, who: str, *, solution: bool) -> str:
    return "".join(written(_rows(homework, who, solution=solution)))


def _rows(homework: Homework, who: str, *, solution: bool) -> Iterator[tuple[str, ...]]:
    """Yield what stands over the table, and its lines."""
    yield (stamp_text(homework), one_line(homework.title), *([one_line(who)] if who else []))
    yield (say("input"), inputs_text(homework))
    if homework.note:
        yield (say("note"), one_line(homework.note))
    yield from ((term, Plain(text)) for term, text in stated(homework).items() if term != NOT_ASKED)
    yield ("layer", DOES, *(column.key for column in homework.columns))
    for layer, does, cells in grid_of(homework):
        texts = (Plain(shown(homework, cell, solution=solution)) for cell in cells)
        yield (layer, one_line(does), *texts)


def _yaml(homework: Homework, who: str, *, solution: bool) -> str:
    lines = [f"# {stamp_text(homework)}", f"# {one_line(homework.title)}"]
    lines += [f"# {one_line(who)}"] if who else []
    lines.append(f"# {inputs_text(homework)}")
    lines += [f"# {one_line(homework.note)}"] if homework.note else []
    lines += [f"# {term}: {text}" for term, text in stated(homework).items() if term != NOT_ASKED]
    for layer, described_as, cells in grid_of(homework):
        does = one_line(described_as)
        asked_here = any(cells)
        mark = "" if asked_here else "# "
        lines.append(f"{mark}{_key(layer)}:" + (f"  # {does}" if does else ""))
        for column, cell in zip(homework.columns, cells, strict=True):
            if cell is not None:
                text = shown(homework, cell, solution=solution).replace(",", "")
                lines.append(f"  {column.key}: {text}".rstrip())
    return "\n".join(lines) + "\n"


def _key(word: str) -> str:
    """Write a layer's name as a key of YAML."""
    plain = word.replace("_", "").replace("/", "").replace("-", "").isalnum() and word[0].isalpha()
    return word if plain else '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'


#: The formats of a sheet, each with the suffixes of its files, the usual one first.
FORMATS: dict[str, tuple[str, ...]] = {
    "text": (".txt",),
    "markdown": (".md", ".markdown"),
    "html": (".html", ".htm"),
    "csv": (".csv",),
    "yaml": (".yaml", ".yml"),
    "xlsx": (".xlsx",),
    "latex": (".tex",),
}


def sheet_format(name: str | None, path: str | None = None) -> str:
    """Return the format: the one named, or that of the file's suffix, or text.

    Raises `SpecErrors` (E302) for one that sheets do not have.
    """
    if name is None and path is None:
        return "text"
    suffix = "." + (path or "").rpartition(".")[2].lower()
    chosen = name or next((form for form, ends in FORMATS.items() if suffix in ends), None)
    if chosen in FORMATS:
        return chosen
    wanted = f"'{name}'" if name is not None else f"written to '{path}'"
    hint = format_meant(name or suffix, FORMATS) or f"one of {', '.join(FORMATS)}"
    raise refuse("E302", f"a sheet cannot be {wanted}", hint=hint)


def handout(
    homework: Homework,
    format: str,  # noqa: A002
    *,
    solution: bool = False,
    who: str = "",
    width: int | None = None,
    name: str = "",
) -> str | bytes:
    """Write the sheet of a homework; with `solution` its answers.

    `who` is whose sheet it is, `width` that of its page, where it has one.  `name` is the file's
    without its suffix: Markdown shows the pictures that lie `beside` it.
    """
    if format == "xlsx":
        from shapecalc.homework.sheets.as_xlsx import to_xlsx

        return to_xlsx(homework, solution=solution, who=who)
    text = sheet(homework, format, solution=solution, who=who, width=width)
    links = beside(homework, format, name, solution=solution)
    return text + "".join(f"\n{picture.link}\n" for picture in links)


def beside(
    homework: Homework,
    format: str,  # noqa: A002
    name: str,
    *,
    solution: bool = False,
) -> tuple[PictureFile, ...]:
    """Return the pictures that lie beside a sheet of Markdown, which has a name.

    A page and a document of LaTeX have them in it, and other formats have none.
    """
    if format != "markdown" or not homework.picture or not name:
        return ()
    from shapecalc.homework.sheets.pictured import files  # few sheets have a picture

    return tuple(files(homework, name, solution=solution))
