"""Tables of answers in text: comma-separated values in all their kinds, Markdown, YAML and JSON.

YAML and JSON hold texts and nothing but texts, whatever they look like.  Three forms are read: a
map of layers to maps of columns, a list of maps with a `layer` each, and a list of cells with
`layer`, `column` and `value`; each may stand under `answers` or `cells`.
"""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

from shapecalc.homework.answers import (
    DOES_HEADINGS,
    MARKS_ROWS,
    MAX_CELLS,
    MAX_COLUMNS,
    PREFACE,
    AnswerCell,
    Answers,
    CutAnswer,
    refuse_file,
)
from shapecalc.homework.answers.pasted import rows_of, sums_of
from shapecalc.homework.assignment.headings import (
    NETWORK_WORDS,
    layers_column,
    plain_word,
    quantity_of,
    unit_in,
)
from shapecalc.homework.assignment.model import TOTAL
from shapecalc.homework.assignment.quantities import QUANTITIES
from shapecalc.homework.languages import say, to_say
from shapecalc.spec.yaml_compose import MAX_DEPTH, compose
from shapecalc.spec.yaml_messages import opened_beyond
from shapecalc.text import List, Scalar, Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from shapecalc.errors import SpecErrors
    from shapecalc.text import Tree

#: A row with the number of its line.
_Line: TypeAlias = "tuple[int, list[str]]"
_SEPARATORS = ",;\t|"
#: A row behind the last one, which a quote that was left open swallows.
_END = "end"
#: A cell holds at most so many characters: a quote left open swallows more.
LONGEST_CELL = 100_000
#: A separator that makes no rows is what is told of, unless another makes known headings.
_SOME = 0.5
_RULE = re.compile(r"[\s|:+-]+")
_HTML = re.compile(r"(?i)<table[\s>]")
_GRID = re.compile(r"(?m)^\+[-=:]{2,}(?:\+[-=:]{2,})*\+\s*$")
_PIPE = re.compile(r"(?<!\\)\|")
_EMPHASIS = re.compile(r"\*\*(.+?)\*\*|`(.+?)`|<b>(.+?)</b>")


def read_csv(text: str, name: str, notes: tuple[str, ...] = ()) -> Answers:
    """Read comma-separated values; the separator is the one under which most headings are known."""
    lines = text.splitlines(keepends=True)
    stated = ""
    if lines and (match := re.fullmatch(r"sep=(.)\s*", lines[0])):  # a spreadsheet's own line
        stated = match[1]
        lines[0] = "\n"
    tried: list[tuple[float, list[tuple[int, list[str]]], SpecErrors | None, str]] = []
    printed = rows_of(text, headings)
    if printed:
        rows = [(row.line, row.cells) for row in printed]
        tried.append((max(headings(cells) for _, cells in rows), rows, None, ""))
    for separator in stated or _SEPARATORS:
        try:
            rows = separated(lines, separator)
        except csv.Error as error:
            hint = to_say("save it as .csv anew; a quote may be missing its other end")
            message = say("the table cannot be read: {error}", error=str(error))
            problem = refuse_file("E701", message, name, hint)
            tried.append((_SOME, [], problem, separator))
            continue
        known = max((headings(row) for _, row in rows[:PREFACE]), default=0)
        tried.append((known, rows, None, separator))
    best = max(tried, key=lambda attempt: attempt[0])
    if best[2] is not None:
        raise best[2]
    rows, other = _parted_otherwise(best[1])
    if other:
        parted = say("parted otherwise than the headings, and not read: line {lines}", lines=other)
        notes = (*notes, parted)
    pieces = _pieces(rows) if best[3] == "," else {}
    return _with_sums(from_rows(rows, name, notes, _cut(rows), pieces=pieces), text)


def _parted_otherwise(rows: list[_Line]) -> tuple[list[_Line], str]:
    """Return the rows without those below the header that another separator parts, and these."""
    at = next((at for at, (_, row) in enumerate(rows[:PREFACE]) if headings(row)), len(rows))
    other = [
        line for line, row in rows[at + 1 :]
        if not any(row[1:]) and re.search(r"\S\s*[;\t|,]\s*[^\s;\t|,]", row[0])
    ]  # fmt: skip
    return [row for row in rows if row[0] not in other], ", ".join(map(str, other))


