"""The front door of homework: a file of answers judged by what it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.api import report_of
from shapecalc.homework.answers.claims import against as asked_by
from shapecalc.homework.answers.files import load_answers
from shapecalc.homework.assignment.teacher import language_in
from shapecalc.homework.diagnosis.check import check as judge
from shapecalc.homework.languages import speaking
from shapecalc.homework.variants.draw import chosen_homework

if TYPE_CHECKING:
    from collections.abc import Mapping
    from os import PathLike

    from shapecalc.graph import Graph
    from shapecalc.homework.diagnosis import Checked
    from shapecalc.report import Report


def check(
    answers: str | PathLike[str],
    *,
    homework: str | PathLike[str] | None = None,
    against: str | PathLike[str] | Mapping[str, Any] | Graph | Report | None = None,
    variants: str | PathLike[str] | None = None,
    student: str | None = None,
    seed: str | None = None,
) -> Checked:
    """Judge every cell of a student's answers, a file.

    It is a .csv, .md, .yaml, .json, .xlsx, .ods, .odt, .docx or .ipynb.  What they are about is a
    teacher's `homework` file, with the variant of a `student` where it has `variants` or a `seed`;
    or a network, `against` which the table is read as it is.  Raises
    `SpecErrors` with everything that is wrong, and `TypeError` unless exactly one of the two is
    given.
    """
    if (homework is None) == (against is None):
        raise TypeError("answers are about a homework, or against a network: name one of them")
    with speaking("" if homework is None else language_in(str(homework))):
        read = load_answers(str(answers))
    if against is not None:
        return judge(asked_by(report_of(against), read), read)
    return judge(
        chosen_homework(
            str(homework),
            variants=None if variants is None else str(variants),
            student=student,
            seed=seed,
            stamp=read.stamp,
        ),
        read,
    )
