"""What is asked of each student: one homework for all, or each their own.

`Asked` holds texts only, so that it goes to another process, which reads the homework from it anew.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.api import build
from shapecalc.homework.assignment import assign
from shapecalc.homework.teacher import read_homework
from shapecalc.propagate import propagate

if TYPE_CHECKING:
    from shapecalc.homework.assignment import Homework
    from shapecalc.homework.classroom.records import Student
    from shapecalc.source import Source


class Asked(NamedTuple):
    """A teacher's file; or a network, with its settings and inputs, under the defaults."""

    source: Source
    network: bool = False
    settings: tuple[tuple[str, str], ...] = ()
    inputs: tuple[tuple[str, str], ...] = ()


def homework_of(asked: Asked, student: Student | None = None) -> Homework:
    """Return the homework of a student, or of the class.  Raises `SpecErrors`."""
    return _homework(asked)


@lru_cache(maxsize=4)
def _homework(asked: Asked) -> Homework:
    if not asked.network:
        return read_homework(asked.source)
    graph = build(asked.source, settings=dict(asked.settings), inputs=dict(asked.inputs))
    return assign(propagate(graph))


def fingerprint(homework: Homework) -> str:
    """Return what tells a homework from any that judges, marks or explains otherwise."""
    cells = [(each.at, repr(each.key), str(each.out_of), each.given) for each in homework.cells]
    rows = [(row.name, row.does, row.output, row.params, row.macs) for row in homework.report.rows]
    told = (homework.title, homework.note, homework.conventions, homework.policy, homework.depth)
    text = repr((homework.stamp, told, homework.deadline, cells, rows))
    return sha256(text.encode()).hexdigest()
