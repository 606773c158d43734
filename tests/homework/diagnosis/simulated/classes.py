"""Classes: so many students of one network's homework, and the homework that they answer."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, NamedTuple

import shapecalc
from shapecalc.homework.answers.files import read_answers
from shapecalc.homework.assignment.model import assign
from shapecalc.homework.diagnosis.check import check
from tests.homework.diagnosis.simulated.students import DEFAULT, EVERY, Student, student
from tests.homework.diagnosis.simulated.table import TOTAL, Table

if TYPE_CHECKING:
    from shapecalc.homework.assignment.model import Homework
    from shapecalc.homework.diagnosis import Checked


class Classroom(NamedTuple):
    """What is asked of a class, in words, and as the generator has it."""

    words: str
    table: Table
    columns: tuple[str, ...]

    def students(self, count: int, seed: int) -> list[Student]:
        """Make students up."""
        at = f"{seed} {self.words} {self.columns}"
        return [student(Random(f"{at} {n}"), self.table, self.columns) for n in range(count)]

    def homework(self) -> tuple[Homework, Homework]:
        """Return the homework without and with the totals."""
        report = shapecalc.summarize(self.table.network)
        rows = [*self.table.rows]
        without = assign(report, layers=rows, columns=self.columns)
        return without, assign(report, layers=[*rows, TOTAL], columns=self.columns)


CLASSES = (
    Classroom("alexnet", Table("alexnet"), DEFAULT),
    Classroom("vgg16", Table("vgg16"), DEFAULT),
    Classroom("googlenet", Table("googlenet"), DEFAULT),
    Classroom("alexnet, all columns", Table("alexnet"), EVERY),
    Classroom("vgg16, all columns", Table("vgg16"), EVERY),
    Classroom("googlenet, all columns", Table("googlenet"), EVERY),
    Classroom("googlenet, all layers", Table("googlenet", inside=True), DEFAULT),
)


def judged(homework: tuple[Homework, Homework], who: Student) -> Checked:
    """Judge a sheet."""
    total = any(layer == TOTAL for layer, _ in who.cells)
    return check(homework[total], read_answers(who.data, who.name))