def _cut(rows: Sequence[_Line]) -> dict[tuple[int, int], str]:
    """Say which cells are no answers, as commas inside them, not in quotes, part them anew."""
    at = next((at for at, (_, row) in enumerate(rows[:PREFACE]) if headings(row)), len(rows))
    reason = say("commas that are not in quotes part the row anew; put such cells in quotes")
    cut = {}
    for line, row in rows[at + 1 :]:
        longer = len(row) > len(rows[at][1]) and any(
            re.fullmatch(r"[^\d]*\d{1,3}", a.strip()) and re.fullmatch(r"\d{3}", b.strip())
            for a, b in pairwise(row[1:])  # the row's name is no piece of an answer
        )
        if longer or any(cell.count("(") > cell.count(")") for cell in row[1:-1]):
            cut.update(dict.fromkeys(((line, place) for place in range(1, len(row))), reason))
    return cut


#: What begins a cell that a comma may have parted.
_PIECE = re.compile(r"[~\u2248]?\s*\d{1,4}\s*")
#: An answer is parted into so many pieces at most.
_MOST_PIECES = 4


def _pieces(rows: Sequence[_Line]) -> dict[tuple[int, int], tuple[str, ...]]:
    """Return where an answer may begin that commas part, and what it may be, unparted."""
    return {
        (line, at): tuple(
            ",".join(row[at:end])
            for end in range(at + 2, min(len(row), at + _MOST_PIECES) + 1)
            if all(cell[:1].isdigit() for cell in row[at + 1 : end])
        )
        for line, row in rows
        for at in range(1, len(row) - 1)
        if _PIECE.fullmatch(row[at]) and row[at + 1][:1].isdigit()
    }


def _with_sums(answers: Answers, text: str) -> Answers:
    """Add the sums that a program prints below its table."""
    sums = tuple(
        AnswerCell(TOTAL, QUANTITIES[printed.column], printed.raw, f"line {printed.line}")
        for printed in sums_of(text)
        if QUANTITIES[printed.column] in answers.columns
    )
    if not sums:
        return answers
    rows = tuple(dict.fromkeys((*answers.rows, TOTAL)))
    return answers._replace(cells=(*answers.cells, *sums), rows=rows)


def separated(lines: Sequence[str], separator: str) -> list[tuple[int, list[str]]]:
    """Split lines into rows, each with the number of its last line.

    Raises `csv.Error`, also for a quote that is left open, which would swallow all that follows.
    """
    rows = numbered_rows([*lines, "\n", _END], separator)
    if rows.pop()[1] != [_END]:
        raise csv.Error(say("a quote has no other end"))
    return rows


def numbered_rows(lines: list[str], separator: str = ",") -> list[tuple[int, list[str]]]:
    """Return the rows that are not empty, each with the number of its last line.

    Raises `csv.Error`.  The reader has a limit of its own, which the whole process shares: where it
    gives up, what it has read since the last row is measured here.
    """
    reader = csv.reader(lines, delimiter=separator, skipinitialspace=True)
    too_long = csv.Error(say("a cell holds more than {count:,} characters", count=LONGEST_CELL))
    rows, last = [], 0
    try:
        for row in reader:
            last = reader.line_num
            if row:
                rows.append((last, row))
    except csv.Error:
        if sum(map(len, lines[last : reader.line_num])) > LONGEST_CELL:
            raise too_long from None
        raise
    if any(len(cell) > LONGEST_CELL for _, row in rows for cell in row):
        raise too_long
    return rows


def read_markdown(text: str, name: str, notes: tuple[str, ...] = ()) -> Answers:
    """Read the tables of a Markdown text; cells of one layer may stand in several.

    The heading above a table may name the network that it is about.  Tables without pipes, and
    grids, are read as they are printed.
    """
    notes = (*notes, *_html_tables(text))
    printed = rows_of(text, headings)
    if printed and (_GRID.search(text) or not any(map(_has_pipes, text.splitlines()))):
        rows = [(row.line, [_plain_cell(cell) for cell in row.cells]) for row in printed]
        return _with_sums(from_rows(rows, name, notes), text)
    tables: list[tuple[str, list[tuple[int, list[str]]]]] = [("", [])]
    heading = ""
    for number, line in enumerate(text.splitlines(), 1):
        if "|" not in line:
            heading = line.strip("#* \t") if line.startswith("#") else heading
            tables.append((heading, []))
        elif not _RULE.fullmatch(line):
            tables[-1][1].append((number, _cells(line)))
    parts, left = _with_headers(tables)
    if left:
        lines = ", ".join(map(str, left))
        notes = (*notes, say("tables without headings were not read: line {lines}", lines=lines))
    answers = [about(from_rows(rows, name, notes), heading) for heading, rows in parts]
    return together(answers, name, notes) if answers else from_rows([], name)


