"""Files of answers: from bytes to tables to claims, which are answers put to their cells.

Here are the answers of a file: cells as they stand there, each with its place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shapecalc.errors import SpecErrors, refuse
from shapecalc.homework.languages import say, to_say
from shapecalc.text import Origin

if TYPE_CHECKING:
    from shapecalc.homework.assignment.quantities import AskedQuantity

#: Limits of a file of answers.
MAX_BYTES = 256 * 2**10
MAX_CELLS = 20_000
MAX_COLUMNS = 100
#: The column in which a sheet describes its layers, and its headings in all languages.
DOES = to_say("what it does")
DOES_HEADINGS = frozenset({DOES, "was sie macht", "qué hace"})
#: How a sheet calls the row of what the columns are worth, in all languages.
MARKS_ROWS = frozenset({to_say("marks"), "Punkte", "puntos"})
#: So many lines may stand above the table.
PREFACE = 40


class CutAnswer(NamedTuple):
    """What may be one answer that commas part: its column, its first piece, all of it."""

    quantity: AskedQuantity
    first: str
    whole: tuple[str, ...]


class AnswerCell(NamedTuple):
    """A cell as it stands in a file: the words of its layer and column, its text, and its place.

    `unit` is what the column's heading states; `reason` why the cell is no answer, where the file
    says so; `network` which of several it is about; `nth` how many rows of that name stand above.
    `beside`: on a lesser sheet, and counting where the sheet that is read leaves a blank; `cut` are
    answers before it or here that commas may have parted.
    """

    layer: str
    quantity: AskedQuantity
    raw: str
    place: str
    unit: str = ""
    reason: str = ""
    network: str = ""
    nth: int = 0
    beside: bool = False
    cut: tuple[CutAnswer, ...] = ()


class Extra(NamedTuple):
    """An answer to what was not asked."""

    layer: str
    column: str
    raw: str
    hint: str = ""


class Answers(NamedTuple):
    """What a file of answers says.

    `rows` and `columns` are those that the file has, in order, whether their cells are filled or
    not; `ignored` the headings that mean no quantity, `notes` what had to be understood; `stamp`
    is that of the sheet that was filled in.
    """

    source: str
    cells: tuple[AnswerCell, ...]
    rows: tuple[str, ...]
    columns: tuple[AskedQuantity, ...]
    ignored: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    stamp: str = ""


def refuse_file(code: str, message: str, name: str, hint: str = "") -> SpecErrors:
    """Return the errors of one problem of a whole file, to be raised.

    A message and a hint without values are said here.
    """
    return refuse(code, say(message), Origin.of_file(name), say(hint) if hint else "")
