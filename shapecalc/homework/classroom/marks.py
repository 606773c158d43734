"""Checked answers to the records of a class."""

from __future__ import annotations

from fractions import Fraction
from sys import intern
from typing import TYPE_CHECKING

from shapecalc.homework.assignment.values import value_text
from shapecalc.homework.classroom.records import Mark
from shapecalc.homework.diagnosis.check import CHANNELS_FIRST

if TYPE_CHECKING:
    from shapecalc.homework.diagnosis.verdict import Checked, Judged

#: A cell's raw text is kept up to here.
RAW = 200


def marks_of(checked: Checked) -> tuple[Mark, ...]:
    """Return the cells of a student as records."""
    first = CHANNELS_FIRST in checked.notes
    return tuple(_mark(checked, each, first=first) for each in checked.cells)


def _mark(checked: Checked, each: Judged, *, first: bool) -> Mark:
    cell = each.cell
    graded = each.verdict != "not_graded"
    right = value_text(cell.key, checked.homework.conventions)
    same = each.verdict in ("right", "right_other_notation") or "S21" in _first(each)
    return Mark(
        intern(cell.layer),
        cell.quantity.key,
        each.raw[:RAW],
        intern(each.read_as),
        intern(right if same else _value(checked, each, first=first)),
        intern(right),
        each.verdict,
        tuple(diagnosis.ids for diagnosis in each.diagnoses),
        bool(each.diagnoses) and each.diagnoses[0].certain,
        each.marks if graded else Fraction(0),
        cell.out_of if graded else Fraction(0),
        each.follows,
    )


def _first(each: Judged) -> tuple[str, ...]:
    return each.diagnoses[0].ids if each.diagnoses else ()


def _value(checked: Checked, each: Judged, *, first: bool) -> str:
    """Write what was read in the key's notation: a volume in its order and without the batch."""
    read, told = each.read_as, checked.homework.conventions
    if each.cell.quantity.key != "output" or "x" not in read:
        return read
    text = read.removesuffix(_FIRST)
    dims = text.split("x")
    right = value_text(each.cell.key, told).split("x")
    if len(dims) == len(right) + 1 and dims[0] == "1":
        dims = dims[1:]
    if (text != read or first) and told.layout != "chw" and len(dims) == len(right):
        dims = [*dims[1:], dims[0]]
    return "x".join(dims)


_FIRST = ", channels first"