def _html_tables(text: str) -> Iterator[str]:
    """Say that tables in HTML, which notebooks show, too, are not read."""
    places = [number for number, line in enumerate(text.splitlines(), 1) if _HTML.search(line)]
    if places:
        lines = ", ".join(map(str, places[:8]))
        yield say(
            "tables in HTML were not read, write them with | between cells: line {lines}",
            lines=lines,
        )


#: The rows of a table, each with its line's number, below a heading.
_Headed: TypeAlias = "tuple[str, list[tuple[int, list[str]]]]"


def _with_headers(tables: Sequence[_Headed]) -> tuple[list[_Headed], list[int]]:
    """Return the tables with headings, and the lines of those that have none.

    One that is as wide as that above it goes on with it: a blank line in a table parts it.
    """
    parts: list[_Headed] = []
    left = []
    for heading, rows in tables:
        if _has_header(rows):
            parts.append((heading, rows))
        elif rows and parts and {len(row) for _, row in rows} == {len(parts[-1][1][-1][1])}:
            parts[-1][1].extend(rows)
        elif rows:
            left.append(rows[0][0])
    return parts, left


def together(parts: Sequence[Answers], name: str, notes: tuple[str, ...]) -> Answers:
    """Return the answers of several tables as those of one."""
    if len(parts) == 1:
        return parts[0]
    notes = tuple(dict.fromkeys((*notes, *(note for part in parts for note in part.notes))))
    return Answers(
        name,
        tuple(cell for part in parts for cell in part.cells),
        tuple(dict.fromkeys(row for part in parts for row in part.rows)),
        tuple(dict.fromkeys(column for part in parts for column in part.columns)),
        tuple(dict.fromkeys(word for part in parts for word in part.ignored)),
        notes,
    )


def about(answers: Answers, network: str) -> Answers:
    """Say which network answers are about, where they do not say so themselves."""
    cells = tuple(cell._replace(network=cell.network or network) for cell in answers.cells)
    return answers._replace(cells=cells)


def _has_header(rows: Sequence[tuple[int, Sequence[str]]]) -> bool:
    return any(headings(row) for _, row in rows[:PREFACE])


def _has_pipes(line: str) -> bool:
    return "|" in line and not _RULE.fullmatch(line)


def _plain_cell(cell: str) -> str:
    """Take emphasis off a cell."""
    return _EMPHASIS.sub(lambda match: next(filter(None, match.groups())), cell)


def _cells(line: str) -> list[str]:
    """Split a line of a table at its pipes, emphasis taken off."""
    inner = line.strip().removeprefix("|")
    inner = inner[:-1] if inner.endswith("|") and not inner.endswith("\\|") else inner
    parts = [part.strip().replace("\\|", "|") for part in _PIPE.split(inner)]
    return [_plain_cell(part) for part in parts]


