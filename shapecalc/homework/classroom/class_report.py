"""What a teacher gets of a class: marks, cells, mistakes, and what to look at.

It is the teacher's, so the key is in it.
"""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from math import sqrt
from typing import TYPE_CHECKING

from shapecalc.draw.svg import svg_element
from shapecalc.homework.assignment.notation import marks_text
from shapecalc.homework.assignment.quantities import QUANTITIES
from shapecalc.homework.classroom.cells_drawn import MOST, cells_drawn
from shapecalc.homework.classroom.pages import clean, name_of, shortened, write
from shapecalc.homework.classroom.statistics import (
    BINS,
    DOUBTED_BY,
    DOUBTED_SHARE,
    ENOUGH,
    PAIRS,
    RARE,
    RARE_SHARE,
    SHARED,
    statistics,
)
from shapecalc.homework.diagnosis.misconceptions import CATALOGUE
from shapecalc.homework.diagnosis.wording import names
from shapecalc.output.document import Bars, Cell, Document, Grid, Prose, section
from shapecalc.output.table import Picture

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from shapecalc.homework.classroom import Classroom, Graded
    from shapecalc.homework.classroom.pages import Pages
    from shapecalc.homework.classroom.statistics import At, Item, MistakeCount, Statistics
    from shapecalc.homework.diagnosis import Verdict
    from shapecalc.output.document import Block, Tone
    from shapecalc.output.markup import Element

#: Less discrimination than this is remarked on, but not where nearly all are right.
_LOW, _EASY = 0.2, Fraction(95, 100)

#: What may become of a cell, with the verdicts that mean it.
_COUNTED: tuple[tuple[str, tuple[Verdict, ...]], ...] = (
    ("right", ("right", "right_other_notation")),
    ("from own values", ("right_follow_through",)),
    ("other convention", ("right_other_convention",)),
    ("known mistake", ("misconception",)),
    ("wrong", ("wrong",)),
    ("not readable", ("unreadable",)),
    ("blank", ("blank",)),
)


def _mistakes(numbers: Statistics, graded: int) -> Iterator[Block]:
    """Yield what went wrong: mistakes by students, and layers by mistakes."""
    if numbers.mistakes:
        caption = "Known mistakes, those of most students first"
        yield _counted(caption, "mistake", numbers.mistakes, graded)
    for column, items in _by_column(numbers.items).items():
        yield from _map(column, items)


def _conventions(numbers: Statistics, graded: int) -> Iterator[Block]:
    """Yield which conventions other than the sheet's students have kept to."""
    if numbers.conventions:
        caption = "Other conventions, those of most students first; these are no mistakes"
        yield _counted(caption, "convention", numbers.conventions, graded)


def _counted(caption: str, kind: str, counts: Sequence[MistakeCount], graded: int) -> Grid:
    """Lay out in how many students and cells mistakes or conventions are."""
    rows = tuple(
        (
            Cell(mistake.id),
            Cell(CATALOGUE[mistake.id].name),
            Cell(f"{mistake.students:,}", heat=sqrt(mistake.students / graded)),
            Cell(percent(Fraction(mistake.students, graded))),
            Cell(f"{mistake.cells:,}"),
            Cell(f"{mistake.certain:,}"),
        )
        for mistake in counts
    )
    header = ("id", kind, "students", "share", "cells", "certain")
    return Grid(header, rows, (False, False, True, True, True, True), caption)


def _map(column: str, items: Sequence[Item]) -> Iterator[Block]:
    """Yield layers by mistakes, for one column."""
    ids = sorted({name for item in items for name in item.misconceptions}, key=_order)
    if not ids:
        return
    rows = []
    for item in items:
        if not item.misconceptions:
            continue
        counts = [item.misconceptions[name] for name in ids]
        cells = [
            Cell(f"{count:,}", heat=sqrt(count / item.students)) if count else Cell("")
            for count in counts
        ]
        rows.append((Cell(clean(item.at[0])), *cells))
    title = QUANTITIES[column].title
    meanings = "; ".join(f"{name}: {CATALOGUE[name].name}" for name in ids)
    caption = f"Mistakes in {title}: students by layer, layers without any left out"
    yield Grid(("layer", *ids), tuple(rows), (False, *[True] * len(ids)), caption)
    yield Prose(f"{meanings}.", "remarks")


