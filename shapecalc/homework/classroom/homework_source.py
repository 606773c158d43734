"""What is asked of each student: one homework for all, or each their own.

`HomeworkSource` holds texts only, so that it goes to another process, which reads the homework from
it anew.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.api import build
from shapecalc.homework.assignment.model import assign
from shapecalc.homework.assignment.teacher import read_homework
from shapecalc.report.compute import compute_report

if TYPE_CHECKING:
    from shapecalc.homework.assignment.model import Homework
    from shapecalc.homework.classroom.model import Student
    from shapecalc.homework.variants.variant_list import VariantList
    from shapecalc.text import Source


class HomeworkSource(NamedTuple):
    """A teacher's file; or a network, with its settings and inputs, under the defaults.

    `variants` is the list that was written for the class, where everybody has a variant.
    """

    source: Source
    network: bool = False
    settings: tuple[tuple[str, str], ...] = ()
    inputs: tuple[tuple[str, str], ...] = ()
    variants: VariantList | None = None


def homework_of(source: HomeworkSource, student: Student | None = None) -> Homework:
    """Return the homework of a student, or of the class.

    Raises `SpecErrors`: E752 for a student without a variant where there are variants.
    """
    values: tuple[tuple[str, str], ...] = ()
    if student is not None and source.variants is not None:
        values = source.variants.of_student(student.id).values
    return _homework(source.source, source.network, source.settings, source.inputs, values)


@lru_cache(maxsize=64)
def _homework(
    source: Source,
    network: bool,
    settings: tuple[tuple[str, str], ...],
    inputs: tuple[tuple[str, str], ...],
    values: tuple[tuple[str, str], ...],
) -> Homework:
    if not network:
        return read_homework(source, dict(values))
    return assign(compute_report(build(source, settings=dict(settings), inputs=dict(inputs))))


def fingerprint(homework: Homework) -> str:
    """Return what tells a homework from any that judges, marks or explains otherwise."""
    cells = [
        (cell.at, repr(cell.key), str(cell.out_of), cell.filled_in, repr(cell.accepted))
        for cell in homework.cells
    ]
    rows = [(row.name, row.does, row.output, row.params, row.macs) for row in homework.report.rows]
    settings = (
        homework.title,
        homework.note,
        homework.conventions,
        homework.policy,
        homework.depth,
    )
    text = repr((homework.stamp, settings, homework.deadline, cells, rows))
    return sha256(text.encode()).hexdigest()
