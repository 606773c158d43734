"""What a combinator grader of CodeRunner, a question type of Moodle, prints: JSON with a table.

A template of the question writes the student's answer to a file and runs `shapecalc homework export
coderunner` on it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.homework.assignment.notation import marks_number
from shapecalc.homework.exports.parts import (
    marked_up,
    part_lines,
    parts_of,
    problem_lines,
    summary_lines,
)
from shapecalc.homework.languages import say
from shapecalc.homework.sheets.checked import marks_said
from shapecalc.output.json import dump

if TYPE_CHECKING:
    from shapecalc.errors import Problem
    from shapecalc.homework.diagnosis import Checked
    from shapecalc.homework.exports.parts import Per


def combinator(checked: Checked, *, per: Per = "layer", hint: int = 2) -> str:
    """Write the outcome: a row a part, and what explains the whole table below it."""
    first, *rest = summary_lines(checked, hint=hint)
    rows: list[list[object]] = [["iscorrect", say(per), say("what was said"), say("marks")]]
    for part in parts_of(checked, per):
        text = "\n".join(part_lines(part, per=per, hint=hint))
        marks = marks_said(part.marks, part.out_of)
        rows.append([int(part.right), part.name, text, marks])
    whole = checked.out_of
    outcome = {
        "fraction": marks_number(checked.marks / whole) if whole else 1,
        "prologuehtml": marked_up([first], "html"),
        "testresults": rows,
        "epiloguehtml": marked_up(rest, "html") if rest else "",
    }
    return dump(outcome, indent=2) + "\n"


def refused(problems: tuple[Problem, ...], **_: object) -> str:
    """Write the outcome for answers that cannot be read."""
    text = marked_up(problem_lines(problems), "html")
    return dump({"fraction": 0, "prologuehtml": text}, indent=2) + "\n"