def from_rows(
    rows: Sequence[tuple[int, Sequence[str]]],
    name: str,
    notes: tuple[str, ...] = (),
    reasons: Mapping[tuple[int, int], str] | None = None,
    in_full: AbstractSet[tuple[int, int]] = frozenset(),
    pieces: Mapping[tuple[int, int], tuple[str, ...]] | None = None,
) -> Answers:
    """Make answers of a table's rows, each with its line's number.

    `reasons` say, by line and place in it, why cells are no answers; `in_full` are those of which
    the heading's unit is no part; `pieces` where answers may begin that are parted.  The header is
    the first row that names a column of layers and a quantity.  Raises `SpecErrors` (E701, E702).
    """
    if sum(len(row) for _, row in rows) > MAX_CELLS:
        hint = to_say("a sheet has a row a layer and a few columns")
        message = say("the table has more than {count:,} cells", count=MAX_CELLS)
        raise refuse_file("E702", message, name, hint)
    at = next((at for at, (_, row) in enumerate(rows[:PREFACE]) if headings(row)), None)
    if at is None:
        raise refuse_file(
            "E701",
            "no row names the columns",
            name,
            "the first row names the layers' column and what is asked: layer,output,params,macs",
        )
    further = [i for i in range(at + 1, len(rows)) if _is_header(rows[i][1])]
    if further:
        ends = zip([0, *further], [*further, len(rows)], strict=True)
        parts = [from_rows(rows[a:b], name, notes, reasons, in_full, pieces) for a, b in ends]
        return together(parts, name, notes)
    if starts := _beside(rows[at][1]):
        return _side_by_side(rows, starts, name, notes, reasons or {}, in_full)
    first, names = rows[at]
    covered = {i for line, i in reasons or () if line == first}  # by a merged heading before it
    header = ["" if i in covered else cell.strip() for i, cell in enumerate(names)][:MAX_COLUMNS]
    naming = layers_column(header)
    assert naming is not None, "`headings` counts those of a row that names the layers"
    network = next((i for i, cell in enumerate(header) if plain_word(cell) in NETWORK_WORDS), None)
    quantities = {
        i: quantity for i, cell in enumerate(header) if (quantity := quantity_of(cell)) is not None
    }
    cells: list[AnswerCell] = []
    seen: list[str] = []
    nameless: list[str] = []
    for line, row in rows[at + 1 :]:
        layer = row[naming].strip().strip("*`") if naming < len(row) else ""
        if not layer or set(layer) <= set("-: =") or layer in MARKS_ROWS:
            if not layer and any(row[i].strip() for i in quantities if i < len(row)):
                nameless.append(str(line))
            continue  # a rule, or the sheet's own last line
        nth = seen.count(layer)
        seen.append(layer)
        cut: tuple[CutAnswer, ...] = ()
        about = row[network].strip() if network is not None and network < len(row) else ""
        for i, quantity in quantities.items():
            raw = row[i] if i < len(row) else ""
            place = f"line {line}, column {header[i]}"
            reason = (reasons or {}).get((line, i), "")
            unit = "" if (line, i) in in_full else unit_in(header[i])
            if whole := (pieces or {}).get((line, i)):
                cut = (*cut, CutAnswer(quantity, raw, whole))
            cells.append(AnswerCell(layer, quantity, raw, place, unit, reason, about, nth, cut=cut))
    ignored = tuple(
        cell
        for i, cell in enumerate(header)
        if i not in (naming, network) and i not in quantities and cell and cell not in DOES_HEADINGS
    )
    if nameless:
        notes = (
            *notes,
            say(
                "answers without a layer's name were not read: line {lines}",
                lines=", ".join(nameless),
            ),
        )
    filled = {
        i
        for _, row in rows[at + 1 :]
        if naming < len(row) and row[naming].strip()
        for i in range(naming + 1, len(row))
        if row[i].strip() and not (i < len(header) and header[i])
    }
    ignored += tuple(
        say("column {number}, which has no heading", number=i + 1) for i in sorted(filled)
    )
    columns = tuple(dict.fromkeys(quantities.values()))
    return Answers(name, tuple(cells), tuple(dict.fromkeys(seen)), columns, ignored, notes)


def _beside(header: Sequence[str]) -> list[int]:
    """Return where tables that stand side by side begin, or nothing where there is one.

    Each begins with a column of layers under the same heading, and has a quantity behind it.
    """
    words = [cell.strip() for cell in header[:MAX_COLUMNS]]
    naming = layers_column(words)
    if naming is None or not words[naming]:
        return []
    starts = [at for at, word in enumerate(words) if plain_word(word) == plain_word(words[naming])]
    ends = [*starts[1:], len(words)]
    filled = all(
        any(quantity_of(word) is not None for word in words[a + 1 : b])
        for a, b in zip(starts, ends, strict=True)
    )
    return starts if filled and len(starts) > 1 else []


def _side_by_side(
    rows: Sequence[tuple[int, Sequence[str]]],
    starts: Sequence[int],
    name: str,
    notes: tuple[str, ...],
    reasons: Mapping[tuple[int, int], str],
    in_full: AbstractSet[tuple[int, int]],
) -> Answers:
    """Read tables that stand beside each other, one after the other."""
    parts = []
    longest = max(len(row) for _, row in rows)
    for a, b in zip([0, *starts[1:]], [*starts[1:], longest], strict=True):
        part = [(line, list(row[a:b])) for line, row in rows]
        why = {(line, at - a): reason for (line, at), reason in reasons.items() if a <= at < b}
        full = {(line, at - a) for line, at in in_full if a <= at < b}
        parts.append(from_rows(part, name, notes, why, full))
    return together(parts, name, notes)


