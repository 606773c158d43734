"""The worked solution: how every answer comes about, in the words and steps of `explain`.

A lesson is taken where its number is the key; where the homework counts otherwise (without biases,
one operation a multiply-accumulate) the calculation is the homework's own.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.analysis.explain import TOPICS
from shapecalc.analysis.explain.model import Derivation, Subject
from shapecalc.homework.assignment.model import added, is_total
from shapecalc.homework.assignment.notation import value_text
from shapecalc.homework.diagnosis.working import working_of
from shapecalc.homework.languages import ENGLISH, figures, say, spoken
from shapecalc.layers.shape import as_list
from shapecalc.output.document import Chain, Prose
from shapecalc.output.view import View

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.analysis.explain.model import Section
    from shapecalc.homework.assignment.model import AskedCell, Homework
    from shapecalc.homework.diagnosis import Checked

#: The topic of `explain` that tells of a column.
_TOPIC = {
    "output": "output",
    "params": "params",
    "macs": "macs",
    "rf": "receptive-field",
}
#: What stands in a rule, and in no calculation with numbers.
_WORDS = re.compile(r"\b(?!(?:floor|ceil|max|min)\b)[A-Za-z]")
#: So many terms of a sum are written out.
_TERMS = 12


class Worked(NamedTuple):
    """A cell with its answer: the calculations, and what is said to them."""

    cell: AskedCell
    answer: str
    chains: tuple[Chain, ...]
    words: tuple[str, ...] = ()

    @property
    def steps(self) -> tuple[str, ...]:
        """The calculations, each in a line, with what their letters stand for."""
        return tuple(map(_step, self.chains))

    def lines(self) -> Iterator[str]:
        """Yield it line by line."""
        place = f"{self.cell.layer}, {say(self.cell.quantity.title)}"
        yield f"• {place}: {self.answer}"
        for text in (*self.steps, *self.words):
            yield f"  – {text}"


def work_out(homework: Homework, cell: AskedCell) -> Worked:
    """Return how a cell is worked out."""
    answer = figures(value_text(cell.key, homework.conventions))
    if cell.key is None:
        return Worked(cell, answer, ())
    if is_total(cell.layer):
        return Worked(cell, answer, _sum(homework, cell))
    section = _section(homework, cell)
    foreign = spoken() != ENGLISH  # of `explain` only the numbers are in any language
    if foreign and cell.quantity.key not in ("output", "rf"):
        section = None
    if section is not None:
        made = [block for block in section.blocks if isinstance(block, Derivation)]
        steps = tuple(block.chain for block in made if block.label != "FLOPs")  # beside the MACs
        if foreign:
            return Worked(cell, answer, tuple(map(_in_numbers, steps)))
        words = tuple(block.text for block in section.blocks if isinstance(block, Prose))
        return Worked(cell, answer, steps, words)
    row = homework.rows[cell.layer]
    working = working_of(row, cell.quantity.key, homework.conventions) if row.layer else None
    text = figures(working.text) if working is not None else ""
    return Worked(cell, answer, (Chain(text, (answer,)),) if set(text) & set("*+-/") else ())


def solution_lines(homework: Homework) -> Iterator[str]:
    """Yield the worked solution of a homework."""
    for cell in homework.cells:
        yield from work_out(homework, cell).lines()


def correction_lines(checked: Checked) -> Iterator[str]:
    """Yield the worked solution of what is not right."""
    for judged in checked.cells:
        if not judged.verdict.startswith("right") and judged.verdict != "not_graded":
            yield from work_out(checked.homework, judged.cell).lines()


def _section(homework: Homework, cell: AskedCell) -> Section | None:
    """Return what `explain` says of a cell; None where it is about another number."""
    topic = TOPICS.get(_TOPIC.get(cell.quantity.key, ""))
    if topic is None or cell.key is None:
        return None
    report, row = homework.report, homework.rows[cell.layer]
    subject = Subject(report, row, View(), {row.name: row for row in report.rows})
    section = (topic.layer if row.layer is not None else topic.block)(subject)
    key = (cell.key,) if isinstance(cell.key, int) else tuple(as_list(cell.key))
    same = set(section.values) == set(key) if cell.quantity.key == "rf" else section.values == key
    return section if same else None


def _step(chain: Chain) -> str:
    """Write a calculation in one line, with what its letters stand for."""
    text = " = ".join((chain.label, *chain.texts))
    return f"{text}; {chain.where.removeprefix('with ')}" if chain.letters else text


def _sum(homework: Homework, cell: AskedCell) -> tuple[Chain, ...]:
    """Write a sum over the layers, where there are not too many."""
    rows = added(homework.report, cell.layer)
    values = [cell.quantity.of(row, homework.conventions) for row in rows]
    terms = [figures(f"{value:,}") for value in values if isinstance(value, int) and value]
    if not 1 < len(terms) <= _TERMS:
        return ()
    total = figures(value_text(cell.key, homework.conventions))
    return (Chain(" + ".join(terms), (total,)),)


def _in_numbers(chain: Chain) -> Chain:
    """Write the numbers of a calculation of `explain`; its rule is in letters and English words."""
    label = " = ".join(map(say, chain.label.split(" = ")))
    texts = tuple(figures(text) for text in chain.texts if not _WORDS.search(text))
    return Chain(label, texts, (), chain.times)
