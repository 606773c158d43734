"""What is asked: cells with their key, under stated conventions, worth marks."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.errors import refuse
from shapecalc.graph import Input
from shapecalc.homework.assignment.conventions import Conventions, Policy
from shapecalc.homework.assignment.deadline import Deadline
from shapecalc.homework.assignment.networks import numeric
from shapecalc.homework.assignment.quantities import QUANTITIES
from shapecalc.homework.languages import say
from shapecalc.report import named_doubts
from shapecalc.report.fold import fold, together
from shapecalc.text import Origin

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shapecalc.homework.assignment.quantities import AskedQuantity, Value
    from shapecalc.report import Report, Row
    from shapecalc.text import Source

#: The row of sums; of one of several networks, below its name: `alexnet/total`.
TOTAL = "total"
#: What is asked when nothing else is said.
DEFAULT_COLUMNS = ("output", "params", "macs")
#: How a sheet states which homework, and which variant, it is of.
_STAMP = re.compile(r"shapecalc homework ([0-9a-f]{8})\b")


class Accepted(NamedTuple):
    """Another value that a teacher accepts in a cell, and why."""

    value: Value
    reason: str = ""

    @property
    def note(self) -> str:
        """What is said of an answer that has the value."""
        return self.reason or say("accepted beside the right value")


class AskedCell(NamedTuple):
    """One thing to find out: a layer's quantity, its right value, and the marks it is worth."""

    layer: str
    quantity: AskedQuantity
    key: Value
    out_of: Fraction = Fraction(1)
    filled_in: bool = False
    accepted: tuple[Accepted, ...] = ()

    def __hash__(self) -> int:
        """Take the address, which is cheap; a class is judged cell by cell."""
        return hash((self.layer, self.quantity.key))

    @property
    def at(self) -> tuple[str, str]:
        """The cell's address: layer and column."""
        return self.layer, self.quantity.key

    @property
    def is_asked(self) -> bool:
        """Tell whether there is something to find out: it is not filled in, and has a key."""
        return not self.filled_in and self.key is not None


class VaryChoice(NamedTuple):
    """A name, as the teacher's file has it, and the values that it may take."""

    name: str
    values: tuple[str, ...]


class Homework(NamedTuple):
    """An assignment.

    `report` is the network's; `rows` has the row of every layer, and of every block, that can be
    asked about; `cells` are those asked, in the order of the sheet.  `networks` are those that
    `report` holds side by side; none where there is one only.  `variation` is what a variant is
    given in place of what the teacher's file says: names and values.  `choices` may differ from
    student to student; `any_window`: more windows may then leave a remainder.  `part_of` is the
    stamp of a sheet that asks this and more, where a table that leaves rows out is judged.
    `picture` is what sheets show the network as, if they do; `language` that of the students, ""
    for the one that is spoken.  `written` are rows as sheets write them, where these say less:
    constants that are to be found out stand there by their names.
    """

    title: str
    report: Report
    rows: dict[str, Row]
    cells: tuple[AskedCell, ...]
    conventions: Conventions = Conventions()
    policy: Policy = Policy()
    note: str = ""
    depth: int = 1
    deadline: Deadline = Deadline()
    networks: Mapping[str, Report] = {}
    variation: tuple[tuple[str, str], ...] = ()
    choices: tuple[VaryChoice, ...] = ()
    any_window: bool = False
    part_of: str = ""
    picture: str = ""
    written: Mapping[str, Row] = {}
    language: str = ""

    def __hash__(self) -> int:
        """Take what tells homeworks apart at a glance; all of their networks would take long."""
        totals = self.report.totals
        return hash((self.title, len(self.cells), totals.params, totals.macs))

    @property
    def doubts(self) -> tuple[str, ...]:
        """Doubts about how its networks were read."""
        return named_doubts([*self.networks.values()] or [self.report])

    @property
    def stamp(self) -> str:
        """What tells this homework from others, from its variants and versions of itself."""
        graph = self.report.graph
        cells = [(*cell.at, str(cell.out_of), cell.filled_in) for cell in self.cells]
        graphs = [report.graph for report in self.networks.values()] or [graph]
        settings = [(sorted(s.items()), sorted(i.items())) for s, i in (g.options for g in graphs)]
        bases = [_content(base) for own in graphs for base in own.spec.extends]
        more = (*([self.variation] if self.variation else ()), *([bases] if bases else ()))
        pairs = zip(self.conventions._asdict().items(), Conventions(), strict=True)
        unusual = [(name, value) for (name, value), usual in pairs if value != usual]
        text = repr((self.title, _content(graph.spec.source), *settings, cells, unusual, *more))
        return sha256(text.encode()).hexdigest()[:8]

    def row_as_written(self, layer: str) -> Row | None:
        """Return a row as sheets write it; None for a row of sums."""
        return self.written.get(layer) or self.rows.get(layer)

    def in_language(self, language: str | None) -> Homework:
        """Return the homework for students of another language, where one is named."""
        return self._replace(language=language) if language else self

    @property
    def layers(self) -> tuple[str, ...]:
        """The rows of the sheet."""
        return tuple(dict.fromkeys(cell.layer for cell in self.cells))

    @property
    def columns(self) -> tuple[AskedQuantity, ...]:
        """The columns of the sheet."""
        keys = {cell.quantity.key for cell in self.cells}
        return tuple(quantity for quantity in QUANTITIES.values() if quantity.key in keys)