def _order(name: str) -> int:
    return list(CATALOGUE).index(name)


def _by_column(items: Iterable[Item]) -> dict[str, list[Item]]:
    columns: dict[str, list[Item]] = {}
    for item in items:
        columns.setdefault(item.at[1], []).append(item)
    return {column: columns[column] for column in QUANTITIES if column in columns}


def _cells(numbers: Statistics) -> Iterator[Block]:
    """Yield how many are right in every cell, as a map and with all counts."""
    if not numbers.items:
        return
    by = {item.at: item for item in numbers.items}
    columns = list(_by_column(numbers.items))
    rows = []
    for layer in dict.fromkeys(at[0] for at in by):
        shares = [_share(by.get((layer, column))) for column in columns]
        rows.append((Cell(clean(layer)), *shares))
    titles = [QUANTITIES[column].title for column in columns]
    if len(numbers.items) <= MOST:
        yield Picture((), partial(_bars, numbers))
    caption = "Students who are right, in any way; the stronger the colour, the fewer"
    yield Grid(("layer", *titles), tuple(rows), (False, *[True] * len(titles)), caption)
    header = ("layer", "column", "share right", "discrimination", *(label for label, _ in _COUNTED))
    right = (False, False, *[True] * (len(header) - 2))
    rows = [_item(item) for item in numbers.items]
    yield Grid(header, tuple(rows), right, "Every cell: how many are right, and what became of it")


def _bars(numbers: Statistics) -> Element:
    """Draw what became of every cell."""
    cells = [
        (
            _cell_name(item.at),
            item.right,
            item.students,
            [sum(item.verdicts[verdict] for verdict in verdicts) for _, verdicts in _COUNTED],
        )
        for item in numbers.items
    ]
    title = "What became of every cell"
    return svg_element(cells_drawn(title, [label for label, _ in _COUNTED], cells), prefix="cells-")


def _share(item: Item | None) -> Cell:
    if item is None:
        return Cell("")
    counted = f"{item.right:,} of {item.students:,}"
    return Cell(percent(item.share), (counted,), heat=float(1 - item.share))


def _item(item: Item) -> tuple[Cell, ...]:
    r = item.discrimination
    below: tuple[str, ...] = ()
    if r is not None and r < _LOW and item.share <= _EASY:
        below = ("against the rest",) if r < 0 else ("low",)
    shown = "\N{EN DASH}" if r is None else f"{r:.2f}".replace("-", "\N{MINUS SIGN}")
    counts = [sum(item.verdicts[verdict] for verdict in verdicts) for _, verdicts in _COUNTED]
    return (
        Cell(clean(item.at[0])),
        Cell(QUANTITIES[item.at[1]].title),
        Cell(percent(item.share)),
        Cell(shown, below, "bad" if below else ""),
        *(Cell(f"{count:,}" if count else "") for count in counts),
    )


def percent(share: Fraction) -> str:
    """Write a share in whole percents; only all are 100% and only none 0%.

    >>> percent(Fraction(2, 3)), percent(Fraction(999, 1000)), percent(Fraction(1, 1000))
    ('67%', '>99%', '<1%')
    """
    rounded = round(100 * share)
    if rounded == 100 and share < 1:
        return ">99%"
    return "<1%" if rounded == 0 and share > 0 else f"{rounded}%"


def _cell_name(at: At) -> str:
    """Name a cell."""
    return f"{clean(at[0])}, {QUANTITIES[at[1]].title}"


_STATUS: dict[str, tuple[str, Tone]] = {
    "graded": ("graded", "good"),
    "unreadable": ("not readable", "open"),
    "missing": ("nothing handed in", "open"),
}


