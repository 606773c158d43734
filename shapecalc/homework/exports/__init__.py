"""Homeworks, checked answers and graded classes for learning platforms.

Every format is one small file here and one entry of the table, which says what it makes, of what,
and what is lost on the way.
"""

from __future__ import annotations

from typing import NamedTuple


class Export(NamedTuple):
    """A format: what it makes, what it is made of, and what the platform cannot hold."""

    makes: str
    needs: str
    loses: tuple[str, ...]


_ONE = "one student's answers"
_HOMEWORK = "a homework"
_CLASS = "a graded class"

_PER_NUMBER = (
    "follow-through: every number is compared with the key, whatever stood before it",
    "what the whole table tells: a wrong number has the message of one mistake, its own",
    "other notations: numbers are digits; a volume has a blank and a mark for every extent",
    "rounding: numbers are exact, whatever the conventions `digits` and `rounding` say",
    "other conventions: they are recognised over a whole column only, and count as mistakes here",
)

#: The formats by their names, in the order of the help.
EXPORTS: dict[str, Export] = {
    "gradescope": Export(
        "the results.json of Gradescope's autograder",
        _ONE,
        ("exact fractions: numbers have six decimals",),
    ),
    "gradescope-package": Export(
        "the zip to upload as a Gradescope autograder: setup.sh, run_autograder, the homework",
        _HOMEWORK,
        ("lateness: Gradescope has rules of its own",),
    ),
    "moodle-xml": Export(
        "questions for Moodle: cloze, or numerical with --per cell",
        _HOMEWORK,
        (
            *_PER_NUMBER,
            "shares of marks that Moodle does not have: the nearest of its list is taken",
        ),
    ),
    "gift": Export(
        "questions in the GIFT format: a numerical one for every number",
        _HOMEWORK,
        (*_PER_NUMBER, "marks: every question is worth the same until the quiz says otherwise"),
    ),
    "qti": Export(
        "a zip in QTI 1.2, for Canvas and others: a numerical item for every number",
        _HOMEWORK,
        (
            *_PER_NUMBER,
            "in Canvas, messages of wrong numbers: its numerical questions have none",
        ),
    ),
    "canvas": Export(
        "Canvas' own gradebook with one assignment filled in",
        _CLASS,
        ("cells and explanations: only the marks are left, with two decimals",),
    ),
    "moodle-csv": Export(
        "a table of grades that Moodle imports",
        _CLASS,
        ("cells and explanations: the marks are left, with two decimals, and a sentence",),
    ),
    "coderunner": Export(
        "what a combinator grader of CodeRunner prints",
        _ONE,
        ("exact fractions: the whole is a part of 1, with six decimals",),
    ),
    "prairielearn": Export(
        "the results.json of PrairieLearn's external grader",
        _ONE,
        (
            "exact fractions: numbers have six decimals",
            "what is said of the parts: where it would be more than 1 MB",
        ),
    ),
}
