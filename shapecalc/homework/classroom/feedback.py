"""What a student gets back: marks, what explains the mistakes, and every cell as it was read."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from shapecalc.homework.assignment.conventions import share_text, stated_conventions, stated_policy
from shapecalc.homework.assignment.model import TOTAL
from shapecalc.homework.assignment.notation import marks_text, value_text
from shapecalc.homework.classroom import standing
from shapecalc.homework.classroom.pages import clean, name_of, shortened, write
from shapecalc.homework.diagnosis import SIMPLY_RIGHT, VERDICTS
from shapecalc.homework.diagnosis.wording import (
    calculation_said,
    findings_text,
    general_rule,
    notes_text,
    place_text,
    places_text,
    read_said,
    rounded_text,
    standing_text,
)
from shapecalc.homework.diagnosis.working import working_of
from shapecalc.homework.languages import (
    figures,
    in_its_language,
    kept_by_language,
    say,
    say_counted,
    spoken,
    to_say,
)
from shapecalc.homework.sheets.checked import column_marks, marks_said, worth_telling
from shapecalc.output.document import Card, Cell, Document, Grid, Points, section
from shapecalc.text.safe import one_line
from shapecalc.text.words import sentence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.homework.assignment.conventions import Conventions
    from shapecalc.homework.assignment.model import Homework
    from shapecalc.homework.classroom import Graded
    from shapecalc.homework.classroom.pages import Pages
    from shapecalc.homework.diagnosis import Checked, JudgedCell, Verdict
    from shapecalc.output.document import Block, Tone

#: What stands beneath a cell's value, behind the sign, and its colour.
_WORDS: dict[Verdict, tuple[str, Tone]] = {
    "right": (to_say("right"), "good"),
    "right_other_notation": (to_say("right"), "good"),
    "right_follow_through": (to_say("follows from yours"), "own"),
    "right_other_convention": (to_say("another convention"), "own"),
    "misconception": (to_say("known mistake"), "bad"),
    "wrong": (to_say("wrong"), "bad"),
    "unreadable": (to_say("not readable"), "open"),
    "blank": (to_say("no answer"), "open"),
    "not_graded": (to_say("not graded"), ""),
}
#: What stands for the marks of who was not graded: nothing is not 0.
_NO_MARKS = {
    "missing": to_say("none"),
    "unreadable": to_say("none yet; your teacher decides"),
}


@in_its_language
def feedback(
    homework: Homework,
    graded: Graded,
    checked: Checked | None = None,
    *,
    hint: int = 3,
    solution: bool = False,
) -> Pages:
    """Write the page of one student, in HTML and in Markdown.

    `graded` is the record with the marks, `checked` the answers; None where there were none.
    `hint` 1 tells which cells, 2 which idea, 3 the rule with the student's numbers; the key is
    there only with `solution`.
    """
    blocks = [] if checked is None else list(_blocks(checked, hint, solution=solution))
    head = (standing(graded),) if checked is None else standing_text(checked)
    own = list(graded.notes)
    if checked is not None:
        own = [note for note in own if note not in checked.another] + [*notes_text(checked)]
    notes = {note.casefold(): note for note in (sentence(clean(note)) for note in own)}
    if notes:
        blocks += section(say("Notes"), (Points(tuple(notes.values())),))
    columns = {column.key for column in homework.columns}
    legend = stated_conventions(homework.conventions, columns, homework.report)
    legend |= stated_policy(homework.policy)
    title = clean(homework.title)
    facts = tuple(_facts(homework, graded))
    page = Document(title, tuple(blocks), head, (), facts, tuple(legend.items()))
    names = tuple(map(clean, homework.layers))
    return write(page._replace(names=names, language=spoken()))


def _facts(homework: Homework, graded: Graded) -> Iterator[tuple[str, str]]:
    student = graded.student
    marks = marks_said(graded.marks, graded.out_of)
    if graded.status in _NO_MARKS:
        marks = say(_NO_MARKS[graded.status])
    elif graded.earned != graded.marks:
        marks = say(
            "{marks} ({earned} earned, {off} taken off for lateness)",
            marks=marks,
            earned=figures(marks_text(graded.earned)),
            off=figures(marks_text(graded.earned - graded.marks)),
        )
    yield say("marks"), marks
    if graded.late:
        yield (
            say("late"),
            say_counted(
                "{count:,} hour after the deadline",
                "{count:,} hours after the deadline",
                graded.late,
            ),
        )
    yield say("student"), name_of(graded)
    if student.name and student.id:
        yield say("id"), clean(student.id)
    if graded.file:
        yield say("handed in"), clean(graded.file)
    yield say("sheet"), homework.stamp


def _blocks(checked: Checked, hint: int, *, solution: bool) -> Iterator[Block]:
    explained, cards = _explained(checked, hint)
    yield from section(say("What explains it"), explained)
    yield from section(say("The other cells"), _rest(checked, hint))
    if noted := tuple(_noted(checked, hint)):
        yield from section(say("Notes on single cells"), (Points(noted),))
    yield from section(say("Your cells"), (_cells(checked, cards, hint, solution=solution),))
    if solution and (worked := _worked(checked)) is not None:
        yield from section(say("The right values"), (worked,))


def _explained(checked: Checked, hint: int) -> tuple[list[Block], dict[tuple[str, str], int]]:
    """Return a card for every finding, and the number of the card that explains a cell."""
    cards: list[Block] = []
    numbers: dict[tuple[str, str], int] = {}
    if hint < 2:
        return cards, numbers
    policy = checked.homework.policy
    for number, (finding, text, done, rules) in enumerate(findings_text(checked), 1):
        numbers |= {judged.cell.at: number for judged in finding.cells}
        tone: Tone = "bad" if finding.certain else "open"
        texts, points = done, rules if hint > 2 else ()
        if not finding.certain:
            texts, points = (say("Each of these gives the same number:"),), (*done, *points)
        if finding.verdict == "right_other_convention":
            tone = "own"
            share = share_text(policy.other_convention)
            texts += (say("It counts as right: {share}.", share=share),)
        title = f"{number}. {text}"
        cards.append(Card(title, texts, points, f"explanation-{number}", tone))
    return cards, numbers


def _rest(checked: Checked, hint: int) -> Iterator[Block]:
    """Yield what is said of the cells that no known mistake explains."""
    by: dict[str, list[JudgedCell]] = {}
    for judged in checked.cells:
        by.setdefault("far" if judged.follows else judged.verdict, []).append(judged)
    if followed := by.get("right_follow_through"):
        share = share_text(checked.homework.policy.follow_through)
        text = say(
            "Every one was worked out again from the values that you have above it or beside it,"
            " and is right with these. It earns {share}, whatever went wrong there.",
            share=share,
        )
        title = say("Right with your own earlier values: {cells}.", cells=places_text(followed))
        yield Card(title, (text,), tone="own")
    if wrong := by.get("wrong"):
        columns = dict.fromkeys(judged.cell.quantity for judged in wrong)
        rules = tuple(
            say("The rule for {column} is {rule}.", column=say(column.title), rule=rule)
            for column in columns
            if hint > 2 and (rule := general_rule(column.key, checked.homework))
        )
        title = say("Wrong, and no known mistake gives it: {cells}.", cells=places_text(wrong))
        yield Card(title, (), rules, tone="bad")
    if far := by.get("far"):
        text = say(
            "These follow from your own values. But those are so far from the right ones that"
            " nothing is earned with them: further than a factor of {factor}.",
            factor=checked.homework.policy.within,
        )
        title = say("Wrong after an earlier slip: {cells}.", cells=places_text(far))
        yield Card(title, (text,), tone="bad")
    if unread := by.get("unreadable"):
        points = tuple(f"{place_text(judged)}: {clean(judged.note)}." for judged in unread)
        text = say("Not readable is not wrong; write numbers like 1200 and volumes like 20x30x40.")
        title = say("Not readable: {cells}.", cells=places_text(unread))
        yield Card(title, (text,), points, tone="open")
    if blank := by.get("blank"):
        yield Card(say("No answer: {cells}.", cells=places_text(blank)), (), tone="open")


def _noted(checked: Checked, hint: int) -> Iterator[str]:
    """Yield the notes of single cells that no card has, and what rounded ones do not show."""
    for judged in checked.cells:
        if judged.verdict != "unreadable" and not judged.follows and worth_telling(judged):
            yield f"{place_text(judged)}: {sentence(clean(judged.note))}"
    if hint > 1 and (rounded := rounded_text(checked.cells)):
        yield rounded


def _cells(
    checked: Checked, cards: dict[tuple[str, str], int], hint: int, *, solution: bool
) -> Grid:
    """Lay out every cell: what was read, the verdict in words, what was written."""
    homework = checked.homework
    columns = homework.columns
    by_cell = {judged.cell.at: judged for judged in checked.cells}
    rows = []
    for layer in homework.layers:
        row = [by_cell.get((layer, column.key)) for column in columns]
        cells = [_cell(checked, judged, cards, hint, solution=solution) for judged in row]
        rows.append((Cell(one_line(layer)), *cells))
    marks = (column_marks(checked, column.key) for column in columns)
    return Grid(
        (say("layer"), *(say(column.title) for column in columns)),
        tuple(rows),
        (False, *(column.key != "output" for column in columns)),
        say("What was read in every cell, and what became of it"),
        (say("marks"), *marks),
    )


def _cell(
    checked: Checked,
    judged: JudgedCell | None,
    cards: dict[tuple[str, str], int],
    hint: int,
    *,
    solution: bool,
) -> Cell:
    if judged is None:
        return Cell("")
    number = cards.get(judged.cell.at)
    counted = judged.verdict == "misconception" and _counted(checked, judged)
    return _drawn(checked.homework.conventions, judged, number, hint, counted, solution)


@kept_by_language(8192)  # in a class the same cells are judged again and again
def _drawn(
    conventions: Conventions,
    judged: JudgedCell,
    number: int | None,
    hint: int,
    counted: bool,
    solution: bool,
) -> Cell:
    """Lay a cell out; `number` is that of the card that explains it, `counted` as `_counted`."""
    if judged.verdict == "not_graded" and judged.cell.filled_in:
        return Cell(figures(value_text(judged.cell.key, conventions)), (say("given"),))
    word, tone = _WORDS[judged.verdict]
    if judged.verdict == "misconception" and hint < 2:
        word = to_say("wrong")
    sign = VERDICTS[judged.verdict][1]
    words = say(word)
    if number:
        words = say("{verdict}, see {number}", verdict=words, number=number)
    if counted:
        words = say("{verdict}; already counted", verdict=words)
    below = [f"{sign} {words}".strip()]
    if not counted and _surprising(judged):
        marks = marks_said(judged.marks, judged.cell.out_of)
        below.append(say("marks {marks}", marks=marks))
    raw = shortened(judged.raw)
    if judged.read_as and raw.replace(",", "") != judged.read_as.replace(",", ""):
        below.append(say("you wrote {answer}", answer=raw))
    wanted = judged.verdict not in SIMPLY_RIGHT and judged.cell.key is not None
    if solution and wanted:
        right = figures(value_text(judged.cell.key, conventions))
        below.append(say("right is {value}", value=right))
    card = f"explanation-{number}" if number else ""
    return Cell(read_said(judged.read_as) or raw, tuple(below), tone, card=card)


def _counted(checked: Checked, judged: JudgedCell) -> bool:
    """Tell whether a known mistake costs nothing, as another cell has paid for it."""
    policy = checked.homework.policy
    once = policy.deduct == "once" and policy.misconception < 1
    return once and judged.marks == judged.cell.out_of > 0


def _surprising(judged: JudgedCell) -> bool:
    """Tell whether a cell's marks are other than its sign says."""
    if judged.verdict == "not_graded":
        return False
    right = judged.verdict.startswith("right")
    return judged.marks != (judged.cell.out_of if right else Fraction(0))


def _worked(checked: Checked) -> Grid | None:
    """Lay out how the cells are worked out that have another value than the key."""
    homework, rows = checked.homework, []
    for judged in checked.cells:
        cell = judged.cell
        if judged.verdict in SIMPLY_RIGHT or cell.filled_in or cell.key is None:
            continue
        row = homework.rows.get(cell.layer)
        calculated = row is not None and row.layer is not None and cell.layer != TOTAL
        working = None
        if calculated and row is not None:
            working = working_of(row, cell.quantity.key, homework.conventions)
        text = working.text if working is not None else ""
        value = figures(value_text(cell.key, homework.conventions))
        worked = calculation_said(text) if any(sign in text for sign in "*+-/") else ""
        cells = (one_line(cell.layer), say(cell.quantity.title), value, worked)
        rows.append(tuple(map(Cell, cells)))
    if not rows:
        return None
    header = (say("layer"), say("column"), say("right"), say("worked out"))
    right = (False, False, True, False)
    return Grid(header, tuple(rows), right, say("The cells that have another value"))
