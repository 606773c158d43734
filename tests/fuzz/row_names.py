"""Tables with right answers whose rows are named as classes name them, whole or in part.

    PYTHONPATH=. python tests/fuzz/row_names.py 20000 [SEED]

No cell may be called wrong, as a row was taken for another; none with an answer may be blank.
tests/homework/answers/test_rows.py tries a few.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from shapecalc import loads, summarize
from shapecalc.errors import SpecErrors
from shapecalc.homework.answers import AnswerCell, Answers
from shapecalc.homework.answers.rows import kind_of
from shapecalc.homework.assignment.model import assign, computing
from shapecalc.homework.assignment.notation import value_text
from shapecalc.homework.assignment.quantities import QUANTITIES
from shapecalc.homework.diagnosis.check import check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.homework.assignment.model import Homework
    from shapecalc.homework.diagnosis import JudgedCell
    from shapecalc.report import Report, Row

#: Networks that name their layers in different ways, no two rows of which have the same numbers.
SPECS = {
    "alexnet": "alexnet",
    "lenet5": "lenet5",
    "vgg16": "vgg16",
    "letters": """\
input: 61x61x3
layers:
  - conv: {filters: 7, kernel: 5, name: a}
  - maxpool: {kernel: 2, stride: 2, name: b}
  - conv: {filters: 11, kernel: 3, name: c}
  - conv: {filters: 13, kernel: 3, name: d}
  - maxpool: {kernel: 3, stride: 2, name: e}
  - dense: {units: 17, name: f}
  - dense: {units: 5, name: g}
""",
    "gaps": """\
input: 61x61x3
layers:
  - conv: {filters: 7, kernel: 5, name: conv2}
  - maxpool: {kernel: 2, stride: 2, name: pool2}
  - conv: {filters: 11, kernel: 3, name: conv4}
  - conv: {filters: 13, kernel: 3, name: conv1}
  - maxpool: {kernel: 3, stride: 2, name: pool1}
  - dense: {units: 17, name: fc9}
  - dense: {units: 5, name: fc10}
""",
}
WORDS = {
    "conv": ("Conv", "Convolution layer", "conv layer #", "C", "Conv2D_", "CONV-", "Faltung ",
             "Capa convolucional ", "Convolution"),
    "pool": ("Pool", "MaxPooling ", "Max-pooling layer ", "P", "S", "max_pooling2d_", "POOL-"),
    "dense": ("FC", "Dense ", "Fully connected layer ", "F", "dense_", "Linear-", "FC-"),
}  # fmt: skip
LETTERS = {"conv": "C", "pool": "S", "dense": "F"}
KERAS = {"conv": "conv2d", "pool": "max_pooling2d", "dense": "dense"}
TORCH = {"conv": "Conv2d", "pool": "MaxPool2d", "dense": "Linear"}


class Network(NamedTuple):
    """A network with its homework, and the rows that are asked."""

    homework: Homework
    rows: tuple[Row, ...]


@lru_cache(maxsize=8)
def network(name: str) -> Network:
    """Return a network with all that is asked about it."""
    spec = SPECS[name]
    report: Report = summarize(loads(spec) if "\n" in spec else spec)
    homework = assign(report, columns=("output", "params"))
    by_name = {row.name: row for row in report.rows}
    return Network(homework, tuple(by_name[row] for row in computing(report)))


def named(rng: random.Random, rows: tuple[Row, ...], *, whole: bool) -> list[str]:
    """Name all rows by one scheme."""
    schemes = ["own", "through", "torch", "layers"]
    if whole:  # of some of them nobody can tell what a name of Keras or of a kernel alone is
        schemes += ["keras", "extents"]
    if rows[0].name != "conv2":  # a network's own numbers win where they are no ordinals
        schemes += ["kinds", "mixed"]
    scheme = rng.choice(schemes)
    words = {kind: rng.choice(options) for kind, options in WORDS.items()}
    counts: Counter[str] = Counter()
    names = []
    for at, row in enumerate(rows, 1):
        kind = kind_of(row)
        counts[kind] += 1
        number = counts[kind]
        own = row.name.upper() if rng.random() < 0.5 else row.name.replace("_", " ")
        kernel = getattr(row.layer, "kernel", (0,))
        size = kernel[0] if isinstance(kernel, tuple) else kernel
        out = row.output.channels
        names.append(
            {
                "own": own,
                "kinds": f"{words[kind]}{number}",
                "through": f"{LETTERS[kind]}{at}",
                "extents": f"POOL-{size}" if kind == "pool"
                else f"CONV-{size}-{out}" if kind == "conv" else f"FC-{out}",
                "keras": KERAS[kind] + (f"_{number - 1}" if number > 1 else ""),
                "torch": f"{TORCH[kind]}-{at + number}",
                "layers": f"Layer {at}",
                "mixed": own if rng.random() < 0.5 else f"{words[kind]}{number}",
            }[scheme]
        )  # fmt: skip
    return names


class Misread(NamedTuple):
    """A cell of a table that is not judged as it should be."""

    network: str
    names: str
    layer: str
    column: str
    verdict: str


def _judged(homework: Homework, answers: Answers) -> tuple[JudgedCell, ...]:
    """Judge a table; of one that is refused, as all its rows are in doubt, nothing."""
    try:
        return check(homework, answers).cells
    except SpecErrors as error:
        (problem,) = error.problems
        assert problem.code == "E704"
        assert "not asked" not in problem.message
        assert f"row {answers.cells[0].layer} was taken for nothing" in problem.message
        return ()


def misread(count: int, seed: int) -> Iterator[Misread | None]:
    """Judge so many tables; None for every one in which nothing is taken for what it is not."""
    rng = random.Random(seed)
    for _ in range(count):
        name = rng.choice(list(SPECS))
        made = network(name)
        keep = rng.choice((1.0, 1.0, 0.7, 0.3))
        words = named(rng, made.rows, whole=keep == 1)
        kept = [at for at in range(len(words)) if rng.random() < keep] or [0]
        seen: Counter[str] = Counter()
        cells = []
        answered = set()
        for at in kept:
            word, row = words[at], made.rows[at]
            for cell in made.homework.cells:
                if cell.layer == row.name:
                    raw = value_text(cell.key, made.homework.conventions)
                    quantity = QUANTITIES[cell.quantity.key]
                    cells.append(AnswerCell(word, quantity, raw, "", nth=seen[word]))
                    answered.add(cell.at)
            seen[word] += 1
        answers = Answers("generated", tuple(cells), tuple(words[at] for at in kept), ())
        bad = [
            judged
            for judged in _judged(made.homework, answers)
            if judged.verdict in ("wrong", "misconception")
            or (judged.verdict == "blank" and judged.cell.at in answered)
            or judged.verdict == "right_follow_through"
        ]
        if not bad:
            yield None
        for judged in bad[:1]:
            table = "|".join(words[at] for at in kept)
            yield Misread(name, table, *judged.cell.at, judged.verdict)


def main() -> None:
    """Try many tables and print what was taken for what it is not."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    results = list(misread(count, seed))
    bad = [result for result in results if result is not None]
    sys.stdout.write(f"tables: {len(results):,}; misread: {len(bad)}\n")
    for result in bad[:25]:
        sys.stdout.write(f"   {' '.join(result)}\n")


if __name__ == "__main__":
    main()
