"""results.json of Gradescope's autograder: a test a part, what is said of it, its marks.

One test a layer, by default: a box a cell makes 60 of them for VGG-16.  The tags of a test are the
mistakes that are certain.  No leaderboard is made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from shapecalc.homework.assignment.notation.values import marks_number
from shapecalc.homework.exports.parts import (
    marked_up,
    part_lines,
    parts_of,
    problem_lines,
    summary_lines,
)
from shapecalc.output.json import dump

if TYPE_CHECKING:
    from shapecalc.errors import Problem
    from shapecalc.homework.diagnosis.model import Checked, JudgedCell
    from shapecalc.homework.exports.parts import CheckPart, Markup, Per

Visibility: TypeAlias = Literal["visible", "hidden", "after_due_date", "after_published"]

#: The name and version of what stands under `extra_data.shapecalc`.
SCHEMA = "shapecalc.homework.gradescope/1"


class TestStyle(NamedTuple):
    """How results are shown: in which parts, how much is told, to whom and in what markup."""

    per: Per
    hint: int
    visibility: Visibility
    markup: Markup


def results(
    checked: Checked,
    *,
    per: Per = "layer",
    hint: int = 2,
    visibility: Visibility = "visible",
    markup: Markup = "text",
) -> str:
    """Write the results of one submission."""
    style = TestStyle(per, hint, visibility, markup)
    tests = [_test(part, n, style) for n, part in enumerate(parts_of(checked, style.per), 1)]
    return _json(
        {
            "score": marks_number(checked.marks),
            "output": marked_up(summary_lines(checked, hint=style.hint), style.markup),
            "output_format": style.markup,
            "test_output_format": style.markup,
            "test_name_format": "text",
            "visibility": style.visibility,
            "stdout_visibility": "hidden",
            "extra_data": {
                "shapecalc": {
                    "schema": SCHEMA,
                    "homework": checked.homework.stamp,
                    "cells": [_cell(judged, style.hint) for judged in checked.cells],
                }
            },
            "tests": tests,
        }
    )


def refused(problems: tuple[Problem, ...], *, markup: Markup = "text", **_: object) -> str:
    """Write the results of answers that cannot be read: no marks, and why."""
    return _json(
        {
            "score": 0,
            "output": marked_up(problem_lines(problems), markup),
            "output_format": markup,
            "visibility": "visible",
            "stdout_visibility": "hidden",
            "extra_data": {"shapecalc": {"schema": SCHEMA, "unreadable": True}},
            "tests": [],
        }
    )


def _test(part: CheckPart, number: int, style: TestStyle) -> dict[str, object]:
    lines = part_lines(part, per=style.per, hint=style.hint)
    return {
        "score": marks_number(part.marks),
        "max_score": marks_number(part.out_of),
        "status": "passed" if part.right else "failed",
        "name": part.name,
        "number": str(number),
        "output": marked_up(lines, style.markup),
        "tags": list(part.ids) if style.hint > 1 else [],
        "visibility": style.visibility,
    }


def _cell(judged: JudgedCell, hint: int) -> dict[str, object]:
    graded = judged.verdict != "not_graded"
    return {
        "layer": judged.cell.layer,
        "column": judged.cell.quantity.key,
        "raw": judged.raw,
        "read_as": judged.read_as or None,
        "verdict": judged.verdict,
        "misconceptions": [list(diagnosis.ids) for diagnosis in judged.diagnoses]
        if hint > 1
        else [],
        "marks": marks_number(judged.marks),
        "out_of": marks_number(judged.cell.out_of) if graded else 0,
    }


def _json(value: dict[str, object]) -> str:
    return dump(value, indent=2) + "\n"