def class_report(classroom: Classroom) -> Pages:
    """Write the report of a class, in HTML and in Markdown.

    Students lead to their pages at `feedback/PAGE`, as `Graded.page` names them.
    """
    numbers = statistics(classroom)
    graded = [student for student in classroom.students if student.status == "graded"]
    blocks = (
        *section("The key may be wrong", _doubts(numbers)),
        *section("Marks", _marks(numbers)),
        *section("What went wrong", _mistakes(numbers, len(graded))),
        *section("Other conventions", _conventions(numbers, len(graded))),
        *section("Every cell", _cells(numbers)),
        *section("Wrong values that nothing explains", _common(numbers)),
        *section("Look at these", _pairs(classroom, numbers)),
        *section("Students", _students(classroom)),
        *section("Files that are nobody's", _leftovers(classroom)),
    )
    return write(
        Document(
            clean(classroom.title) + ": the class",
            blocks,
            about=(_summary(classroom, numbers),),
            facts=tuple(_facts(classroom, graded, numbers)),
            legend=tuple(_MEANINGS.items()),
            names=tuple({clean(cell.layer) for student in graded for cell in student.cells}),
        )
    )


def _summary(classroom: Classroom, numbers: Statistics) -> str:
    students, graded = len(classroom.students), numbers.statuses["graded"]
    text = f"{graded:,} of {students:,} students are graded."
    if numbers.mistakes:
        first = numbers.mistakes[0]
        made = f"{first.students:,} student{'s' * (first.students != 1)}"
        text += f" The commonest mistake: {names((first.id,))} ({made})."
    return text


def _facts(
    classroom: Classroom, graded: Sequence[Graded], numbers: Statistics
) -> Iterator[tuple[str, str]]:
    yield "sheet", classroom.stamp
    for status, label in (
        ("graded", "graded"),
        ("unreadable", "not readable"),
        ("missing", "missing"),
    ):
        yield label, f"{numbers.statuses[status]:,}"  # type: ignore[index]
    yield "late", f"{numbers.late:,}"
    if numbers.spread is not None:
        spread = numbers.spread
        out_of = sorted({student.out_of for student in graded})
        yield "out of", " to ".join(map(marks_text, dict.fromkeys((out_of[0], out_of[-1]))))
        yield "mean", marks_text(spread.mean)
        yield "median", marks_text(spread.median)
        yield "middle half", " to ".join(map(marks_text, spread.quartiles))
        yield "lowest, highest", f"{marks_text(spread.least)}, {marks_text(spread.most)}"


def _marks(numbers: Statistics) -> Iterator[Block]:
    if numbers.spread is not None:
        step = 100 // BINS
        labels = [f"{at * step} to {(at + 1) * step}%" for at in range(BINS)]
        bars = tuple(zip(labels, numbers.spread.bins, strict=True))
        caption = "Students by their share of the marks; a share on the line counts above it"
        yield Bars(caption, ("share", "students"), bars)


def _doubts(numbers: Statistics) -> Iterator[Block]:
    if not numbers.doubts:
        return
    many = len(numbers.doubts)
    where = "1 cell" if many == 1 else f"{many} cells"
    yield Prose(f"In {where} more students have one other value than the key.", "urgent")
    rows = tuple(
        (
            Cell(_cell_name(doubt.at)),
            Cell(doubt.right),
            Cell(doubt.value),
            Cell(f"{doubt.students:,}"),
            Cell(f"{doubt.agree:,}"),
            Cell(f"{doubt.answers:,}"),
            Cell(names(doubt.misconceptions) if doubt.misconceptions else "by no known mistake"),
        )
        for doubt in numbers.doubts
    )
    header = ("cell", "key", "other value", "have it", "have the key", "answers", "explained")
    right = (False, True, True, True, True, True, False)
    yield Grid(header, rows, right, "The key against the value that most have")


def _common(numbers: Statistics) -> Iterator[Block]:
    if not numbers.common:
        return
    ordered = sorted(numbers.common, key=lambda value: -value.students)
    rows = tuple(
        (
            Cell(_cell_name(value.at)),
            Cell(value.value),
            Cell(f"{value.students:,}"),
            Cell(f"{value.wrong:,}"),
            Cell(value.right),
        )
        for value in ordered
    )
    header = ("cell", "value", "students", "unexplained in all", "key")
    caption = "The commonest value of every cell that no known mistake gives"
    yield Grid(header, rows, (False, True, True, True, True), caption)


def _pairs(classroom: Classroom, numbers: Statistics) -> Iterator[Block]:
    students = classroom.students
    if numbers.pairs or numbers.misplaced:
        yield Prose(
            "These answers agree where few do, and no known mistake says why.  There may be good"
            " reasons for it: the same book, the same table, working side by side."
        )
        yield from _shared(students, numbers)
        yield from _misplaced(students, numbers)