def _is_header(row: Sequence[str]) -> bool:
    """Tell whether a row below the header is one as well: another table begins."""
    naming = layers_column([cell.strip() for cell in row[:MAX_COLUMNS]])
    return naming is not None and bool(row[naming].strip()) and headings(row) > 0


def headings(row: Sequence[str]) -> int:
    """Count the headings of a row that mean something, if it names the layers too."""
    words = [cell.strip() for cell in row[:MAX_COLUMNS]]
    if layers_column(words) is None:
        return 0
    return sum(quantity_of(word) is not None for word in words if word)


#: A value of which only texts, lists and maps are known.
Plain: TypeAlias = "str | list[Plain] | dict[str, Plain]"

_FORM = to_say("write a map of layers, like `conv1: {output: 20x30x40, params: 1200}`")
_AROUND = ("answers", "cells", "layers", "rows")
_VALUES = ("value", "raw", "answer", "read_as")


def read_yaml(text: str, name: str, notes: tuple[str, ...] = ()) -> Answers:
    """Read answers in YAML.  Raises `SpecErrors` (E101 to E106, E701, E702)."""
    if not re.sub(r"(?m)^\s*(?:#.*|---.*|\.\.\.)?$", "", text).strip():
        raise refuse_file("E701", "the file is empty", name, _FORM)
    return from_plain(_plain(compose(Source(name, text)), name), name, notes)


def read_json(text: str, name: str, notes: tuple[str, ...] = ()) -> Answers:
    """Read answers in JSON, numbers as they are written."""
    if opened_beyond(text, [], (0, len(text)), 0, MAX_DEPTH) is not None:
        raise refuse_file("E702", "lists and maps are nested too deeply", name, _FORM)
    try:
        value = json.loads(
            text, parse_int=str, parse_float=str, parse_constant=str, object_pairs_hook=_pairs
        )
    except json.JSONDecodeError as error:
        message = say(
            "the text is not JSON: {error}, line {line}, column {column}",
            error=error.msg,
            line=error.lineno,
            column=error.colno,
        )
        raise refuse_file("E701", message, name, _FORM) from None
    except _TwiceError as error:
        message = say("'{key}' stands twice in one map", key=error.args[0][:40])
        raise refuse_file("E701", message, name, "keep one of the two") from None
    return from_plain(_words(value), name, notes)


class _TwiceError(Exception):
    pass


def _pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    items: dict[str, object] = {}
    for key, value in pairs:
        if key in items:
            raise _TwiceError(key)
        items[key] = value
    return items


