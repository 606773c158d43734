"""Answers to verdicts, marks and explanations; `check` is the way through.

`judge` looks at a cell by itself, `check` at the whole table; `wording` makes sentences of
findings.  Which mistakes there are is in `misconceptions`.  Here is what became of every cell.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, TypeAlias

from shapecalc.homework.languages import beginning, speaking, to_say
from shapecalc.text.shown import Shapes, Shown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapecalc.homework.answers import Extra
    from shapecalc.homework.assignment.model import AskedCell, Homework


Verdict: TypeAlias = Literal[
    "right",
    "right_other_notation",
    "right_follow_through",
    "right_other_convention",
    "misconception",
    "wrong",
    "unreadable",
    "blank",
    "not_graded",
]

#: The verdicts, with what they mean and the sign that stands for them in a table.
VERDICTS: dict[Verdict, tuple[str, str]] = {
    "right": (to_say("right"), "✓"),
    "right_other_notation": (to_say("right, in another notation"), "✓"),
    "right_follow_through": (to_say("right with your own earlier values"), "✓>"),
    "right_other_convention": (to_say("right, under another convention"), "✓~"),
    "misconception": (to_say("a known mistake"), "✗"),
    "wrong": (to_say("wrong"), "✗"),
    "unreadable": (to_say("could not be read; this is not wrong"), "?"),
    "blank": (to_say("no answer"), "…"),
    "not_graded": (to_say("not graded"), ""),
}

#: The note of what follows from own values that earn nothing.
FAR = to_say("follows from your own values, which are too far from the right ones to count")

#: The note on a sheet of another homework.
OTHER_STAMP = to_say("the sheet is stamped {stamp}, but this homework {own}")


#: The verdicts of those who have the key's own value.
SIMPLY_RIGHT: frozenset[Verdict] = frozenset({"right", "right_other_notation"})
#: The verdicts that say no.
SAYS_NO: frozenset[Verdict] = frozenset({"misconception", "wrong"})


class Diagnosis(NamedTuple):
    """What explains a cell: misconceptions, by the key or the student's own values.

    `certain`: nothing else that is known explains it as well.  `working` is the student's
    calculation and `rule` the right one, with numbers where these say nothing of the key.
    """

    ids: tuple[str, ...]
    on: Literal["key", "own"]
    certain: bool = True
    working: str = ""
    rule: str = ""


class JudgedCell(NamedTuple):
    """A cell with its verdict.  `note` says what was understood, or why it could not be read.

    `hidden` names the mistakes that a right answer does not show to be none, as it is rounded.
    `accepted`: it is right by a value that the teacher accepts beside the key; `follows`: a wrong
    value is explained by own ones that are too far off to count.
    """

    cell: AskedCell
    raw: str
    read_as: str
    verdict: Verdict
    diagnoses: tuple[Diagnosis, ...] = ()
    marks: Fraction = Fraction(0)
    note: str = ""
    hidden: tuple[str, ...] = ()
    accepted: bool = False
    follows: bool = False

    def __hash__(self) -> int:
        """Take what tells nearly all of them apart."""
        return hash((self.cell, self.raw, self.verdict))


class Finding(NamedTuple):
    """One explanation for cells of the whole table.

    `shown` counts the answered cells where it would show.
    """

    ids: tuple[str, ...]
    verdict: Verdict
    cells: tuple[JudgedCell, ...]
    shown: int
    certain: bool


class Printer(Protocol):
    """What of IPython's printer is called."""

    def text(self, obj: str) -> None:
        """Write a text."""


@dataclass(frozen=True)
class Checked(Shown):
    """The answers of one student, judged."""

    shapes = Shapes(
        "a judgement",
        table="homework.sheets.checked.tabulate",
        records="homework.sheets.checked.records",
    )

    homework: Homework
    source: str
    cells: tuple[JudgedCell, ...]
    findings: tuple[Finding, ...]
    extras: tuple[Extra, ...]
    notes: tuple[str, ...]

    @property
    def language(self) -> str:
        """The homework's."""
        return self.homework.language

    @property
    def doubts(self) -> tuple[str, ...]:
        return self.homework.doubts

    @property
    def marks(self) -> Fraction:
        """The marks earned."""
        return added(judged.marks for judged in self.cells)

    @property
    def out_of(self) -> Fraction:
        """The marks that could be earned."""
        graded = (judged for judged in self.cells if judged.verdict != "not_graded")
        return added(judged.cell.out_of for judged in graded)

    @property
    def another(self) -> tuple[str, ...]:
        """What says that the sheet belongs to another homework: its stamp."""
        with speaking(self.language):
            stamped = beginning(OTHER_STAMP)
        return tuple(note for note in self.notes if note.startswith(stamped))

    def _repr_pretty_(self, printer: Printer, cycle: bool) -> None:
        """Show the whole check where IPython shows texts only."""
        printer.text(self.render("text").rstrip("\n"))

    def count(self, *verdicts: Verdict) -> int:
        """Count the cells of some verdicts.  Raises `ValueError` for a word that is none."""
        for word in verdicts:
            if word not in VERDICTS:
                raise ValueError(f"'{word}' is no verdict; they are {', '.join(VERDICTS)}")
        return sum(judged.verdict in verdicts for judged in self.cells)


def added(parts: Iterable[Fraction]) -> Fraction:
    """Add fractions up; whole ones, which most marks are, are added as integers."""
    whole, rest = 0, Fraction(0)
    for part in parts:
        if part.denominator == 1:
            whole += part.numerator
        else:
            rest += part
    return rest + whole
