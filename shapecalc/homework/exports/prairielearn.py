"""results.json of PrairieLearn's external grader: a score from 0 to 1, and a test a part.

Answers that cannot be read are not gradable, which does not use up an attempt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.homework.assignment.notation import marks_number
from shapecalc.homework.exports.parts import part_lines, parts_of, problem_lines, summary_lines
from shapecalc.output.json import dump

if TYPE_CHECKING:
    from shapecalc.errors import Problem
    from shapecalc.homework.diagnosis import Checked
    from shapecalc.homework.exports.parts import Per

#: The platform takes 1 MB; what is said of the parts is left out of what would be more.
MAX_BYTES = 1_000_000


def results(checked: Checked, *, per: Per = "layer", hint: int = 2) -> str:
    """Write the results of one submission."""
    first, *rest = summary_lines(checked, hint=hint)
    tests = [
        {
            "name": part.name,
            "points": marks_number(part.marks),
            "max_points": marks_number(part.out_of),
            "output": "\n".join(part_lines(part, per=per, hint=hint)),
        }
        for part in parts_of(checked, per)
    ]
    whole = checked.out_of
    outcome: dict[str, object] = {
        "gradable": True,
        "score": marks_number(checked.marks / whole) if whole else 1,
        "message": first,
        "output": "\n".join(rest),
        "tests": tests,
    }
    text = dump(outcome, indent=2) + "\n"
    if len(text.encode()) <= MAX_BYTES:
        return text
    short = [{key: value for key, value in test.items() if key != "output"} for test in tests]
    return dump({**outcome, "output": "", "tests": short}, indent=2) + "\n"


def refused(problems: tuple[Problem, ...], **_: object) -> str:
    """Write the results of answers that cannot be read."""
    lines = list(problem_lines(problems))
    return dump({"gradable": False, "score": 0, "format_errors": lines}, indent=2) + "\n"
