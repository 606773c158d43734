"""What is asked: cells with their key, under stated conventions, worth marks."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.errors import Problem, SpecErrors, did_you_mean
from shapecalc.fold import fold
from shapecalc.homework.conventions import Conventions, Policy
from shapecalc.homework.deadline import Deadline
from shapecalc.homework.quantity import QUANTITIES
from shapecalc.source import Origin

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shapecalc.homework.quantity import Quantity, Value
    from shapecalc.report import Report, Row

#: The row of sums.
TOTAL = "total"
#: What is asked when nothing else is said.
DEFAULT_COLUMNS = ("output", "params", "macs")


class Cell(NamedTuple):
    """One thing to find out: a layer's quantity, its right value, and the marks it is worth."""

    layer: str
    quantity: Quantity
    key: Value
    out_of: Fraction = Fraction(1)
    given: bool = False

    @property
    def at(self) -> tuple[str, str]:
        """The cell's address: layer and column."""
        return self.layer, self.quantity.key


class Homework(NamedTuple):
    """An assignment.

    `report` is the network's; `rows` has the row of every layer, and of every block, that can be
    asked about; `cells` are those asked, in the order of the sheet.
    """

    title: str
    report: Report
    rows: dict[str, Row]
    cells: tuple[Cell, ...]
    conventions: Conventions = Conventions()
    policy: Policy = Policy()
    note: str = ""
    depth: int = 1
    deadline: Deadline = Deadline()

    @property
    def stamp(self) -> str:
        """What tells this homework from others, and from other versions of itself."""
        graph = self.report.graph
        asked = [(*cell.at, str(cell.out_of), cell.given) for cell in self.cells]
        given = (sorted(graph.options.settings.items()), sorted(graph.options.inputs.items()))
        text = repr((self.title, graph.spec.source.text, given, asked, self.conventions))
        return sha256(text.encode()).hexdigest()[:8]

    @property
    def layers(self) -> tuple[str, ...]:
        """The rows of the sheet."""
        return tuple(dict.fromkeys(cell.layer for cell in self.cells))

    @property
    def columns(self) -> tuple[Quantity, ...]:
        """The columns of the sheet."""
        asked = {cell.quantity.key for cell in self.cells}
        return tuple(each for each in QUANTITIES.values() if each.key in asked)


def assign(
    report: Report,
    *,
    title: str = "",
    layers: Iterable[str] | None = None,
    columns: Iterable[str] = DEFAULT_COLUMNS,
    depth: int = 1,
    given: Iterable[tuple[str, str]] = (),
    points: Mapping[str, Fraction] | None = None,
    worth: Mapping[tuple[str, str], Fraction] | None = None,
    conventions: Conventions = Conventions(),  # noqa: B008  (frozen)
    policy: Policy = Policy(),  # noqa: B008
    note: str = "",
) -> Homework:
    """Make the homework about a network.

    `layers` are names of rows, `total` among them; by default those that compute something or
    change the volume.  `given` cells are filled in and not graded; `points` are the marks of a
    column's cells, `worth` of single cells, 1 where nothing is said.  Raises `SpecErrors` (E705)
    for a network with symbols.
    """
    numeric(report)
    rows = askable(report, depth)
    asked = tuple(layers) if layers is not None else computing(report, depth)
    filled = set(given)
    cells = []
    for layer in asked:
        for column in columns:
            quantity = QUANTITIES[column]
            address = (layer, column)
            out_of = (worth or {}).get(address, (points or {}).get(column, Fraction(1)))
            key = _key(report, rows, layer, quantity, conventions)
            if layer == TOTAL and quantity.total is None:
                continue
            cells.append(Cell(layer, quantity, key, out_of, address in filled))
    name = title or report.name
    return Homework(name, report, rows, tuple(cells), conventions, policy, note, depth)


def numeric(report: Report) -> None:
    """Require a network without symbols.  Raises `SpecErrors` (E705)."""
    if report.graph.symbols:
        names = ", ".join(report.graph.symbols)
        message = f"a homework is about numbers, but {report.name} has symbols: {names}"
        hint = "give them values, with `let` in the spec or with --set and --input"
        origin = Origin(report.graph.spec.source)
        raise SpecErrors([Problem("E705", message, origin, hint=hint)])


def askable(report: Report, depth: int = 1) -> dict[str, Row]:
    """Return every row that can be asked about, by name: blocks folded, and all layers."""
    return {row.name: row for row in (*fold(report, depth), *report.rows)}


def computing(report: Report, depth: int = 1) -> tuple[str, ...]:
    """Name the rows that compute parameters or operations, or change the volume."""
    return tuple(
        row.name
        for row in fold(report, depth)
        if row.inputs and (row.params or row.macs or row.inputs != (row.output,))
    )


def _key(
    report: Report, rows: Mapping[str, Row], layer: str, quantity: Quantity, told: Conventions
) -> Value:
    if layer == TOTAL:
        return quantity.total(report.totals, told) if quantity.total is not None else None
    return quantity.of(rows[layer], told)


def find_row(word: str, rows: Iterable[str]) -> str | None:
    """Return the row that a word means: letters' case, blanks, - and _ make no difference.

    A word that may mean two rows means neither.

    >>> find_row("Conv 1", ["conv1", "pool1"]), find_row("conv1 (11x11)", ["conv1"])
    ('conv1', 'conv1')
    >>> find_row("conv1_1", ["conv1_1", "conv11"]), find_row("Conv 1 1", ["conv1_1", "conv11"])
    ('conv1_1', None)
    """
    names = _by_bare(tuple(rows))
    for tried in (word, word.partition("(")[0], word.partition(":")[0]):
        bare = _bare(tried)
        for pattern, name in (("", ""), ("maxpool", "pool"), ("totals", TOTAL), ("sum", TOTAL)):
            if not bare.startswith(pattern):
                continue
            found = names.get(bare.replace(pattern, name, 1) if pattern else bare, ())
            if tried.strip() in found:
                return tried.strip()
            if len(found) == 1:
                return found[0]
    return None


@lru_cache(maxsize=64)
def _by_bare(rows: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Return the rows by their bare names."""
    names: dict[str, tuple[str, ...]] = {}
    for name in dict.fromkeys((*rows, TOTAL)):
        names[_bare(name)] = (*names.get(_bare(name), ()), name)
    return names


def _bare(word: str) -> str:
    return "".join(c for c in word.casefold()[:200] if c.isalnum() or c == "/")


def suggest(word: str, rows: Iterable[str]) -> str:
    """Say which row may be meant."""
    return did_you_mean(word, rows)