def _words(value: object) -> Plain:
    """Turn what JSON knows of into texts."""
    if isinstance(value, dict):
        return {key: _words(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_words(item) for item in value]
    if value is None:
        return ""
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def _plain(tree: Tree, name: str) -> Plain:
    count = 0

    def plain(tree: Tree) -> Plain:
        nonlocal count
        count += 1
        if count > 5 * MAX_CELLS:
            message = say("the file holds more than {count:,} values", count=5 * MAX_CELLS)
            raise refuse_file("E702", message, name, _FORM)
        if isinstance(tree, Scalar):
            return "" if tree.plain and tree.text in ("~", "null") else tree.text
        if isinstance(tree, List):
            return [plain(item) for item in tree.items]
        return {key: plain(item) for key, item in tree.items.items()}

    return plain(tree)


def from_plain(value: Plain, name: str, notes: tuple[str, ...] = ()) -> Answers:
    """Make answers of maps and lists of texts.  Raises `SpecErrors` (E701, E702)."""
    inner, around = value, None
    if isinstance(value, dict):
        around = next((key for key in value if plain_word(key) in _AROUND), None)
        inner = value[around] if around is not None else value
    records = list(_records(inner))
    left = [*(_unread(value, around) if around is not None else ()), *_unread(inner, None)]
    if left:
        more = ", ..." if len(left) > 8 else ""
        keys = ", ".join(left[:8]) + more
        notes = (*notes, say("no map of columns, and not read: {keys}", keys=keys))
    cells, rows, ignored = [], [], []
    above: Counter[tuple[str, str, str]] = Counter()
    for layer, column, raw, place, network in records:
        quantity = quantity_of(column)
        rows.append(layer)
        if quantity is None:
            ignored.append(column)
        else:
            at = (network, layer, column)
            cell = AnswerCell(layer, quantity, raw, place, unit_in(column), network=network)
            cells.append(cell._replace(nth=above[at]))
            above[at] += 1
        if len(cells) > MAX_CELLS:
            message = say("there are more than {count:,} cells", count=MAX_CELLS)
            raise refuse_file("E702", message, name, _FORM)
    if not cells:
        raise refuse_file(
            "E701", "the table names no layer with something that is asked", name, _FORM
        )
    columns = tuple(dict.fromkeys(cell.quantity for cell in cells))
    unique = tuple(dict.fromkeys(rows))
    return Answers(name, tuple(cells), unique, columns, tuple(dict.fromkeys(ignored)), notes)


#: Layer, column, text, place and network of a cell.
_Record: TypeAlias = tuple[str, str, str, str, str]


def _records(value: Plain, network: str = "") -> Iterator[_Record]:
    """Yield every cell; maps of several networks hold a map of layers each."""
    if isinstance(value, dict):
        for layer, listed in value.items():
            columns = _as_row(listed)
            if columns is None:
                continue
            if not network and any(_row_like(cell) for cell in columns.values()):
                yield from _records(columns, layer)
                continue
            for column, cell in columns.items():
                yield layer, column, text_of(cell), f"{layer}: {column}", network
    elif isinstance(value, list):
        for number, record in enumerate(value, 1):
            if _of_layers(record):
                yield from _records(record, network)
            elif isinstance(record, dict):
                yield from _record(record, f"entry {number}", network)


def _unread(value: Plain, around: str | None) -> Iterator[str]:
    """Name what is filled in, and no row: beside the rows `around` names, or among them."""
    if isinstance(value, dict) and around is not None:
        yield from (key[:40] for key, cell in value.items() if key != around and _row_like(cell))
    elif isinstance(value, dict):
        yield from (key[:40] for key, cell in value.items() if cell and _as_row(cell) is None)
    elif isinstance(value, list):
        for number, record in enumerate(value, 1):
            if _of_layers(record):
                continue
            if not isinstance(record, dict) or layers_column(list(record)) is None:
                yield say("entry {number}", number=number)


def _as_row(value: Plain) -> dict[str, Plain] | None:
    """Return a map of columns, which may be a list with a map for each."""
    if isinstance(value, dict):
        return value
    if not isinstance(value, list) or not value or not all(map(_row_like, value)):
        return None
    pairs = [pair for part in value if isinstance(part, dict) for pair in part.items()]
    return dict(pairs) if len({key for key, _ in pairs}) == len(pairs) else None


def _of_layers(value: Plain) -> bool:
    """Tell whether an entry of a list is a layer with its map of columns: `- conv1: {...}`."""
    return (
        isinstance(value, dict)
        and layers_column(list(value)) is None
        and bool(value)
        and all(_row_like(_as_row(columns) or "") for columns in value.values())
    )


def _row_like(value: Plain) -> bool:
    """Tell whether a value holds the cells of a row."""
    return isinstance(value, dict) and any(quantity_of(key) is not None for key in value)


def _record(record: dict[str, Plain], place: str, network: str) -> Iterator[_Record]:
    """Yield the cells of a map that names its layer."""
    at = layers_column(list(record))
    if at is None:
        return
    naming = list(record)[at]
    about = next((key for key in record if plain_word(key) in NETWORK_WORDS), None)
    network = text_of(record[about]).strip() if about is not None else network
    layer = text_of(record[naming]).strip()
    column = record.get("column", record.get("quantity"))
    if isinstance(column, str):
        value = next((record[key] for key in _VALUES if key in record), "")
        yield layer, column, text_of(value), place, network
        return
    for key, cell in record.items():
        if key not in (naming, about):
            yield layer, key, text_of(cell), f"{place}, {key}", network


def text_of(value: Plain) -> str:
    """Write a cell's value as one text: a list of extents as a tuple."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return f"({', '.join(map(text_of, value[:20]))})"
    return ", ".join(f"{key} {text_of(item)}" for key, item in list(value.items())[:20])
