"""The answers of a file: cells as they stand there, each with its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shapecalc.errors import SpecErrors, refuse
from shapecalc.homework.assignment.quantities import (
    LAYER_HEADINGS,
    NETWORK_WORDS,
    plain_word,
    quantity_of,
    unit_in,
)
from shapecalc.text.source import Origin, Source

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shapecalc.homework.assignment.quantities import Quantity

#: Limits of a file of answers.
MAX_BYTES = 256 * 2**10
MAX_CELLS = 20_000
MAX_COLUMNS = 100
#: The column in which a sheet describes its layers.
DOES = "what it does"
#: So many lines may stand above the table.
PREFACE = 40


class Answer(NamedTuple):
    """A cell as it stands in a file: the words of its layer and column, its text, and its place.

    `unit` is what the column's heading states; `reason` why the cell is no answer, where the file
    says so; `network` which of several it is about.
    """

    layer: str
    quantity: Quantity
    raw: str
    place: str
    unit: str = ""
    reason: str = ""
    network: str = ""


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
    cells: tuple[Answer, ...]
    rows: tuple[str, ...]
    columns: tuple[Quantity, ...]
    ignored: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    stamp: str = ""


def refuse_file(code: str, message: str, name: str, hint: str = "") -> SpecErrors:
    """Return the errors of one problem of a whole file, to be raised."""
    return refuse(code, message, Origin(Source(name, "")), hint)


def from_rows(
    rows: Sequence[tuple[int, Sequence[str]]],
    name: str,
    notes: tuple[str, ...] = (),
    reasons: Mapping[tuple[int, int], str] | None = None,
) -> Answers:
    """Make answers of a table's rows, each with its line's number.

    `reasons` say, by line and place in it, why cells are no answers.  The header is the first row
    that names a column of layers and a quantity.  Raises `SpecErrors` (E701, E702).
    """
    if sum(len(row) for _, row in rows) > MAX_CELLS:
        hint = "a sheet has a row a layer and a few columns"
        raise refuse_file("E702", f"the table has more than {MAX_CELLS:,} cells", name, hint)
    at = next((at for at, (_, row) in enumerate(rows[:PREFACE]) if headings(row)), None)
    if at is None:
        raise refuse_file(
            "E701",
            "no row names the columns",
            name,
            "the first row names the layers' column and what is asked: layer,output,params,macs",
        )
    header = [cell.strip() for cell in rows[at][1]][:MAX_COLUMNS]
    naming = next(i for i, cell in enumerate(header) if plain_word(cell) in LAYER_HEADINGS)
    network = next((i for i, cell in enumerate(header) if plain_word(cell) in NETWORK_WORDS), None)
    asked = {
        i: quantity for i, cell in enumerate(header) if (quantity := quantity_of(cell)) is not None
    }
    cells, seen = [], []
    for line, row in rows[at + 1 :]:
        layer = row[naming].strip().strip("*`") if naming < len(row) else ""
        if not layer or set(layer) <= set("-: =") or layer == "marks":
            continue  # a rule, or the sheet's own last line
        seen.append(layer)
        about = row[network].strip() if network is not None and network < len(row) else ""
        for i, quantity in asked.items():
            raw = row[i] if i < len(row) else ""
            place = f"line {line}, column {header[i]}"
            reason = (reasons or {}).get((line, i), "")
            cells.append(Answer(layer, quantity, raw, place, unit_in(header[i]), reason, about))
    ignored = tuple(
        cell
        for i, cell in enumerate(header)
        if i not in (naming, network) and i not in asked and cell and cell != DOES
    )
    columns = tuple(dict.fromkeys(asked.values()))
    return Answers(name, tuple(cells), tuple(dict.fromkeys(seen)), columns, ignored, notes)


def headings(row: Sequence[str]) -> int:
    """Count the headings of a row that mean something, if it names the layers too."""
    words = [cell.strip() for cell in row[:MAX_COLUMNS]]
    named = any(plain_word(word) in LAYER_HEADINGS for word in words)
    return sum(quantity_of(word) is not None for word in words if word) if named else 0
