"""One student's check in parts, as platforms show it: a part a layer, a column or a cell.

Nothing here says a right answer: what is told is what `homework check` tells without --solution.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from shapecalc.homework.diagnosis import VERDICTS
from shapecalc.homework.diagnosis.wording import names, read_said, rule_line, why_text
from shapecalc.homework.languages import say
from shapecalc.homework.sheets.checked import tabulate
from shapecalc.output.markdown import escaped
from shapecalc.output.markup import Element, written
from shapecalc.text.safe import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shapecalc.errors import Problem
    from shapecalc.homework.diagnosis import Checked, JudgedCell

Per: TypeAlias = Literal["layer", "column", "cell"]

#: What is shown of an answer that could not be read.
_SHOWN = 60


class CheckPart(NamedTuple):
    """Cells that are shown together, with their marks."""

    name: str
    cells: tuple[JudgedCell, ...]

    @property
    def marks(self) -> Fraction:
        """The marks earned."""
        return sum((judged.marks for judged in self.cells), Fraction(0))

    @property
    def out_of(self) -> Fraction:
        """The marks that could be earned."""
        return sum((judged.cell.out_of for judged in self.cells), Fraction(0))

    @property
    def right(self) -> bool:
        """Whether every cell is right, and has earned all that it is worth."""
        right = all(judged.verdict.startswith("right") for judged in self.cells)
        return right and self.marks == self.out_of

    @property
    def ids(self) -> tuple[str, ...]:
        """The mistakes that are certain."""
        likeliest = (judged.diagnoses[0] for judged in self.cells if judged.diagnoses)
        return tuple(
            dict.fromkeys(
                name for diagnosis in likeliest if diagnosis.certain for name in diagnosis.ids
            )
        )


def parts_of(checked: Checked, per: Per = "layer") -> tuple[CheckPart, ...]:
    """Return the graded cells in parts, in the order of the sheet."""
    parts: dict[str, list[JudgedCell]] = {}
    for judged in checked.cells:
        if judged.verdict != "not_graded":
            layer, title = one_line(judged.cell.layer), say(judged.cell.quantity.title)
            name = {"layer": layer, "column": title, "cell": f"{layer}: {title}"}[per]
            parts.setdefault(name, []).append(judged)
    titles = [say(column.title) for column in checked.homework.columns]
    order = [name for name in titles if name in parts] if per == "column" else list(parts)
    return tuple(CheckPart(name, tuple(parts[name])) for name in order)


def part_lines(part: CheckPart, *, per: Per = "layer", hint: int = 2) -> Iterator[str]:
    """Yield what is said of a part, a line a cell and below it what explains it."""
    for judged in part.cells:
        cell = judged.cell
        name = {"layer": say(cell.quantity.title), "column": one_line(cell.layer), "cell": ""}[per]
        answer = one_line(read_said(judged.read_as) or judged.raw)
        answer = answer if len(answer) <= _SHOWN else f"{answer[: _SHOWN - 1]}…"
        known = hint > 1 or judged.verdict != "misconception"  # that it is known is a hint, too
        meaning = say(VERDICTS[judged.verdict if known else "wrong"][0])
        text = f"{answer} - {meaning}" if answer else meaning
        text = f"{name}: {text}" if name else text
        note = one_line(judged.note)
        yield text if not note or note in text else f"{text} ({note})"
        yield from _explained(judged, hint)


def _explained(judged: JudgedCell, hint: int) -> Iterator[str]:
    """Yield what explains a cell, as far as the hint level goes."""
    if hint < 2 or not judged.diagnoses:
        return
    first = judged.diagnoses[0]
    if first.certain:
        yield why_text(first.ids)
    else:
        likely = dict.fromkeys(names(diagnosis.ids) for diagnosis in judged.diagnoses[:3])
        yield say("Perhaps {mistakes}: the number is the same.", mistakes=say(", or ").join(likely))
    if hint >= 3 and (first.working or first.rule):
        yield f"{one_line(rule_line(judged, first))}."


def summary_lines(checked: Checked, *, hint: int = 2) -> tuple[str, ...]:
    """Return what is said of the whole table: how it stands, and what explains most of it."""
    table = tabulate(checked, hint=hint)
    return (*table.about, *(note.lstrip("•\N{EN DASH} ") for note in table.notes))


def problem_lines(problems: tuple[Problem, ...]) -> tuple[str, ...]:
    """Return what is said of answers that could not be read."""
    return (
        say("The answers could not be read; this is not wrong, but nothing can be graded."),
        *(
            f"{one_line(problem.message)}"
            + (f" ({one_line(problem.hint)})" if problem.hint else "")
            for problem in problems
        ),
    )


#: The names by which Gradescope knows them.
Markup: TypeAlias = Literal["text", "md", "html"]


def marked_up(lines: Iterable[str], markup: Markup) -> str:
    r"""Write lines, a paragraph or an item each.

    >>> marked_up(["a < b", "2*2"], "html"), marked_up(["2*2"], "md")
    ('<ul><li>a &lt; b</li><li>2*2</li></ul>', '- 2\\*2')
    """
    if markup == "html":
        return written(Element("ul", *(Element("li", line) for line in lines)), flat=True)
    if markup == "md":
        return "\n".join(f"- {escaped(line)}" for line in lines)
    return "\n".join(lines)