def _shared(students: Sequence[Graded], numbers: Statistics) -> Iterator[Block]:
    if numbers.pairs:
        rows = []
        for pair in numbers.pairs:
            first, second = (_link(students[index]) for index in pair.students)
            count, bits = Cell(str(len(pair.values))), Cell(f"{pair.bits:.1f}")
            rows.append((first, second, count, bits, _values(pair.values)))
        header = ("student", "student", "shared", "bits", "values")
        caption = f"Pairs that share rare wrong values, {PAIRS} at most"
        yield Grid(header, tuple(rows), (False, False, True, True, False), caption)


def _misplaced(students: Sequence[Graded], numbers: Statistics) -> Iterator[Block]:
    if numbers.misplaced:
        rows = []
        for misplaced in numbers.misplaced:
            owners = [name_of(students[index]) for index in misplaced.owners[:3]]
            more = len(misplaced.owners) - len(owners)
            of = ", ".join(owners) + (f" and {more} more" if more else "")
            count, values = Cell(str(len(misplaced.values))), _values(misplaced.values)
            rows.append((_link(students[misplaced.student]), Cell(of), count, values))
        header = ("student", "right in the variant of", "cells", "values")
        caption = "Wrong values that are right in another variant"
        yield Grid(header, tuple(rows), (False, False, True, False), caption)


def _values(values: Sequence[tuple[At, str]]) -> Cell:
    """Write the first of some values with their cells."""
    shown = [f"{_cell_name(at)}: {value}" for at, value in values[:6]]
    more = len(values) - len(shown)
    return Cell("; ".join(shown) + (f"; and {more} more" if more else ""))


def _link(graded: Graded) -> Cell:
    return Cell(name_of(graded), page=("feedback", graded.page))


def _students(classroom: Classroom) -> Iterator[Block]:
    if not classroom.students:
        return
    rows = []
    for graded in classroom.students:
        word, tone = _STATUS[graded.status]
        status = Cell(word, tuple(shortened(note, 200) for note in graded.notes), tone)
        late = f"{graded.late:,} h" if graded.late else ""
        marks = marks_text(graded.marks) if graded.status == "graded" else "\N{EN DASH}"
        identity = Cell(shortened(graded.student.id))
        rows.append((_link(graded), identity, Cell(marks), Cell(late), status))
    header = ("student", "id", "marks", "late", "what became of it")
    right = (False, False, True, True, False)
    yield Grid(header, tuple(rows), right, "Everybody, as the roster has them")


def _leftovers(classroom: Classroom) -> Iterator[Block]:
    if classroom.leftovers:
        rows = tuple(
            (Cell(shortened(leftover.file, 100)), Cell(clean(leftover.reason)))
            for leftover in classroom.leftovers
        )
        yield Grid(("file", "why"), rows, (False, False), "Files that belong to no student")


_MEANINGS = {
    "share right": "the share of the graded students whose cell is right in any way: in another"
    " notation, with own earlier values, under another convention; blank cells are not right",
    "discrimination": "the correlation of a cell's marks with the marks for all other cells of the"
    " same student (corrected item-total); a dash where one of them does not vary; low below"
    f" {_LOW} unless more than {percent(_EASY)} are right; against the rest below 0",
    "students, cells": "who has a mistake or another convention as the likeliest explanation of a"
    " cell, and in how many cells; certain: students with a cell that nothing else explains as"
    " well",
    "mean, median, middle half": "of the graded students, after the policy for lateness; quartiles"
    " are linear between neighbours",
    "the key may be wrong": "one other value has more students than the key, at least"
    f" {DOUBTED_BY}, and at least {percent(DOUBTED_SHARE)} of the answers; what follows from own"
    " earlier values is left out, so the cell is named where it begins",
    "rare": "a wrong value that no known mistake and no own value gives and that 2 students have,"
    f" or up to {RARE} when these are at most {percent(RARE_SHARE)} of those with the same key;"
    f" told from {ENOUGH} students on, and not where the two share a known mistake in the volume of"
    " that layer or of one above it, as it may follow from that",
    "bits": "the sum of log2(students with the same key / students with the value) over the rare"
    f" values that a pair shares, {SHARED} at least; it measures rarity, not guilt",
}
