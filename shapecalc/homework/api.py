"""The front door of homework: answers judged by what they are about."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from typing import TYPE_CHECKING, Any

from shapecalc.api import report_of
from shapecalc.errors import refuse
from shapecalc.homework.answers.claims import against as asked_by
from shapecalc.homework.answers.files import load_answers
from shapecalc.homework.answers.values import read_value
from shapecalc.homework.assignment.teacher import language_in
from shapecalc.homework.diagnosis.check import check as judge
from shapecalc.homework.languages import speaking
from shapecalc.homework.variants.draw import chosen_homework
from shapecalc.spec.find import DATA, find_homework, tree_of
from shapecalc.text import Source

if TYPE_CHECKING:
    from shapecalc.graph import Graph
    from shapecalc.homework.diagnosis import Checked
    from shapecalc.report import Report


def check(
    answers: object,
    *,
    homework: str | PathLike[str] | Mapping[str, Any] | None = None,
    against: str | PathLike[str] | Mapping[str, Any] | Graph | Report | None = None,
    variants: str | PathLike[str] | None = None,
    student: str | None = None,
    seed: str | None = None,
) -> Checked:
    """Judge every cell of a student's answers.

    They are a file by its path, a .csv, .md, .yaml, .json, .xlsx, .ods, .odt, .docx or .ipynb; a
    table as text of several lines; or a data frame, a dict or a list of dicts.  What they are about
    is a teacher's `homework`, a file or the same as data, with the variant of a `student` where it
    has `variants` or a `seed`; or a network, `against` which the table is read as it is.  Raises
    `SpecErrors` with everything that is wrong, also (E706) unless exactly one of the two is given.
    """
    if (homework is None) == (against is None):
        words = "nothing says" if homework is None else "`homework` and `against` both say"
        hint = "name one of them: homework='homework.yaml', or against='alexnet'"
        raise refuse("E706", f"{words} what the answers are about", hint=hint)
    path = isinstance(answers, PathLike) or (isinstance(answers, str) and "\n" not in answers)
    source = _source(homework)
    with speaking("" if source is None else language_in(source)):
        read = load_answers(str(answers)) if path else read_value(answers)
    if against is not None:
        return judge(asked_by(report_of(against), read), read)
    assert source is not None
    return judge(
        chosen_homework(
            source,
            variants=None if variants is None else str(variants),
            student=student,
            seed=seed,
            stamp=read.stamp,
        ),
        read,
    )


def _source(homework: str | PathLike[str] | Mapping[str, Any] | None) -> Source | None:
    """Return a teacher's file, or the same as data, as it is read.  Raises `SpecErrors`."""
    if homework is None:
        return None
    if isinstance(homework, Mapping):
        return Source(DATA, "", tree_of(homework))
    return find_homework(str(homework))
