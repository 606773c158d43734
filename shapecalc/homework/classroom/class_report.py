"""What a teacher gets of a class: marks, cells, mistakes, and what to look at.

It is the teacher's, so the key is in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.homework.assignment.notation.values import marks_text
from shapecalc.homework.classroom.agreement import (
    DOUBTED_BY,
    DOUBTED_SHARE,
    ENOUGH,
    PAIRS,
    RARE,
    RARE_SHARE,
    SHARED,
)
from shapecalc.homework.classroom.class_cells import (
    EASY,
    LOW,
    cell_name,
    cells,
    conventions,
    mistakes,
    percent,
)
from shapecalc.homework.classroom.pages import clean, name_of, shortened, write
from shapecalc.homework.classroom.statistics import BINS, statistics
from shapecalc.homework.diagnosis.wording import names
from shapecalc.output.document import Bars, Cell, Document, Grid, Prose, section

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shapecalc.homework.classroom.agreement import At
    from shapecalc.homework.classroom.model import Classroom, Graded
    from shapecalc.homework.classroom.pages import Pages
    from shapecalc.homework.classroom.statistics import Statistics
    from shapecalc.output.document import Block, Tone

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
        *section("What went wrong", mistakes(numbers, len(graded))),
        *section("Other conventions", conventions(numbers, len(graded))),
        *section("Every cell", cells(numbers)),
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
            Cell(cell_name(doubt.at)),
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
            Cell(cell_name(value.at)),
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
    shown = [f"{cell_name(at)}: {value}" for at, value in values[:6]]
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
    f" {LOW} unless more than {percent(EASY)} are right; against the rest below 0",
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