def assign(
    report: Report,
    *,
    title: str = "",
    layers: Iterable[str] | None = None,
    columns: Iterable[str] = DEFAULT_COLUMNS,
    depth: int = 1,
    filled_in: Iterable[tuple[str, str]] = (),
    points: Mapping[str, Fraction] | None = None,
    worth: Mapping[tuple[str, str], Fraction] | None = None,
    conventions: Conventions = Conventions(),  # noqa: B008  (frozen)
    policy: Policy = Policy(),  # noqa: B008
    note: str = "",
    networks: Mapping[str, Report] | None = None,
    accepted: Mapping[tuple[str, str], tuple[Accepted, ...]] | None = None,
    variation: tuple[tuple[str, str], ...] = (),
) -> Homework:
    """Make the homework about a network.

    `layers` are names of rows, `total` among them; by default those that compute something or
    change the volume.  `filled_in` cells are given and not graded; `points` are the marks of a
    column's cells, `worth` of single cells, 1 where nothing is said.  Raises `SpecErrors`: E705 for
    a network with symbols, E756 for a layer that is called like a row of sums.
    """
    numeric(report)
    rows = askable(report, depth)
    names = tuple(layers) if layers is not None else computing(report, depth)
    for layer in names:
        if is_total(layer) and layer in rows:
            message = f"'{layer}' is a layer, and the name of a row of sums"
            origin = Origin(report.graph.spec.source)
            raise refuse("E756", message, origin, "give the layer another name")
    filled = set(filled_in)
    cells = []
    for layer in names:
        for column in columns:
            quantity = QUANTITIES[column]
            address = (layer, column)
            out_of = (worth or {}).get(address, (points or {}).get(column, Fraction(1)))
            if is_total(layer) and quantity.total is None:
                continue
            key = _key(report, rows, layer, quantity, conventions)
            others = (accepted or {}).get(address, ())
            cells.append(AskedCell(layer, quantity, key, out_of, address in filled, others))
    return Homework(
        title or report.name,
        report,
        rows,
        tuple(cells),
        conventions,
        policy,
        note,
        depth,
        networks=networks or {},
        variation=variation,
    )


def _content(source: Source) -> str:
    """Return what a file says: its text, or what was read of a model file."""
    return source.text if source.tree is None else repr(source.tree)


def is_total(layer: str) -> bool:
    """Tell whether a row holds sums, of all or of one network.

    >>> is_total("total"), is_total("alexnet/total"), is_total("conv1")
    (True, True, False)
    """
    return layer.rpartition("/")[2] == TOTAL


def added(report: Report, layer: str) -> tuple[Row, ...]:
    """Return the rows that a row of sums adds up."""
    inside = layer.removesuffix(TOTAL)
    return tuple(row for row in report.rows if row.name.startswith(inside))


def askable(report: Report, depth: int = 1) -> dict[str, Row]:
    """Return every row that can be asked about, by name: blocks folded, and all layers."""
    return {row.name: row for row in (*fold(report, depth), *report.rows)}


def computing(report: Report, depth: int = 1) -> tuple[str, ...]:
    """Name the rows that compute parameters or operations, or change the volume."""
    return tuple(row.name for row in fold(report, depth) if computes(row))


def computes(row: Row) -> bool:
    """Tell whether a row has parameters or operations, or changes the volume."""
    changes = row.params or row.macs or row.inputs != (row.output,)
    return bool(changes and not isinstance(row.layer, Input))


def _key(
    report: Report,
    rows: Mapping[str, Row],
    layer: str,
    quantity: AskedQuantity,
    conventions: Conventions,
) -> Value:
    if is_total(layer):
        assert quantity.total is not None, "what has no sum is not asked"
        everything = layer == TOTAL
        return quantity.total(
            report.totals if everything else together(added(report, layer)), conventions
        )
    return quantity.of(rows[layer], conventions)


#: What else a row of sums is called.
_SUMS = (
    *("totals", "sum", "grandtotal", "summe", "insgesamt", "gesamt", "gesamtsumme", "suma"),
    *("somme", "totalgeneral"),
)


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
        for pattern, name in (("", ""), ("maxpool", "pool"), *((sums, TOTAL) for sums in _SUMS)):
            if not bare.startswith(pattern):
                continue
            fitting = names.get(bare.replace(pattern, name, 1) if pattern else bare, ())
            if tried.strip() in fitting:
                return tried.strip()
            if len(fitting) == 1:
                return fitting[0]
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


def stamp_text(homework: Homework) -> str:
    """Write what identifies the homework on a sheet."""
    return f"shapecalc homework {homework.stamp}"


def stamp_in(text: str) -> str:
    """Return the stamp that a text holds, or nothing.

    >>> stamp_in("Sheet: shapecalc homework 25a0a180.")
    '25a0a180'
    """
    match = _STAMP.search(text)
    return match[1] if match else ""
